/** A window for tests: the real page server with a fake desk behind it, and a real page. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import type { View } from '../../../src/ui/protocol.js';
import type { PageWindow } from '../../../src/ui/server/window-types.js';
import { openPage } from '../../helpers/browser.js';
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

/** Ends with the test, which fails if a script broke or anything of another server was asked for. */
export async function openWindow(browser: Browser, view: View, options: TestWindowOptions = {}): Promise<TestWindow> {
  const { window, writes } = await startFakeWindow(view, options);
  const { page, faults, close } = await openPage(browser, options.browser);
  onTestFinished(async () => {
    await close();
    await window.close();
    expect(faults).toEqual([]);
  });
  await page.clock.setFixedTime(NOW);
  await page.goto(window.address);
  await page.locator('h1').waitFor();
  return { page, window, writes };
}

/** What is wider than the window, which would have to be scrolled sideways. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
