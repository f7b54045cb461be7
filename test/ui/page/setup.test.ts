/** Setting up, from the address to the recovery code. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Problem, View } from '../../../src/ui/protocol.js';
import { describeBrowser } from '../../helpers/browser.js';
import { openWindow } from './window.js';

const SETUP: View = { view: 'home', start: 'setup' };
const ADDRESS = 'https://sync.example.org/';
const TOKEN = 'kim:correct-horse-battery';
const CODE = 'KQ7M-2XPA-9RTD-W4HN-6CJV-3YEB';

async function fillServer(page: Page, address = ADDRESS, token = TOKEN): Promise<void> {
  await page.getByLabel('Address').fill(address);
  await page.getByLabel('Token', { exact: true }).fill(token);
}

async function check(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Check and continue' }).click();
}

async function toDone(page: Page): Promise<void> {
  await fillServer(page);
  await check(page);
  await page.getByRole('radio', { name: /^A new instance/ }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('radio', { name: /^Worlds only/ }).check();
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByRole('heading', { name: 'All set up' }).waitFor();
}

describeBrowser('setting up', (browser) => {
  it('goes from the address to the recovery code, by mouse', async () => {
    const { page, writes } = await openWindow(browser(), SETUP);
    await fillServer(page, 'sync.example.org');
    const token = page.getByLabel('Token', { exact: true });
    expect(await token.getAttribute('type')).toBe('password');
    await page.getByRole('button', { name: 'Show the token' }).click();
    expect(await token.getAttribute('type')).toBe('text');
    await check(page);
    await page.getByRole('heading', { name: 'Which instance is this?' }).waitFor();
    expect(await page.getByRole('button', { name: 'Continue' }).isDisabled()).toBe(true);
    await page.getByRole('radio', { name: /^Skyblock with Mia/ }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('radio', { name: /^Worlds and everything of yours.*231 MB · 540 files/ }).check();
    await page.getByRole('button', { name: 'Set up' }).click();
    await page.getByRole('heading', { name: 'All set up' }).waitFor();
    const finish = page.getByRole('button', { name: 'Finish' });
    expect(await finish.isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Write them into' }).click();
    await page.getByText('instance.cfg').waitFor();
    await page.getByLabel('I have written it down or saved it').check();
    await finish.click();
    await page.getByRole('heading', { name: 'Your instances' }).waitFor();
    expect(await page.content()).not.toContain(CODE);
    const url = 'https://sync.example.org';
    expect(writes).toEqual([
      `check-server ${JSON.stringify({ url, token: TOKEN })}`,
      'presets {}',
      `finish-setup ${JSON.stringify({ url, preset: 'personal', token: TOKEN, instanceId: 'f-1' })}`,
      'write-hooks {"instance":"i-skyblock"}',
    ]);
  });

  it('goes the same way by keyboard alone', async () => {
    const { page, writes } = await openWindow(browser(), SETUP);
    await page.getByLabel('Address').waitFor();
    const keys = async (...names: readonly string[]): Promise<void> => {
      for (const name of names) await page.keyboard.press(name);
    };
    await keys('Tab');
    await page.keyboard.type(ADDRESS);
    await keys('Tab');
    await page.keyboard.insertText(TOKEN);
    await keys('Enter');
    await page.getByRole('heading', { name: 'Which instance is this?' }).waitFor();
    // From the heading to the group, whose last entry is a new instance, then past "back" to "continue".
    await keys('Tab', 'ArrowUp', 'Tab', 'Tab', 'Enter');
    await page.getByRole('radio').first().waitFor();
    await keys('Tab', 'Space', 'Tab', 'Tab', 'Enter');
    await page.getByRole('heading', { name: 'All set up' }).waitFor();
    const expected = { url: ADDRESS, preset: 'worlds', token: TOKEN };
    expect(writes.at(-1)).toBe(`finish-setup ${JSON.stringify(expected)}`);
    await page.getByLabel('I have written it down').focus();
    await keys('Space');
    await page.getByRole('button', { name: 'Finish' }).focus();
    await keys('Enter');
    await page.getByRole('heading', { name: 'Your instances' }).waitFor();
  });

  it('says what is wrong with an address and a token before it asks anybody', async () => {
    const { page, writes } = await openWindow(browser(), SETUP);
    await fillServer(page, 'ftp://x', 'nothing');
    await check(page);
    await page.getByText('This is not an address').waitFor();
    expect(await page.getByText('A token has two parts').isVisible()).toBe(true);
    const address = page.getByLabel('Address');
    expect(await address.getAttribute('aria-invalid')).toBe('true');
    expect(await address.evaluate((it) => it === document.activeElement)).toBe(true);
    expect(await address.getAttribute('aria-describedby')).toMatch(/fault/);
    await fillServer(page, 'https://a b', 'kim:');
    await check(page);
    expect(await page.getByText('A token has two parts').isVisible()).toBe(true);
    expect(writes).toEqual([]);
  });

  it('says in plain words what the server says', async () => {
    let problem: Problem = { code: 'unreachable', message: '' };
    const { page } = await openWindow(browser(), SETUP, { checkProblem: () => problem });
    await fillServer(page);
    const words: readonly (readonly [string, string])[] = [
      ['unreachable', 'does not answer'],
      ['tls', 'certificate is not accepted'],
      ['unauthorized', 'does not know this token'],
      ['forbidden', 'does not let this account'],
      ['wrong-password', 'this password does not open'],
      ['not-found', 'there is no cloud for worlds'],
      ['server', 'a problem of its own'],
      ['unsupported', 'newer version'],
    ];
    for (const [code, said] of words) {
      problem = { code, message: `said for ${code}` };
      await check(page);
      await page.getByRole('alert').getByText(said).waitFor();
    }
    expect(await page.getByRole('alert').innerText()).not.toMatch(/repository|snapshot|HEAD/);
    expect(await page.getByLabel('Token', { exact: true }).inputValue()).toBe(TOKEN);
  });

  it('gives the recovery code and the lines into the clipboard, a file, or a selection', async () => {
    const { page } = await openWindow(browser(), SETUP, {
      browser: { permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true },
    });
    await toDone(page);
    await page.getByRole('button', { name: 'Copy the recovery code' }).click();
    await page.getByText('Copied', { exact: true }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(CODE);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Save as a file' }).click(),
    ]);
    expect(await readFile(await download.path(), 'utf8')).toContain(CODE);
    await page.evaluate(() => {
      Object.defineProperty(navigator, 'clipboard', { value: undefined });
    });
    await page.getByRole('button', { name: /^Copy: After the game/ }).click();
    await page.getByText('Selected: press Ctrl+C').waitFor();
    const selected = await page.getByRole('textbox', { name: /^After the game/ }).evaluate((it) => {
      const field = it as HTMLTextAreaElement;
      return field.value.slice(field.selectionStart, field.selectionEnd);
    });
    expect(selected).toBe('"C:/Program Files/nodejs/node.exe" "C:/Users/kim/instance-sync.mjs" push');
  });

  it('keeps the token and the instance that are there already', async () => {
    const setup = { url: ADDRESS, hasToken: true, instanceId: 'f-9' };
    const { page, writes } = await openWindow(browser(), SETUP, { setup, launcherRuns: true });
    expect(await page.getByLabel('Address').inputValue()).toBe(ADDRESS);
    await page.getByText('A token is stored on this PC already').waitFor();
    await check(page);
    expect(await page.getByRole('radio', { name: /connected with this one/ }).isChecked()).toBe(true);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('radio', { name: /^Everything/ }).check();
    await page.getByRole('button', { name: 'Set up' }).click();
    await page.getByText('which is running').waitFor();
    const sent = { url: ADDRESS, preset: 'everything', instanceId: 'f-9' };
    expect(writes).toEqual(['presets {}', `finish-setup ${JSON.stringify(sent)}`]);
  });

  it('keeps what was entered in another language', async () => {
    const { page } = await openWindow(browser(), SETUP);
    await fillServer(page);
    await check(page);
    await page.getByRole('radio', { name: /^Vanilla/ }).check();
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await page.getByRole('heading', { name: 'Welche Instanz ist das?' }).waitFor();
    expect(await page.getByRole('radio', { name: /^Vanilla/ }).isChecked()).toBe(true);
  });
});
