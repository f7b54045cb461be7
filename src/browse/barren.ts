/**
 * The trees in which a search has found nothing: it need not look there again. Many snapshots share most of their trees,
 * and a search through all of them takes as long as one through all different trees, not snapshots times trees.
 */
import type { TreeId } from '../base/ids.js';
import { ownId } from '../repo/id-words.js';
import type { WalkOptions } from './walk.js';

/** Of one search, for all the roots that it goes through. What the search looks for must not grow meanwhile. */
export class BarrenTrees {
  readonly #keys = new Set<string>();

  /** `path`: of the tree, where what is found depends on it; the same for every search of one object. */
  has(tree: TreeId, path = ''): boolean {
    return this.#keys.has(keyOf(tree, path));
  }

  add(tree: TreeId, path = ''): void {
    this.#keys.add(keyOf(tree, path));
  }
}

function keyOf(tree: TreeId, path: string): string {
  return path === '' ? tree : `${tree} ${path}`;
}

/** One walk of the search. */
export class BarrenWatch implements Pick<WalkOptions, 'onEnter' | 'onLeave'> {
  /** How much had been met when each of the open trees was entered. */
  readonly #before: number[] = [];
  #met = 0;
  readonly onEnter: () => void;
  readonly onLeave: (tree: TreeId, path: string) => void;

  constructor(barren: BarrenTrees | undefined, usesPath: boolean) {
    this.onEnter = () => void this.#before.push(this.#met);
    this.onLeave = (tree, path) => {
      if (this.#before.pop() === this.#met) barren?.add(ownId(tree), usesPath ? path : '');
    };
  }

  /** Something was found, or could not be read: the trees that are open are to be walked again next time. */
  meet(): void {
    this.#met += 1;
  }
}
