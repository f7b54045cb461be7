/** New index files in place of old ones: what they name, and in which order things happen. */
import { describe, expect, it } from 'vitest';
import { rewriteIndex } from '../../src/maintain/rewrite-index.js';
import type { IndexPack } from '../../src/repo/index-file.js';
import { rejection, type TestRepository, testRepository } from '../helpers/repository.js';
import { expectExactIndex, expectWhole, quickLock, storeSnapshot } from './prune-env.js';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function filled(): Promise<TestRepository & { readonly packs: IndexPack[] }> {
  const test = await testRepository();
  await storeSnapshot(test.repo, range(0, 40));
  await storeSnapshot(test.repo, range(20, 60));
  return { ...test, packs: [...test.repo.index.byPack()].map(([id, blobs]) => ({ id, blobs })) };
}

describe('rewriteIndex', () => {
  it('writes all before it removes anything', async () => {
    const { repo, backend, reopen, packs } = await filled();
    const obsolete = await repo.listIndexFiles();
    const before = backend.done.length;
    const written = await rewriteIndex(repo, { packs, obsolete, indexBlobs: 10 });
    expect(backend.done.slice(before)).toEqual([
      ...written.map(() => 'write index'),
      ...obsolete.map(() => 'remove index'),
    ]);
    expect(await backend.names('index')).toEqual([...written].sort());
    const fresh = await reopen();
    await expectWhole(fresh);
    await expectExactIndex(repo, fresh);
  });

  it('fills files up to their number of blobs, and divides no pack', async () => {
    const { repo, packs } = await filled();
    const written = await rewriteIndex(repo, { packs, obsolete: await repo.listIndexFiles(), indexBlobs: 10 });
    const sizes = await Promise.all(
      written.map(async (id) => (await repo.readIndexFile(id)).packs.map((pack) => pack.blobs.length)),
    );
    for (const [i, file] of sizes.entries()) {
      const all = file.reduce((sum, size) => sum + size, 0);
      expect(all - (file.at(-1) ?? 0)).toBeLessThan(10);
      if (i < 5) expect(sizes.flat().length).toBe(packs.length);
    }
  });

  it('asks for the lock before it removes', async () => {
    const { repo, backend, packs } = await filled();
    const names = await backend.names('index');
    const lock = {
      ...quickLock(),
      ensureFresh: async () => {
        throw new Error('lost');
      },
    };
    await expect(rewriteIndex(repo, { packs, obsolete: await repo.listIndexFiles(), lock })).rejects.toThrow('lost');
    expect(await backend.names('index')).toEqual(expect.arrayContaining(names));
  });

  it('tells what it does', async () => {
    const { repo, packs } = await filled();
    const obsolete = await repo.listIndexFiles();
    const told: string[] = [];
    await rewriteIndex(repo, {
      packs,
      obsolete,
      onWritten: (count) => told.push(`written ${count}`),
      onRemoving: (count) => told.push(`removing ${count}`),
      onRemoved: () => told.push('removed'),
    });
    expect(told).toEqual([`written ${packs.length}`, 'removing 2', 'removed', 'removed']);
  });

  it('writes nothing for no packs', async () => {
    const { repo } = await filled();
    expect(await rewriteIndex(repo, { packs: [], obsolete: await repo.listIndexFiles() })).toEqual([]);
    expect(await repo.listIndexFiles()).toEqual([]);
  });

  it('stops when it is told to', async () => {
    const { repo, packs } = await filled();
    const error = await rejection(rewriteIndex(repo, { packs, obsolete: [], signal: AbortSignal.abort() }));
    expect(error.code).toBe('aborted');
  });
});
