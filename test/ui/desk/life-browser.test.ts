/** A player at two PCs, in a real browser, against the embedded server: by mouse at the first, by keyboard at the second. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import type { RunningServer } from '../../../src/index.js';
import { describeBrowser } from '../../helpers/browser.js';
import { levelDat } from '../../sync/level-dat.js';
import { type DeskPc, newPc, startCloud, TOKEN } from './desk-env.js';
import { openDesk, tabTo } from './desk-window.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));
vi.mock('../../../src/crypto/kdf.js', async (original) => ({
  ...(await original<typeof import('../../../src/crypto/kdf.js')>()),
  DEFAULT_SCRYPT: { N: 128, r: 1, p: 1 },
}));

describeBrowser('two PCs of a player', (browser) => {
  let server: RunningServer;
  const [one, two] = [newPc({ name: 'Survival <b>' }), newPc({ name: 'Laptop' })];
  const level = (pc: DeskPc): Buffer => readFileSync(join(pc.game, 'saves/Home/level.dat'));
  beforeAll(async () => {
    server = await startCloud();
  });

  it('by mouse: a first PC is set up, and sends', async () => {
    one.put('saves/Home/level.dat', levelDat('Home', 1));
    one.put('options.txt', 'fov:1');
    const page = await openDesk(browser(), one, 'setup');
    const press = (name: string | RegExp): Promise<void> => page.getByRole('button', { name }).click();
    await page.getByLabel('Address').fill(server.url);
    await page.getByLabel('Token', { exact: true }).fill('ann:wrong');
    await press('Check and continue');
    await page.getByRole('alert').first().waitFor();
    await page.getByLabel('Token', { exact: true }).fill(TOKEN);
    await press('Check and continue');
    await page.getByText('Nothing is stored there yet.').waitFor();
    await press('Continue');
    await page.getByText('Worlds and everything of yours').click();
    await press('Set up');
    const code = await page.locator('.code').textContent();
    expect(code).toMatch(/^\S{20,}$/);
    await page.getByText('I have written it down or saved it').click();
    await press(/^Write them into/);
    await page.getByText('The lines are in the settings').waitFor();
    expect(readFileSync(one.config, 'utf8')).toContain('instance-sync.mjs');
    await press('Finish');
    await page.getByRole('heading', { name: 'Survival <b>' }).waitFor();
    await press(/^Send to the cloud: /);
    await press('To the overview');
    await page.getByText('All in sync').waitFor();
    expect((await one.again(one.game).ask('instances', {})).instances).toMatchObject([{ state: 'ready', here: true }]);
  });

  it('by keyboard alone: a second PC takes part in the same instance, and gets it', async () => {
    const page = await openDesk(browser(), two, 'setup');
    const type = async (role: 'textbox', name: string, text: string): Promise<void> => {
      await tabTo(page, role, name);
      await page.keyboard.type(text);
    };
    const enter = async (role: 'button' | 'link', name: string | RegExp): Promise<void> => {
      await tabTo(page, role, name);
      await page.keyboard.press('Enter');
    };
    await type('textbox', 'Address', server.url);
    await page.keyboard.press('Tab');
    await page.keyboard.type(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Which instance is this?' }).waitFor();
    await tabTo(page, 'radio', /Survival <b>/);
    await page.keyboard.press('Space');
    await enter('button', 'Continue');
    await tabTo(page, 'radio', /Worlds only/);
    await page.keyboard.press('ArrowDown');
    await enter('button', 'Set up');
    await page.getByRole('heading', { name: 'All set up' }).waitFor();
    await enter('button', 'Finish');
    await enter('button', /^Get from the cloud: /);
    await enter('button', 'To the overview');
    await page.getByText('All in sync').waitFor();
    expect(level(two)).toEqual(level(one));
  });

  it('by keyboard alone: one world comes back from the history, and goes again', async () => {
    two.put('saves/Home/level.dat', levelDat('Home', 2));
    const page = await openDesk(browser(), two, 'status');
    const enter = async (role: 'button' | 'link', name: string | RegExp): Promise<void> => {
      await tabTo(page, role, name);
      await page.keyboard.press('Enter');
    };
    await enter('button', /^Send to the cloud: /);
    await enter('button', 'To the overview');
    await enter('link', /^History: /);
    await page.locator('.version').nth(1).waitFor();
    await page
      .locator('.version')
      .nth(1)
      .getByRole('link', { name: /^Look inside/ })
      .focus();
    await page.keyboard.press('Enter');
    await enter('link', 'saves');
    await enter('button', /^Bring back: /);
    await page.getByRole('alertdialog').or(page.getByRole('dialog')).first().waitFor();
    await enter('button', 'Bring back');
    await enter('button', 'To the overview');
    expect(level(two)).toEqual(levelDat('Home', 1));
    await enter('button', /^Undo the last sync: /);
    await enter('button', 'Undo');
    await enter('button', 'To the overview');
    expect(level(two)).toEqual(levelDat('Home', 2));
  });

  it('by mouse: what changed in a version is told, and the trash is emptied', async () => {
    const page = await openDesk(browser(), one, 'status');
    await page.getByRole('button', { name: /^Get from the cloud: / }).click();
    await page.getByRole('button', { name: 'To the overview' }).click();
    expect(level(one)).toEqual(levelDat('Home', 2));
    await page.getByRole('link', { name: /^History: / }).click();
    await page.locator('.version').first().getByText('What changed').click();
    await page.locator('.version').first().getByText('saves/Home/level.dat').waitFor();
    await page.getByRole('link', { name: 'To the overview' }).click();
    await page.getByRole('button', { name: /^Empty the trash: / }).click();
    await page
      .getByRole('alertdialog')
      .or(page.getByRole('dialog'))
      .first()
      .getByRole('button', { name: /^Empty/ })
      .click();
    await vi.waitFor(async () => {
      const { instances } = await one.ask('instances', {});
      expect((await one.ask('trash', { instance: instances[0]?.id ?? '' })).generations).toEqual([]);
    });
  });
});
