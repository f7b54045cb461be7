/** Restoring over what is there already. */
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/base/bytes.js';
import type { Overwrite } from '../../src/restore/restore-types.js';
import { asUser, onPosix } from '../helpers/only-where.js';
import { noise, texts } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { MTIME } from './dump-env.js';
import { kindOf, only, type RestoreEnv, restoreEnv } from './restore-env.js';
import { makeFifo } from './tools.js';

const blobs = [noise(50_000, 1), noise(60_000, 2), noise(70_000, 3)] as const;
const WHOLE = Buffer.from(concatBytes(blobs));
const LINK = { node: { type: 'symlink' as const, mode: 2 ** 27 + 0o777, linktarget: 'f' } };
const SECONDS = Date.parse(MTIME) / 1000;

/** Bytes of data packs that are asked for. */
function bytesRead(env: RestoreEnv): number {
  const reads = env.backend.calls.splice(0).filter(({ method, type }) => method === 'read' && type === 'data');
  return reads.reduce((sum, { range }) => sum + (range?.length ?? 0), 0);
}

async function big(): Promise<RestoreEnv> {
  const env = await restoreEnv({ f: { blobs }, g: { blobs: texts(1) } });
  await env.run();
  env.actions();
  bytesRead(env);
  return env;
}

describe('a file that is there', () => {
  it.each<[string, (path: string) => void, number]>([
    ['longer than it should be', (path) => writeFileSync(path, Buffer.concat([WHOLE, WHOLE])), 0],
    ['cut off', (path) => writeFileSync(path, WHOLE.subarray(0, 115_000)), 70_000],
    ['changed in the middle', (path) => writeFileSync(path, Buffer.from(WHOLE).fill(1, 55_000, 55_003)), 60_000],
    ['of the same size and other content', (path) => writeFileSync(path, Buffer.alloc(WHOLE.length)), 180_000],
    ['empty', (path) => writeFileSync(path, ''), 180_000],
  ])('%s: only what differs is fetched, and written in place', async (_, change, most) => {
    const env = await big();
    const inode = statSync(env.path('f')).ino;
    change(env.path('f'));
    const result = await env.run();
    // Trees and a little of each blob's cover come on top.
    expect(bytesRead(env)).toBeLessThan(most + 5_000);
    expect(readFileSync(env.path('f')).equals(WHOLE)).toBe(true);
    expect(statSync(env.path('f')).ino).toBe(inode);
    expect(env.actions()).toEqual(['unchanged /g', 'updated /f']);
    expect(result).toMatchObject({ bytesTotal: 180_000, bytesRestored: 180_000, filesSkipped: 1, errors: [] });
  });

  it('equal to what it should be: only its metadata is set', async () => {
    const env = await big();
    utimesSync(env.path('f'), 1, 1);
    await env.run();
    expect(bytesRead(env)).toBeLessThan(2_000);
    expect(env.actions()).toEqual(['unchanged /f', 'unchanged /g']);
    expect(statSync(env.path('f')).mtimeMs).toBe(SECONDS * 1000);
  });

  onPosix('with another name: it is replaced whole, and the other name keeps its content', async () => {
    const env = await big();
    linkSync(env.path('f'), env.path('other'));
    const changed = Buffer.from(WHOLE).fill(1, 55_000, 55_003);
    writeFileSync(env.path('f'), changed);
    await env.run();
    expect(readFileSync(env.path('f')).equals(WHOLE)).toBe(true);
    expect(readFileSync(env.path('other')).equals(changed)).toBe(true);
  });

  asUser('read-only, in a read-only folder', async () => {
    const env = await restoreEnv({
      d: { folder: { f: { blobs, node: { mode: 0o444 } }, g: { blobs: [blobs[0]] } }, node: { mode: 2 ** 31 + 0o555 } },
    });
    await env.run();
    chmodSync(env.path('d'), 0o755);
    chmodSync(env.path('d/f'), 0o644);
    writeFileSync(env.path('d/f'), 'x');
    rmSync(env.path('d/g'));
    chmodSync(env.path('d/f'), 0o444);
    chmodSync(env.path('d'), 0o555);
    expect(await env.run()).toMatchObject({ errors: [] });
    expect(readFileSync(env.path('d/f')).equals(WHOLE)).toBe(true);
    expect([lstatSync(env.path('d')).mode & 0o777, lstatSync(env.path('d/f')).mode & 0o777]).toEqual([0o555, 0o444]);
  });
});

