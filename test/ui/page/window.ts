/** A window for tests: the real page server with a fake desk behind it, and a real page. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import type { View } from '../../../src/ui/protocol.js';
import type { PageWindow } from '../../../src/ui/server/window-types.js';
import { openPage, type TestPage } from '../../helpers/browser.js';
import type { FakeOptions } from './fake-desk.js';
import { NOW } from './samples.js';
import { startFakeWindow } from './window-server.js';

export interface TestWindow {
  readonly page: Page;
  readonly window: PageWindow;
  readonly writes: readonly string[];
}

export interface TestWindowOptions extends FakeOptions {
  readonly browser?: BrowserContextOptions;
}

const VIEWPORT = { width: 1280, height: 800 };

/** A new page takes a third of such a test's time: those without wishes of their own share one, emptied after each. */
const shared = new WeakMap<Browser, Promise<TestPage>>();

/** Ends with the test, which fails if a script broke or anything of another server was asked for. */
export async function openWindow(browser: Browser, view: View, options: TestWindowOptions = {}): Promise<TestWindow> {
  const { window, writes } = await startFakeWindow(view, options);
  const { page, faults, leave } = await pageFor(browser, options.browser);
  onTestFinished(async () => {
    await leave();
    await window.close();
    expect(faults).toEqual([]);
  });
  await page.goto(window.address);
  await page.locator('h1').waitFor();
  return { page, window, writes };
}

async function pageFor(browser: Browser, wishes: BrowserContextOptions | undefined) {
  const isShared = wishes === undefined && !inUse.has(browser);
  const opened = isShared ? (shared.get(browser) ?? openPage(browser)) : openPage(browser, wishes);
  if (isShared) {
    shared.set(browser, opened);
    inUse.add(browser);
  }
  const { page, faults, close } = await opened;
  await page.clock.setFixedTime(NOW);
  const leave = async (): Promise<void> => {
    if (!isShared) {
      await close();
      return;
    }
    await empty(page);
    inUse.delete(browser);
  };
  return { page, faults, leave };
}

/** Whose shared page belongs to a test just now. */
const inUse = new WeakSet<Browser>();

async function empty(page: Page): Promise<void> {
  page.once('dialog', (dialog) => void dialog.accept());
  await page.goto('about:blank');
  await page.context().clearCookies();
  await page.setViewportSize(VIEWPORT);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
  page.removeAllListeners('dialog');
}

/** How many pixels what is shown is wider than the window: it would have to be scrolled sideways. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
