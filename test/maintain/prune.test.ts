/** Prune on repositories in memory: what it keeps, copies, removes, refuses, and what the index says afterwards. */
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { SyncError } from '../../src/base/errors.js';
import type { IndexId, PackId } from '../../src/base/ids.js';
import type { PruneOptions } from '../../src/maintain/prune.js';
import { prune, pruneUnder } from '../../src/maintain/prune.js';
import type { PruneEvent } from '../../src/maintain/prune-events.js';
import { totalsOf } from '../../src/maintain/prune-stats.js';
import { saveUnpacked } from '../../src/repo/files.js';
import { encodeIndexFile } from '../../src/repo/index-file.js';
import type { Repository } from '../../src/repo/repository.js';
import { at, rejection, type TestRepository, testRepository } from '../helpers/repository.js';
import { expectExactIndex, expectWhole, quickLock, storeSnapshot } from './prune-env.js';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function quickPrune(repo: Repository, options: PruneOptions = {}): ReturnType<typeof prune> {
  return pruneUnder(repo, quickLock(), { packSize: 3000, repackSmallerThan: 400, ...options });
}

/** Two snapshots of 30 blobs that share 20; the first is forgotten. */
async function halfUsed(version: 1 | 2 = 2): Promise<TestRepository> {
  const test = await testRepository({ version });
  const first = await storeSnapshot(test.repo, range(0, 30));
  await storeSnapshot(test.repo, range(10, 40));
  await test.repo.removeSnapshot(first);
  return test;
}

describe.each([1, 2] as const)('prune, version %i', (version) => {
  it('removes what is unused, keeps all that is used, and leaves nothing to do', async () => {
    const { repo, backend, reopen } = await halfUsed(version);
    const plan = await quickPrune(repo, { maxUnused: { bytes: 0 } });
    expect(plan.stats.blobs).toMatchObject({ used: 32, unused: 12 });
    expect(totalsOf(plan.stats)).toMatchObject({ remainingBlobs: 32, unusedBytesAfter: 0 });
    const fresh = await reopen();
    expect((await expectWhole(fresh)).size).toBe(30);
    await expectExactIndex(repo, fresh);
    expect(fresh.index.blobCount).toBe(32);
    expect((await backend.names('index')).length).toBe(1);
    const again = await quickPrune(fresh, { maxUnused: { bytes: 0 } });
    expect([again.repack.size, again.remove.size, again.unindexed.size]).toEqual([0, 0, 0]);
    expect(totalsOf(again.stats).bytes).toBe(totalsOf(plan.stats).remainingBytes);
  });

  it('copies sealed bytes as they are', async () => {
    const { repo } = await halfUsed(version);
    const lengths = (): Map<string, number> => new Map([...repo.index.values()].map((one) => [one.id, one.length]));
    const before = lengths();
    await quickPrune(repo, { maxUnused: { bytes: 0 } });
    for (const [id, length] of lengths()) expect(length).toBe(before.get(id));
  });

  it('keeps trees and data in packs of their own', async () => {
    const { repo } = await halfUsed(version);
    await quickPrune(repo, { maxUnused: { bytes: 0 } });
    const types = new Map<PackId, Set<string>>();
    for (const { pack, type } of repo.index.values()) types.set(pack, (types.get(pack) ?? new Set()).add(type));
    expect([...types.values()].map((set) => set.size)).toEqual([...types].map(() => 1));
  });
});

