import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import type { CacheOptions } from '../../src/backend/cache.js';
import { cacheBackend } from '../../src/backend/cache.js';
import { memoryBackend } from '../../src/backend/memory.js';
import type { SyncError } from '../../src/base/errors.js';
import { patternBytes, sha256 } from './conformance.js';
import type { Fault } from './faulty.js';
import { FaultyBackend } from './faulty.js';

const repositoryId = 'c0'.repeat(32);
const data = patternBytes(5000);
const name = sha256(data);

let folder: string;
let store: Backend;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cache-'));
  store = memoryBackend();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const cachedPath = (type: string, id = name): string => join(folder, repositoryId, type, id.slice(0, 2), id);
const plain: Fault = (_method, _count, run) => run();

function open(options: Partial<CacheOptions> = {}, fault = plain): { backend: Backend; inner: FaultyBackend } {
  const inner = new FaultyBackend(store, fault);
  return { backend: cacheBackend(inner, { folder, repositoryId, ...options }), inner };
}

describe('cache', () => {
  it.each(['snapshots', 'index'] as const)('reads %s once, keeps them in the layout of restic', async (type) => {
    await store.write(type, name, data);
    const { backend, inner } = open();
    for (let i = 0; i < 3; i++) expect(await backend.read(type, name)).toEqual(data);
    expect(await backend.read(type, name, { offset: 7, length: 9 })).toEqual(data.slice(7, 16));
    expect(inner.calls).toEqual(['read']);
    expect(new Uint8Array(await readFile(cachedPath(type)))).toEqual(data);
    expect(await readFile(join(folder, 'CACHEDIR.TAG'), 'utf8')).toBe('Signature: 8a477f597d28d172789f06886806bc55\n');
    expect(await readFile(join(folder, repositoryId, 'version'), 'utf8')).toBe('1');
    const again = open();
    expect(await again.backend.read(type, name)).toEqual(data);
    expect(again.inner.calls).toEqual([]);
  });

  it('never keeps config, keys, locks, or packs that were not asked for', async () => {
    const { backend, inner } = open();
    await backend.write('config', '', data);
    for (const type of ['keys', 'locks', 'data'] as const) {
      await backend.write(type, name, data);
      for (let i = 0; i < 2; i++) await backend.read(type, name);
    }
    for (let i = 0; i < 2; i++) await backend.read('config', '');
    expect(inner.calls.filter((call) => call === 'read')).toHaveLength(8);
    expect(await readdir(folder)).toEqual([]);
  });

  it('fetches a chosen pack whole, once for all who want parts of it', async () => {
    await store.write('data', name, data);
    const { backend, inner } = open({ cacheData: (id) => id === name });
    const parts = [0, 100, 4990].map((offset) => backend.read('data', name, { offset, length: 10 }));
    expect(await Promise.all(parts)).toEqual([0, 100, 4990].map((offset) => data.slice(offset, offset + 10)));
    await backend.read('data', name, { offset: 1, length: 4000 });
    expect(inner.calls).toEqual(['read']);
  });

  it('lets others fetch for themselves when the shared transfer fails or is aborted', async () => {
    await store.write('data', name, data);
    const fault: Fault = async (_method, count, run, signal) => {
      if (count > 1) return run();
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      throw new Error('aborted');
    };
    const { backend, inner } = open({ cacheData: () => true }, fault);
    const controller = new AbortController();
    const first = backend.read('data', name, undefined, { signal: controller.signal });
    const failed = expect(first).rejects.toThrow('aborted');
    while (inner.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const second = backend.read('data', name);
    setTimeout(() => controller.abort(), 10);
    await failed;
    expect(await second).toEqual(data);
  });

  it('keeps what it writes, and forgets what it removes', async () => {
    const { backend, inner } = open();
    await backend.write('snapshots', name, data);
    expect(await backend.read('snapshots', name)).toEqual(data);
    expect(inner.calls).toEqual(['write']);
    await backend.remove('snapshots', name);
    await expect(backend.read('snapshots', name)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('throws away a damaged copy, also when only a part is read, and fetches the file again', async () => {
    await store.write('index', name, data);
    for (const range of [undefined, { offset: 10, length: 20 }]) {
      for (const bad of [Buffer.alloc(0), data.subarray(1), Buffer.from(data).fill(7, 4000, 4001)]) {
        await mkdir(join(cachedPath('index'), '..'), { recursive: true });
        await writeFile(cachedPath('index'), bad);
        const { backend } = open();
        const expected = range ? data.slice(range.offset, range.offset + range.length) : data;
        expect(await backend.read('index', name, range)).toEqual(expected);
        expect(new Uint8Array(await readFile(cachedPath('index')))).toEqual(data);
      }
    }
  });

  it('keeps nothing that does not hash to its name', async () => {
    const damaged = data.slice(1);
    await store.write('index', name, damaged);
    const { backend, inner } = open();
    expect(await backend.read('index', name)).toEqual(damaged);
    expect(await backend.read('index', name)).toEqual(damaged);
    expect(inner.calls).toEqual(['read', 'read']);
  });

  it('forgets what a list no longer names, of that type only', async () => {
    const other = patternBytes(77, 9);
    for (const type of ['snapshots', 'index'] as const) {
      await store.write(type, name, data);
      await store.write(type, sha256(other), other);
    }
    const { backend } = open();
    for (const type of ['snapshots', 'index'] as const) {
      await backend.read(type, name);
      await backend.read(type, sha256(other));
    }
    await store.remove('snapshots', name);
    await backend.list('snapshots');
    await expect(readFile(cachedPath('snapshots'))).rejects.toThrow();
    expect((await readFile(cachedPath('snapshots', sha256(other)))).length).toBe(77);
    expect((await readFile(cachedPath('index'))).length).toBe(data.length);
  });

  it('leaves a folder of another version alone', async () => {
    await mkdir(join(folder, repositoryId));
    await writeFile(join(folder, repositoryId, 'version'), '2');
    await store.write('index', name, data);
    const { backend, inner } = open();
    for (let i = 0; i < 2; i++) expect(await backend.read('index', name)).toEqual(data);
    expect(inner.calls).toHaveLength(2);
    expect(await readdir(join(folder, repositoryId))).toEqual(['version']);
  });

  it('that cannot be used is told once and costs nothing else', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await store.write('index', name, data);
    const problems: SyncError[] = [];
    const { backend } = open({ folder: join(file, 'cache'), onProblem: (error) => problems.push(error) });
    for (let i = 0; i < 2; i++) expect(await backend.read('index', name)).toEqual(data);
    await backend.list('index');
    await backend.write('snapshots', name, data);
    await backend.remove('snapshots', name);
    expect(problems).toMatchObject([{ code: 'io', message: expect.stringContaining('cache') }]);
  });
});
