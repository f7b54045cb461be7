/** A PC's desk behind the real page server, in a real browser. */
import type { Browser, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import type { HomeView } from '../../../src/ui/protocol.js';
import { startWindowServer } from '../../../src/ui/server/window-server.js';
import { openPage } from '../../helpers/browser.js';
import type { DeskPc } from './desk-env.js';

/** Ends with the test, which fails if a script broke or anything of another server was asked for. */
export async function openDesk(browser: Browser, pc: DeskPc, start: HomeView['start']): Promise<Page> {
  const { handlers, icon } = pc.desk;
  const window = await startWindowServer({ handlers, icon, view: await pc.desk.home(start) });
  pc.onView((view) => window.show(view));
  const { page, faults, close } = await openPage(browser);
  onTestFinished(async () => {
    await close();
    await pc.desk.idle();
    await window.close();
    expect(faults).toEqual([]);
  });
  await page.goto(window.address);
  await page.locator('h1').waitFor();
  return page;
}

/** Keys alone: goes on with Tab until what is focused is of that role and name, as a screen reader would say it. */
export async function tabTo(page: Page, role: Parameters<Page['getByRole']>[0], name: string | RegExp): Promise<void> {
  const wanted = page.getByRole(role, { name, exact: typeof name === 'string' });
  await wanted.first().waitFor();
  for (let i = 0; i < 60; i++) {
    const isThere = await wanted.evaluateAll((found) => found.some((one) => one === document.activeElement));
    if (isThere) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no way to ${role} ${String(name)} by keyboard`);
}
