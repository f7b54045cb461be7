/**
 * A manifest as restic trees that are equal on every machine: no inode, device or owner; one time, in whole
 * milliseconds and UTC, for all three; modes from the executable bit alone. A folder's time is that of the newest
 * thing in it (its own changes with every file that is not in scope). Readable by every restic.
 */
import type { Bytes } from '../base/bytes.js';
import type { TreeId } from '../base/ids.js';
import { formatGoTime } from '../repo/go-time.js';
import type { TreeNode } from '../repo/tree.js';
import { encodeTree, sortNodes } from '../repo/tree.js';
import type { Manifest, ManifestEntry } from './manifest.js';

/** Go's bits for types in a node's mode; the rest is the POSIX permission. */
const MODE_DIR = 2 ** 31;
const MODE_SYMLINK = 2 ** 27;

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly leaves: Map<string, ManifestEntry>;
  /** Set for a folder that is itself an entry (an empty one). */
  ownMtimeMs: number;
}

interface SavedFolder {
  readonly id: TreeId;
  readonly mtimeMs: number;
}

/** Stores every tree through `save`, leaves first, and returns the root's id. */
export async function savePortableTrees(manifest: Manifest, save: (plain: Bytes) => Promise<TreeId>): Promise<TreeId> {
  return (await saveFolder(nest(manifest), save)).id;
}

function newFolder(): Folder {
  return { folders: new Map(), leaves: new Map(), ownMtimeMs: 0 };
}

function nest(manifest: Manifest): Folder {
  const root = newFolder();
  for (const [path, entry] of manifest) {
    const parts = path.split('/');
    const last = entry.type === 'dir' ? parts.length : parts.length - 1;
    let folder = root;
    for (const part of parts.slice(0, last)) {
      const next = folder.folders.get(part) ?? newFolder();
      folder.folders.set(part, next);
      folder = next;
    }
    if (entry.type === 'dir') folder.ownMtimeMs = entry.mtimeMs;
    else folder.leaves.set(parts.at(-1) ?? '', entry);
  }
  return root;
}

async function saveFolder(folder: Folder, save: (plain: Bytes) => Promise<TreeId>): Promise<SavedFolder> {
  const nodes: TreeNode[] = [];
  let newest: number | undefined;
  for (const [name, child] of folder.folders) {
    const saved = await saveFolder(child, save);
    nodes.push({ ...common(name, 'dir', MODE_DIR + 0o755, saved.mtimeMs), content: null, subtree: saved.id });
    newest = Math.max(newest ?? saved.mtimeMs, saved.mtimeMs);
  }
  for (const [name, entry] of folder.leaves) {
    nodes.push(leafNode(name, entry));
    newest = Math.max(newest ?? entry.mtimeMs, entry.mtimeMs);
  }
  return { id: await save(encodeTree(sortNodes(nodes))), mtimeMs: newest ?? folder.ownMtimeMs };
}

function leafNode(name: string, entry: ManifestEntry): TreeNode {
  if (entry.type === 'symlink') {
    const target = entry.linktarget ?? '';
    return { ...common(name, 'symlink', MODE_SYMLINK + 0o777, entry.mtimeMs), linktarget: target, content: null };
  }
  const node = { ...common(name, 'file', entry.executable ? 0o755 : 0o644, entry.mtimeMs), content: entry.content };
  return entry.size === 0 ? node : { ...node, size: entry.size };
}

function common(
  name: string,
  type: TreeNode['type'],
  mode: number,
  mtimeMs: number,
): Pick<TreeNode, 'name' | 'type' | 'mode' | 'mtime' | 'atime' | 'ctime' | 'uid' | 'gid'> {
  const time = formatGoTime(BigInt(mtimeMs) * 1_000_000n, 0);
  return { name, type, mode, mtime: time, atime: time, ctime: time, uid: 0, gid: 0 };
}
