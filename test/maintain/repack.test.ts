/** Blobs copied into new packs: few requests, what is damaged made up for, nothing stored that is not what it says. */
import { describe, expect, it } from 'vitest';
import type { PackId } from '../../src/base/ids.js';
import { repack } from '../../src/maintain/repack.js';
import type { BlobLocation } from '../../src/repo/index.js';
import { rejection, type TestRepository, testRepository } from '../helpers/repository.js';
import { expectWhole, quickLock, storeSnapshot } from './prune-env.js';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

interface Filled extends TestRepository {
  /** The largest pack, of data, and what is in it. */
  readonly pack: PackId;
  readonly blobs: readonly BlobLocation[];
}

async function filled(packSize = 1_000_000): Promise<Filled> {
  const test = await testRepository();
  await storeSnapshot(test.repo, range(0, 30), { packSize });
  const [largest] = [...test.repo.index.byPack()].sort(([, a], [, b]) => b.length - a.length);
  if (largest === undefined) throw new Error('no pack was made');
  return { ...test, pack: largest[0], blobs: largest[1] };
}

function copyAll({ repo }: TestRepository, copies: ReadonlyMap<PackId, readonly BlobLocation[]>): Promise<void> {
  return repo.writeUnder(quickLock(), {}, async (session) => {
    await repack(repo, session, { copies });
    await session.flush();
  });
}

describe('repack', () => {
  it('reads a pack that is wanted whole in one request, and gives each blob a second place', async () => {
    const test = await filled();
    const { backend, repo, pack, blobs } = test;
    const before = backend.count('read', 'data');
    await copyAll(test, new Map([[pack, blobs]]));
    expect(backend.count('read', 'data')).toBe(before + 1);
    for (const blob of blobs) expect(repo.index.locate(blob.type, blob.id).length).toBe(2);
    await backend.replace('data', pack, undefined);
    await expectWhole(await test.reopen());
  });

  it('asks only for what is wanted', async () => {
    const test = await filled();
    const some = test.blobs.slice(3, 5);
    const before = test.backend.calls.length;
    await copyAll(test, new Map([[test.pack, some]]));
    const [read] = test.backend.calls.slice(before).filter(({ method }) => method === 'read');
    expect(read?.range?.length).toBe(some.reduce((sum, blob) => sum + blob.length, 0));
  });

  it('takes another copy for one that is damaged, in a pack that is cut short, or gone', async () => {
    for (const bad of ['damaged', 'short', 'gone'] as const) {
      const test = await filled();
      const { backend, pack, blobs } = test;
      await copyAll(test, new Map([[pack, blobs]]));
      const bytes = await backend.bytes('data', pack);
      const flipped = bytes.slice();
      flipped[40] = (flipped[40] ?? 0) ^ 1;
      await backend.replace('data', pack, { damaged: flipped, short: bytes.subarray(0, 100), gone: undefined }[bad]);
      await copyAll(test, new Map([[pack, blobs]]));
      for (const blob of blobs) expect(test.repo.index.locate(blob.type, blob.id).length).toBe(3);
    }
  });

  it('stores nothing of what is damaged in its only copy', async () => {
    const test = await filled();
    const { backend, pack, blobs } = test;
    backend.tamper = ({ type }, bytes) => {
      if (type === 'data') bytes[50] = (bytes[50] ?? 0) ^ 1;
      return bytes;
    };
    const names = await backend.names('data');
    expect((await rejection(copyAll(test, new Map([[pack, blobs]])))).code).toBe('damaged');
    backend.tamper = (_call, bytes) => bytes;
    expect(await backend.names('data')).toEqual(names);
  });

  it('ends when it is told to', async () => {
    const { repo, pack, blobs } = await filled();
    const work = repo.writeUnder(quickLock(), { signal: AbortSignal.abort() }, (session) =>
      repack(repo, session, { copies: new Map([[pack, blobs]]) }),
    );
    expect((await rejection(work)).code).toBe('aborted');
  });
});
