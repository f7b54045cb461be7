/** `ls --sort` and `--reverse`: keeps the entries until all have come. Equal ones are in the order of their paths. */
import { posix } from 'node:path';
import type { NamedSnapshot } from '../../../browse/select.js';
import { GO_ZERO_TIME, parseGoTime } from '../../../repo/go-time.js';
import { compareNames } from '../../../repo/name-order.js';
import type { TreeNode } from '../../../repo/tree.js';
import type { Listing } from './ls-listing.js';

/** As restic's messages name them. */
export const SORT_MODES = '(name|size|time=mtime|atime|ctime|extension)';

export type SortMode = 'name' | 'size' | 'mtime' | 'atime' | 'ctime' | 'extension';

const BY_TEXT: Readonly<Record<string, SortMode>> = {
  name: 'name',
  size: 'size',
  time: 'mtime',
  mtime: 'mtime',
  atime: 'atime',
  ctime: 'ctime',
  extension: 'extension',
};

export function sortModeOf(text: string): SortMode | undefined {
  return Object.hasOwn(BY_TEXT, text) ? BY_TEXT[text] : undefined;
}

interface Entry {
  readonly path: string;
  readonly node: TreeNode;
  readonly key: string | number | bigint;
}

export class SortedListing implements Listing {
  readonly #inner: Listing;
  readonly #mode: SortMode;
  readonly #isReversed: boolean;
  readonly #entries: Entry[] = [];

  constructor(inner: Listing, mode: SortMode, isReversed: boolean) {
    this.#inner = inner;
    this.#mode = mode;
    this.#isReversed = isReversed;
  }

  begin(one: NamedSnapshot): Promise<void> {
    return this.#inner.begin(one);
  }

  async entry(path: string, node: TreeNode): Promise<void> {
    this.#entries.push({ path, node, key: keyOf(this.#mode, path, node) });
  }

  async way(): Promise<void> {
    // Not listed.
  }

  async end(): Promise<void> {
    const entries = this.#entries;
    // By name is how they come: a folder before what is in it.
    if (this.#mode !== 'name') entries.sort((a, b) => compareKeys(a.key, b.key) || compareNames(a.path, b.path));
    if (this.#isReversed) entries.reverse();
    for (const { path, node } of entries) await this.#inner.entry(path, node);
    await this.#inner.end();
  }
}

function keyOf(mode: SortMode, path: string, node: TreeNode): Entry['key'] {
  switch (mode) {
    case 'name':
      return 0;
    case 'size':
      return node.size ?? 0;
    case 'extension':
      return extensionOf(path);
    default:
      return parseGoTime(node[mode] ?? GO_ZERO_TIME);
  }
}

/** From the last dot of the name on, also where that is its first character. */
function extensionOf(path: string): string {
  const name = posix.basename(path);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot);
}

function compareKeys(a: Entry['key'], b: Entry['key']): number {
  if (typeof a === 'string' && typeof b === 'string') return compareNames(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}
