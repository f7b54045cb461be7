/**
 * A database as SQLite keeps it (Distant Horizons, map mods): the first page with a counter that each transaction
 * changes, tables' leaves, and rows too long for a leaf on overflow pages of their own. A row that is written again gives
 * its pages back and takes those that were given back last; where none are free the file grows. Pages hold random bytes,
 * as rows that are compressed already do. The same for the same seed.
 */
import { Random } from './random.mjs';

const MAGIC = 'SQLite format 3\0';
const PAGE_SIZE_AT = 16;
const COUNTER_AT = 24;
const ROWS_A_LEAF = 40;
/** Overflow pages of a row. */
const SHORTEST = 0;
const LONGEST = 6;

export class PageFile {
  #random;
  #pageSize;
  #bytes;
  #pages = 1;
  #free = [];
  /** Page of each leaf, and of each row its overflow pages. */
  #leaves = [];
  #rows = [];

  constructor({ seed, pageSize = 4096, rows = 0 }) {
    this.#random = new Random(`pages ${seed}`);
    this.#pageSize = pageSize;
    this.#bytes = Buffer.alloc(64 * pageSize);
    this.#bytes.write(MAGIC, 0, 'latin1');
    this.#bytes.writeUInt16BE(pageSize === 65536 ? 1 : pageSize, PAGE_SIZE_AT);
    this.insert(rows);
  }

  /** The whole file; valid until the next change. */
  get bytes() {
    return this.#bytes.subarray(0, this.#pages * this.#pageSize);
  }

  insert(rows) {
    for (let i = 0; i < rows; i++) {
      if (this.#rows.length % ROWS_A_LEAF === 0) this.#leaves.push(this.#take());
      this.#rows.push([]);
      this.#write(this.#rows.length - 1);
    }
  }

  /** Rows that lie together, as those of the country around a player do; `places` such stretches. */
  update(rows, places) {
    for (let place = 0; place < places; place++) {
      const first = this.#random.below(Math.max(1, this.#rows.length - rows));
      for (let i = 0; i < rows / places; i++) this.#write(Math.min(first + i, this.#rows.length - 1));
    }
  }

  #write(row) {
    this.#free.push(...this.#rows[row]);
    const length = this.#random.between(SHORTEST, LONGEST);
    this.#rows[row] = Array.from({ length }, () => this.#take());
    for (const page of [this.#leaves[Math.floor(row / ROWS_A_LEAF)], ...this.#rows[row]]) {
      this.#random.bytes(this.#pageSize).copy(this.#bytes, page * this.#pageSize);
    }
    this.#bytes.writeUInt32BE(this.#bytes.readUInt32BE(COUNTER_AT) + 1, COUNTER_AT);
  }

  #take() {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if ((this.#pages + 1) * this.#pageSize > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], 2 * this.#bytes.length);
    }
    this.#pages += 1;
    return this.#pages - 1;
  }
}
