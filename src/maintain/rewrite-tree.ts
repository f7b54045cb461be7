/**
 * Writes trees anew, from the leaves up: a tree whose nodes stay is the same blob again, and each is read once however
 * many snapshots share it. What is left out, mended or refused is for the rules to say.
 */
import type { Bytes } from '../base/bytes.js';
import { throwIfAborted } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import { childPath } from '../browse/tree-ahead.js';
import { ownId } from '../repo/id-words.js';
import type { Repository } from '../repo/repository.js';
import { encodeTree } from '../repo/tree.js';
import type { LoadedTree } from './rewrite-load.js';
import { loadTrees } from './rewrite-load.js';
import type { EditableNode, EditableTree } from './rewrite-nodes.js';
import { encodeNodes, readEditableTree, withMembers } from './rewrite-nodes.js';

export interface TreeRules {
  /**
   * For how long what became of a tree holds: 'by-id' wherever it is, 'by-path' where it is at the same place again; 'none'
   * goes through each tree each time.
   */
  readonly memory: 'by-id' | 'by-path' | 'none';
  /** The nodes to go on with, sorted and unique. Paths are "/" for the root, "/a/b" for what is in it. */
  admit(tree: EditableTree, path: string): readonly EditableNode[];
  /** What becomes of a node; undefined leaves it out. A folder is asked about before it is entered. */
  node(node: EditableNode, path: string): EditableNode | undefined;
  /** Whether a folder with nothing left in it stays. */
  keepsEmpty(path: string): boolean;
  /** A tree that is missing or cannot be read: an empty one takes its place, or it is left out; or this throws. */
  unreadable(path: string, error: unknown): 'empty' | 'left out';
}

export interface RewrittenTree {
  /** undefined: nothing is left. */
  readonly id: TreeId | undefined;
  /** Regular files in it and below, each time they are there, and the sum of their sizes. */
  readonly files: number;
  readonly bytes: number;
}

export interface TreeRewriterOptions {
  readonly rules: TreeRules;
  /** Stores a tree, or only says what its id would be. */
  readonly save: (plain: Bytes) => Promise<TreeId>;
  readonly signal?: AbortSignal | undefined;
}

/** Folders of one folder that are fetched together: few ranged requests, and little that waits in memory. */
const AT_ONCE = 64;

/** The index must be loaded. One rewriter serves many snapshots, and remembers what it has seen. */
export class TreeRewriter {
  readonly #repo: Repository;
  readonly #rules: TreeRules;
  readonly #save: TreeRewriterOptions['save'];
  readonly #signal: AbortSignal | undefined;
  readonly #done = new Map<string, RewrittenTree>();

  constructor(repo: Repository, { rules, save, signal }: TreeRewriterOptions) {
    this.#repo = repo;
    this.#rules = rules;
    this.#save = save;
    this.#signal = signal;
  }

  async rewrite(root: TreeId): Promise<RewrittenTree> {
    const loaded = await this.#load([root]);
    return this.#tree(root, loaded.get(root), '/');
  }

  async #tree(id: TreeId | undefined, loaded: LoadedTree | undefined, path: string): Promise<RewrittenTree> {
    throwIfAborted(this.#signal);
    const key = this.#key(id, path);
    const known = this.#done.get(key);
    if (known !== undefined) return known;
    const result = await this.#rewriteTree(id && ownId(id), loaded, path);
    if (this.#rules.memory !== 'none') this.#done.set(key, result);
    return result;
  }

  async #rewriteTree(id: TreeId | undefined, loaded: LoadedTree | undefined, path: string): Promise<RewrittenTree> {
    const nothing = { id: undefined, files: 0, bytes: 0 };
    const tree = this.#read(id, loaded, path);
    if (tree === 'left out') return nothing;
    if (tree === 'empty') return { ...nothing, id: await this.#save(encodeTree([])) };
    const { nodes, files, bytes } = await this.#finish(this.#rules.admit(tree, path), path);
    if (nodes.length === 0 && !this.#rules.keepsEmpty(path)) return nothing;
    const same = tree.exact && nodes.length === tree.nodes.length && nodes.every((node, i) => node === tree.nodes[i]);
    return { id: same && id !== undefined ? id : await this.#save(encodeNodes(nodes)), files, bytes };
  }

  #read(id: TreeId | undefined, loaded: LoadedTree | undefined, path: string): EditableTree | 'empty' | 'left out' {
    const unreadable = (error: unknown): 'empty' | 'left out' => {
      throwIfAborted(this.#signal);
      return this.#rules.unreadable(path, error);
    };
    if (id === undefined || loaded === undefined) return unreadable(undefined);
    if (!(loaded instanceof Uint8Array)) return unreadable(loaded.error);
    try {
      return readEditableTree(loaded, id);
    } catch (error) {
      return unreadable(error);
    }
  }

  /** The nodes that stay, and what became of the folders among them. */
  async #finish(
    nodes: readonly EditableNode[],
    path: string,
  ): Promise<{ nodes: EditableNode[]; files: number; bytes: number }> {
    const out = { nodes: [] as EditableNode[], files: 0, bytes: 0 };
    for (let from = 0; from < nodes.length; from += AT_ONCE) {
      const group = nodes.slice(from, from + AT_ONCE);
      const trees = await this.#loadFolders(group, path);
      for (const one of group) {
        const node = this.#rules.node(one, childPath(path, one.name));
        if (node === undefined) continue;
        if (node.type === 'file') {
          out.files += 1;
          out.bytes += node.size ?? 0;
        }
        const kept = node.type === 'dir' ? await this.#folder(node, trees, path, out) : node;
        if (kept !== undefined) out.nodes.push(kept);
      }
    }
    return out;
  }

  async #folder(
    node: EditableNode,
    trees: ReadonlyMap<TreeId, LoadedTree>,
    path: string,
    sum: { files: number; bytes: number },
  ): Promise<EditableNode | undefined> {
    const { subtree } = node;
    const inner = await this.#tree(subtree, subtree && trees.get(subtree), childPath(path, node.name));
    sum.files += inner.files;
    sum.bytes += inner.bytes;
    if (inner.id === undefined) return undefined;
    return inner.id === subtree ? node : withMembers(node, { subtree: `"${inner.id}"` });
  }

  async #loadFolders(nodes: readonly EditableNode[], path: string): Promise<Map<TreeId, LoadedTree>> {
    const ids = new Set<TreeId>();
    for (const { type, subtree, name } of nodes) {
      if (type !== 'dir' || subtree === undefined) continue;
      if (!this.#done.has(this.#key(subtree, childPath(path, name)))) ids.add(subtree);
    }
    return this.#load([...ids]);
  }

  async #load(ids: readonly TreeId[]): Promise<Map<TreeId, LoadedTree>> {
    const found = new Map<TreeId, LoadedTree>();
    await loadTrees(this.#repo, ids, (id, loaded) => found.set(id, loaded), this.#signal);
    return found;
  }

  #key(id: TreeId | undefined, path: string): string {
    return this.#rules.memory !== 'by-id' || id === undefined ? `${id} ${path}` : ownId(id);
  }
}
