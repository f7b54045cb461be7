/**
 * A file in `index/`: which blobs lie where in which packs.
 *     {"packs":[{"id","blobs":[{"id","type":"data"|"tree","offset","length","uncompressed_length"?}]}]} \n
 * Older restics also wrote "supersedes", the index files that this one replaces. rustic's "packs_to_delete" and its
 * other members are passed over: what only they name counts as absent. Holds about 50,000 blobs, so reading is direct.
 */
import type { Bytes } from '../base/bytes.js';
import { utf8 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { AnyId, BlobId, IndexId, PackId } from '../base/ids.js';
import { parseId } from '../base/ids.js';
import type { BlobType, PackedBlob } from '../pack/header.js';
import { JsonReader } from './json-reader.js';

export interface IndexPack {
  readonly id: PackId;
  readonly blobs: PackedBlob[];
}

export interface IndexFile {
  readonly packs: IndexPack[];
  readonly supersedes: IndexId[];
}

const SEAL_OVERHEAD = 32;
/** A pack header holds lengths as u32. */
const MAX_LENGTH = 0xffff_ffff;
const ARRAY = 0x5b;

export function encodeIndexFile(packs: readonly IndexPack[]): Bytes {
  return utf8(`{"packs":[${packs.map(encodePack).join(',')}]}\n`);
}

/** Throws 'damaged'; 'unsupported' for the form that restic dropped in 2022, a bare list. */
export function decodeIndexFile(bytes: Bytes, what: string): IndexFile {
  if (bytes[0] === ARRAY) {
    const message = `${what} has the form of restic 0.1; "restic repair index" of restic 0.17 or older brings it up to date`;
    throw new SyncError('unsupported', message);
  }
  const reader = new JsonReader(bytes, what);
  let packs: IndexPack[] = [];
  let supersedes: IndexId[] = [];
  reader.beginObject();
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    if (key === 'packs') packs = list(reader, readPack);
    else if (key === 'supersedes') supersedes = list(reader, readId<IndexId>);
    else reader.skip();
  }
  reader.end();
  return { packs, supersedes };
}

function encodePack(pack: IndexPack): string {
  return `{"id":"${pack.id}","blobs":[${pack.blobs.map(encodeBlob).join(',')}]}`;
}

function encodeBlob({ id, type, offset, length, uncompressedLength }: PackedBlob): string {
  const plain = uncompressedLength === undefined ? '' : `,"uncompressed_length":${uncompressedLength}`;
  return `{"id":"${id}","type":"${type}","offset":${offset},"length":${length}${plain}}`;
}

function readPack(reader: JsonReader): IndexPack {
  let id: PackId | undefined;
  let blobs: PackedBlob[] = [];
  reader.beginObject();
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    if (key === 'id') id = readId<PackId>(reader);
    else if (key === 'blobs') blobs = list(reader, readBlob);
    else reader.skip();
  }
  if (id === undefined) throw reader.damaged('a pack without id');
  return { id, blobs };
}

function readBlob(reader: JsonReader): PackedBlob {
  let id: BlobId | undefined;
  let type: BlobType | undefined;
  let offset = 0;
  let length = 0;
  let plain = 0;
  reader.beginObject();
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    if (key === 'id') id = readId<BlobId>(reader);
    else if (key === 'type') type = readType(reader);
    else if (key === 'offset') offset = reader.integer();
    else if (key === 'length') length = reader.integer();
    else if (key === 'uncompressed_length') plain = reader.isNull() ? 0 : reader.integer();
    else reader.skip();
  }
  if (id === undefined || type === undefined) throw reader.damaged('a blob without id or type');
  if (length < SEAL_OVERHEAD || length > MAX_LENGTH || plain > MAX_LENGTH || !Number.isSafeInteger(offset + length)) {
    throw reader.damaged(`blob ${id} with offset ${offset}, length ${length}, plain length ${plain}`);
  }
  return plain === 0 ? { id, type, offset, length } : { id, type, offset, length, uncompressedLength: plain };
}

function readType(reader: JsonReader): BlobType {
  const type = reader.string();
  if (type === 'data' || type === 'tree') return type;
  throw reader.damaged(`a blob of type ${JSON.stringify(type.slice(0, 40))}`);
}

function readId<T extends AnyId>(reader: JsonReader): T {
  return parseId<T>(reader.string(), reader.what);
}

/** A list, or null, which Go writes for an empty one. */
function list<T>(reader: JsonReader, read: (reader: JsonReader) => T): T[] {
  const items: T[] = [];
  if (reader.isNull()) return items;
  reader.beginArray();
  while (reader.more()) items.push(read(reader));
  return items;
}
