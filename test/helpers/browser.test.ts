/** The helper itself: a page is shown, axe finds what is wrong with it, and a request to elsewhere does not go unseen. */
import { expect, it } from 'vitest';
import { axeFindings, describeBrowser, openPage } from './browser.js';

describeBrowser('the browser of the tests', (browser) => {
  it('shows a page, and sees what is wrong with it', async () => {
    const { page, faults, close } = await openPage(browser());
    await page.setContent('<html lang="en"><title>A</title><main><h1>A</h1><button></button></main></html>');
    expect(await axeFindings(page)).toEqual([expect.stringContaining('button-name')]);
    expect(faults).toEqual([]);
    await page.setContent('<html lang="en"><title>B</title><main><h1>B</h1><button>b</button></main></html>');
    expect(await axeFindings(page)).toEqual([]);
    await page.setContent('<img src="http://localhost:1/a.png" alt="">', { waitUntil: 'commit' });
    await expect.poll(() => faults).toEqual(['asked http://localhost:1/a.png']);
    await close();
  });
});
