/**
 * The third part of a check: all trees below the snapshots, each once. Every tree must be readable and well-formed, and all
 * that it refers to must be in the index. Snapshots are gone through some at a time, their trees depth by depth, which
 * makes few requests.
 */
import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { NamedSnapshot } from '../browse/select.js';
import { BlobSet } from '../repo/blob-set.js';
import { ownId } from '../repo/id-words.js';
import type { BlobOpener } from '../repo/loader.js';
import type { Repository } from '../repo/repository.js';
import type { Findings } from './check-findings.js';
import { defectOf } from './check-findings.js';
import type { ExaminedTree } from './check-tree.js';
import { examineTree } from './check-tree.js';

export interface CheckTreesOptions {
  readonly opener?: BlobOpener | undefined;
  readonly signal: AbortSignal | undefined;
  /** Snapshots of which all trees have been looked at. */
  readonly onSnapshots: (done: number) => void;
}

/** What the snapshots need. */
export interface ReachedBlobs {
  readonly trees: Pick<BlobSet, 'has'>;
  readonly data: BlobSet;
}

/** Where a tree was come upon first. */
interface Origin {
  readonly parent: TreeId | undefined;
  /** In the parent; of a root, the snapshot. */
  readonly name: string;
}

/** Snapshots gone through together. */
const ROOTS_AT_ONCE = 64;
/** Trees asked for together at most: what has to be asked for again, one by one, where one of them is broken. */
const BATCH = 1024;
const CONNECTIONS = 5;
/** V8 keeps the whole text alive from which a string of this length or more was cut. */
const SLICE = 13;
/** Control characters, and bytes of names that are not UTF-8. */
const NOT_PRINTABLE = /[\p{Cc}\p{Cs}]/u;

export class TreeChecker {
  readonly #repo: Repository;
  readonly #findings: Findings;
  readonly #options: CheckTreesOptions;
  /** Every tree that was come upon; also what is never looked at twice. */
  readonly #origins = new Map<TreeId, Origin>();
  readonly #data: BlobSet;
  #waiting: TreeId[] = [];

  constructor(repo: Repository, findings: Findings, options: CheckTreesOptions) {
    this.#repo = repo;
    this.#data = new BlobSet(repo.index, 'data');
    this.#findings = findings;
    this.#options = options;
  }

  async check(snapshots: readonly NamedSnapshot[]): Promise<void> {
    for (let from = 0; from < snapshots.length; from += ROOTS_AT_ONCE) {
      const group = snapshots.slice(from, from + ROOTS_AT_ONCE);
      for (const { id, snapshot } of group) this.#meet(snapshot.tree, { parent: undefined, name: shortId(id) });
      while (this.#waiting.length > 0) await this.#load(this.#waiting.splice(-BATCH));
      this.#options.onSnapshots(group.length);
    }
  }

  get reached(): ReachedBlobs {
    return { trees: this.#origins, data: this.#data };
  }

  #meet(id: TreeId, { parent, name }: Origin): void {
    if (this.#origins.has(id)) return;
    const own = ownId(id);
    this.#origins.set(own, { parent, name: name.length < SLICE ? name : flat(name) });
    if (this.#repo.index.has('tree', own)) this.#waiting.push(own);
    else this.#findings.error('tree-missing', `${this.#named(own)}: not found in the index`, this.#place(own));
  }

  /** All at once; if that fails, what is left one by one, so that each error has its tree. */
  async #load(batch: readonly TreeId[]): Promise<void> {
    const { opener, signal } = this.#options;
    const left = new Set(batch);
    const take = (id: TreeId, plain: Bytes): void => {
      left.delete(id);
      this.#examine(id, plain);
    };
    try {
      await this.#repo.loader.loadMany('tree', batch, take, opener === undefined ? { signal } : { signal, opener });
      return;
    } catch (error) {
      defectOf(error);
    }
    await forEachLimit(
      [...left],
      CONNECTIONS,
      async (id) => {
        try {
          take(id, await this.#repo.loadBlob('tree', id, signal));
        } catch (error) {
          const found = `${this.#named(id)}: ${reasonOf(error)}`;
          this.#findings.error('tree-unreadable', found, this.#place(id));
        }
      },
      signal,
    );
  }

  #examine(id: TreeId, plain: Bytes): void {
    const tree = examineTree(plain, `tree ${shortId(id)}`);
    for (const defect of tree.defects) {
      this.#findings.error('tree-invalid', `${this.#named(id)}: ${defect}`, this.#place(id));
    }
    this.#examineFiles(id, tree);
    for (const { name, subtree } of tree.folders) this.#meet(subtree, { parent: id, name });
  }

  #examineFiles(id: TreeId, { files }: ExaminedTree): void {
    const { index } = this.#repo;
    for (const { name, content } of files) {
      for (const blob of content) {
        if (index.has('data', blob)) {
          this.#data.add(blob);
          continue;
        }
        const message = `${this.#named(id)}: file ${JSON.stringify(name)} blob ${blob} not found in index`;
        this.#findings.error('blob-missing', message, { ...this.#place(id), blobs: [blob] });
      }
    }
  }

  #named(id: TreeId): string {
    const path = this.#pathOf(id);
    return `tree ${id} (${NOT_PRINTABLE.test(path) ? JSON.stringify(path) : path})`;
  }

  #place(id: TreeId): { tree: TreeId; path: string } {
    return { tree: id, path: this.#pathOf(id) };
  }

  #pathOf(id: TreeId): string {
    const steps: string[] = [];
    let origin = this.#origins.get(id);
    while (origin?.parent !== undefined) {
      steps.push(origin.name);
      origin = this.#origins.get(origin.parent);
    }
    return `${origin?.name ?? ''}:/${steps.reverse().join('/')}`;
  }
}

/** Whatever it is that the tree cannot be read for. Throws what says nothing of it. */
function reasonOf(error: unknown): string {
  const { cause } = isSyncError(error, 'damaged') ? error : {};
  return defectOf(isSyncError(cause) ? cause : error);
}

/** The same text on its own, not as a part of a longer one. */
function flat(text: string): string {
  const copy: unknown = JSON.parse(JSON.stringify(text));
  return String(copy);
}