describe('what prune does with', () => {
  it('a dry run: nothing', async () => {
    const { repo, backend } = await halfUsed();
    const calls = backend.calls.length;
    const plan = await quickPrune(repo, { dryRun: true });
    expect(plan.remove.size + plan.repack.size).toBeGreaterThan(0);
    expect(backend.calls.slice(calls).every(({ method }) => method === 'list' || method === 'read')).toBe(true);
  });

  it('a dry run without a lock: no lock', async () => {
    const { repo, backend } = await halfUsed();
    const before = backend.count('write', 'locks');
    await prune(repo, { dryRun: true, noLock: true });
    expect(backend.count('write', 'locks')).toBe(before);
    await prune(repo, { dryRun: true });
    expect(backend.count('write', 'locks')).toBe(before + 1);
  });

  it('snapshots that are to be ignored: as if they were gone', async () => {
    const { repo } = await testRepository();
    const first = await storeSnapshot(repo, range(0, 30));
    await storeSnapshot(repo, range(10, 40));
    const ignoreSnapshots = new Set([first]);
    const plan = await quickPrune(repo, { dryRun: true, ignoreSnapshots });
    expect(plan.stats.blobs).toMatchObject({ used: 32, unused: 12 });
  });

  it('packs that no index names: they go first', async () => {
    const { repo, backend, reopen } = await halfUsed();
    const stray = 'ab'.repeat(32);
    await backend.replace('data', stray, utf8('some bytes'));
    const plan = await quickPrune(repo);
    expect([...plan.unindexed]).toEqual([stray]);
    expect(plan.stats.bytes.unreferenced).toBe(10);
    expect(await backend.names('data')).not.toContain(stray);
    await expectWhole(await reopen());
  });

  it('a repository without snapshots: all goes', async () => {
    const { repo, backend } = await testRepository();
    await repo.removeSnapshot(await storeSnapshot(repo, range(0, 10)));
    await quickPrune(repo);
    expect([await backend.names('data'), await backend.names('index')]).toEqual([[], []]);
    expect(repo.index.blobCount).toBe(0);
  });

  it('an empty repository: nothing', async () => {
    const { repo } = await testRepository();
    expect((await quickPrune(repo)).stats.packs.keep).toBe(0);
  });

  it('a pack that is not there and not needed: it is forgotten', async () => {
    const { repo, backend, reopen } = await halfUsed();
    const [unused] = [...(await quickPrune(repo, { dryRun: true })).remove];
    await backend.replace('data', unused ?? '', undefined);
    const plan = await quickPrune(repo);
    expect([...plan.missing]).toEqual([unused]);
    const fresh = await reopen();
    await expectWhole(fresh);
    await expectExactIndex(repo, fresh);
  });

  it('a pack that is not there and needed: it refuses, and touches nothing', async () => {
    const { repo, backend } = await halfUsed();
    const plan = await quickPrune(repo, { dryRun: true });
    const needed = [...repo.index.packs].find((id) => !plan.remove.has(id));
    await backend.replace('data', needed ?? '', undefined);
    const { length } = backend.calls;
    const error = await rejection(quickPrune(repo));
    expect(error.code).toBe('damaged');
    expect(error.details['packs'] ?? [needed]).toEqual([needed]);
    expect(backend.calls.slice(length).filter(({ method }) => method === 'remove' || method === 'write')).toEqual([]);
  });

  it('a blob that no index names: it refuses, and touches nothing', async () => {
    const { repo, backend } = await testRepository();
    await storeSnapshot(repo, range(0, 10));
    const [index] = await repo.listIndexFiles();
    const packs = (await repo.readIndexFile(index as IndexId)).packs;
    const data = packs.filter((pack) => pack.blobs[0]?.type === 'data');
    await backend.replace('index', index ?? '', undefined);
    const rest = packs.filter((pack) => pack !== data[0]);
    await saveUnpacked(backend, repo.codec, 'index', encodeIndexFile(rest));
    const { length } = backend.calls;
    const error = await rejection(quickPrune(repo));
    expect(error.code).toBe('damaged');
    expect(error.message).toMatch(/^index is not complete: \d blobs/);
    expect(backend.calls.slice(length).filter(({ method }) => method === 'remove' || method === 'write')).toEqual([]);
  });

  it('a pack of a wrong size: it refuses if something in it is used', async () => {
    const { repo, backend } = await testRepository();
    await storeSnapshot(repo, range(0, 10));
    const name = [...repo.index.values()].find((blob) => blob.type === 'data')?.pack ?? '';
    const bytes = await backend.bytes('data', name);
    await backend.replace('data', name, bytes.subarray(1));
    const error = await rejection(quickPrune(repo));
    expect([error.code, error.details['pack']]).toEqual(['damaged', name]);
  });

  it('a damaged blob in a pack that it repacks: another copy, or it refuses', async () => {
    const { repo, backend, reopen } = await halfUsed();
    const plan = await quickPrune(repo, { dryRun: true, maxUnused: { bytes: 0 } });
    const [pack, blobs] = at(
      [...plan.copies].filter(([, list]) => list.length > 0),
      0,
    );
    const bytes = await backend.bytes('data', pack);
    const bad = bytes.slice();
    const { offset } = at(blobs, 0);
    bad[offset + 20] = (bad[offset + 20] ?? 0) ^ 1;
    await backend.replace('data', pack, bad);
    expect((await rejection(quickPrune(repo, { maxUnused: { bytes: 0 } }))).code).toBe('damaged');
    await backend.replace('data', pack, bytes);
    await expectWhole(await reopen());
  });
});

