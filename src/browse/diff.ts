/**
 * What changed from one tree to another, entry by entry in the order of their names, and in numbers. Folders that are
 * equal on both sides are not walked for changes, as their trees have one id.
 */
import { isSyncError, throwIfAborted } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import { compareNames } from '../repo/name-order.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { DiffStatistics } from './diff-statistics.js';
import { DiffCount, dropShared } from './diff-statistics.js';
import { equalContent, equalNodes } from './node-equal.js';
import { childPath } from './tree-ahead.js';
import { walkTree } from './walk.js';

export type { DiffSide, DiffStatistics } from './diff-statistics.js';

export interface DiffChange {
  /** From the roots, with a slash in front; a folder (on the new side, if it is there) has one at its end too. */
  readonly path: string;
  /**
   * "+" added, "-" removed, or letters of: "T" another type, "M" another content, "?" and nothing else differs, which
   * no change by a program looks like; "U" other metadata.
   */
  readonly modifier: string;
}

export interface DiffOptions {
  /** Whether to look for "U". */
  readonly metadata?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A folder below the roots that cannot be read, or a blob that no index names: the rest goes on. */
  readonly onProblem?: ((message: string) => void) | undefined;
}

type OnChange = (change: DiffChange) => void | Promise<void>;

/** The index must be loaded. Throws 'damaged' for a root that cannot be read. */
export async function diffTrees(
  repo: Repository,
  from: TreeId,
  to: TreeId,
  onChange: OnChange,
  options: DiffOptions = {},
): Promise<DiffStatistics> {
  return new TreeDiff(repo, onChange, options).run(from, to);
}

class TreeDiff {
  readonly #repo: Repository;
  readonly #onChange: OnChange;
  readonly #options: DiffOptions;
  readonly #before: DiffCount;
  readonly #after: DiffCount;
  readonly #shared = new Set<TreeId>();
  #changedFiles = 0;

  constructor(repo: Repository, onChange: OnChange, options: DiffOptions) {
    this.#repo = repo;
    this.#onChange = onChange;
    this.#options = options;
    this.#before = new DiffCount(repo);
    this.#after = new DiffCount(repo);
  }

  async run(from: TreeId, to: TreeId): Promise<DiffStatistics> {
    this.#before.addTree(from);
    this.#after.addTree(to);
    await this.#compare('/', from, to);
    this.#before.dropCommonWith(this.#after);
    await dropShared(this.#repo, this.#shared, [this.#before, this.#after], {
      signal: this.#options.signal,
      onError: (_, error) => this.#tell(error),
    });
    const problem = (message: string): void => this.#options.onProblem?.(message);
    return {
      changedFiles: this.#changedFiles,
      removed: this.#before.result(problem),
      added: this.#after.result(problem),
    };
  }

  async #compare(folder: string, from: TreeId, to: TreeId): Promise<void> {
    const { signal } = this.#options;
    const [a, b] = await Promise.all([this.#repo.loadTree(from, signal), this.#repo.loadTree(to, signal)]);
    for (const [before, after] of pairNodes(a, b)) {
      throwIfAborted(signal);
      if (before !== undefined) this.#before.addBlobs(before);
      if (after !== undefined) this.#after.addBlobs(after);
      if (before !== undefined && after !== undefined) await this.#both(folder, before, after);
      else if (before !== undefined) await this.#oneSided(folder, before, '-', this.#before);
      else if (after !== undefined) await this.#oneSided(folder, after, '+', this.#after);
    }
  }

  async #both(folder: string, before: TreeNode, after: TreeNode): Promise<void> {
    const path = pathOf(folder, after);
    const modifier = this.#modifier(before, after);
    if (modifier !== '') await this.#onChange({ path, modifier });
    if (before.subtree === undefined || after.subtree === undefined) return;
    if (before.subtree === after.subtree) {
      this.#shared.add(before.subtree);
      return;
    }
    try {
      await this.#compare(path, before.subtree, after.subtree);
    } catch (error) {
      this.#tell(error);
    }
  }

  #modifier(before: TreeNode, after: TreeNode): string {
    const type = before.type === after.type ? '' : 'T';
    if (before.type === 'file' && after.type === 'file' && !equalContent(before, after)) {
      this.#changedFiles += 1;
      const rotten = equalNodes({ ...before, content: [] }, { ...after, content: [] });
      return rotten ? 'M?' : 'M';
    }
    return this.#options.metadata === true && !equalNodes(before, after) ? `${type}U` : type;
  }

  /** An entry that only one side has, with all below it. */
  async #oneSided(folder: string, node: TreeNode, modifier: string, count: DiffCount): Promise<void> {
    const path = pathOf(folder, node);
    await this.#onChange({ path, modifier });
    count.countEntry(node);
    if (node.subtree === undefined) return;
    const addBelow = async (below: string, inner: TreeNode): Promise<void> => {
      await this.#onChange({ path: inner.subtree === undefined ? below : `${below}/`, modifier });
      count.countEntry(inner);
      count.addBlobs(inner);
    };
    const walk = walkTree(this.#repo, node.subtree, {
      prefix: path,
      signal: this.#options.signal,
      onError: async ({ entry }, error) => {
        if (entry !== undefined) await addBelow(entry.path, entry.node);
        this.#tell(error);
      },
    });
    for await (const entry of walk) await addBelow(entry.path, entry.node);
  }

  #tell(error: unknown): void {
    const { onProblem, signal } = this.#options;
    if (onProblem === undefined || signal?.aborted || !isSyncError(error)) throw error;
    onProblem(`error: ${error.message}`);
  }
}

function pathOf(folder: string, node: TreeNode): string {
  const path = childPath(folder, node.name);
  return node.subtree === undefined ? path : `${path}/`;
}

/** Both lists side by side; they are sorted. */
function* pairNodes(
  a: readonly TreeNode[],
  b: readonly TreeNode[],
): Generator<readonly [TreeNode | undefined, TreeNode | undefined]> {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [x, y] = [a[i], b[j]];
    const order = x === undefined ? 1 : y === undefined ? -1 : compareNames(x.name, y.name);
    yield [order <= 0 ? x : undefined, order >= 0 ? y : undefined];
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
}
