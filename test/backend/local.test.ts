import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localBackend } from '../../src/backend/local.js';
import { utf8 } from '../../src/base/bytes.js';
import { onPosix } from '../helpers/only-where.js';
import { patternBytes, sha256 } from './conformance.js';

const data = patternBytes(4000);
const name = sha256(data);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'local-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('local', () => {
  it('lays files out as restic does', async () => {
    const backend = localBackend(folder);
    await backend.create();
    expect((await readdir(folder)).sort()).toEqual(['data', 'index', 'keys', 'locks', 'snapshots']);
    expect(await readdir(join(folder, 'data'))).toHaveLength(256);
    await backend.write('config', '', utf8('c'));
    await backend.write('data', name, data);
    await backend.write('index', name, data);
    expect(new Uint8Array(await readFile(join(folder, 'data', name.slice(0, 2), name)))).toEqual(data);
    expect(new Uint8Array(await readFile(join(folder, 'index', name)))).toEqual(data);
    expect(await readdir(join(folder, 'index'))).toEqual([name]);
    expect(await readFile(join(folder, 'config'), 'utf8')).toBe('c');
  });

  onPosix('makes files read-only and private, or shared as the config is', async () => {
    const mode = async (...path: string[]): Promise<number> => (await stat(join(folder, ...path))).mode & 0o777;
    await localBackend(folder).create();
    await localBackend(folder).write('config', '', utf8('c'));
    await localBackend(folder).write('keys', name, data);
    expect([await mode('config'), await mode('keys', name), await mode('keys')]).toEqual([0o400, 0o400, 0o700]);
    await chmod(join(folder, 'config'), 0o440);
    await localBackend(folder).write('locks', name, data);
    expect(await mode('locks', name)).toBe(0o440);
  });

  it('makes missing folders on the way', async () => {
    const backend = localBackend(join(folder, 'not', 'there'));
    expect(await backend.list('data')).toEqual([]);
    await backend.write('data', name, data);
    expect(await backend.list('data')).toEqual([{ name, size: data.length }]);
  });

  it('reads and removes packs that lie directly under data, and does not write them again', async () => {
    const backend = localBackend(folder);
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'data', name), data);
    expect(await backend.list('data')).toEqual([{ name, size: data.length }]);
    expect(await backend.stat('data', name)).toBe(data.length);
    expect(await backend.read('data', name, { offset: 3, length: 4 })).toEqual(data.slice(3, 7));
    await expect(backend.write('data', name, data)).rejects.toMatchObject({ code: 'exists' });
    await backend.remove('data', name);
    expect(await backend.list('data')).toEqual([]);
  });

  it('lists neither leftovers nor folders nor foreign files', async () => {
    const backend = localBackend(folder);
    await backend.create();
    for (const leftover of [`${name}-tmp-0011`, 'x', '.DS_Store']) await writeFile(join(folder, 'keys', leftover), 'x');
    await mkdir(join(folder, 'keys', name));
    expect(await backend.list('keys')).toEqual([]);
  });

  it('lets one of many writers of the config win, whole', async () => {
    const texts = Array.from({ length: 8 }, (_, i) => utf8(String(i).repeat(2000)));
    await localBackend(folder).create();
    const results = await Promise.allSettled(texts.map((text) => localBackend(folder).write('config', '', text)));
    const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
    expect(winners).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'exists' });
    expect(await localBackend(folder).read('config', '')).toEqual(texts[winners[0] ?? 0]);
    expect((await readdir(folder)).filter((entry) => entry.includes('tmp'))).toEqual([]);
  });

  it("says 'io', with operation and path, when the folder cannot be used", async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'x');
    const backend = localBackend(file);
    const message = expect.stringContaining(file);
    await expect(backend.create()).rejects.toMatchObject({ code: 'io', message });
    await expect(backend.write('keys', name, data)).rejects.toMatchObject({ code: 'io', message });
    await mkdir(join(folder, 'config'));
    await expect(localBackend(folder).read('config', '')).rejects.toMatchObject({ code: 'io' });
  });

  it('leaves nothing behind when it is aborted', async () => {
    const backend = localBackend(folder);
    await backend.create();
    const controller = new AbortController();
    const large = patternBytes(4_000_000);
    const writing = backend.write('index', sha256(large), large, { signal: controller.signal });
    controller.abort();
    await expect(writing).rejects.toMatchObject({ code: 'aborted' });
    expect(await readdir(join(folder, 'index'))).toEqual([]);
  });
});
