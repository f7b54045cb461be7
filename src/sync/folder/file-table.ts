/**
 * The table of files as last seen, in columns, because it is read before each launch and may have 50,000 rows
 * (little-endian, 8-byte aligned):
 *   "ISFILES1" | rows u32 | ids u32 | bytes of paths u32 | bytes of link targets u32
 *   | per row: size f64, mtime shown (ms) f64, mtime and ctime (ns) i64, inode u64, ids u32, flags u8; column by column
 *   | ids 32 bytes each | paths, separated by 0 | link targets, separated by 0
 * Flags: bits 0-1 the type, bit 2 executable, bit 3 has a link target, bit 4 held. The file is trusted only when its
 * SHA-256 is the one in state.json.
 */
import type { ManifestEntry } from '../../archive/manifest.js';
import type { FileStamp } from '../../archive/scan.js';
import { type Bytes, concatBytes, fromUtf8, utf8 } from '../../base/bytes.js';
import type { BlobId } from '../../base/ids.js';
import { isRaw, rawFromBytes, rawToBytes } from '../../base/raw-string.js';

/** What a file is (as in a manifest), and how this PC's file system shows it (its stamp). */
export interface FileRecord extends ManifestEntry, FileStamp {
  /** In the cloud, but not on this PC, which cannot have it (a name that Windows forbids, a link): not deleted. */
  readonly held?: boolean;
}

/** By path relative to the game folder. */
export type FileTable = ReadonlyMap<string, FileRecord>;

const MAGIC = 'ISFILES1';
const HEADER = 24;
const TYPES: readonly FileRecord['type'][] = ['file', 'symlink', 'dir'];
const EXECUTABLE = 4;
const HAS_TARGET = 8;
const HELD = 16;
const ID_BYTES = 32;
const NUMBER_BYTES = 8 * 5 + 4 + 1;

export function encodeFileTable(table: ReadonlyMap<string, FileRecord>): Bytes {
  const rows = table.size;
  const numbers = new ArrayBuffer(rows * NUMBER_BYTES);
  const columns = columnsOf(numbers, 0, rows);
  const targets: string[] = [];
  const ids: string[] = [];
  let row = 0;
  for (const record of table.values()) {
    columns.sizes[row] = record.size;
    columns.shown[row] = record.mtimeMs;
    columns.mtimes[row] = record.mtimeNs;
    columns.ctimes[row] = record.ctimeNs;
    columns.inodes[row] = record.inode;
    columns.counts[row] = record.content.length;
    columns.flags[row] = flagsOf(record);
    for (const id of record.content) ids.push(id);
    if (record.linktarget !== undefined) targets.push(record.linktarget);
    row++;
  }
  const paths = encodeNames([...table.keys()]);
  const links = encodeNames(targets);
  const header = new Uint8Array(HEADER);
  header.set(utf8(MAGIC));
  header.set(new Uint8Array(Uint32Array.of(rows, ids.length, paths.length, links.length).buffer), MAGIC.length);
  return concatBytes([header, new Uint8Array(numbers), Buffer.from(ids.join(''), 'hex'), paths, links]);
}

/** Undefined if the bytes are no table, or their lengths do not fit together. */
export function decodeFileTable(bytes: Bytes): FileTable | undefined {
  if (bytes.length < HEADER || fromUtf8(bytes.subarray(0, MAGIC.length)) !== MAGIC) return undefined;
  // A copy, so that the columns are aligned wherever the bytes came from.
  const buffer = new Uint8Array(bytes).buffer;
  const [rows = 0, idCount = 0, pathBytes = 0, targetBytes = 0] = new Uint32Array(buffer, MAGIC.length, 4);
  const idsAt = HEADER + rows * NUMBER_BYTES;
  const pathsAt = idsAt + idCount * ID_BYTES;
  if (pathsAt + pathBytes + targetBytes !== bytes.length) return undefined;
  const columns = columnsOf(buffer, HEADER, rows);
  const paths = decodeNames(new Uint8Array(buffer, pathsAt, pathBytes));
  const targets = decodeNames(new Uint8Array(buffer, pathsAt + pathBytes, targetBytes));
  if (paths.length !== rows) return undefined;
  return StoredTable.of({ columns, paths, targets, ids: Buffer.from(buffer, idsAt, idCount * ID_BYTES) });
}

interface Columns {
  readonly sizes: Float64Array;
  readonly shown: Float64Array;
  readonly mtimes: BigInt64Array;
  readonly ctimes: BigInt64Array;
  readonly inodes: BigUint64Array;
  readonly counts: Uint32Array;
  readonly flags: Uint8Array;
}

/** Every computer that runs Node is little-endian but IBM's; a table is never carried to another machine. */
function columnsOf(buffer: ArrayBuffer, at: number, rows: number): Columns {
  return {
    sizes: new Float64Array(buffer, at, rows),
    shown: new Float64Array(buffer, at + rows * 8, rows),
    mtimes: new BigInt64Array(buffer, at + rows * 16, rows),
    ctimes: new BigInt64Array(buffer, at + rows * 24, rows),
    inodes: new BigUint64Array(buffer, at + rows * 32, rows),
    counts: new Uint32Array(buffer, at + rows * 40, rows),
    flags: new Uint8Array(buffer, at + rows * 44, rows),
  };
}

