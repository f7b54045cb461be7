import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { measurePresets } from '../../../src/sync/scope/measure-presets.js';
import { tempFolder } from '../../helpers/temp.js';

it('counts what each preset would take of a folder that is not set up', async () => {
  const packFolder = tempFolder();
  const put = (path: string, bytes: number): void => {
    mkdirSync(dirname(join(packFolder, path)), { recursive: true });
    writeFileSync(join(packFolder, path), 'x'.repeat(bytes));
  };
  put('saves/World/level.dat', 10);
  put('saves/World/session.lock', 1000);
  put('options.txt', 5);
  put('logs/latest.log', 1000);
  put('notes/todo.txt', 7);
  const found = new Map(
    (await measurePresets({ packFolder })).map(({ preset, files, bytes }) => [preset, [files, bytes]]),
  );
  expect([...found.keys()]).toEqual(['worlds', 'personal', 'everything']);
  expect(found.get('worlds')).toEqual([1, 10]);
  expect(found.get('personal')).toEqual([2, 15]);
  expect(found.get('everything')?.[1]).toBeGreaterThanOrEqual(15);
});
