/**
 * Debian's Chromium in the tests, through playwright-core. It is looked for on PATH; where it is missing the tests say so
 * and are skipped, with CI=true they fail.
 */
import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeMissing } from './peers.js';

const NAMES: readonly string[] = ['chromium', 'chromium-browser', 'google-chrome'];
const STEP_MS = 10_000;

/** The program's path, or undefined if it is not there. */
export function chromiumPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => canRun(path));
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A `describe` for tests that need a browser: one for all of them, started before the first. */
export function describeBrowser(title: string, body: (browser: () => Browser) => void): void {
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    describeMissing(title, 'no chromium on PATH: as root `apt-get install chromium`');
    return;
  }
  describe(title, () => {
    let browser: Browser | undefined;
    beforeAll(async () => {
      browser = await launchBrowser(executablePath);
    });
    afterAll(async () => {
      await browser?.close();
    });
    body(() => {
      if (browser === undefined) throw new Error('the browser is there in tests and hooks only');
      return browser;
    });
  });
}

/** Whoever starts one ends it. Tests may run as root, where Chromium has no sandbox. */
export function launchBrowser(executablePath: string): Promise<Browser> {
  const args = ['--disable-dev-shm-usage', '--disable-gpu', '--force-color-profile=srgb', '--font-render-hinting=none'];
  return chromium.launch({ executablePath, chromiumSandbox: false, args, timeout: 30_000 });
}

export interface TestPage {
  readonly page: Page;
  /** What must be empty in the end: errors of scripts and of the policy, and addresses off the page's own server. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** A new page in a profile of its own, English and 1280 × 800 unless told. It may talk to 127.0.0.1 only. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<TestPage> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(STEP_MS);
  const faults: string[] = [];
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A refused request is an answer, which the page has to show; whether it does is what a test looks at.
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
    faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol === 'http:' && hostname !== '127.0.0.1') faults.push(`asked ${request.url()}`);
    if (protocol !== 'http:' && protocol !== 'data:' && protocol !== 'blob:') faults.push(`asked ${request.url()}`);
  });
  return { page, faults, close: () => context.close() };
}

/**
 * What axe finds wrong with the page as it is shown now: one line for each thing, empty if nothing. `rules`: by these
 * only, which takes less time.
 */
export async function axeFindings(page: Page, rules?: readonly string[]): Promise<string[]> {
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axeSource());
  const { violations } = await page.evaluate<AxeResult>(
    `axe.run(document, ${JSON.stringify(rules === undefined ? {} : { runOnly: rules })})`,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`),
  );
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

let axeText: string | undefined;

function axeSource(): string {
  axeText ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return axeText;
}
