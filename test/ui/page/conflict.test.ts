/** The questions of a hook: answered by mouse and by keyboard alone, cancelled, and answered elsewhere. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { SyncError } from '../../../src/base/errors.js';
import { describeBrowser } from '../../helpers/browser.js';
import { CONFLICT, DELETION, HOME, PROGRESS, RELOCATION } from './samples.js';
import { openWindow } from './window.js';

const FIRST = 'Skyblock';
const GONE_HERE = 'Mia baut';

/** Of the button or field that has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const at = document.activeElement;
    return at instanceof HTMLInputElement ? (at.labels?.[0]?.innerText ?? '') : (at?.textContent ?? '');
  });
}

function whereTheFocusIs(): string {
  const at = document.activeElement;
  return at?.closest('[role=alertdialog]') ? (at.textContent ?? '') : 'outside';
}

async function tabTo(page: Page, words: string): Promise<void> {
  for (let steps = 0; steps < 40; steps += 1) {
    if ((await focused(page)).includes(words)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach "${words}"`);
}

describeBrowser('the conflict', (browser) => {
  it('is decided by mouse, world by world', async () => {
    const { page, window, writes } = await openWindow(browser(), CONFLICT);
    const go = page.getByRole('button', { name: 'Continue' });
    expect(await page.getByRole('radio', { checked: true }).count()).toBe(0);
    expect(await go.isDisabled()).toBe(true);
    await page
      .getByRole('group', { name: FIRST })
      .getByRole('radio', { name: /^Keep both/ })
      .check();
    await page.getByText('comes beside it, with “(cloud 2026-11-21)”').waitFor();
    expect(await go.isDisabled()).toBe(true);
    expect(await page.getByRole('status').filter({ hasText: 'Still to choose' }).innerText()).toContain(GONE_HERE);
    expect(await page.getByRole('group', { name: GONE_HERE }).getByRole('radio').count()).toBe(2);
    await page
      .getByRole('group', { name: GONE_HERE })
      .getByRole('radio', { name: /^Cloud/ })
      .check();
    await go.click();
    await page.getByText('is being carried out').waitFor();
    const units = { 'saves/Skyblock': 'keep-both', 'saves/Mia baut': 'cloud' };
    expect(writes).toEqual([`answer ${JSON.stringify({ question: 'q-1', answer: { kind: 'conflict', units } })}`]);
    expect(await go.isDisabled()).toBe(true);
    window.show(PROGRESS);
    await page.getByRole('progressbar').waitFor();
    expect(await page.title()).toContain('Getting');
  });

  it('is decided by keyboard alone, from the button that cancels', async () => {
    const { page, writes } = await openWindow(browser(), CONFLICT);
    expect(await focused(page)).toBe('Cancel the launch');
    await tabTo(page, 'This PC');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BUTTON');
    await page.keyboard.press('Enter');
    await tabTo(page, '84.3 MB');
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toContain('91.8 MB');
    await tabTo(page, 'Continue');
    await page.keyboard.press('Enter');
    await page.getByText('is being carried out').waitFor();
    const units = { 'saves/Skyblock': 'cloud', 'saves/Mia baut': 'local' };
    expect(writes).toEqual([`answer ${JSON.stringify({ question: 'q-1', answer: { kind: 'conflict', units } })}`]);
  });

  it('keeps the focus in it, both ways', async () => {
    const { page } = await openWindow(browser(), CONFLICT);
    for (const key of ['Tab', 'Shift+Tab']) {
      const seen: string[] = [];
      for (let steps = 0; steps < 14; steps += 1) {
        await page.keyboard.press(key);
        seen.push(await page.evaluate(whereTheFocusIs));
      }
      expect(seen, key).not.toContain('outside');
      for (const words of ['Cancel the launch', 'Play without syncing', 'Deutsch']) expect(seen).toContain(words);
    }
  });

  it('is cancelled by Escape, even from a list of changes', async () => {
    const { page, writes } = await openWindow(browser(), CONFLICT);
    await page.getByText('What changed').first().click();
    const list = page.getByRole('list', { name: /Skyblock.*This PC/ });
    await list.focus();
    expect(await list.innerText()).toContain('region/r.0.0.mca');
    await page.keyboard.press('Escape');
    await expect.poll(() => writes).toEqual(['answer {"question":"q-1","answer":{"kind":"cancel"}}']);
  });

  it('lets play without syncing', async () => {
    const { page, writes } = await openWindow(browser(), CONFLICT);
    await page.getByRole('button', { name: 'Play without syncing' }).click();
    await expect.poll(() => writes).toEqual(['answer {"question":"q-1","answer":{"kind":"play"}}']);
  });

  it('keeps what was chosen in another language, and when the view comes again', async () => {
    const { page, window } = await openWindow(browser(), CONFLICT);
    await page.getByRole('button', { name: 'Keep both', exact: true }).click();
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await page.getByRole('heading', { name: /auf beiden Seiten geändert/ }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    expect(await page.getByRole('radio', { name: /^Beide behalten/ }).isChecked()).toBe(true);
    window.show({ ...CONFLICT });
    await page
      .getByRole('group', { name: GONE_HERE })
      .getByRole('radio', { name: /^Dieser PC/ })
      .check();
    expect(await page.getByRole('button', { name: 'Weiter' }).isEnabled()).toBe(true);
  });

  it('says so when it was answered elsewhere, and offers nothing more', async () => {
    const { page, window } = await openWindow(browser(), CONFLICT);
    window.show({ view: 'end', outcome: 'gone', warnings: [] });
    await page.getByRole('heading', { name: 'This has been settled' }).waitFor();
    expect(await page.getByRole('button', { name: /Continue|Cancel/ }).count()).toBe(0);
    expect(await page.getByText('You may close this window.').isVisible()).toBe(true);
  });

  it('says what went wrong when the answer is refused, and can be answered again', async () => {
    const { page } = await openWindow(browser(), CONFLICT, {
      answer: () => {
        throw new SyncError('in-use', 'another command holds <b>it</b>');
      },
    });
    await page.getByRole('button', { name: 'Cancel the launch' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('Something else is using this instance');
    await expect.poll(() => page.getByRole('button', { name: 'Cancel the launch' }).isEnabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Continue' }).isDisabled()).toBe(true);
  });

  it('waits for the next time after a game, and in the window of all instances', async () => {
    const { page, writes } = await openWindow(browser(), { ...CONFLICT, task: 'push' });
    expect(await page.getByRole('button', { name: 'Play without syncing' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Decide later' }).click();
    await expect.poll(() => writes).toEqual(['answer {"question":"q-1","answer":{"kind":"play"}}']);
    const home = await openWindow(browser(), HOME);
    home.window.show(CONFLICT);
    await home.page.getByRole('button', { name: 'Decide later' }).click();
    await expect.poll(() => home.writes).toEqual(['answer {"question":"q-1","answer":{"kind":"cancel"}}']);
  });
});

describeBrowser('the other questions', (browser) => {
  it('worlds that are gone', async () => {
    const { page, writes } = await openWindow(browser(), { ...DELETION, task: 'pull' });
    expect(await page.getByRole('alertdialog').innerText()).toContain('161 of 540 files are gone');
    expect(await page.getByRole('radio', { checked: true }).count()).toBe(0);
    await page.getByRole('radio', { name: /^Bring them back/ }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    const answer = { kind: 'deletion', deletion: 'restore' };
    await expect.poll(() => writes).toEqual([`answer ${JSON.stringify({ question: 'q-2', answer })}`]);
  });

  it('a folder that is somewhere else, by keyboard', async () => {
    const { page, writes } = await openWindow(browser(), RELOCATION);
    expect(await focused(page)).toBe('Cancel the launch');
    await tabTo(page, 'I moved it');
    await page.keyboard.press('ArrowDown');
    await tabTo(page, 'Continue');
    await page.keyboard.press('Enter');
    const answer = { kind: 'relocation', relocation: 'copied' };
    await expect.poll(() => writes).toEqual([`answer ${JSON.stringify({ question: 'q-3', answer })}`]);
  });
});
