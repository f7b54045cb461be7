/** A blob that lies in two packs is there as long as one copy is whole: for whoever loads it, and for a restore. */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { BlobId } from '../../src/base/ids.js';
import { check } from '../../src/maintain/check.js';
import { restore } from '../../src/restore/restore.js';
import { type DamageName, damage } from '../helpers/damage.js';
import { at, rejection } from '../helpers/repository.js';
import { openFolder, type SoundRepository, soundRepository } from '../helpers/sound-repository.js';
import { tempFolder } from '../helpers/temp.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

describe.each([1, 2] as const)('in version %i', (version) => {
  let sound: SoundRepository;

  beforeAll(async () => {
    sound = await soundRepository(tempFolder(), version);
  });

  async function broken(name: DamageName): Promise<{ path: string; blob: BlobId }> {
    const path = join(tempFolder(), 'repo');
    cpSync(sound.path, path, { recursive: true });
    return { path, blob: at((await damage[name](path)).blobs, 0) };
  }

  it.each(['duplicateBlob', 'damagedFirstCopy', 'damagedSecondCopy'] as const)('a blob is read: %s', async (name) => {
    const { path, blob } = await broken(name);
    const repo = await openFolder(path);
    expect(repo.index.locate('data', blob)).toHaveLength(2);
    expect(Buffer.from(await repo.loadBlob('data', blob)).toString()).toBe('fov:90\n');
    const many: string[] = [];
    await repo.loader.loadMany('data', [blob], (_, plain) => void many.push(Buffer.from(plain).toString()));
    expect(many).toEqual(['fov:90\n']);

    const target = tempFolder();
    const { tree } = await repo.loadSnapshot(sound.snapshots[1]);
    const { errors } = await restore(repo, tree, { target });
    expect(errors).toEqual([]);
    expect(readFileSync(join(target, 'config/options.txt'), 'utf8')).toBe('fov:90\n');
  });

  it('a blob of which all copies are damaged is told, and all else restored', async () => {
    const { path, blob } = await broken('damagedCopies');
    const repo = await openFolder(path);
    const error = await rejection(repo.loadBlob('data', blob));
    expect(error).toMatchObject({ code: 'damaged', details: { id: blob } });
    const target = tempFolder();
    const { tree } = await repo.loadSnapshot(sound.snapshots[1]);
    const { errors } = await restore(repo, tree, { target });
    expect(errors.length).toBeGreaterThan(0);
    expect(readFileSync(join(target, 'readme.txt'), 'utf8')).toBe('x'.repeat(10_000));
    expect((await check(repo, { readData: 'all' })).summary.numErrors).toBe(2);
  });

  it.runIf(version === 2)('a tree is read although the index has its length wrong', async () => {
    const { path, blob } = await broken('wrongPlainLengthInIndex');
    const repo = await openFolder(path);
    expect((await repo.loadTree(blob)).map((node) => node.name)).toEqual(['options.txt', 'servers.dat']);
  });
});
