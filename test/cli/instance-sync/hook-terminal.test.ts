/** The built hook in a terminal (util-linux's `script` gives it one): it asks there, and opens no window. */
import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import { fakeBrowser } from '../../helpers/fake-browser.js';
import { itIf } from '../../helpers/only-where.js';
import { type Finished, runProgram } from '../../helpers/process.js';
import { hookFile } from '../../helpers/sync-env.js';
import { filledCloud, type Pc } from '../../sync/bad-input-env.js';

const SCRIPT = '/usr/bin/script';
const LEVEL = 'saves/World/level.dat';

function inTerminal(pc: Pc, typed: string, ...flags: string[]): Promise<Finished> {
  const words = [process.execPath, hookFile(), 'pull', '--pack-folder', pc.game, ...flags];
  const line = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const { env } = fakeBrowser({ conflict: { all: 'local' } });
  return runProgram(SCRIPT, ['-qefc', line, '/dev/null'], { env: { ...env, TERM: 'xterm' }, input: typed });
}

itIf(existsSync(SCRIPT), 'there is no `script` here')('a terminal is asked, and answers', async () => {
  const { cloud, a } = await filledCloud();
  const b = await cloud.pc({ filled: false });
  await b.pull();
  a.put(LEVEL, 'of a');
  await a.push();
  b.put(LEVEL, 'of b, longer');
  const before = b.files();
  const cancelled = await inTerminal(b, '\n');
  expect(cancelled.stdout).toMatch(/World "World" \(saves\/World\)[\s\S]*\[c\] cancel the launch/);
  expect(cancelled).toMatchObject({ code: 21, stdout: expect.stringMatching(/the launch was cancelled/) });
  expect(await inTerminal(b, 'p\n')).toMatchObject({ code: 0, stdout: expect.stringMatching(/without synchronising/) });
  expect(b.files()).toEqual(before);
  expect(await inTerminal(b, '2\n')).toMatchObject({ code: 0, stdout: expect.stringMatching(/received/) });
  expect(b.files().get(LEVEL)).toEqual(a.files().get(LEVEL));
});
