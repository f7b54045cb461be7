/** The window around the work: it changes in place, can be stopped, and outlives reloads, cuts and the command's end. */
import { expect, it, onTestFinished } from 'vitest';
import { describeBrowser, openPage } from '../../helpers/browser.js';
import { END, HOME, PROGRESS } from './samples.js';
import { openWindow } from './window.js';

describeBrowser('the progress', (browser) => {
  it('changes in place, by words, bytes, rate and time left', async () => {
    const { page, window } = await openWindow(browser(), { ...PROGRESS, elapsedMs: 1_000, bytesDone: 0 });
    const bar = page.getByRole('progressbar', { name: 'Getting Skyblock with Mia from the cloud' });
    await bar.evaluate((element) => element.setAttribute('data-same', 'yes'));
    window.show({ ...PROGRESS, elapsedMs: 11_000, bytesDone: 100_000_000 });
    await page.getByText('100 MB of 231 MB · 10.0 MB per second · about 15 seconds left').first().waitFor();
    expect(await bar.getAttribute('data-same')).toBe('yes');
    expect(await bar.evaluate((element) => (element as HTMLProgressElement).value)).toBeCloseTo(100 / 231);
    window.show({ ...PROGRESS, phase: 'applying', bytesTotal: 0, filesTotal: 0, mayStop: 'none' });
    await page.getByText('Putting files in place', { exact: true }).waitFor();
    expect(await page.getByText('files are being put in place').isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: 'Skip and play' }).count()).toBe(0);
    expect(await bar.evaluate((element) => element.matches(':indeterminate'))).toBe(true);
  });

  it('is not read out at every number', async () => {
    const { page, window } = await openWindow(browser(), PROGRESS);
    const status = page.getByRole('status');
    const first = await status.innerText();
    expect(first).toContain('Receiving');
    for (let done = 1; done < 20; done += 1) window.show({ ...PROGRESS, bytesDone: 100_000_000 + done * 1_000_000 });
    await page.getByText('119 MB of 231 MB').first().waitFor();
    expect(await status.innerText()).toBe(first);
    await page.clock.setFixedTime(new Date(Date.now() + 86_400_000));
    window.show({ ...PROGRESS, bytesDone: 140_000_000 });
    await expect.poll(() => status.innerText()).toContain('140 MB');
  });

  it('stops by mouse and by keyboard', async () => {
    const { page, window, writes } = await openWindow(browser(), PROGRESS);
    await page.getByRole('button', { name: 'Skip and play' }).click();
    await expect.poll(() => writes).toEqual(['stop {}']);
    window.show({ ...PROGRESS, task: 'push', mayStop: 'later', mayClose: true });
    await page.getByText('You may close this window; the work goes on.').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => writes).toEqual(['stop {}', 'stop {}']);
    window.show({ ...END, outcome: 'skipped', task: 'push' });
    await page.getByRole('heading', { name: 'Later, then' }).waitFor();
  });
});

describeBrowser('the window', (browser) => {
  it('takes the token out of its address, and survives a reload', async () => {
    const { page, window, writes } = await openWindow(browser(), PROGRESS);
    expect(page.url()).not.toContain('#');
    await page.reload();
    await page.getByRole('progressbar').waitFor();
    await expect.poll(() => writes).toContain('bye {}');
    expect(window.isOpen).toBe(true);
  });

  it('says that an address works once', async () => {
    const { window } = await openWindow(browser(), PROGRESS);
    const other = await openPage(browser());
    onTestFinished(() => other.close());
    await other.page.goto(window.address);
    await other.page.getByRole('heading', { name: 'This address was used before' }).waitFor();
    expect(await other.page.getByRole('progressbar').count()).toBe(0);
  });

  it('says that the command has ended, and takes no answer any more', async () => {
    const { page, window } = await openWindow(browser(), HOME);
    await window.close();
    await page.getByText('You may close this window.').waitFor();
    expect(await page.getByRole('button').allInnerTexts()).toEqual(['English', 'Deutsch']);
  });

  it('speaks the language of the browser', async () => {
    const { page } = await openWindow(browser(), PROGRESS, { browser: { locale: 'de-AT' } });
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    expect(await page.title()).toContain('aus der Cloud geholt');
    await page.getByText('96,4 MB von 231 MB').first().waitFor();
    await page.getByRole('button', { name: 'English' }).click();
    await page.reload();
    await page.getByText('96.4 MB of 231 MB').first().waitFor();
  });
});
