/** Forget in memory: which snapshots go, what is told, what is refused, and that data is pruned with them. */
import { describe, expect, it } from 'vitest';
import { SyncError } from '../../src/base/errors.js';
import type { SnapshotId } from '../../src/base/ids.js';
import type { ForgetOptions } from '../../src/maintain/forget.js';
import { describeGroup, forget } from '../../src/maintain/forget.js';
import type { Snapshot } from '../../src/repo/snapshot.js';
import { encodeTree } from '../../src/repo/tree.js';
import { rejection, type TestRepository, testRepository } from '../helpers/repository.js';
import { expectWhole, quickLock, storeSnapshot } from './prune-env.js';

interface Filled extends TestRepository {
  /** "pc 1", "pc 2", …, "box 1", …: by host and day. */
  readonly ids: ReadonlyMap<string, SnapshotId>;
}

async function filled(): Promise<Filled> {
  const test = await testRepository();
  const tree = await test.repo.writeUnder(quickLock(), {}, async (session) => {
    const id = await session.saveTree(encodeTree([]));
    await session.flush();
    return id;
  });
  const ids = new Map<string, SnapshotId>();
  for (const hostname of ['pc', 'box']) {
    for (let day = 1; day <= 4; day++) {
      const tags = day === 2 ? ['two'] : [];
      const snapshot: Snapshot = {
        time: `2026-03-0${day}T1${hostname.length}:00:00Z`,
        tree,
        paths: ['/x'],
        hostname,
        tags,
      };
      ids.set(`${hostname} ${day}`, await test.repo.saveSnapshot(snapshot));
    }
  }
  return { ...test, ids };
}

/** What is left after it, in words. */
async function leftAfter({ repo, ids }: Filled, options: ForgetOptions): Promise<string[]> {
  const result = await forget(repo, options);
  const left = new Set(await repo.listSnapshots());
  if (options.dryRun !== true) expect(result.remove.some((id) => left.has(id))).toBe(false);
  return [...ids].filter(([, id]) => left.has(id)).map(([name]) => name);
}

describe('forget', () => {
  it('removes the snapshots that are named, and needs no policy', async () => {
    const test = await filled();
    const first = test.ids.get('pc 1') ?? '';
    const left = await leftAfter(test, { snapshots: [first.slice(0, 10), 'latest'], filter: { hosts: ['box'] } });
    expect(left).toEqual(['pc 2', 'pc 3', 'pc 4', 'box 1', 'box 2', 'box 3']);
  });

  it('applies the policy to each host and path', async () => {
    expect(await leftAfter(await filled(), { policy: { last: 1 } })).toEqual(['pc 4', 'box 4']);
  });

  it('applies it to groups as it is told', async () => {
    const groupBy = { host: false, paths: false, tags: true };
    const left = await leftAfter(await filled(), { policy: { last: 1 }, groupBy });
    expect(left).toEqual(['box 2', 'box 4']);
  });

  it('considers only what the filter lets through', async () => {
    const left = await leftAfter(await filled(), { policy: { last: 1 }, filter: { hosts: ['pc'] } });
    expect(left).toEqual(['pc 4', 'box 1', 'box 2', 'box 3', 'box 4']);
  });

  it('removes nothing in a dry run', async () => {
    const test = await filled();
    const before = test.backend.count('remove', 'snapshots');
    expect((await leftAfter(test, { policy: { last: 1 }, dryRun: true })).length).toBe(8);
    const locks = test.backend.count('write', 'locks');
    expect((await leftAfter(test, { policy: { last: 1 }, dryRun: true, noLock: true })).length).toBe(8);
    expect(test.backend.count('remove', 'snapshots')).toBe(before);
    expect(test.backend.count('write', 'locks')).toBe(locks);
  });

  it('shows its plan before it removes anything', async () => {
    const test = await filled();
    const before = test.backend.count('remove', 'snapshots');
    let seen = -1;
    await forget(test.repo, {
      policy: { last: 2 },
      onPlan: ({ groups, remove }) => {
        seen = test.backend.count('remove', 'snapshots');
        expect(groups.map(({ key, keep }) => [key.hostname, keep.length])).toEqual([
          ['pc', 2],
          ['box', 2],
        ]);
        expect(remove.length).toBe(4);
      },
    });
    expect(seen).toBe(before);
  });
});

