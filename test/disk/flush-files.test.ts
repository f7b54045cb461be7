import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Flusher, type FlushOptions } from '../../src/disk/flush-files.js';
import { onLinux } from '../helpers/only-where.js';
import { rejection } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

function flushFiles(folder: string, files: readonly string[], options?: FlushOptions): Promise<void> {
  return new Flusher(folder, options).finish(files);
}

function filesIn(folder: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const path = join(folder, String(i));
    writeFileSync(path, `content ${i}`);
    return path;
  });
}

describe('flushing files', () => {
  it('is done together or one by one, also where the program is missing or fails', async () => {
    const folder = tempFolder();
    const files = filesIn(folder, 40);
    for (const options of [{}, { few: 100 }, { program: 'no-such-program' }, { program: 'false' }]) {
      await flushFiles(folder, files, options);
    }
  });

  it('tells of a file that is not there', async () => {
    const folder = tempFolder();
    await expect(flushFiles(folder, [join(folder, 'gone')])).rejects.toThrow('ENOENT');
    // The one-by-one way is what a program that fails leads to.
    const many = [...filesIn(folder, 40), join(folder, 'gone')];
    await expect(flushFiles(folder, many, { program: 'false' })).rejects.toThrow('ENOENT');
  });

  onLinux('stops when the caller gives up', async () => {
    const folder = tempFolder();
    const program = join(folder, 'slow');
    writeFileSync(program, '#!/bin/sh\nexec sleep 20\n', { mode: 0o755 });
    const signal = AbortSignal.timeout(200);
    expect((await rejection(flushFiles(folder, filesIn(folder, 40), { program, signal }))).code).toBe('aborted');
  });

  onLinux('sets the disk to work as soon as there is enough, one program at a time', async () => {
    const folder = tempFolder();
    const files = filesIn(folder, 40);
    const runs = (): string[] => readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n');
    const program = join(folder, 'notes');
    writeFileSync(program, `#!/bin/sh\necho "$@" >> ${folder}/runs\nexec sync "$@"\n`, { mode: 0o755 });
    const flusher = new Flusher(folder, { program, early: 100 });
    flusher.wrote(99);
    flusher.wrote(1);
    flusher.wrote(200);
    await flusher.finish(files);
    expect(runs()).toEqual([`-f ${folder}`, `-f ${folder}`]);
  });

  onLinux('looks at each file where the disk refused something before the end', async () => {
    const folder = tempFolder();
    const files = filesIn(folder, 40);
    const program = join(folder, 'once');
    writeFileSync(program, `#!/bin/sh\nmv ${folder}/first ${folder}/second 2>/dev/null && exit 1\nexit 0\n`, {
      mode: 0o755,
    });
    writeFileSync(join(folder, 'first'), '');
    const gone = [...files, join(folder, 'gone')];
    const flusher = new Flusher(folder, { program, early: 1 });
    flusher.wrote(1);
    await expect(flusher.finish(gone)).rejects.toThrow('ENOENT');
    // Without the failure the program is believed.
    await flushFiles(folder, gone, { program });
  });
});