describe('duplicates', () => {
  /** Two writers that did not know of each other. */
  async function doubled(): Promise<TestRepository> {
    const test = await testRepository();
    const other = await test.reopen();
    await storeSnapshot(test.repo, range(0, 20));
    await storeSnapshot(other, range(0, 20));
    await test.repo.reloadIndex();
    return test;
  }

  it('are removed, one copy stays', async () => {
    const { repo, reopen } = await doubled();
    const plan = await quickPrune(repo, { maxUnused: { bytes: 0 } });
    expect(plan.stats.blobs).toMatchObject({ used: 22, duplicate: 22, unused: 0 });
    const fresh = await reopen();
    await expectWhole(fresh);
    await expectExactIndex(repo, fresh);
    expect([...fresh.index.values()].length).toBe(22);
  });

  it('make up for a pack that is not there', async () => {
    const { repo, backend, reopen } = await doubled();
    for (const name of (await backend.names('data')).slice(0, 2)) {
      await backend.replace('data', name, undefined);
      const whole = await reopen()
        .then((fresh) => expectWhole(fresh))
        .catch(() => undefined);
      if (whole === undefined) return;
    }
    await quickPrune(repo, { maxUnused: { bytes: 0 } });
    const fresh = await reopen();
    await expectWhole(fresh);
    await expectExactIndex(repo, fresh);
  });
});

describe('rules', () => {
  it('max-unused: nothing is repacked while little enough is unused', async () => {
    const { repo } = await halfUsed();
    const unlimited = await quickPrune(repo, { dryRun: true, maxUnused: { bytes: Number.POSITIVE_INFINITY } });
    const none = await quickPrune(repo, { dryRun: true, maxUnused: { bytes: 0 } });
    const isData = (pack: PackId): boolean =>
      [...repo.index.values()].some((b) => b.pack === pack && b.type === 'data');
    expect([...unlimited.repack].filter(isData)).toEqual([]);
    expect([...none.repack].filter(isData).length).toBeGreaterThan(0);
  });

  it('max-repack-size: no more than that is repacked', async () => {
    const { repo } = await halfUsed();
    const plan = await quickPrune(repo, { dryRun: true, maxUnused: { bytes: 0 }, maxRepackBytes: 4000 });
    expect(plan.stats.bytes.repack).toBeLessThan(4000);
    expect(plan.repack.size).toBeGreaterThan(0);
    expect((await quickPrune(repo, { dryRun: true, maxRepackBytes: 0 })).repack.size).toBe(0);
  });

  it('repack-uncompressed: compresses, once', async () => {
    const { repo, reopen, backend } = await testRepository({ compression: 'off' });
    await storeSnapshot(repo, range(0, 20), { isText: true });
    await storeSnapshot(repo, range(100, 110));
    const compressing = await reopen();
    const before = (await backend.names('data')).length;
    const plan = await quickPrune(compressing, { repackUncompressed: true });
    expect(plan.stats.blobs.repack).toBe(30);
    expect(before).toBeGreaterThan(0);
    expect([...compressing.index.values()].every((blob) => blob.uncompressedLength !== undefined)).toBe(true);
    await expectWhole(await reopen());
    expect((await quickPrune(compressing, { repackUncompressed: true })).repack.size).toBe(0);
  });

  it('repack-cacheable-only: data packs stay', async () => {
    const { repo } = await halfUsed();
    const plan = await quickPrune(repo, { maxUnused: { bytes: 0 }, repackCacheableOnly: true });
    for (const id of plan.repack) expect(plan.copies.get(id)?.every((blob) => blob.type === 'tree')).toBe(true);
  });

  it('repack-smaller-than: ten small packs and more are put together', async () => {
    const { repo } = await testRepository();
    for (let i = 0; i < 12; i++) await storeSnapshot(repo, [i]);
    const few = await quickPrune(repo, { dryRun: true, packSize: 100_000, repackSmallerThan: 600 });
    const many = await quickPrune(repo, { packSize: 100_000, repackSmallerThan: 2000 });
    expect(few.stats.packs.keep).toBeGreaterThan(0);
    expect(many.repack.size).toBe(24);
    expect(repo.index.packs.size).toBe(2);
  });
});

describe('no room left', () => {
  it('removes the index first, then packs, then writes a new index', async () => {
    const { repo, backend, reopen } = await halfUsed();
    const before = backend.done.length;
    const plan = await quickPrune(repo, { unsafeNoSpaceRecovery: true });
    expect(plan.repack.size).toBe(0);
    expect(plan.remove.size).toBeGreaterThan(0);
    const writes = backend.done.slice(before).filter((call) => !call.startsWith('read') && !call.startsWith('list'));
    expect([...new Set(writes)]).toEqual(['remove index', 'remove data', 'write index']);
    const fresh = await reopen();
    await expectWhole(fresh);
    await expectExactIndex(repo, fresh);
  });
});