describe('forget refuses', () => {
  it('to go without a policy', async () => {
    const { repo } = await filled();
    const error = await rejection(forget(repo, {}));
    expect([error.code, error.message]).toEqual(['usage', 'no policy was specified, no snapshots will be removed']);
  });

  it('to remove all of a group, unless that is allowed', async () => {
    const test = await filled();
    const policy = { tags: [['two']] };
    const groupBy = { host: false, paths: false, tags: true };
    const error = await rejection(forget(test.repo, { policy, groupBy }));
    expect(error.message).toBe('refusing to delete last snapshot of snapshot group ""');
    expect((await test.repo.listSnapshots()).length).toBe(8);
    expect(await leftAfter(test, { policy, groupBy, allowRemoveAll: true })).toEqual(['pc 2', 'box 2']);
  });

  it('to remove all of everything', async () => {
    const test = await filled();
    expect((await rejection(forget(test.repo, { allowRemoveAll: true }))).code).toBe('usage');
    const left = await leftAfter(test, { allowRemoveAll: true, filter: { hosts: ['pc'] } });
    expect(left).toEqual(['box 1', 'box 2', 'box 3', 'box 4']);
  });
});

describe('what forget cannot do', () => {
  it('a snapshot that is not there: told, and the others go', async () => {
    const test = await filled();
    const told: string[] = [];
    const snapshots = ['0123456789', test.ids.get('pc 1') ?? ''];
    const left = await leftAfter(test, { snapshots, onProblem: (id) => told.push(id) });
    expect([told, left.length]).toEqual([['0123456789'], 7]);
    expect((await rejection(forget(test.repo, { snapshots: ['0123456789'] }))).code).toBe('not-found');
  });

  it('a server that removes nothing: told for each, and nothing is pruned', async () => {
    const { repo, backend } = await filled();
    backend.before = ({ method, type }) => {
      if (method === 'remove' && type === 'snapshots') throw new SyncError('forbidden', 'append-only');
    };
    const told: SnapshotId[] = [];
    const result = await forget(repo, { policy: { last: 1 }, prune: {}, onFailed: (id) => told.push(id) });
    expect(told.length).toBe(6);
    expect(result.failed).toEqual(told);
    expect(result.prune).toBeUndefined();
    expect((await rejection(forget(repo, { policy: { last: 1 } }))).code).toBe('forbidden');
  });
});

describe('forget and prune', () => {
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

  it('under one lock', async () => {
    const { repo, backend, reopen } = await testRepository();
    const first = await storeSnapshot(repo, range(0, 30));
    await storeSnapshot(repo, range(25, 55));
    const locks = backend.count('write', 'locks');
    const result = await forget(repo, { snapshots: [first], prune: { maxUnused: { bytes: 0 }, packSize: 3000 } });
    expect(backend.count('write', 'locks')).toBe(locks + 1);
    expect(result.prune?.stats.blobs).toMatchObject({ used: 32, unused: 27 });
    const fresh = await reopen();
    expect((await expectWhole(fresh)).size).toBe(30);
    expect(fresh.index.blobCount).toBe(32);
  });

  it('in a dry run as if the snapshots were gone', async () => {
    const { repo, backend } = await testRepository();
    const first = await storeSnapshot(repo, range(0, 30));
    await storeSnapshot(repo, range(25, 55));
    for (const noLock of [true, false]) {
      const result = await forget(repo, { snapshots: [first], prune: {}, dryRun: true, noLock });
      expect(result.prune?.stats.blobs).toMatchObject({ used: 32, unused: 27 });
    }
    expect(backend.count('remove', 'data') + backend.count('remove', 'snapshots')).toBe(0);
  });

  it('prunes nothing if nothing was removed', async () => {
    const { repo } = await testRepository();
    await storeSnapshot(repo, range(0, 3));
    expect((await forget(repo, { policy: { last: 1 }, prune: {} })).prune).toBeUndefined();
  });
});

describe('a group in words', () => {
  it.each([
    [{ hostname: 'h', paths: ['/a', '/b'], tags: ['x', 'y'] }, 'host h, path [/a /b], tags [x y]'],
    [{ hostname: 'h', paths: null, tags: null }, 'host h'],
    [{ hostname: '', paths: [], tags: [] }, ''],
  ])('%j', (key, text) => {
    expect(describeGroup(key)).toBe(text);
  });
});
