/** Takes the pictures of docs/screens (npm run screens): each page, light and dark, narrow and wide. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { View } from '../../../src/ui/protocol.js';
import { chromiumPath, launchBrowser, openPage } from '../../helpers/browser.js';
import { decodePng, encodePng } from './png.js';
import { CONFLICT, DELETION, END, HOME, NOW, PROGRESS, RELOCATION } from './samples.js';
import { startFakeWindow } from './window-server.js';

interface Shot {
  readonly name: string;
  readonly view: View;
  /** What the command shows a moment later. */
  readonly later?: View;
  readonly act?: (page: Page) => Promise<void>;
}

const SETUP: View = { view: 'home', start: 'setup' };

export const SHOTS: readonly Shot[] = [
  {
    name: 'progress',
    view: { ...PROGRESS, bytesDone: 28_100_000, elapsedMs: 3_000, mayClose: true },
    later: { ...PROGRESS, mayClose: true },
    act: (page) => page.getByText('per second').first().waitFor(),
  },
  {
    name: 'conflict',
    view: CONFLICT,
    act: async (page) => void (await page.getByRole('radio', { name: /^Keep both/ }).check()),
  },
  { name: 'deletion', view: DELETION },
  { name: 'relocation', view: RELOCATION },
  { name: 'end', view: END },
  { name: 'status', view: HOME, act: (page) => page.getByText('All in sync').waitFor() },
  {
    name: 'history',
    view: HOME,
    act: async (page) => {
      await page
        .getByRole('link', { name: /^History/ })
        .first()
        .click();
      await page.locator('.version').first().waitFor();
    },
  },
  {
    name: 'restore',
    view: HOME,
    act: async (page) => {
      await page
        .getByRole('link', { name: /^History/ })
        .first()
        .click();
      await page
        .getByRole('link', { name: /^Look inside/ })
        .nth(1)
        .click();
      await page.getByRole('link', { name: 'saves' }).click();
      await page.getByRole('button', { name: /^Bring back: .*Skyblock/ }).click();
      await page.getByRole('alertdialog').waitFor();
    },
  },
  { name: 'setup-1-cloud', view: SETUP, act: (page) => page.getByLabel('Address').waitFor() },
  { name: 'setup-2-instance', view: SETUP, act: toInstance },
  { name: 'setup-3-scope', view: SETUP, act: toScope },
  {
    name: 'setup-4-done',
    view: SETUP,
    act: async (page) => {
      await toScope(page);
      await page.getByRole('radio', { name: /^Worlds and/ }).check();
      await page.getByRole('button', { name: 'Set up' }).click();
      await page.getByText('recovery code').first().waitFor();
    },
  },
];

async function toInstance(page: Page): Promise<void> {
  await page.getByLabel('Address').fill('https://sync.example.org/');
  await page.getByLabel('Token', { exact: true }).fill('kim:correct-horse-battery');
  await page.getByRole('button', { name: 'Check and continue' }).click();
  await page.getByRole('radio').first().waitFor();
}

async function toScope(page: Page): Promise<void> {
  await toInstance(page);
  await page.getByRole('radio').first().check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('radio').first().waitFor();
}

/** Returns a line for each picture. `only` is part of a name. */
export async function takeScreens(folder: string, only = ''): Promise<string[]> {
  const program = chromiumPath();
  if (program === undefined) throw new Error('no chromium on PATH');
  mkdirSync(folder, { recursive: true });
  const browser = await launchBrowser(program);
  const lines: string[] = [];
  try {
    for (const shot of SHOTS.filter(({ name }) => name.includes(only)))
      lines.push(...(await takeShot(browser, folder, shot)));
  } finally {
    await browser.close();
  }
  return lines;
}

async function takeShot(browser: Browser, folder: string, { name, view, later, act }: Shot): Promise<string[]> {
  const lines: string[] = [];
  const { window } = await startFakeWindow(view);
  const { page, close, faults } = await openPage(browser, { reducedMotion: 'reduce', timezoneId: 'Europe/Berlin' });
  try {
    await page.clock.setFixedTime(NOW);
    await page.goto(window.address);
    await page.locator('h1').waitFor();
    if (later !== undefined) window.show(later);
    await act?.(page);
    await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
    for (const [width, height] of [
      [1280, 800],
      [360, 740],
    ] as const) {
      await page.setViewportSize({ width, height });
      // As tall as what is shown: a bar that sticks to the window's edge would lie across a longer page.
      const tall = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width, height: Math.max(height, tall) });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const path = join(folder, `${name}-${colorScheme}-${width}.png`);
        const png = encodePng(decodePng(await page.screenshot()));
        writeFileSync(path, png);
        lines.push(`${path} ${png.length} bytes`);
      }
    }
  } finally {
    await close();
    await window.close();
  }
  if (faults.length > 0) throw new Error(`${name}: ${faults.join('; ')}`);
  return lines;
}
