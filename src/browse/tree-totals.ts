/**
 * How many entries lie below a tree and what they take when they are restored, for many roots that share trees: each
 * tree is looked at once, and its sums serve every place where it is used. Hard links are the exception: what has
 * several names takes its room once for each root, so trees that hold such are gone through again, in memory.
 */
import type { TreeId } from '../base/ids.js';
import { ownId } from '../repo/id-words.js';
import type { TreeNode } from '../repo/tree.js';

export interface Totals {
  readonly entries: number;
  /** Sum of all sizes. */
  readonly bytes: number;
  /** As `bytes`, with each file of several names counted once. */
  readonly restoreBytes: number;
}

interface Link {
  /** Inode and device. */
  readonly key: string;
  readonly size: number;
}

interface Own {
  entries: number;
  bytes: number;
  /** Of what has one name. */
  single: number;
  readonly links: Link[];
  readonly below: TreeId[];
}

interface Sum {
  readonly entries: number;
  readonly bytes: number;
  readonly single: number;
  readonly hasLinks: boolean;
}

export class TreeTotals {
  readonly #own = new Map<TreeId, Own>();
  readonly #sums = new Map<TreeId, Sum>();

  /** An entry of a tree; each entry of each tree below the roots that will be asked for has to come once. */
  add(parent: TreeId, node: TreeNode): void {
    const own = this.#own.get(parent) ?? this.#start(parent);
    const size = node.size ?? 0;
    own.entries += 1;
    own.bytes += size;
    if (isLinked(node)) own.links.push({ key: `${node.inode}:${node.deviceId ?? 0n}`, size });
    else own.single += size;
    if (node.subtree !== undefined) own.below.push(ownId(node.subtree));
  }

  #start(tree: TreeId): Own {
    const own: Own = { entries: 0, bytes: 0, single: 0, links: [], below: [] };
    this.#own.set(ownId(tree), own);
    return own;
  }

  of(root: TreeId): Totals {
    const { entries, bytes } = this.#sum(root);
    return { entries, bytes, restoreBytes: this.#restoreBytes(root) };
  }

  /** A tree without entries is one that nothing was added for. */
  #sum(root: TreeId): Sum {
    const stack: TreeId[] = [root];
    for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
      const own = this.#own.get(id);
      const unknown = this.#sums.has(id) ? [] : (own?.below ?? []).filter((one) => !this.#sums.has(one));
      if (unknown.length > 0) {
        for (const one of unknown) stack.push(one);
        continue;
      }
      stack.pop();
      if (!this.#sums.has(id)) this.#sums.set(id, this.#addUp(own));
    }
    return this.#sums.get(root) ?? NOTHING;
  }

  #addUp(own: Own | undefined): Sum {
    if (own === undefined) return NOTHING;
    let { entries, bytes, single } = own;
    let hasLinks = own.links.length > 0;
    for (const id of own.below) {
      const sum = this.#sums.get(id) ?? NOTHING;
      entries += sum.entries;
      bytes += sum.bytes;
      single += sum.single;
      hasLinks ||= sum.hasLinks;
    }
    return { entries, bytes, single, hasLinks };
  }

  #restoreBytes(root: TreeId): number {
    const counted = new Set<string>();
    const stack: TreeId[] = [root];
    let total = this.#sum(root).single;
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (this.#sums.get(id)?.hasLinks !== true) continue;
      const own = this.#own.get(id);
      for (const { key, size } of own?.links ?? []) {
        if (!counted.has(key)) total += size;
        counted.add(key);
      }
      for (const one of own?.below ?? []) stack.push(one);
    }
    return total;
  }
}

const NOTHING: Sum = { entries: 0, bytes: 0, single: 0, hasLinks: false };

/** May have further names: no folder, and not said to have one only; without an inode there is nothing to go by. */
function isLinked({ type, links, inode }: TreeNode): boolean {
  return type !== 'dir' && links !== 1n && inode !== undefined && inode !== 0n;
}
