/**
 * The whole way of a conflict: two PCs have played the same, the built hook opens its page in a real browser, the player
 * decides by mouse or by keyboard alone, and the files end as chosen.
 */
import type { Browser, Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { describeBrowser, openPage } from '../../helpers/browser.js';
import { passingBrowser } from '../../helpers/fake-browser.js';
import type { Finished } from '../../helpers/process.js';
import { instanceSync } from '../../helpers/sync-env.js';
import { filledCloud, type Pc } from '../../sync/bad-input-env.js';
import { tabTo } from './desk-window.js';

const WORLD = 'saves/World/level.dat';
const OTHER = 'saves/Other <b>/level.dat';

/** Both PCs have played two worlds since the last sync. */
async function conflicting(): Promise<{ a: Pc; b: Pc }> {
  const { cloud, a } = await filledCloud();
  a.put(OTHER, 'old');
  await a.push();
  const b = await cloud.pc({ filled: false });
  await b.pull();
  for (const path of [WORLD, OTHER]) {
    a.put(path, `${path} of a`);
    b.put(path, `${path} of b, longer`);
  }
  await a.push();
  return { a, b };
}

interface Opened {
  readonly page: Page;
  readonly finished: Promise<Finished>;
}

/** A pull with a game behind it, and its page. */
async function pullIn(browser: Browser, pc: Pc): Promise<Opened> {
  const { env, address } = passingBrowser();
  const game = ['--', process.execPath, '-e', 'console.log("the game runs")'];
  const finished = instanceSync(['pull', '--pack-folder', pc.game, ...game], { env });
  const ended = new AbortController();
  void finished.then(() => ended.abort());
  const at = await address(ended.signal);
  const { page, faults, close } = await openPage(browser);
  onTestFinished(async () => {
    await close();
    expect(faults).toEqual([]);
  });
  await page.goto(at);
  await page.getByRole('alertdialog').waitFor();
  return { page, finished };
}

const same = (a: Pc, b: Pc, path: string): void => expect(b.files().get(path)).toEqual(a.files().get(path));

describeBrowser('a conflict in a browser', (browser) => {
  it('by mouse: the cloud’s world, and both of the other', async () => {
    const { a, b } = await conflicting();
    const before = b.files();
    const { page, finished } = await pullIn(browser(), b);
    const go = page.getByRole('button', { name: 'Continue' });
    expect(await go.isDisabled()).toBe(true);
    await page
      .getByRole('group', { name: /^World/ })
      .getByRole('radio')
      .nth(1)
      .check();
    expect(b.files()).toEqual(before);
    await page
      .getByRole('group', { name: /Other <b>/ })
      .getByRole('radio')
      .nth(2)
      .check();
    await go.click();
    const { code, stdout } = await finished;
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/received[\s\S]*the game runs\n$/) });
    await page.getByRole('heading', { name: 'Everything is here' }).waitFor();
    same(a, b, WORLD);
    expect(b.files().get(OTHER)).toEqual(before.get(OTHER));
    const second = [...b.files().keys()].filter((path) => /^saves\/Other _b_ \(cloud .*level\.dat$/.test(path));
    expect(second).toHaveLength(1);
  });

  it('by keyboard alone: this PC’s; and Escape cancels the launch', async () => {
    const { a, b } = await conflicting();
    const before = b.files();
    const first = await pullIn(browser(), b);
    // The focus begins where nothing can go wrong.
    expect(await first.page.evaluate('document.activeElement.textContent')).toMatch(/cancel/i);
    await first.page.keyboard.press('Escape');
    const cancelled = await first.finished;
    expect(cancelled).toMatchObject({ code: 21, stdout: expect.not.stringMatching(/the game runs/) });
    expect(b.files()).toEqual(before);
    const { page, finished } = await pullIn(browser(), b);
    await tabTo(page, 'button', /^This PC/);
    await page.keyboard.press('Enter');
    await tabTo(page, 'button', 'Continue');
    await page.keyboard.press('Enter');
    expect(await finished).toMatchObject({ code: 0, stdout: expect.stringMatching(/the game runs/) });
    expect(b.files().get(WORLD)).toEqual(before.get(WORLD));
    await a.pull();
    for (const path of [WORLD, OTHER]) same(a, b, path);
  });

  it('the page is closed: the game does not start', async () => {
    const { b } = await conflicting();
    const before = b.files();
    const { page, finished } = await pullIn(browser(), b);
    await page.close();
    expect(await finished).toMatchObject({ code: 20, stdout: expect.not.stringMatching(/the game runs/) });
    expect(b.files()).toEqual(before);
  });
});
