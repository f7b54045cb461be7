/** Which index files the index in memory was made of, and how it is brought up to date with those that are stored. */
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError } from '../base/errors.js';
import type { IndexId } from '../base/ids.js';
import type { BlobIndex } from './index.js';
import { IndexTable } from './index-table.js';

/** What of a repository this needs. */
export interface IndexFiles {
  listIndexFiles(signal?: AbortSignal): Promise<IndexId[]>;
  /** Throws 'damaged', 'not-found'. */
  readIndexTable(id: IndexId, table: IndexTable, take: () => void, signal?: AbortSignal): Promise<void>;
}

export type OnIndexFile = (id: IndexId, file: IndexTable) => void;

const CONNECTIONS = 5;
const ATTEMPTS = 3;

export class IndexLoader {
  readonly #files: IndexFiles;
  readonly #index: BlobIndex;
  readonly #loaded = new Set<IndexId>();

  constructor(files: IndexFiles, index: BlobIndex) {
    this.#files = files;
    this.#index = index;
  }

  /**
   * One that is gone when it is fetched was replaced by a `prune` under way: then the list is taken anew. `onFile` is
   * told of each file that is added, in a table that is used again for the next one.
   */
  async load(signal?: AbortSignal, onFile?: OnIndexFile): Promise<void> {
    const table = new IndexTable();
    const loadOne = (id: IndexId): Promise<void> => {
      const take = (): void => {
        this.#index.addTable(table);
        this.#loaded.add(id);
        onFile?.(id, table);
      };
      return this.#files.readIndexTable(id, table, take, signal);
    };
    for (let attempt = 1; ; attempt++) {
      const there = new Set(await this.#files.listIndexFiles(signal));
      if (this.#lacks(there)) this.forget();
      const fresh = [...there].filter((id) => !this.#loaded.has(id));
      try {
        return await forEachLimit(fresh, CONNECTIONS, loadOne, signal);
      } catch (error) {
        if (attempt >= ATTEMPTS || !isSyncError(error, 'not-found')) throw error;
      }
    }
  }

  /** Whether one that was loaded was pruned away: packs that it named may be gone too, and must not count as stored. */
  async hasLost(signal?: AbortSignal): Promise<boolean> {
    return this.#lacks(new Set(await this.#files.listIndexFiles(signal)));
  }

  /** Files that were written here: what they name is in the index already; should they go, what they name goes. */
  addOwn(ids: Iterable<IndexId>): void {
    for (const id of ids) this.#loaded.add(id);
  }

  forget(): void {
    this.#loaded.clear();
    this.#index.clear();
  }

  #lacks(there: ReadonlySet<IndexId>): boolean {
    return [...this.#loaded].some((id) => !there.has(id));
  }
}
