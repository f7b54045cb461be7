/** A real Chromium, started as a player's is: its window shows the page, and when it is killed the window is gone. */
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openBrowser } from '../../../src/ui/server/open-browser.js';
import { freeProfile } from '../../../src/ui/server/profile.js';
import { startWindowServer } from '../../../src/ui/server/window-server.js';
import { chromiumPath } from '../../helpers/browser.js';
import { describeMissing } from '../../helpers/peers.js';
import { tempFolder } from '../../helpers/temp.js';

const program = chromiumPath();
const TITLE = 'the window of a real browser';

if (program === undefined) describeMissing(TITLE, 'no chromium on PATH: as root `apt-get install chromium`');
else {
  describe(TITLE, () => {
    it('comes, and goes with its process', async () => {
      const folder = tempFolder();
      // Without a screen, and without the sandbox that root cannot have; all else is as it is for a player.
      const script = join(folder, 'chromium');
      writeFileSync(script, `#!/bin/sh\nexec ${program} --headless=new --no-sandbox --disable-gpu "$@"\n`);
      chmodSync(script, 0o755);
      const window = await startWindowServer({ view: { view: 'home', start: 'status' }, handlers: {}, goneMs: 100 });
      const opened = await openBrowser(window.address, {
        signal: new AbortController().signal,
        env: { ...process.env, HOME: folder, INSTANCE_SYNC_BROWSER: script },
        profileFolder: join(folder, 'profile'),
        settleMs: 100,
      });
      expect(opened?.kind).toBe('app-window');
      try {
        await expect.poll(() => window.isOpen, { timeout: 20_000 }).toBe(true);
        expect(readdirSync(join(folder, 'profile', '1'))).toContain('SingletonLock');
        expect(await freeProfile(join(folder, 'profile'))).toBe(join(folder, 'profile', '2'));
      } finally {
        opened?.close();
      }
      expect(await window.left).toBe('gone');
      await window.close();
    });
  });
}
