/**
 * The walk of a backup: every folder becomes a tree, the deepest first. One walker goes through the folders in order;
 * files are read beside it, and a folder's tree is stored when its last file has been.
 *   names -> look, attributes (in batches) -> as in the parent? its blobs : read -> nodes -> tree
 * What is not done yet stands as a promise among the folder's nodes. Slots bound how many files and folders do.
 */
import { stat } from 'node:fs/promises';
import { Semaphore } from '../base/concurrency.js';
import { ioError, SyncError, throwIfAborted } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import { toFsPath } from '../base/raw-string.js';
import type { TreeNode } from '../repo/tree.js';
import type { FileStats } from '../worker/file-task.js';
import { attributeError } from './attribute-source.js';
import type { Attributes } from './attributes.js';
import { NO_ATTRIBUTES } from './attributes.js';
import type { BackupFilter } from './backup-types.js';
import { saveTree } from './blob-store.js';
import type { ArchiverParts, Entry, Found } from './entry.js';
import { findEntry, tellError, tellUnlessGone } from './entry.js';
import { listNames, lookAt, pathIn } from './look.js';
import { makeNode, nodeType } from './node.js';
import type { PreviousTree } from './previous.js';
import { actionOf, loadPrevious } from './previous.js';
import { readFile, reuseFile } from './save-file.js';
import type { TargetFolder, TargetTree } from './target-tree.js';

/** Work that goes on beside the walk. Not a bare promise: the walker's own would wait for it. */
interface Later {
  readonly later: Promise<TreeNode | undefined>;
}

/** undefined for what could not be stored, which was told then. */
type Pending = TreeNode | undefined | Later;

/** Entries of one folder that are looked at together. */
const BATCH = 256;
/** Folders whose entries are all known, and whose trees are not stored yet. */
const OPEN_FOLDERS = 64;

