/** For everyone: axe in light and dark, large letters and narrow windows in both languages, and names that mean harm. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { ConflictView, View } from '../../../src/ui/protocol.js';
import { axeFindings, describeBrowser } from '../../helpers/browser.js';
import { CARDS } from './fake-desk.js';
import { CONFLICT, END, HOME, HOSTILE, stand, UNITS } from './samples.js';
import { SHOTS } from './screens.js';
import { openWindow, overflow } from './window.js';

/** 1280 pixels at 200 and at 400 percent: 360 pixels are wider than the latter. */
const WIDTHS: readonly number[] = [640, 320];

async function expectNoScroll(page: Page, what: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 700 });
    expect(await overflow(page), `${what}, ${width} wide`).toBe(0);
  }
}

async function expectNothingFound(page: Page, what: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  expect(await axeFindings(page), what).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  expect(await axeFindings(page, ['color-contrast']), `${what}, dark`).toEqual([]);
}

describeBrowser('every page', (browser) => {
  it.each(SHOTS)('$name: axe finds nothing, no sideways scrolling', async ({ name, view, later, act }) => {
    const { page, window } = await openWindow(browser(), view);
    if (later !== undefined) window.show(later);
    await act?.(page);
    for (const summary of await page.locator('details:not(.small) > summary').all()) await summary.click();
    await expectNothingFound(page, name);
    expect(await page.locator('h1').count()).toBe(1);
    await expectNoScroll(page, name);
    if ((await page.locator('dialog').count()) > 0) return;
    await page.getByRole('button', { name: 'Deutsch' }).click();
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    await expectNoScroll(page, `${name} in German`);
  });

  it('a failure with warnings, and what is left when the command is gone', async () => {
    const warnings = ['one file was left out: aux.txt', HOSTILE.long];
    const error = { code: 'unreachable', message: 'connect ECONNREFUSED 127.0.0.1:1' };
    const { page, window } = await openWindow(browser(), { ...END, outcome: 'failed', error, warnings });
    expect(await page.getByRole('alert').innerText()).toContain('The cloud does not answer');
    await expectNothingFound(page, 'failure');
    await expectNoScroll(page, 'failure');
    await window.close();
    expect(await page.getByRole('alert').innerText()).toContain('The cloud does not answer');
  });
});

const UNIT = UNITS[0] ?? undefined;

function hostileConflict(): ConflictView {
  const names = Object.values(HOSTILE);
  const changes = names.map((path) => ({ path, change: 'changed' as const, size: 1 }));
  const units = names.map((name, index) => ({ ...UNIT, id: `saves/${index}`, name, local: stand({ changes }) }));
  return {
    ...CONFLICT,
    label: HOSTILE.markup,
    local: { ...CONFLICT.local, device: HOSTILE.bidi, aloneWorlds: names },
    cloud: { ...CONFLICT.cloud, device: HOSTILE.control },
    units: units as ConflictView['units'],
  };
}

/** No name may become an element, run, or reach beyond its own place. */
async function expectHarmless(page: Page): Promise<void> {
  const found = await page.evaluate(() => ({
    scripts: document.querySelectorAll('#app script, #app img[src="x"]').length,
    title: document.title,
    loose: [...document.querySelectorAll('#app *')].filter(
      (element) =>
        element.tagName !== 'BDI' &&
        [...element.childNodes].some(
          (node) => node.nodeType === Node.TEXT_NODE && /onerror|gnp\.exe|עולם/.test(node.textContent ?? ''),
        ),
    ).length,
    text: document.body.innerText,
  }));
  expect(found.scripts).toBe(0);
  expect(found.title).not.toBe('broken');
  expect(found.loose).toBe(0);
  expect([...found.text].filter((char) => /[\p{Cc}\p{Cf}]/u.test(char) && !/\s/.test(char))).toEqual([]);
  expect(found.text).toContain('\\u{202e}gnp.exe\\u{2066}');
}

describeBrowser('names that mean harm', (browser) => {
  it('in a question', async () => {
    const { page } = await openWindow(browser(), hostileConflict());
    await page.getByText('What changed').first().click();
    await page
      .getByRole('radio', { name: /^Keep both/ })
      .nth(1)
      .check();
    await expectHarmless(page);
    expect(await page.locator('h1').innerText()).toContain('<img src=x onerror=');
    expect(await page.title()).toContain('<img src=x');
    await expectNoScroll(page, 'hostile names');
    await expectNothingFound(page, 'hostile names');
  });

  it('in the overview', async () => {
    const cards = Object.values(HOSTILE).map((name, index) => ({
      ...CARDS[2],
      ...{ id: `i-${index}`, label: name, packFolder: name, here: false, state: 'missing' as const },
    }));
    const { page } = await openWindow(browser(), HOME, { cards });
    await page.getByText('This folder is not there any more').first().waitFor();
    await expectHarmless(page);
    await expectNoScroll(page, 'hostile instances');
  });

  it('in what is told at the end', async () => {
    const view: View = { ...END, warnings: Object.values(HOSTILE) };
    const { page } = await openWindow(browser(), view);
    await expectHarmless(page);
    await expectNoScroll(page, 'hostile warnings');
  });
});
