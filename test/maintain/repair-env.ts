/** Repositories in memory with folders in them, for the tests of repairing and rewriting. */
import type { Bytes } from '../../src/base/bytes.js';
import { utf8 } from '../../src/base/bytes.js';
import type { BlobId, SnapshotId, TreeId } from '../../src/base/ids.js';
import { check } from '../../src/maintain/check.js';
import type { InitOptions, Repository } from '../../src/repo/repository.js';
import type { WriteSession } from '../../src/repo/session.js';
import type { Snapshot } from '../../src/repo/snapshot.js';
import { addData, type TestRepository, testRepository } from '../helpers/repository.js';
import { type Folder, saveFolder } from '../helpers/sound-repository.js';

export const FOLDER: Folder = {
  config: { 'options.txt': 'fov:90\n' },
  mods: { 'a.jar': 'a'.repeat(500), deep: { 'b.jar': 'b'.repeat(700) } },
  'readme.txt': 'read me\n',
};

export interface RepairEnv extends TestRepository {
  readonly first: SnapshotId;
  readonly second: SnapshotId;
}

/** Two snapshots of nearly the same folder, of the hosts alpha and beta; the second is the later one. */
export async function repairEnv(options: Partial<InitOptions> = {}): Promise<RepairEnv> {
  const env = await testRepository(options);
  const first = await saveFolder(env.repo, FOLDER, { time: '2026-11-22T10:00:00Z', hostname: 'alpha', tags: ['one'] });
  const folder = { ...FOLDER, world: { 'level.dat': 'world' } };
  const second = await saveFolder(env.repo, folder, { time: '2026-11-23T10:00:00Z', hostname: 'beta' });
  return { ...env, first, second };
}

/** Messages of all that a full check finds wrong. */
export async function problems(repo: Repository): Promise<string[]> {
  const { findings } = await check(repo, { readData: 'all' });
  return findings.filter(({ severity }) => severity === 'error').map(({ message }) => message);
}

/** Paths of all that is in a tree, folders with a slash behind them, files with their size. */
export async function paths(repo: Repository, tree: TreeId, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for (const node of await repo.loadTree(tree)) {
    const path = `${prefix}/${node.name}`;
    found.push(node.subtree === undefined ? `${path} ${node.size ?? 0}` : `${path}/`);
    if (node.subtree !== undefined) found.push(...(await paths(repo, node.subtree, path)));
  }
  return found;
}

export async function allSnapshots(repo: Repository): Promise<Map<SnapshotId, Snapshot>> {
  const found = new Map<SnapshotId, Snapshot>();
  for (const id of await repo.listSnapshots()) found.set(id, await repo.loadSnapshot(id));
  return found;
}

/** Stores a tree of any text, and a snapshot of it. */
export function saveRawTree(
  repo: Repository,
  make: (session: WriteSession, data: BlobId) => Promise<string | Bytes>,
): Promise<SnapshotId> {
  return repo.write({}, async (session) => {
    const data = await addData(repo, session, utf8('hello'));
    const text = await make(session, data);
    const tree = await session.saveTree(typeof text === 'string' ? utf8(text) : text);
    return session.commit({ time: '2026-11-24T10:00:00Z', tree, paths: ['/game'], hostname: 'gamma' });
  });
}

const TIMES = '"mtime":"2026-11-22T10:00:00Z","atime":"2026-11-22T10:00:00Z","ctime":"2026-11-22T10:00:00Z"';

/** JSON of a node as restic writes it, with other members behind those that all have. */
export function node(name: string, type: string, more = '"content":null'): string {
  return `{"name":"${name}","type":"${type}","mode":420,${TIMES},"uid":0,"gid":0,${more}}`;
}

export function treeOf(...nodes: readonly string[]): string {
  return `{"nodes":[${nodes.join(',')}]}\n`;
}
