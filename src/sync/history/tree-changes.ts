/**
 * What differs between the trees of two versions. Folders of one tree id are equal and not looked into, so that a long
 * history costs what changed in it. Trees of other programs have ids of their own for the same content: they are
 * compared file by file.
 */
import { SyncError } from '../../base/errors.js';
import type { TreeId } from '../../base/ids.js';
import { shortId } from '../../base/ids.js';
import type { Repository } from '../../repo/repository.js';
import type { TreeNode } from '../../repo/tree.js';
import { decodeTree } from '../../repo/tree.js';
import type { FileChange } from '../merge/unit-changes.js';
import type { Scope } from '../scope/scope.js';
import type { VersionChanges } from './version-changes.js';
import { tallyChanges } from './version-changes.js';

/** Deeper than any real folder. */
const MAX_DEPTH = 128;
/** More than any real folder: a few small trees that name each other twice would have no end. */
const MAX_ENTRIES = 4_000_000;
/** About 40 MB: the trees of one version of a large instance, which is compared with the one before and after it. */
const KEPT_NODES = 100_000;

interface Pair {
  readonly path: string;
  readonly before: TreeId | undefined;
  readonly after: TreeId | undefined;
}

export class TreeComparer {
  readonly #repo: Repository;
  readonly #scope: Scope;
  readonly #signal: AbortSignal | undefined;
  /** The oldest first. */
  readonly #trees = new Map<TreeId, TreeNode[]>();
  #nodes = 0;

  /** The index must be loaded. What is out of `scope` is passed over. */
  constructor(repo: Repository, scope: Scope, signal?: AbortSignal) {
    this.#repo = repo;
    this.#scope = scope;
    this.#signal = signal;
  }

  /** `before`, `after`: the trees of the game folder; undefined for nothing at all. Throws 'damaged'. */
  async compare(before: TreeId | undefined, after: TreeId): Promise<VersionChanges> {
    const changes: FileChange[] = [];
    const worlds = { before: new Set<string>(), after: new Set<string>() };
    let level: Pair[] = before === after ? [] : [{ path: '', before, after }];
    for (let depth = 0; level.length > 0; depth++) {
      if (depth > MAX_DEPTH || level.length + changes.length > MAX_ENTRIES) throw endless(after);
      await this.#load(level);
      const next: Pair[] = [];
      for (const pair of level) {
        const [old, now] = [this.#nodesOf(pair.before), this.#nodesOf(pair.after)];
        if (pair.path === 'saves') {
          for (const name of foldersIn(old)) worlds.before.add(`saves/${name}`);
          for (const name of foldersIn(now)) worlds.after.add(`saves/${name}`);
        }
        this.#comparePair(pair.path, old, now, next, changes);
      }
      level = next;
    }
    this.#forgetSome();
    return tallyChanges(changes, worlds.before, worlds.after);
  }

  /** All trees of a level at once, those that are not known yet. */
  async #load(level: readonly Pair[]): Promise<void> {
    const wanted = new Set(level.flatMap(({ before, after }) => [before, after]).filter((id) => id !== undefined));
    const missing = [...wanted].filter((id) => !this.#trees.has(id));
    const keep = (id: TreeId, plain: Uint8Array): void => {
      const nodes = decodeTree(plain, `tree ${shortId(id)}`);
      this.#trees.set(id, nodes);
      this.#nodes += nodes.length;
    };
    await this.#repo.loader.loadMany('tree', missing, keep, { signal: this.#signal });
  }

  #nodesOf(id: TreeId | undefined): readonly TreeNode[] {
    return (id === undefined ? undefined : this.#trees.get(id)) ?? [];
  }

  /** Folders to look into go to `next`, files and links to `changes`. */
  #comparePair(
    folder: string,
    old: readonly TreeNode[],
    now: readonly TreeNode[],
    next: Pair[],
    changes: FileChange[],
  ): void {
    const before = new Map(old.map((node) => [node.name, node]));
    const after = new Map(now.map((node) => [node.name, node]));
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const [a, b] = [before.get(name), after.get(name)];
      if (a?.subtree !== b?.subtree && this.#scope.mayContain(path)) {
        next.push({ path, before: a?.subtree, after: b?.subtree });
      }
      const [was, is] = [this.#leafOf(path, a), this.#leafOf(path, b)];
      if (was === undefined && is !== undefined) changes.push({ path, change: 'added', size: is.size ?? 0 });
      else if (was !== undefined && is === undefined) changes.push({ path, change: 'removed', size: was.size ?? 0 });
      else if (was !== undefined && is !== undefined && !sameLeaf(was, is))
        changes.push({ path, change: 'changed', size: is.size ?? 0 });
    }
  }

  /** A file or a link in scope; devices and the like have no place in a game folder. */
  #leafOf(path: string, node: TreeNode | undefined): TreeNode | undefined {
    const isLeaf = node?.type === 'file' || node?.type === 'symlink';
    return isLeaf && this.#scope.includesFile(path, node.size ?? 0) ? node : undefined;
  }

  #forgetSome(): void {
    for (const [id, nodes] of this.#trees) {
      if (this.#nodes <= KEPT_NODES) return;
      this.#trees.delete(id);
      this.#nodes -= nodes.length;
    }
  }
}

function foldersIn(nodes: readonly TreeNode[]): string[] {
  return nodes.filter((node) => node.subtree !== undefined).map((node) => node.name);
}

/** As entries of a manifest are compared: what the player would see, and no times. */
function sameLeaf(a: TreeNode, b: TreeNode): boolean {
  if (a.type !== b.type) return false;
  if (a.type === 'symlink') return (a.linktarget ?? '') === (b.linktarget ?? '');
  const [x, y] = [a.content ?? [], b.content ?? []];
  const isExecutable = ({ mode = 0 }: TreeNode): boolean => (mode & 0o111) !== 0;
  if ((a.size ?? 0) !== (b.size ?? 0) || isExecutable(a) !== isExecutable(b) || x.length !== y.length) return false;
  return x.every((id, i) => id === y[i]);
}

function endless(id: TreeId): SyncError {
  return new SyncError('damaged', `tree ${shortId(id)} is nested without an end`);
}
