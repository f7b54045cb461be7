/**
 * A stream as the one file of a snapshot, in folders that are made up for it: the time is that of the snapshot, the owner
 * whoever makes it, by number only.
 */
import { posix } from 'node:path';
import { isSyncError, SyncError, throwIfAborted } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { StreamResult } from '../worker/file-task.js';
import type { BackupReport } from './backup-report.js';
import type { StdinSource } from './backup-types.js';
import type { BlobStore } from './blob-store.js';
import { saveTree } from './blob-store.js';
import type { FileReader, Read } from './file-reader.js';
import type { PreviousTree } from './previous.js';
import { actionOf, loadPrevious } from './previous.js';

export interface StdinParts {
  readonly repo: Repository;
  readonly store: BlobStore;
  readonly report: BackupReport;
  readonly reader: FileReader;
  /** As the nodes have it. */
  readonly time: string;
  readonly parent: TreeId | undefined;
}

const FILE_MODE = 0o644;
const FOLDER_MODE = 2 ** 31 + 0o755;

/** The path in the snapshot: absolute, in its shortest form. Throws 'usage' for what names no file. */
export function stdinPath(name: string): string {
  const path = posix.join('/', name);
  if (path.endsWith('/')) throw new SyncError('usage', `"${name}" cannot be the name of a file`);
  return path;
}

/** A stream that fails with 'io' is told as an error, and its folders are stored without it; throws all else. */
export async function saveStdin(parts: StdinParts, source: StdinSource): Promise<TreeId> {
  const { repo, store, report } = parts;
  const steps = stdinPath(source.name).slice(1).split('/');
  const previous = await loadPrevious(repo, parts.parent && { subtree: parts.parent }, store.signal);
  const node = await saveStep(parts, source, steps, '', previous);
  const { id, added } = await saveTree(repo, store, node === undefined ? [] : [node]);
  report.added(added);
  return id;
}

async function saveStep(
  parts: StdinParts,
  source: StdinSource,
  steps: readonly string[],
  above: string,
  previousTree: PreviousTree | undefined,
): Promise<TreeNode | undefined> {
  const { repo, store, report, time } = parts;
  const [name = '', ...rest] = steps;
  const startedMs = performance.now();
  const item = `${above}/${name}`;
  const previous = previousTree?.get(name);
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const common = { name, mtime: time, atime: time, ctime: time, ...owner };
  if (rest.length === 0) {
    const read = await readInput(parts, source, item);
    if (read === undefined) return undefined;
    const { content, size, added } = read;
    const node: TreeNode = { ...common, type: 'file', mode: FILE_MODE, size, content };
    report.done({ item, kind: 'file', action: actionOf(previous, node), size, added, startedMs });
    return node;
  }
  const below = await loadPrevious(repo, previous, store.signal);
  const child = await saveStep(parts, source, rest, item, below);
  const { id, added } = await saveTree(repo, store, child === undefined ? [] : [child]);
  const node: TreeNode = { ...common, type: 'dir', mode: FOLDER_MODE, content: null, subtree: id };
  report.done({ item: `${item}/`, kind: 'dir', action: actionOf(previous, node), size: 0, added, startedMs });
  return node;
}

async function readInput(
  { reader, report, store }: StdinParts,
  source: StdinSource,
  item: string,
): Promise<Read<StreamResult> | undefined> {
  report.tell({ type: 'file-start', item });
  try {
    return await reader.readStream(source.stream);
  } catch (error) {
    throwIfAborted(store.signal);
    if (!isSyncError(error, 'io')) throw error;
    const message = `failed to save ${item}: ${error.message}`;
    report.error({ item, during: 'archival', error: new SyncError('io', message, { cause: error }) });
    return undefined;
  } finally {
    report.tell({ type: 'file-end', item });
  }
}
