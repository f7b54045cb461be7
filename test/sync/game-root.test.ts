import { describe, expect, it } from 'vitest';
import { savePortableTrees } from '../../src/archive/portable-tree.js';
import type { TreeId } from '../../src/base/ids.js';
import type { Repository } from '../../src/repo/repository.js';
import { readManifest } from '../../src/restore/read-manifest.js';
import { findGameRoot } from '../../src/sync/game-root.js';
import { commitEmpty, rejection, testRepository } from '../helpers/repository.js';
import { anyId, manifestFrom } from '../helpers/two-pcs.js';

async function store(repo: Repository, files: readonly string[]): Promise<TreeId> {
  return repo.write({}, async (session) => {
    const manifest = manifestFrom(Object.fromEntries(files.map((path) => [path, path])));
    const tree = await savePortableTrees(manifest, (plain) => session.saveTree(plain));
    await commitEmpty(session);
    return tree;
  });
}

/** The files of the game folder that is found, or the code of the error. */
async function find(files: readonly string[], paths: readonly string[] | null, ours = false): Promise<string[]> {
  const { repo } = await testRepository();
  const tree = await store(repo, files);
  const version = ours ? { programVersion: 'instance-sync 1.0.0' } : {};
  const root = await findGameRoot(repo, {
    id: anyId(),
    snapshot: { time: '2026-01-01T00:00:00Z', tree, paths, ...version },
  });
  return [...(await readManifest(repo, root)).manifest.keys()].sort();
}

describe('the game folder in a snapshot', () => {
  const game = ['options.txt', 'saves/W/level.dat'];
  const below = (folder: string, files: readonly string[] = game): string[] => files.map((path) => `${folder}/${path}`);

  it.each([
    ['backed up from inside', game, ['/home/kim/.minecraft']],
    ['backed up from inside, nothing known', game, null],
    ['parts of it, from inside', game, ['/home/kim/mc/options.txt', '/home/kim/mc/saves']],
    ['one part of it, from inside', ['saves/W/level.dat'], ['/home/kim/mc/saves']],
    ['by its absolute path', below('home/kim/.minecraft'), ['/home/kim/.minecraft']],
    ['on Windows', below('C/Users/kim/AppData'), ['C:\\Users\\kim\\AppData']],
    ['on Windows, with slashes', below('D/games/mc'), ['D:/games/mc/']],
    ['from the folder above', below('mc'), ['/home/kim/mc']],
    ['from far above', below('kim/mc'), ['/home/kim/mc']],
    ['parts of it, by absolute paths', below('home/kim/mc'), ['/home/kim/mc/options.txt', '/home/kim/mc/saves']],
    ['one part of it, by its absolute path', ['home/kim/mc/saves/W/level.dat'], ['/home/kim/mc/saves']],
    ['below folders that are called as its own', below('home/config/saves/mc'), ['/home/config/saves/mc']],
    ['itself called as one of its own', below('config'), ['/config']],
    ['from inside, itself called as one of its own', game, ['/saves']],
    ['below a path that is written otherwise', below('mnt/x/mc'), ['/link/to/mc']],
  ])('%s', async (_, files, paths) => {
    const found = await find(files, paths);
    expect(found.length > 0 && found.every((path) => game.includes(path))).toBe(true);
  });

  it('is what was backed up, however unlike a game it looks', async () => {
    expect(await find(['home/kim/mc/shaderpacks/a.zip'], ['/home/kim/mc'])).toEqual(['shaderpacks/a.zip']);
    expect(await find(['shaderpacks/a.zip'], ['/home/kim/mc'])).toEqual(['shaderpacks/a.zip']);
    expect(await find(['home/kim/mc/a', 'home/kim/mc/b/c'], ['/home/kim/mc'])).toEqual(['a', 'b/c']);
    expect(await find([], ['/home/kim/mc'])).toEqual([]);
  });

  it('is the root of what this program wrote, whatever is in it', async () => {
    expect(await find(['home/kim/saves/x'], ['/home/kim'], true)).toEqual(['home/kim/saves/x']);
  });

  it('is not guessed among several folders', async () => {
    const files = ['home/kim/a/saves/x', 'home/kim/b/saves/x'];
    expect((await rejection(find(files, ['/home/kim/a', '/home/kim/b']))).code).toBe('unsupported');
    expect((await rejection(find(['x/1', 'y/2'], ['/a/x', '/b/y']))).code).toBe('unsupported');
  });

  it('is not looked for without end', async () => {
    const deep = Array.from({ length: 80 }, () => 'd').join('/');
    expect((await rejection(find([`${deep}/saves/x`], ['/a', '/b']))).code).toBe('unsupported');
    expect(await find([`${deep}/x`], [`/${deep}`])).toHaveLength(1);
  });
});