export class Archiver {
  readonly #parts: ArchiverParts;
  readonly #folders = new Semaphore(OPEN_FOLDERS);
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: ArchiverParts) {
    this.#parts = parts;
  }

  /** Stores everything below the targets; `parent` is the tree to compare with. Throws 'usage' if there is nothing. */
  async save(targets: TargetTree, parent: TreeId | undefined): Promise<TreeId> {
    const { repo, store, report } = this.#parts;
    const previous = await this.#previous('/', parent === undefined ? undefined : { subtree: parent });
    const nodes = await settle(await this.#saveTargets(targets, '', previous));
    if (nodes.length === 0) throw new SyncError('usage', 'unable to save snapshot: snapshot is empty');
    const { id, added } = await saveTree(repo, store, nodes);
    report.added(added);
    return id;
  }

  async #saveTargets(targets: TargetTree, above: string, previous: PreviousTree | undefined): Promise<Pending[]> {
    const { absolute, filter } = this.#parts;
    const pending: Pending[] = [];
    for (const [name, target] of targets.children) {
      const path = absolute(target.path);
      const entry = newEntry(name, `${above}/${name}`, path, previous);
      if (target.kind === 'folder') pending.push(await this.#saveTargetFolder(entry, target));
      else pending.push(...(await this.#saveBatch([entry], target.isExplicit ? undefined : filter)));
    }
    return pending;
  }

  /** A folder above targets, of which nothing else is stored. A link that leads to one counts as the folder. */
  async #saveTargetFolder(entry: Entry, target: TargetFolder): Promise<Pending> {
    const { nodes, attributes } = this.#parts;
    let node: TreeNode;
    try {
      const stats = await stat(toFsPath(entry.path), { bigint: true });
      if (!stats.isDirectory()) throw noFolder(entry.path);
      const [found] = await attributes.read([entry.path]);
      // Folders above may belong to others; restic does not insist on their attributes either.
      node = await makeNode(nodes, entry.name, stats, { attributes: found?.list });
    } catch (error) {
      tellError(this.#parts, entry.item, ioError(error, 'cannot look at', entry.path));
      return undefined;
    }
    const previous = await this.#previous(entry.path, entry.previous);
    const pending = await this.#saveTargets(target, entry.item, previous);
    return this.#finishFolder(entry, node, pending);
  }

  async #saveFolder(found: Found, attributes: Attributes): Promise<Pending> {
    const { nodes, filter } = this.#parts;
    const { name, item, path } = found;
    const opened = await this.#openFolder(path);
    if (opened === undefined) return undefined;
    const { stats, names } = opened;
    const node = await makeNode(nodes, name, stats, { attributes: attributes.list });
    const previous = await this.#previous(path, found.previous);
    const pending: Pending[] = [];
    for (let i = 0; i < names.length; i += BATCH) {
      const entries = names
        .slice(i, i + BATCH)
        .map((child) => newEntry(child, `${item}/${child}`, pathIn(path, child, nodes.platform), previous));
      for (const one of await this.#saveBatch(entries, filter)) pending.push(one);
    }
    return this.#finishFolder(found, node, pending);
  }

  /** Looks again, since the last look may be long ago: a link that has come into its place is not to be followed. */
  async #openFolder(path: string): Promise<{ stats: FileStats; names: string[] } | undefined> {
    try {
      const stats = await lookAt(path, undefined);
      if (stats === undefined) return undefined;
      if (!stats.isDirectory()) throw noFolder(path);
      return { stats, names: await listNames(path) };
    } catch (error) {
      tellUnlessGone(this.#parts, path, ioError(error, 'cannot read folder', path));
      return undefined;
    }
  }

  async #saveBatch(entries: readonly Entry[], filter: BackupFilter | undefined): Promise<Pending[]> {
    this.#check();
    const looked = await Promise.all(entries.map((entry) => findEntry(this.#parts, entry, filter)));
    const found = looked.filter((one) => one !== undefined);
    const attributes = await this.#parts.attributes.read(found.map(({ path }) => path));
    const pending: Pending[] = [];
    for (const [i, one] of found.entries()) pending.push(await this.#saveOne(one, attributes[i] ?? NO_ATTRIBUTES));
    return pending;
  }

  async #saveOne(found: Found, attributes: Attributes): Promise<Pending> {
    this.#check();
    const { path, name, stats, linktarget } = found;
    for (const { errno, attribute } of attributes.failures) {
      tellError(this.#parts, path, attributeError(path, errno, attribute));
    }
    const type = nodeType(stats.mode);
    if (type === 'dir') return this.#saveFolder(found, attributes);
    if (type === 'file') return this.#saveFile(found, attributes);
    if (type !== 'irregular') {
      return makeNode(this.#parts.nodes, name, stats, { attributes: attributes.list, linktarget });
    }
    const message = `${path} is of no kind that can be stored`;
    tellError(this.#parts, path, new SyncError('io', message, { details: { path } }));
    return undefined;
  }

  async #saveFile(found: Found, { list }: Attributes): Promise<Pending> {
    const reused = await reuseFile(this.#parts, found, list);
    if (reused !== undefined) return reused;
    const release = await this.#parts.reader.slot();
    return this.#beside(readFile(this.#parts, found, list).finally(release));
  }

  async #finishFolder(entry: Entry, node: TreeNode, pending: readonly Pending[]): Promise<Pending> {
    const release = await this.#folders.acquire();
    return this.#beside(this.#storeFolder(entry, node, pending).finally(release));
  }

  async #storeFolder(entry: Entry, node: TreeNode, pending: readonly Pending[]): Promise<TreeNode> {
    const { repo, store, report } = this.#parts;
    const { id, added } = await saveTree(repo, store, await settle(pending));
    const whole = { ...node, subtree: id };
    const { item, previous, startedMs } = entry;
    report.done({ item: `${item}/`, kind: 'dir', action: actionOf(previous, whole), size: 0, added, startedMs });
    return whole;
  }

  /** The tree of the parent for a folder; told if it is lost. */
  async #previous(path: string, node: Pick<TreeNode, 'subtree'> | undefined): Promise<PreviousTree | undefined> {
    const { repo, store } = this.#parts;
    try {
      return await loadPrevious(repo, node, store.signal);
    } catch (error) {
      throwIfAborted(store.signal);
      tellError(this.#parts, path, error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  /** Stops the walk as soon as what runs beside it has failed. Its own error is looked at with its folder. */
  #beside(later: Promise<TreeNode | undefined>): Later {
    later.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    return { later };
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    throwIfAborted(this.#parts.store.signal);
  }
}

function newEntry(name: string, item: string, path: string, tree: PreviousTree | undefined): Entry {
  return { name, item, path, previous: tree?.get(name), startedMs: performance.now() };
}

function noFolder(path: string): SyncError {
  return new SyncError('io', `${path} is no folder any more`, { details: { path } });
}

async function settle(pending: readonly Pending[]): Promise<TreeNode[]> {
  const nodes: TreeNode[] = [];
  for (const one of pending) {
    const node = one !== undefined && 'later' in one ? await one.later : one;
    if (node !== undefined) nodes.push(node);
  }
  return nodes;
}
