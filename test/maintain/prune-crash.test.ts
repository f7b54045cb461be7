/**
 * The storage goes away at every operation of a prune in turn, as in a crash: before the operation is carried out, or
 * right after it. All snapshots must be whole then, and a second prune must come to its end.
 */
import { describe, expect, it } from 'vitest';
import { SyncError } from '../../src/base/errors.js';
import type { BlobId } from '../../src/base/ids.js';
import type { PruneOptions } from '../../src/maintain/prune.js';
import { pruneUnder } from '../../src/maintain/prune.js';
import { type TestRepository, testRepository } from '../helpers/repository.js';
import { expectExactIndex, expectWhole, quickLock, storeSnapshot } from './prune-env.js';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const OPTIONS: PruneOptions = { packSize: 2500, maxUnused: { bytes: 0 }, indexBlobs: 12 };

/** Wholly and partly used and unused packs, packs of duplicates, a pack without index. */
async function messy(version: 1 | 2): Promise<TestRepository> {
  const test = await testRepository({ version });
  const other = await test.reopen();
  const first = await storeSnapshot(test.repo, range(0, 20));
  await storeSnapshot(test.repo, range(10, 30));
  await storeSnapshot(other, range(15, 25));
  await storeSnapshot(test.repo, range(40, 42));
  await test.repo.removeSnapshot(first);
  await test.backend.replace('data', 'cd'.repeat(32), new Uint8Array(10));
  return test;
}

/** The operation with this number, and all after it, fail. Returns whether there are that many. */
async function crashAt(test: TestRepository, number: number, when: 'before' | 'after'): Promise<boolean> {
  const { backend } = test;
  const repo = await test.reopen();
  let left = number;
  let isDown = false;
  const gone = (): SyncError => new SyncError('unreachable', 'the storage is away');
  backend.before = () => {
    left -= 1;
    if (isDown || (when === 'before' && left <= 0)) {
      isDown = true;
      throw gone();
    }
  };
  backend.after = () => {
    if (left > 0) return;
    isDown = true;
    throw gone();
  };
  const failed = await pruneUnder(repo, quickLock(), OPTIONS).then(
    () => false,
    () => true,
  );
  backend.before = () => undefined;
  backend.after = () => undefined;
  expect(failed).toBe(isDown);
  if (failed) await expectMemoryTrue(test, repo);
  return failed;
}

/** What the process that lived on believes to be stored is stored, or a copy of it. */
async function expectMemoryTrue(
  test: TestRepository,
  repo: { readonly index: { values(): Iterable<{ id: BlobId; type: string }> } },
): Promise<void> {
  const fresh = await test.reopen();
  for (const { id, type } of repo.index.values()) {
    if (type === 'data' || type === 'tree') expect(fresh.index.has(type, id)).toBe(true);
  }
}

describe.each(['before', 'after'] as const)('the storage goes away %s an operation of prune', (when) => {
  it.each([1, 2] as const)(
    'version %i',
    async (version) => {
      const wanted = await expectWhole(await (await messy(version)).reopen());
      for (let number = 1; ; number++) {
        const test = await messy(version);
        const crashed = await crashAt(test, number, when);
        expect(await expectWhole(await test.reopen())).toEqual(wanted);
        const second = await test.reopen();
        await pruneUnder(second, quickLock(), OPTIONS);
        const fresh = await test.reopen();
        expect(await expectWhole(fresh)).toEqual(wanted);
        await expectExactIndex(second, fresh);
        const third = await pruneUnder(fresh, quickLock(), OPTIONS);
        expect([third.remove.size, third.unindexed.size, third.stats.blobs.unused]).toEqual([0, 0, 0]);
        if (!crashed) break;
        expect(number).toBeLessThan(500);
      }
    },
    60_000,
  );

  it('and again and again: each prune gets further', async () => {
    const test = await messy(2);
    const wanted = await expectWhole(await test.reopen());
    for (let number = 8; number < 80; number += 3) {
      await crashAt(test, number, when);
      expect(await expectWhole(await test.reopen())).toEqual(wanted);
    }
    await pruneUnder(await test.reopen(), quickLock(), OPTIONS);
    const fresh = await test.reopen();
    expect(await expectWhole(fresh)).toEqual(wanted);
    expect(fresh.index.blobCount).toBe([...fresh.index.values()].length);
  });
});