interface Stored {
  readonly columns: Columns;
  readonly paths: readonly string[];
  readonly targets: readonly string[];
  readonly ids: Buffer;
}

/** A record is made when it is asked for: with nothing to do, most of what it holds is never looked at. */
class StoredTable implements ReadonlyMap<string, FileRecord> {
  readonly #stored: Stored;
  readonly #rows = new Map<string, number>();
  /** Of each row: where its ids and its link target are. */
  readonly #idAt: Uint32Array;
  readonly #targetAt: Uint32Array;

  private constructor(stored: Stored) {
    this.#stored = stored;
    const { paths, columns } = stored;
    this.#idAt = new Uint32Array(paths.length + 1);
    this.#targetAt = new Uint32Array(paths.length + 1);
    for (let row = 0; row < paths.length; row++) {
      this.#rows.set(paths[row] ?? '', row);
      this.#idAt[row + 1] = (this.#idAt[row] ?? 0) + (columns.counts[row] ?? 0);
      this.#targetAt[row + 1] = (this.#targetAt[row] ?? 0) + (((columns.flags[row] ?? 0) & HAS_TARGET) === 0 ? 0 : 1);
    }
  }

  /** Undefined if the columns contradict each other. */
  static of(stored: Stored): StoredTable | undefined {
    const { columns, ids } = stored;
    if (columns.flags.some((flags) => TYPES[flags & 3] === undefined)) return undefined;
    if (columns.counts.reduce((sum, count) => sum + count, 0) * ID_BYTES > ids.length) return undefined;
    return new StoredTable(stored);
  }

  get size(): number {
    return this.#rows.size;
  }

  has(path: string): boolean {
    return this.#rows.has(path);
  }

  get(path: string): FileRecord | undefined {
    const row = this.#rows.get(path);
    return row === undefined ? undefined : this.#record(row);
  }

  keys(): MapIterator<string> {
    return this.#rows.keys();
  }

  *values(): MapIterator<FileRecord> {
    for (const row of this.#rows.values()) yield this.#record(row);
  }

  *entries(): MapIterator<[string, FileRecord]> {
    for (const [path, row] of this.#rows) yield [path, this.#record(row)];
  }

  [Symbol.iterator](): MapIterator<[string, FileRecord]> {
    return this.entries();
  }

  forEach(call: (record: FileRecord, path: string, table: ReadonlyMap<string, FileRecord>) => void): void {
    for (const [path, record] of this) call(record, path, this);
  }

  #record(row: number): FileRecord {
    const { columns, targets } = this.#stored;
    const flags = columns.flags[row] ?? 0;
    const record = {
      type: TYPES[flags & 3] ?? 'file',
      executable: (flags & EXECUTABLE) !== 0,
      size: columns.sizes[row] ?? 0,
      mtimeMs: columns.shown[row] ?? 0,
      mtimeNs: columns.mtimes[row] ?? 0n,
      ctimeNs: columns.ctimes[row] ?? 0n,
      inode: columns.inodes[row] ?? 0n,
      content: this.#content(row),
    };
    const linktarget = (flags & HAS_TARGET) === 0 ? undefined : targets[this.#targetAt[row] ?? 0];
    const named = linktarget === undefined ? record : { ...record, linktarget };
    return (flags & HELD) === 0 ? named : { ...named, held: true };
  }

  #content(row: number): BlobId[] {
    const content: BlobId[] = [];
    for (let id = this.#idAt[row] ?? 0; id < (this.#idAt[row + 1] ?? 0); id++) {
      content.push(this.#stored.ids.toString('hex', id * ID_BYTES, (id + 1) * ID_BYTES) as BlobId);
    }
    return content;
  }
}

function flagsOf(record: FileRecord): number {
  return (
    TYPES.indexOf(record.type) |
    (record.executable ? EXECUTABLE : 0) |
    (record.linktarget === undefined ? 0 : HAS_TARGET) |
    (record.held === true ? HELD : 0)
  );
}

/** Names never hold a zero byte. Each ends with one, so that no name and one empty name differ. */
function encodeNames(names: readonly string[]): Bytes {
  const joined = names.map((name) => `${name}\0`).join('');
  return isRaw(joined) ? concatBytes(names.map((name) => rawToBytes(`${name}\0`))) : utf8(joined);
}

function decodeNames(bytes: Bytes): string[] {
  if (bytes.length === 0) return [];
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Some name is not UTF-8: one by one below.
    return splitAtZero(bytes).map(rawFromBytes);
  }
  const names = text.split('\0');
  names.pop();
  return names;
}

function splitAtZero(bytes: Bytes): Bytes[] {
  const parts: Bytes[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at);
    parts.push(bytes.subarray(at, end < 0 ? bytes.length : end));
    at = (end < 0 ? bytes.length : end) + 1;
  }
  return parts;
}
