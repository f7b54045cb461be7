/** Trees and targets that try to lead the restore elsewhere, and repositories that are damaged. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BlobId } from '../../src/base/ids.js';
import { LocalNames } from '../../src/restore/local-names.js';
import type { SelectedFolder } from '../../src/restore/select-items.js';
import { dataBlob, storePack } from '../helpers/damage-tools.js';
import { onPosix } from '../helpers/only-where.js';
import { at, noise, texts } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { only, type RestoreEnv, restoreEnv } from './restore-env.js';

const [first, second] = [noise(50_000, 1), noise(60_000, 2)];

describe('links on the way', () => {
  onPosix('are taken away, also above the folders that are restored', async () => {
    const env = await restoreEnv({ a: { folder: { b: { folder: { c: { folder: { f: { blobs: [first] } } } } } } } });
    const elsewhere = tempFolder();
    mkdirSync(join(elsewhere, 'b/c'), { recursive: true });
    mkdirSync(env.target);
    symlinkSync(elsewhere, env.path('a'));
    expect(await env.run({ select: only('/a/b/c/f') })).toMatchObject({ errors: [] });
    expect(statSync(env.path('a/b/c/f')).size).toBe(50_000);
    expect(readdirSync(join(elsewhere, 'b/c'))).toEqual([]);
  });

  onPosix('do not lead metadata or deletions elsewhere', async () => {
    const env = await restoreEnv({
      d: { folder: { f: { blobs: [first] } }, node: { mode: 2 ** 31 + 0o711 } },
      l: { node: { type: 'symlink', mode: 2 ** 27 + 0o777, linktarget: '../elsewhere' } },
    });
    const elsewhere = join(env.target, '../elsewhere');
    mkdirSync(elsewhere, { mode: 0o750 });
    writeFileSync(join(elsewhere, 't'), 'mine', { mode: 0o640 });
    mkdirSync(env.target);
    symlinkSync('../elsewhere', env.path('d'));
    await env.run({ delete: true });
    await env.run({ delete: true });
    expect(statSync(elsewhere).mode & 0o777).toBe(0o750);
    expect(readFileSync(join(elsewhere, 't'), 'utf8')).toBe('mine');
  });

  onPosix('in a dry run are not followed either', async () => {
    const env = await restoreEnv({ d: { folder: { f: { blobs: texts(1) } } } });
    const elsewhere = tempFolder();
    writeFileSync(join(elsewhere, 'f'), at(texts(1), 0));
    writeFileSync(join(elsewhere, 'x'), '');
    mkdirSync(env.target);
    symlinkSync(elsewhere, env.path('d'));
    await env.run({ dryRun: true, delete: true });
    expect(env.actions()).toEqual(['restored /d', 'restored /d/f']);
  });

  onPosix('that a file is to be another name of are not linked to', async () => {
    const node = { inode: 5n, deviceId: 1n, links: 2n };
    const env = await restoreEnv({ a: { blobs: [first], node }, b: { blobs: [first], node } });
    mkdirSync(env.target);
    symlinkSync('/etc/passwd', env.path('a'));
    const result = await env.run({ overwrite: 'never' });
    expect(result.errors).toMatchObject([{ path: '/b' }]);
    expect(existsSync(env.path('b'))).toBe(false);
  });
});

describe('names that a system cannot have', () => {
  const folder = (path: string, isUsed = false): SelectedFolder => {
    return { path, isSelected: false, isUsed, names: [] };
  };

  it.each(['/a/..\\..\\x', '/a/C:', '/a/nul', '/a/b.', '/a/\udcff'])('%j is forbidden on Windows', async (path) => {
    const refused = await new LocalNames(undefined, 'win32').refuse(path, folder('/a'));
    expect(refused).toMatchObject({ code: 'unsafe-path', message: expect.stringContaining('cannot exist on Windows') });
    expect(await new LocalNames(undefined, 'darwin').refuse(path, folder('/a'))).toBeUndefined();
    expect(LocalNames.forTarget(undefined, 'linux')).toBeUndefined();
  });

  it('the second of two that differ in case only, each folder by itself', async () => {
    const names = new LocalNames(undefined, 'win32');
    const [a, b] = [folder('/a'), folder('/b')];
    expect(await names.refuse('/a/Mod', a)).toBeUndefined();
    expect(await names.refuse('/a/mod', a)).toMatchObject({
      message: '/a/mod cannot be beside /a/Mod: this system takes both names for one',
    });
    expect(await names.refuse('/a/other', a)).toBeUndefined();
    expect(await names.refuse('/b/mod', b)).toBeUndefined();
  });

  it('but not where the first is a folder of which nothing is restored', async () => {
    const names = new LocalNames(undefined, 'win32');
    const [parent, unused, used] = [folder(''), folder('/Mod'), folder('/mOd', true)];
    expect(await names.refuse('/Mod', parent, unused)).toBeUndefined();
    expect(await names.refuse('/mOd', parent, used)).toBeUndefined();
    expect(await names.refuse('/mod', parent)).toMatchObject({ code: 'unsafe-path' });
  });

  onPosix('and not where the disk has both', async () => {
    const root = tempFolder();
    const [names, parent] = [new LocalNames(root, 'win32'), folder('')];
    expect(await names.refuse('/Mod', parent)).toBeUndefined();
    // The disk of macOS may take the two for one.
    if (process.platform === 'linux') expect(await names.refuse('/mod', parent)).toBeUndefined();
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('damage', () => {
  /** Flips a bit of a blob where it is stored. */
  async function damage(env: RestoreEnv, type: 'data' | 'tree', id: BlobId): Promise<void> {
    const { pack, offset } = at(env.repo.index.locate(type, id), 0);
    const bytes = new Uint8Array(await env.backend.bytes('data', pack));
    bytes[offset + 20] = (bytes[offset + 20] ?? 0) ^ 1;
    await env.backend.replace('data', pack, bytes);
  }

  async function contentOf(env: RestoreEnv, name: string): Promise<readonly BlobId[]> {
    return (await env.repo.loadTree(env.tree)).find((node) => node.name === name)?.content ?? [];
  }

  it('of a blob fails the files that need it, once each; the others are restored', async () => {
    const env = await restoreEnv({
      a: { blobs: [first, second, first] },
      b: { blobs: [second] },
      c: { blobs: [first] },
      d: { folder: { e: { blobs: texts(1) } } },
    });
    await damage(env, 'data', at(await contentOf(env, 'b'), 0));
    const result = await env.run({ verify: true });
    expect(result.errors.map(({ path }) => path).sort()).toEqual(['/a', '/b']);
    expect(result).not.toHaveProperty('filesVerified');
    expect(result.errors[0]?.error).toMatchObject({ code: 'damaged' });
    expect(env.actions()).toEqual(['restored /c', 'restored /d', 'restored /d/e']);
    expect(result).toMatchObject({ filesTotal: 5, filesRestored: 3 });
    // What there is of it stays, at its place.
    const found = readFileSync(env.path('a'));
    expect(found.length).toBe(160_000);
    expect(found.subarray(110_000).equals(first)).toBe(true);
  });

  it('of a pack that is gone', async () => {
    const env = await restoreEnv({ a: { blobs: [first] }, empty: { blobs: [] } });
    const { pack } = at(env.repo.index.locate('data', at(await contentOf(env, 'a'), 0)), 0);
    await env.backend.replace('data', pack, undefined);
    const result = await env.run();
    expect(result.errors).toMatchObject([{ path: '/a', error: { code: 'damaged' } }]);
    expect(readdirSync(env.target)).toEqual(['empty']);
  });

  it('of an index that does not know a blob', async () => {
    const env = await restoreEnv({ a: { blobs: [first] }, b: { blobs: [second] } });
    const [location] = env.repo.index.locate('data', at(await contentOf(env, 'a'), 0));
    if (location) env.repo.index.removePack(location.pack, [location]);
    const result = await env.run();
    expect(result.errors).toMatchObject([{ path: '/a', error: { code: 'damaged' } }]);
    expect(readdirSync(env.target)).toEqual(['b']);
  });

  it('of a tree leaves its folder alone, whatever is to be deleted', async () => {
    const env = await restoreEnv({ d: { folder: { e: { blobs: [first] } } }, f: { blobs: [second] } });
    env.put('d/mine', 'x');
    env.put('other', 'x');
    const subtree = (await env.repo.loadTree(env.tree)).find(({ name }) => name === 'd')?.subtree;
    if (subtree) await damage(env, 'tree', subtree);
    const result = await env.run({ delete: true });
    expect(result.errors).toMatchObject([{ path: '/d', error: { code: 'damaged' } }]);
    expect(readdirSync(env.path('d'))).toEqual(['mine']);
    expect(readdirSync(env.target).sort()).toEqual(['d', 'f']);
  });

  it('of the root is told, and nothing is deleted', async () => {
    const env = await restoreEnv({ f: { blobs: [second] } });
    env.put('mine', 'x');
    await damage(env, 'tree', env.tree);
    const result = await env.run({ delete: true });
    expect(result.errors).toMatchObject([{ path: '/' }]);
    expect(readdirSync(env.target)).toEqual(['mine']);
  });

  it('is not told for what is not selected', async () => {
    const env = await restoreEnv({ a: { blobs: [first] }, b: { blobs: [second] } });
    await damage(env, 'data', at(await contentOf(env, 'a'), 0));
    expect(await env.run({ select: only('/b') })).toMatchObject({ errors: [] });
  });

  it('of one copy is nothing to tell of where there is another', async () => {
    const env = await restoreEnv({ a: { blobs: [first] } });
    const id = at(await contentOf(env, 'a'), 0);
    await damage(env, 'data', id);
    await storePack(env.repo, [dataBlob(env.repo, first)]);
    await env.repo.loadIndex();
    expect(await env.run()).toMatchObject({ errors: [], filesRestored: 1 });
  });
});
