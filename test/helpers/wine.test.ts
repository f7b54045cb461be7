/** The helper itself: it is Windows, it reads and writes this system's files, and exit codes come through. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempFolder } from './temp.js';
import { describeWindows, runWindowsNode, windowsPath } from './wine.js';

describeWindows('the Windows node under wine', () => {
  it('runs a script on files of this system', async () => {
    const folder = tempFolder();
    const script = join(folder, 'script.mjs');
    writeFileSync(
      script,
      `import { writeFileSync } from 'node:fs';
       writeFileSync(process.argv[2], process.cwd());
       console.log(process.platform, process.version, process.env.GREETING);
       process.exitCode = 20;`,
    );
    const target = join(folder, 'out ü.txt');
    const { code, output } = await runWindowsNode([windowsPath(script), windowsPath(target)], {
      cwd: folder,
      env: { GREETING: 'hello' },
    });
    expect(output).toMatch(/^win32 v20\.\d+\.\d+ hello\r?\n$/);
    expect(code).toBe(20);
    expect(readFileSync(target, 'utf8')).toBe(windowsPath(folder));
  });
});
