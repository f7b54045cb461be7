import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toMs } from '../../src/archive/scan.js';
import { type Bytes, concatBytes } from '../../src/base/bytes.js';
import type { BlobId } from '../../src/base/ids.js';
import type { Repository } from '../../src/repo/repository.js';
import type { WantedFile } from '../../src/restore/fetch-files.js';
import { fetchFiles } from '../../src/restore/fetch-files.js';
import type { FaultyBackend } from '../helpers/faulty-backend.js';
import { onLinux } from '../helpers/only-where.js';
import { at, noise, rejection, storeBlobs, testRepository, texts } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const linux = process.platform === 'linux';
const MTIME = 1_700_000_000_123;

/** Handles of this process that lead into the folder. */
function openIn(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(folder) ? [target] : [];
    } catch {
      // Closed in between.
      return [];
    }
  });
}

interface Stored {
  readonly backend: FaultyBackend;
  readonly repo: Repository;
  readonly ids: readonly BlobId[];
  readonly blobs: readonly Bytes[];
  readonly folder: string;
  /** A file of these blobs. */
  want(name: string, parts: readonly number[], size?: number): WantedFile;
  content(parts: readonly number[]): Buffer;
}

async function stored(blobs: readonly Bytes[], packSize?: number): Promise<Stored> {
  const { backend, repo } = await testRepository();
  const { ids } = await storeBlobs(repo, blobs, packSize === undefined ? {} : { packSize });
  const folder = tempFolder();
  const content = (parts: readonly number[]): Buffer => Buffer.from(concatBytes(parts.map((i) => at(blobs, i))));
  const want = (name: string, parts: readonly number[], size = content(parts).length): WantedFile => ({
    destination: join(folder, name),
    path: `saves/${name}`,
    entry: {
      type: 'file',
      size,
      executable: parts.length === 1,
      content: parts.map((i) => at(ids, i)),
      mtimeMs: MTIME,
    },
  });
  return { backend, repo, ids, blobs, folder, want, content };
}

describe('fetching files', () => {
  it('writes each blob wherever it is wanted, and sets time and mode', async () => {
    const made = await stored([...texts(5, 'fetch'), noise(70_000)]);
    const wanted: [string, number[]][] = [
      ['plain', [0, 1, 2]],
      ['twice', [3, 3, 5, 3]],
      ['same', [0, 1, 2]],
      ['single', [4]],
      ['empty', []],
    ];
    let files = 0;
    let bytes = 0;
    await fetchFiles(
      made.repo,
      wanted.map(([name, parts]) => made.want(name, parts)),
      {
        onFile: () => {
          files += 1;
        },
        onBytes: (count) => {
          bytes += count;
        },
      },
    );
    let total = 0;
    for (const [name, parts] of wanted) {
      const path = join(made.folder, name);
      expect(readFileSync(path).equals(made.content(parts)), name).toBe(true);
      expect(toMs(statSync(path, { bigint: true }).mtimeNs)).toBe(MTIME);
      if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(parts.length === 1 ? 0o755 : 0o644);
      total += made.content(parts).length;
    }
    expect([files, bytes]).toEqual([5, total]);
  });

  it('reads each blob once, though hundreds of files want it', async () => {
    const made = await stored([noise(2000), noise(2000, 2)]);
    made.backend.calls.length = 0;
    const files = Array.from({ length: 200 }, (_, i) => made.want(`f${i}`, i % 2 === 0 ? [0, 1] : [1, 0]));
    await fetchFiles(made.repo, files, {});
    expect(made.backend.count('read', 'data')).toBe(1);
    expect(readFileSync(join(made.folder, 'f199')).equals(made.content([1, 0]))).toBe(true);
  });

  onLinux('keeps few files open, though the blobs of all lie in many packs', async () => {
    const blobs = Array.from({ length: 300 }, (_, i) => noise(300, i + 1));
    const made = await stored(blobs, 2000);
    const files = Array.from({ length: 150 }, (_, i) => made.want(`f${i}`, [i, 299 - i, (i + 77) % 300]));
    let most = 0;
    const onBytes = (): void => {
      most = Math.max(most, openIn(made.folder).length);
    };
    await fetchFiles(made.repo, files, { onBytes });
    expect(most).toBeLessThanOrEqual(64);
    for (let i = 0; i < 150; i++) {
      expect(readFileSync(join(made.folder, `f${i}`)).equals(made.content([i, 299 - i, (i + 77) % 300]))).toBe(true);
    }
    expect(openIn(made.folder)).toEqual([]);
  });

  it('refuses a file whose entry says another size, before anything is fetched', async () => {
    const made = await stored(texts(2, 'size'));
    made.backend.calls.length = 0;
    for (const wrong of [made.want('a', [0, 1], 7), made.want('b', [], 7)]) {
      const error = await rejection(fetchFiles(made.repo, [wrong], {}));
      expect(error.code).toBe('damaged');
      expect(error.message).toContain(wrong.path);
    }
    expect(made.backend.calls).toEqual([]);
    expect(readdirSync(made.folder)).toEqual([]);
  });

  it('refuses blobs that nobody has, and leaves nothing open', async () => {
    const made = await stored(texts(2, 'gone'));
    const gone = made.want('gone', [0]);
    const entry = { ...gone.entry, content: ['ab'.repeat(32) as BlobId] };
    expect((await rejection(fetchFiles(made.repo, [made.want('a', [1]), { ...gone, entry }], {}))).code).toBe(
      'damaged',
    );
    for (const name of await made.backend.names('data')) await made.backend.replace('data', name, undefined);
    expect((await rejection(fetchFiles(made.repo, [made.want('b', [0, 1])], {}))).code).toBe('damaged');
    if (linux) expect(openIn(made.folder)).toEqual([]);
  });

  it('tells of a file that cannot be written, by the path in the game folder, and leaves nothing open', async () => {
    const made = await stored(texts(20, 'io'), 300);
    const files = Array.from({ length: 18 }, (_, i) => made.want(`f${i}`, [i, i + 1]));
    let taken = 0;
    for (const spoil of [
      (path: string) => writeFileSync(path, 'somebody was here'),
      (path: string) => void mkdirSync(path),
    ]) {
      const bad = made.want(`taken-${taken++}`, [3]);
      spoil(bad.destination);
      const error = await rejection(fetchFiles(made.repo, [...files, bad], {}));
      expect(error.code).toBe('io');
      expect(error.message).toContain(bad.path);
      if (linux) expect(openIn(made.folder)).toEqual([]);
      for (const file of files) if (existsSync(file.destination)) rmSync(file.destination);
    }
    const nowhere = { ...made.want('x', []), destination: join(made.folder, 'no', 'folder') };
    const error = await rejection(fetchFiles(made.repo, [nowhere], {}));
    expect([error.code, error.details['errno']]).toEqual(['io', 'ENOENT']);
  });

  it('stops when the caller gives up, and nothing runs on', async () => {
    const made = await stored(
      Array.from({ length: 60 }, (_, i) => noise(500, i + 1)),
      600,
    );
    const stop = new AbortController();
    const files = Array.from({ length: 59 }, (_, i) => made.want(`f${i}`, [i, i + 1]));
    let calls = 0;
    const onBytes = (): void => {
      calls += 1;
      if (calls === 10) stop.abort();
    };
    const error = await rejection(fetchFiles(made.repo, files, { signal: stop.signal, onBytes }));
    expect(error.code).toBe('aborted');
    const after = calls;
    if (linux) expect(openIn(made.folder)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(calls).toBe(after);
    if (linux) expect(openIn(made.folder)).toEqual([]);
  });
});