describe('something else in the place', () => {
  const items = { f: { blobs: texts(1) }, l: LINK, d: { folder: { g: { blobs: texts(2).slice(1) } } } };

  it.each([
    ['f', 'folder', (path: string) => mkdirSync(path)],
    ['f', 'link to a file', (path: string) => symlinkSync('../elsewhere/t', path)],
    ['f', 'link to nothing', (path: string) => symlinkSync('../elsewhere/new', path)],
    ['f', 'pipe', (path: string) => makeFifo(path)],
    ['l', 'folder', (path: string) => mkdirSync(path)],
    ['l', 'file', (path: string) => writeFileSync(path, 'x')],
    ['l', 'other link', (path: string) => symlinkSync('../elsewhere/t', path)],
    ['d', 'file', (path: string) => writeFileSync(path, 'x')],
    ['d', 'link to a folder', (path: string) => symlinkSync('../elsewhere', path)],
  ] as const)('of %s: a %s gives way', async (name, _, make) => {
    if (process.platform === 'win32') return;
    const env = await restoreEnv(items);
    const elsewhere = join(env.target, '../elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 't'), 'mine');
    mkdirSync(env.target);
    make(env.path(name));
    expect(await env.run()).toMatchObject({ errors: [], filesRestored: 4 });
    expect([kindOf(env.path('f')), kindOf(env.path('l')), kindOf(env.path('d'))]).toEqual(['file', 'link', 'folder']);
    expect(env.read('f')).toContain('blob 0');
    expect(readlinkSync(env.path('l'))).toBe('f');
    expect(readdirSync(elsewhere)).toEqual(['t']);
    expect(readFileSync(join(elsewhere, 't'), 'utf8')).toBe('mine');
  });

  it('a folder with something in it stays, unless all else is deleted', async () => {
    const env = await restoreEnv(items);
    env.put('f/x', 'mine');
    env.put('l/x', 'mine');
    const result = await env.run();
    expect(result.errors.map(({ path }) => path).sort()).toEqual(['/f', '/l']);
    expect([env.read('f/x'), env.read('l/x')]).toEqual(['mine', 'mine']);
    expect(env.read('d/g')).toContain('blob 1');
    const again = await env.run({ delete: true });
    // As restic: a file takes the place of a folder then, a link does not.
    expect(again.errors.map(({ path }) => path)).toEqual(['/l']);
    expect(env.read('f')).toContain('blob 0');
  });
});

describe('--overwrite', () => {
  const OLD = 'y'.repeat(texts(1)[0]?.length ?? 0);
  /** Content and time of what is there → whether it is replaced. */
  const cases: readonly [Overwrite, string, number, boolean][] = [
    ['always', OLD, SECONDS, true],
    ['if-changed', OLD, SECONDS, false],
    ['if-changed', OLD, SECONDS + 1, true],
    ['if-changed', `${OLD}z`, SECONDS, true],
    ['if-newer', OLD, SECONDS - 1, true],
    ['if-newer', OLD, SECONDS, false],
    ['if-newer', OLD, SECONDS + 1, false],
    ['never', OLD, SECONDS - 1, false],
  ];

  it.each(cases)('%s: %j of %d: %j', async (overwrite, content, time, replaced) => {
    const env = await restoreEnv({ f: { blobs: texts(1) }, new: { blobs: texts(1) } });
    env.put('f', content);
    utimesSync(env.path('f'), time, time);
    const result = await env.run({ overwrite });
    expect(env.read('f')).toBe(replaced ? Buffer.from(texts(1)[0] ?? []).toString() : content);
    expect(env.actions()).toEqual(['restored /new', replaced ? 'updated /f' : 'unchanged /f']);
    expect(result.filesSkipped).toBe(replaced ? 0 : 1);
    // One that is left is left as it is.
    if (!replaced && overwrite !== 'if-changed') expect(statSync(env.path('f')).mtimeMs).toBe(time * 1000);
  });

  onPosix('links and further names of files follow the same rule', async () => {
    const node = { inode: 5n, deviceId: 1n, links: 2n };
    const env = await restoreEnv({ a: { blobs: texts(1), node }, b: { blobs: texts(1), node }, l: LINK });
    env.put('b', 'mine');
    symlinkSync('mine', env.path('l'));
    await env.run({ overwrite: 'never' });
    expect([env.read('b'), readlinkSync(env.path('l'))]).toEqual(['mine', 'mine']);
    expect(env.actions()).toEqual(['restored /a', 'unchanged /b', 'unchanged /l']);
    await env.run();
    expect(statSync(env.path('b')).ino).toBe(statSync(env.path('a')).ino);
  });
});

describe('--delete', () => {
  const items = { f: { blobs: texts(1) }, d: { folder: { g: { blobs: texts(1) } } } };

  async function withMore(): Promise<RestoreEnv> {
    const env = await restoreEnv(items);
    for (const name of ['x', 'd/x', 'tree/y/z']) env.put(name, 'mine');
    return env;
  }

  it('takes away what the snapshot has not, deepest first', async () => {
    const env = await withMore();
    const result = await env.run({ delete: true });
    expect(result.filesDeleted).toBe(5);
    expect(readdirSync(env.target).sort()).toEqual(['d', 'f']);
    expect(readdirSync(env.path('d'))).toEqual(['g']);
    const deleted = env.events.flatMap((one) => (one.type === 'item' && one.action === 'deleted' ? [one.path] : []));
    expect(deleted).toContain(env.path('tree/y/z'));
    expect(deleted.indexOf(env.path('tree/y/z'))).toBeLessThan(deleted.indexOf(env.path('tree')));
  });

  it('keeps what is not selected', async () => {
    const env = await withMore();
    await env.run({ delete: true, select: only('/d') });
    expect(readdirSync(env.target).sort()).toEqual(['d', 'tree', 'x']);
    expect(readdirSync(env.path('d'))).toEqual(['g']);
    const other = await withMore();
    await other.run({ delete: true, select: only('/d/g') });
    expect(existsSync(other.path('d/x'))).toBe(true);
    const none = await withMore();
    await none.run({ delete: true, select: only('/nothing') });
    expect(none.actions()).toEqual([]);
  });

  onPosix('removes links, and not what they lead to', async () => {
    const env = await withMore();
    const elsewhere = tempFolder();
    writeFileSync(join(elsewhere, 't'), 'mine');
    symlinkSync(elsewhere, env.path('link'));
    symlinkSync(elsewhere, env.path('tree/link'));
    await env.run({ delete: true });
    expect(readdirSync(env.target).sort()).toEqual(['d', 'f']);
    expect(readdirSync(elsewhere)).toEqual(['t']);
  });

  it('deletes nothing without being told to', async () => {
    const env = await withMore();
    await env.run();
    expect(readdirSync(env.target).sort()).toEqual(['d', 'f', 'tree', 'x']);
  });
});
