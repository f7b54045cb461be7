/** Small repositories for prune: snapshots of folders of blobs, spread over small packs, and what must hold of them. */
import { expect } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import { utf8 } from '../../src/base/bytes.js';
import type { BlobId, LockId, SnapshotId, TreeId } from '../../src/base/ids.js';
import { findUsedBlobs } from '../../src/maintain/used-blobs.js';
import type { HeldLock } from '../../src/repo/lock.js';
import type { Repository } from '../../src/repo/repository.js';
import { encodeTree, type TreeNode } from '../../src/repo/tree.js';
import { addData, noise } from '../helpers/repository.js';

export interface SmallOptions {
  /** Bytes at which packs are closed. */
  readonly packSize?: number;
  /** Bytes of a blob. */
  readonly blobSize?: number;
  readonly isText?: boolean;
}

/** One snapshot of a folder in a folder, with a file for each blob number. */
export async function storeSnapshot(
  repo: Repository,
  blobs: readonly number[],
  options: SmallOptions = {},
): Promise<SnapshotId> {
  const { packSize = 3000, blobSize = 500, isText = false } = options;
  return repo.writeUnder(quickLock(), { packSize }, async (session) => {
    const nodes: TreeNode[] = [];
    for (const number of [...new Set(blobs)].sort((a, b) => a - b)) {
      const id = await addData(repo, session, content(number, blobSize, isText));
      nodes.push({ name: String(number).padStart(6, '0'), type: 'file', size: blobSize, content: [id] });
    }
    const subtree = await session.saveTree(encodeTree(nodes));
    const tree = await session.saveTree(encodeTree([{ name: 'folder', type: 'dir', subtree }]));
    return session.commit({ time: '2026-11-22T10:00:00Z', tree, paths: ['/folder'], hostname: 'pc' });
  });
}

export function content(number: number, size = 500, isText = false): Bytes {
  return isText ? utf8(`text ${number} `.padEnd(size, `${number}`)) : noise(size, number + 1);
}

/** Taking a real lock costs a pause; here nobody else is there. */
export function quickLock(): HeldLock {
  return {
    id: '' as LockId,
    lost: new AbortController().signal,
    ensureFresh: async () => undefined,
    release: async () => undefined,
  };
}

/** Every tree and blob of every snapshot is there and is what its name says. Returns the ids of the data. */
export async function expectWhole(repo: Repository): Promise<Set<BlobId>> {
  await repo.reloadIndex();
  const roots: TreeId[] = [];
  for (const id of await repo.listSnapshots()) roots.push((await repo.loadSnapshot(id)).tree);
  const { data } = await findUsedBlobs(repo, roots);
  for (const id of data) expect((await repo.loadBlob('data', id)).length).toBeGreaterThan(0);
  return new Set(data);
}

/** The index in memory names exactly what index files name, and those only packs that are there. */
export async function expectExactIndex(repo: Repository, fresh: Repository): Promise<void> {
  await fresh.reloadIndex();
  expect(entries(repo)).toEqual(entries(fresh));
  const packs = new Set((await repo.backend.list('data')).map((file) => file.name));
  expect(new Set<string>(fresh.index.packs)).toEqual(packs);
}

function entries(repo: Repository): string[] {
  return [...repo.index.values()].map((one) => `${one.type} ${one.id} ${one.pack} ${one.offset} ${one.length}`).sort();
}
