import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Bytes, concatBytes } from '../../src/base/bytes.js';
import type { BlobId } from '../../src/base/ids.js';
import { fetchFiles } from '../../src/restore/fetch-files.js';
import { at, noise, storeBlobs, testRepository } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const blobs = [1, 2, 3, 4, 5].map((seed) => noise(100_000 * seed, seed));
const together = (numbers: readonly number[]): Bytes => concatBytes(numbers.map((i) => at(blobs, i)));

/** A file of blobs 0, 1, 2, 3 is fetched where a file of blobs 4, 1, 0 lies; returns the bytes that were read. */
async function fetchBeside(change: (path: string) => void): Promise<{ found: Buffer; read: number; bytes: number }> {
  const { repo, backend } = await testRepository();
  const { ids } = await storeBlobs(repo, blobs);
  const folder = tempFolder();
  const [local, destination] = [join(folder, 'old'), join(folder, 'new')];
  writeFileSync(local, together([4, 1, 0]));
  change(local);
  const content = [0, 1, 2, 3].map((i): BlobId => at(ids, i));
  const size = together([0, 1, 2, 3]).length;
  const entry = { type: 'file', size, executable: false, content, mtimeMs: 1_700_000_000_123 } as const;
  let read = 0;
  const whole = backend.read.bind(backend);
  backend.read = async (type, name, range, options) => {
    read += type === 'data' ? (range?.length ?? 0) : 0;
    return whole(type, name, range, options);
  };
  let bytes = 0;
  await fetchFiles(repo, [{ destination, path: 'saves/new', entry }], {
    local: [{ path: local, content: [4, 1, 0].map((i) => at(ids, i)) }],
    onBytes: (more) => {
      bytes += more;
    },
  });
  return { found: readFileSync(destination), read, bytes };
}

const wanted = Buffer.from(together([0, 1, 2, 3]));

it('what lies here is not read from the repository', async () => {
  const { found, read, bytes } = await fetchBeside(() => undefined);
  expect(Buffer.compare(found, wanted)).toBe(0);
  expect(bytes).toBe(wanted.length);
  // Blobs 2 and 3, which lie side by side, and nothing of the others.
  expect(read).toBeGreaterThan(700_000);
  expect(read).toBeLessThan(701_000);
});

it.each([
  ['changed', (path: string): void => writeFileSync(path, noise(800_000, 77))],
  ['shorter', (path: string): void => writeFileSync(path, together([4]))],
])('what only seems to lie here, in a file that is %s since, comes from the repository', async (_what, change) => {
  const { found, read } = await fetchBeside(change);
  expect(Buffer.compare(found, wanted)).toBe(0);
  expect(read).toBeGreaterThan(1_000_000);
});
