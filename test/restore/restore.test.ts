import { readdirSync, readFileSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findSubfolder } from '../../src/browse/subfolder.js';
import { restore } from '../../src/restore/restore.js';
import { onPosix } from '../helpers/only-where.js';
import { noise, rejection, texts } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { kindOf, only, restoreEnv } from './restore-env.js';

const [first, second, third] = [noise(50_000, 1), noise(60_000, 2), noise(70_000, 3)];
const LINK = { node: { type: 'symlink' as const, mode: 2 ** 27 + 0o777, linktarget: 'f' } };
const SAME = { inode: 7n, deviceId: 1n, links: 2n };

describe('restore', () => {
  it('brings back files of any number of blobs, folders and links, and counts them', async () => {
    const env = await restoreEnv({
      f: { blobs: [first, second, first] },
      empty: { blobs: [] },
      d: { folder: { g: { blobs: texts(1) }, e: { folder: {} }, l: LINK } },
    });
    const result = await env.run();
    expect(readFileSync(env.path('f')).equals(Buffer.concat([first, second, first]))).toBe(true);
    expect(statSync(env.path('empty')).size).toBe(0);
    expect(readlinkSync(env.path('d/l'))).toBe('f');
    expect(readdirSync(env.path('d/e'))).toEqual([]);
    expect(result).toMatchObject({
      filesTotal: 6,
      filesRestored: 6,
      filesSkipped: 0,
      bytesTotal: 160_000 + 27,
      bytesRestored: 160_000 + 27,
      errors: [],
    });
    expect(env.actions()).toEqual([
      'restored /d',
      'restored /d/e',
      'restored /d/g',
      'restored /d/l',
      'restored /empty',
      'restored /f',
    ]);
  });

  it('reads each blob once, and neighbours in a pack with one request', async () => {
    const env = await restoreEnv({ a: { blobs: [first, second, third] }, b: { blobs: [second, first, second] } });
    env.backend.calls.length = 0;
    await env.run();
    const data = env.backend.calls.filter(({ method, range }) => method === 'read' && (range?.length ?? 0) > 5_000);
    expect(data).toHaveLength(1);
    expect(data[0]?.range?.length).toBeLessThan(190_000);
  });

  it('fetches only what is selected', async () => {
    const env = await restoreEnv({
      d: { folder: { g: { blobs: [first] }, h: { blobs: [second] } } },
      other: { folder: { x: { blobs: texts(1) } } },
    });
    await env.run({ select: only('/d/g') });
    expect(readdirSync(env.path('.'))).toEqual(['d']);
    expect(readdirSync(env.path('d'))).toEqual(['g']);
    // The folder is not selected, but what is in it is: it gets its metadata.
    expect(env.actions()).toEqual(['restored /d', 'restored /d/g']);
  });

  it('restores a folder of the snapshot', async () => {
    const env = await restoreEnv({ d: { folder: { e: { folder: { g: { blobs: texts(1) } } } } } });
    const tree = await findSubfolder(env.repo, env.tree, 'd/e');
    await restore(env.repo, tree, { target: env.target });
    expect(readdirSync(env.target)).toEqual(['g']);
  });

  onPosix('makes names of one file again, but not of two that only claim to be one', async () => {
    const env = await restoreEnv({
      a: { blobs: [first], node: SAME },
      b: { folder: { c: { blobs: [first], node: SAME } } },
      other: { blobs: [second], node: SAME },
      elsewhere: { blobs: [first], node: { ...SAME, deviceId: 2n } },
      single: { blobs: [first], node: { ...SAME, links: 1n } },
    });
    await env.run();
    const inode = (name: string): number => statSync(env.path(name)).ino;
    expect(inode('b/c')).toBe(inode('a'));
    expect(new Set(['a', 'other', 'elsewhere', 'single'].map(inode)).size).toBe(4);
    expect(statSync(env.path('other')).size).toBe(second.length);
  });

  it('does nothing in a dry run, and says what it would do', async () => {
    const env = await restoreEnv({ f: { blobs: [first] }, d: { folder: { g: { blobs: texts(1) }, l: LINK } } });
    const dry = await env.run({ dryRun: true });
    expect(kindOf(env.target)).toBe('nothing');
    const said = env.actions();
    const { seconds: _, ...real } = await env.run();
    expect(env.actions()).toEqual(said);
    expect(dry).toMatchObject(real);
    env.put('f', 'other');
    env.put('extra', 'x');
    await env.run({ dryRun: true, delete: true });
    expect(env.actions()).toEqual(['deleted /extra', 'restored /d', 'restored /d/l', 'unchanged /d/g', 'updated /f']);
    expect([env.read('f'), env.read('extra')]).toEqual(['other', 'x']);
  });

  it('reads back what it wrote, and finds what changed in between', async () => {
    const env = await restoreEnv({ f: { blobs: [first, second] }, g: { blobs: [third] } });
    expect(await env.run({ verify: true })).toMatchObject({ filesVerified: 2, errors: [] });
    expect(await env.run({ verify: true })).toMatchObject({ filesVerified: 0, errors: [] });
    env.put('f', 'x');
    env.put('g', 'x');
    const result = await env.run({
      verify: true,
      onEvent: ({ type }) => type === 'verifying' && env.put('f', 'changed'),
    });
    expect(result.filesVerified).toBe(1);
    expect(result.errors).toMatchObject([{ path: '/f', error: { code: 'io' } }]);
  });

  it('leaves holes for zeros where that is asked for', async () => {
    const zeros = new Uint8Array(2_000_000);
    const half = new Uint8Array(1_000_000);
    half.fill(7, 600_000);
    const env = await restoreEnv({ f: { blobs: [first, zeros, half, zeros] }, z: { blobs: [zeros] } });
    env.put('f', 'y'.repeat(100_000));
    await env.run({ sparse: true, verify: true });
    expect(await env.run({ verify: true })).toMatchObject({ filesSkipped: 2 });
    if (process.platform === 'linux') {
      expect(statSync(env.path('z')).blocks).toBe(0);
      expect(statSync(env.path('f')).blocks * 512).toBeLessThan(1_000_000);
    }
    expect(statSync(env.path('f')).size).toBe(50_000 + 5_000_000);
  });

  it('stops when it is told to', async () => {
    const env = await restoreEnv({ f: { blobs: [first] } });
    const signal = AbortSignal.abort();
    expect(await rejection(env.run({ signal }))).toMatchObject({ code: 'aborted' });
    const stop = new AbortController();
    const stopped = env.run({ signal: stop.signal, onEvent: ({ type }) => type === 'item' && stop.abort() });
    expect(await rejection(stopped)).toMatchObject({ code: 'aborted' });
  });

  it('cannot restore into a file', async () => {
    const env = await restoreEnv({ f: { blobs: [first] } });
    env.put('x', '');
    expect(await rejection(env.run({ target: env.path('x') }))).toMatchObject({ code: 'io' });
    expect(await rejection(env.run({ target: env.path('x/y') }))).toMatchObject({ code: 'io' });
  });

  it('keeps a thousand of items apart', async () => {
    const files = texts(1_000).map((blob, i) => [`f${i}`, { blobs: [blob] }] as const);
    const env = await restoreEnv({ d: { folder: Object.fromEntries(files) } });
    expect(await env.run({ verify: true })).toMatchObject({ filesRestored: 1_001, filesVerified: 1_000, errors: [] });
    expect(env.read('d/f999')).toContain('blob 999');
  });

  onPosix('restores into a folder that a link leads to', async () => {
    const env = await restoreEnv({ f: { blobs: texts(1) } });
    const real = tempFolder();
    symlinkSync(real, env.target);
    await env.run();
    expect(kindOf(env.target)).toBe('link');
    expect(readdirSync(real)).toEqual(['f']);
  });
});
