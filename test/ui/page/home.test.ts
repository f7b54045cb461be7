/** The window of all instances: what stands where, and the ways back. */
import { expect, it } from 'vitest';
import { describeBrowser } from '../../helpers/browser.js';
import { END, HOME, PROGRESS } from './samples.js';
import { openWindow } from './window.js';

describeBrowser('the overview', (browser) => {
  it('shows how each instance stands, and starts a sync that comes back here', async () => {
    const { page, window, writes } = await openWindow(browser(), HOME);
    const card = page.getByRole('article', { name: 'Skyblock with Mia' });
    await card.getByText('All in sync').waitFor();
    expect(await card.innerText()).toContain('This folder');
    const vanilla = page.getByRole('article', { name: 'Vanilla' });
    expect(await vanilla.innerText()).toContain('Not in the cloud yet: 4 added, 17 changed.');
    expect(await page.getByRole('article', { name: 'Old pack' }).innerText()).toContain('not there any more');
    await vanilla.getByRole('button', { name: /^Get from the cloud/ }).click();
    await expect.poll(() => writes).toEqual(['sync {"instance":"i-vanilla","task":"pull"}']);
    window.show({ ...PROGRESS, label: 'Vanilla', mayStop: 'later', mayClose: true });
    await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
    window.show({ ...END, task: 'pull' });
    await page.getByRole('heading', { name: 'Everything is here' }).waitFor();
    expect(await page.getByText('45 files · 48.2 MB').isVisible()).toBe(true);
    await page.getByRole('button', { name: 'To the overview' }).click();
    await page.getByRole('article', { name: 'Vanilla' }).waitFor();
  });

  it('says what is wrong where an instance cannot be asked', async () => {
    const cards = [{ id: 'i-nowhere', label: 'Nowhere', packFolder: '/x', here: true, state: 'ready' as const }];
    const { page } = await openWindow(browser(), HOME, { cards });
    const alert = page.getByRole('article', { name: 'Nowhere' }).getByRole('alert');
    await alert.getByText('The cloud does not answer').waitFor();
    await alert.getByText('Details').click();
    expect(await alert.innerText()).toContain('ECONNREFUSED sync.example.org:443 (unreachable)');
  });

  it('undoes, empties the trash and stops only when that is confirmed', async () => {
    const { page, writes } = await openWindow(browser(), HOME);
    const card = page.getByRole('article', { name: 'Skyblock with Mia' });
    const dialog = page.getByRole('alertdialog');
    const open = async (name: RegExp): Promise<void> => {
      await card.getByRole('button', { name }).click();
      await dialog.waitFor();
      expect(await dialog.getByRole('button', { name: 'Cancel' }).evaluate((it) => it === document.activeElement)).toBe(
        true,
      );
    };
    await open(/^Undo/);
    expect(await dialog.innerText()).toContain('23 files come back.');
    expect(await dialog.innerText()).toContain('2 files have been changed since.');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    const undo = card.getByRole('button', { name: /^Undo/ });
    expect(await undo.evaluate((it) => it === document.activeElement)).toBe(true);
    await open(/^Empty the trash/);
    expect(await dialog.innerText()).toContain('Frees 34.0 MB');
    await dialog.getByRole('button', { name: 'Empty the trash' }).click();
    await dialog.waitFor({ state: 'detached' });
    await open(/^Stop synchronising/);
    await dialog.getByRole('button', { name: 'Stop synchronising' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(writes.map((line) => line.split(' ')[0])).toEqual(['plan-undo', 'empty-trash', 'disable']);
  });
});

describeBrowser('what cannot be', (browser) => {
  it('is taken off the list: a folder that is gone', async () => {
    const { page, writes } = await openWindow(browser(), HOME);
    const card = page.getByRole('article', { name: 'Old pack' });
    await card.getByRole('button', { name: /^Take off/ }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Take off this list' }).click();
    await expect.poll(() => writes).toEqual(['disable {"instance":"i-old"}']);
  });

  it('is said: nothing to undo', async () => {
    const { page } = await openWindow(browser(), HOME, { undo: { possible: false } });
    const card = page.getByRole('article', { name: 'Skyblock with Mia' });
    await card.getByRole('button', { name: /^Undo/ }).click();
    await card.getByRole('status').getByText('There is nothing to undo.').waitFor();
    expect(await page.getByRole('alertdialog').count()).toBe(0);
  });
});

describeBrowser('the history', (browser) => {
  it('shows the versions by world and by PC, and what changed in one', async () => {
    const { page } = await openWindow(browser(), HOME);
    await page.getByRole('link', { name: 'History: \u2068Skyblock with Mia\u2069' }).click();
    const versions = page.locator('.version');
    await expect.poll(() => versions.count()).toBe(4);
    expect(await versions.first().innerText()).toContain('On this PC now');
    expect(await versions.nth(2).innerText()).toContain('The other version of a choice');
    await page.getByLabel('PC', { exact: true }).selectOption('kim-laptop');
    await expect.poll(() => versions.count()).toBe(2);
    const worlds = page.getByLabel('World', { exact: true });
    await expect.poll(() => worlds.innerText()).toContain('Creative tests');
    expect(await worlds.innerText()).toContain('Old island');
    await worlds.selectOption('saves/Mia baut');
    await expect.poll(() => versions.count()).toBe(1);
    expect(page.url()).toContain('world=saves');
    await versions.first().getByText('What changed').click();
    await versions.first().getByText('and 15 more files').waitFor();
    await page.goBack();
    await expect.poll(() => versions.count()).toBe(4);
  });

  it('brings a world back by keyboard alone', async () => {
    const { page, writes } = await openWindow(browser(), HOME);
    const step = async (name: RegExp): Promise<void> => {
      const link = page.getByRole('link', { name }).first();
      await link.focus();
      await page.keyboard.press('Enter');
    };
    await step(/^History/);
    await page.locator('.version').first().waitFor();
    await step(/^Look inside: 21 November 2026/);
    await page.getByRole('link', { name: 'saves' }).waitFor();
    expect(await page.getByText('The version of 21 November 2026').isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: /^Bring back/ }).count()).toBe(2);
    await step(/^saves$/);
    const back = page.getByRole('button', { name: 'Bring back: \u2068Skyblock\u2069' });
    await back.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('alertdialog').getByText('2 added, 14 changed, 1 removed').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const wish = JSON.stringify({ instance: 'i-skyblock', version: 'v-4', path: 'saves/Skyblock' });
    await expect.poll(() => writes).toEqual([`plan-restore ${wish}`, `restore ${wish}`]);
  });

  it('goes on where the page was loaded anew', async () => {
    const { page } = await openWindow(browser(), HOME);
    await page
      .getByRole('link', { name: /^History/ })
      .first()
      .click();
    await page.locator('.version').first().waitFor();
    await page.reload();
    await page.locator('.version').first().waitFor();
    expect(await page.title()).toContain('History');
  });
});
