/**
 * A small repository in a folder, without a flaw: two snapshots of a game folder, written in two sessions, so that it has
 * two index files, packs of each type, and blobs that both snapshots use. Its contents are the same in every run.
 */
import { cpSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { localBackend } from '../../src/backend/local.js';
import type { Bytes } from '../../src/base/bytes.js';
import { utf8 } from '../../src/base/bytes.js';
import type { SnapshotId, TreeId } from '../../src/base/ids.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { Repository } from '../../src/repo/repository.js';
import type { WriteSession } from '../../src/repo/session.js';
import { encodeTree, sortNodes, type TreeNode } from '../../src/repo/tree.js';
import { addData, CHEAP, crypto, noise, PASSWORD, POLYNOMIAL } from './repository.js';
import { tempFolder } from './temp.js';

/** Contents of a folder: text and bytes are files, lists are files of several blobs. */
export interface Folder {
  readonly [name: string]: Folder | string | Bytes | readonly Bytes[];
}

const FIRST: Folder = {
  config: { 'options.txt': 'fov:90\n', 'servers.dat': noise(2_000, 3) },
  mods: { 'big.jar': [noise(100_000, 1), noise(80_000, 2)], 'small.jar': noise(5_000, 4) },
  empty: [],
  'readme.txt': 'x'.repeat(10_000),
};
const SECOND: Folder = {
  ...FIRST,
  mods: { 'big.jar': [noise(100_000, 1), noise(80_000, 2)], 'more.jar': noise(30_000, 5) },
  world: { 'level.dat': noise(20_000, 6) },
};
const PACK_SIZE = 64 * 1024;
const TIME = '2026-11-22T10:00:00Z';

export interface SoundRepository {
  readonly path: string;
  /** Of the hosts alpha and beta, with the tags one and two; the second is the later one. */
  readonly snapshots: readonly [SnapshotId, SnapshotId];
}

/** Makes it in an empty folder, with PASSWORD. */
export async function soundRepository(path: string, version: 1 | 2 = 2): Promise<SoundRepository> {
  const options = { backend: localBackend(path), crypto, zstd: await loadZstd(), version };
  const repo = await Repository.init({
    ...options,
    password: PASSWORD,
    chunkerPolynomial: POLYNOMIAL,
    scrypt: CHEAP,
  });
  const first = await saveFolder(repo, FIRST, { time: '2026-11-22T10:00:00Z', hostname: 'alpha', tags: ['one'] });
  const second = await saveFolder(repo, SECOND, { time: '2026-11-23T10:00:00Z', hostname: 'beta', tags: ['two'] });
  return { path, snapshots: [first, second] };
}

/** Opens a repository in a folder, with its index loaded unless that is what is broken. */
export async function openFolder(path: string, options: { index?: boolean } = {}): Promise<Repository> {
  const backend = localBackend(path);
  const repo = await Repository.open({ backend, crypto, zstd: await loadZstd(), passwords: [PASSWORD] });
  if (options.index !== false) await repo.loadIndex();
  return repo;
}

/**
 * A copy to look at, without those of the 256 folders for packs that are empty: to make and remove them takes longer than
 * a check. Packs can be added by damage-tools.ts only.
 */
export function copyToRead(from: string, name = 'repository'): string {
  const to = join(tempFolder(), name);
  cpSync(from, to, { recursive: true, filter: (path) => dirname(path) !== join(from, 'data') || hasFiles(path) });
  return to;
}

function hasFiles(folder: string): boolean {
  return readdirSync(folder).length > 0;
}

export interface SnapshotMembers {
  readonly time?: string;
  readonly hostname?: string;
  readonly tags?: readonly string[];
}

/** Stores a folder and a snapshot of it. */
export function saveFolder(repo: Repository, folder: Folder, members: SnapshotMembers = {}): Promise<SnapshotId> {
  return repo.write({ packSize: PACK_SIZE }, async (session) => {
    const tree = await saveTree(repo, session, folder);
    return session.commit({ time: TIME, hostname: 'alpha', ...members, tree, paths: ['/game'] });
  });
}

async function saveTree(repo: Repository, session: WriteSession, folder: Folder): Promise<TreeId> {
  const nodes: TreeNode[] = [];
  for (const [name, content] of Object.entries(folder)) nodes.push(await saveNode(repo, session, name, content));
  return session.saveTree(encodeTree(sortNodes(nodes)));
}

async function saveNode(
  repo: Repository,
  session: WriteSession,
  name: string,
  content: Folder[string],
): Promise<TreeNode> {
  const blobs = blobsOf(content);
  if (blobs === undefined) return dirNode(name, await saveTree(repo, session, folderOf(content)));
  const ids = [];
  let size = 0;
  for (const blob of blobs) {
    ids.push(await addData(repo, session, blob));
    size += blob.length;
  }
  return fileNode(name, ids, size);
}

function blobsOf(content: Folder[string]): readonly Bytes[] | undefined {
  if (typeof content === 'string') return [utf8(content)];
  if (content instanceof Uint8Array) return [content];
  return Array.isArray(content) ? content : undefined;
}

function folderOf(content: Folder[string]): Folder {
  if (typeof content === 'string' || content instanceof Uint8Array || Array.isArray(content)) {
    throw new Error('not a folder');
  }
  return content as Folder;
}

export function fileNode(name: string, content: TreeNode['content'] & {}, size: number): TreeNode {
  return { ...times(), name, type: 'file', mode: 0o644, size, content };
}

export function dirNode(name: string, subtree: TreeId): TreeNode {
  return { ...times(), name, type: 'dir', mode: 2 ** 31 + 0o755, subtree };
}

function times(): Pick<TreeNode, 'mtime' | 'atime' | 'ctime'> {
  return { mtime: TIME, atime: TIME, ctime: TIME };
}
