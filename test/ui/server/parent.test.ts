/** A process whose parent ends hears of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { whenParentGone } from '../../../src/ui/server/parent.js';
import { startProgram } from '../../helpers/process.js';
import { tempFolder } from '../../helpers/temp.js';

/** Starts a grandchild that watches its parent, the process in between, and writes what it sees. */
function family() {
  const folder = tempFolder();
  const file = join(folder, 'seen');
  const entry = join(import.meta.dirname, '../../../src/ui/server/parent.ts');
  buildSync({
    entryPoints: [entry],
    outfile: join(folder, 'parent.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
  });
  const watch = `import { appendFileSync } from 'node:fs';
    import { whenParentGone } from './parent.mjs';
    const say = (text) => appendFileSync(${JSON.stringify(file)}, text + ' ');
    whenParentGone(new AbortController().signal, 20).then(() => { say('gone'); process.exit(); });
    setTimeout(() => process.exit(), 20_000);
    say('watches');`;
  writeFileSync(join(folder, 'child.mjs'), watch);
  const start = `import { spawn } from 'node:child_process';
    spawn(process.execPath, ['child.mjs'], { stdio: 'ignore', detached: true }).unref();
    setTimeout(() => undefined, 20_000);
    console.log('started');`;
  writeFileSync(join(folder, 'between.mjs'), start);
  writeFileSync(file, '');
  const between = startProgram(process.execPath, ['between.mjs'], { cwd: folder });
  return { between, seen: () => readFileSync(file, 'utf8') };
}

describe('whenParentGone', () => {
  it('is fulfilled when the parent ends, and not before', async () => {
    const { between, seen } = family();
    await expect.poll(seen, { timeout: 10_000 }).toBe('watches ');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(seen()).toBe('watches ');
    await between.stop();
    await expect.poll(seen, { timeout: 10_000 }).toBe('watches gone ');
  });

  it('looks no longer when it is told so', async () => {
    const controller = new AbortController();
    const gone = whenParentGone(controller.signal, 1);
    controller.abort();
    const other = new Promise((resolve) => setTimeout(() => resolve('nothing'), 20));
    expect(await Promise.race([gone, other])).toBe('nothing');
  });
});