describe('the run of a prune', () => {
  it('stores before it removes', async () => {
    const { repo, backend } = await halfUsed();
    const before = backend.done.length;
    await quickPrune(repo, { maxUnused: { bytes: 0 } });
    const steps = backend.done.slice(before).filter((call) => !call.startsWith('read') && !call.startsWith('list'));
    expect(steps.filter((call, i) => call !== steps[i - 1])).toEqual([
      'write data',
      'write index',
      'remove index',
      'remove data',
    ]);
  });

  it('ends when it is told to, and the next one goes on', async () => {
    for (const step of ['finding-used', 'repacking', 'rebuilding-index', 'removing-index', 'removing-packs'] as const) {
      const { repo, reopen } = await halfUsed();
      const stop = new AbortController();
      const onEvent = (event: PruneEvent): void => {
        if (event.type === 'step' && event.step === step) stop.abort();
      };
      const options = { maxUnused: { bytes: 0 }, onEvent };
      const error = await rejection(quickPrune(repo, { ...options, signal: stop.signal }));
      expect(error.code).toBe('aborted');
      const fresh = await reopen();
      expect((await expectWhole(fresh)).size).toBe(30);
      await quickPrune(fresh, { maxUnused: { bytes: 0 } });
      await expectExactIndex(fresh, await reopen());
    }
  });

  it('ends when its lock is lost, for that reason', async () => {
    const { repo, backend, reopen } = await halfUsed();
    const lost = new AbortController();
    const reason = new SyncError('locked', 'the lock was taken away');
    backend.before = ({ method, type }) => {
      if (method === 'write' && type === 'data') lost.abort(reason);
    };
    const lock = { ...quickLock(), lost: lost.signal };
    const error = await rejection(pruneUnder(repo, lock, { packSize: 3000, maxUnused: { bytes: 0 } }));
    expect(error).toBe(reason);
    expect(backend.count('remove', 'index') + backend.count('remove', 'data')).toBe(0);
    await expectWhole(await reopen());
  });

  it('removes nothing without having asked whether its lock still holds', async () => {
    for (let number = 1; ; number++) {
      const { repo, backend } = await halfUsed();
      await backend.replace('data', 'ef'.repeat(32), new Uint8Array(10));
      let asked = 0;
      let removesAtLoss: number | undefined;
      const ensureFresh = async (): Promise<void> => {
        asked += 1;
        if (asked < number) return;
        removesAtLoss ??= backend.count('remove');
        throw new SyncError('locked', 'lost');
      };
      const failed = await pruneUnder(repo, { ...quickLock(), ensureFresh }, { maxUnused: { bytes: 0 } }).catch(
        () => true,
      );
      expect(backend.count('remove')).toBe(removesAtLoss ?? backend.count('remove'));
      if (failed !== true) {
        // Before packs without index, the new packs' index, old index files, old packs.
        expect(asked).toBe(4);
        break;
      }
    }
  });

  it('tells its steps', async () => {
    const { repo } = await halfUsed();
    const events: PruneEvent[] = [];
    await quickPrune(repo, { maxUnused: { bytes: 0 }, onEvent: (event) => void events.push(event) });
    const steps = events.map((event) => (event.type === 'step' ? event.step : event.type));
    expect(steps.filter((step) => step !== 'done' && step !== 'removed')).toEqual([
      'loading-snapshots',
      'loading-index',
      'finding-used',
      'collecting-packs',
      'planned',
      'repacking',
      'rebuilding-index',
      'removing-index',
      'removing-packs',
    ]);
  });

  it('leaves full index files of packs that stay as they are, and merges the others', async () => {
    const { repo, backend, reopen } = await testRepository();
    await storeSnapshot(repo, range(0, 20));
    const [full] = await backend.names('index');
    for (let i = 0; i < 3; i++) await storeSnapshot(repo, [100 + i]);
    await repo.removeSnapshot(await storeSnapshot(repo, range(200, 220)));
    await quickPrune(repo, { indexBlobs: 20 });
    const names = await backend.names('index');
    expect(names).toContain(full);
    expect(names.length).toBe(2);
    const fresh = await reopen();
    await expectWhole(fresh);
    await expectExactIndex(repo, fresh);
  });

  it('divides the index into files', async () => {
    const { repo, backend, reopen } = await halfUsed();
    const old = new Set(await repo.listIndexFiles());
    await quickPrune(repo, { indexBlobs: 8, maxUnused: { bytes: 0 } });
    const fresh = await reopen();
    for (const id of (await fresh.listIndexFiles()).filter((name) => !old.has(name))) {
      const { packs } = await fresh.readIndexFile(id);
      const sizes = packs.map((pack) => pack.blobs.length);
      expect(sizes.slice(0, -1).reduce((sum, size) => sum + size, 0)).toBeLessThan(8);
    }
    expect((await backend.names('index')).length).toBeGreaterThan(2);
    await expectExactIndex(repo, fresh);
  });
});
