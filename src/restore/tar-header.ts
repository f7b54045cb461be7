/**
 * Headers of a tar archive, the bytes that restic writes (Go's archive/tar): plain ustar where everything fits, names
 * of up to 255 bytes split at a slash, and a PAX header before it where something does not: names that are long or not
 * ASCII, large sizes and ids, times before 1970, extended attributes. Names are bytes.
 */
import type { Bytes } from '../base/bytes.js';
import { concatBytes, utf8 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import { rawToBytes } from '../base/raw-string.js';

export interface TarEntry {
  /** In the form of base/raw-string.ts; a folder's ends with a slash. */
  readonly name: string;
  readonly type: 'file' | 'dir' | 'symlink';
  /** The 12 bits of chmod. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly group: string;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** As `name`; '' where there is none. */
  readonly linkname: string;
  /** More PAX records: keyword → value. */
  readonly records: ReadonlyMap<string, Bytes>;
}

export const BLOCK = 512;
const NAME_SIZE = 100;
const PREFIX_SIZE = 155;
const OWNER_SIZE = 32;
const MAX_RECORDS = 1024 * 1024;
const TYPE_FLAGS = { file: '0', dir: '5', symlink: '2' } as const;
const PAX_FLAG = 'x';

/** One header, or two. Throws 'unsupported' for attributes that PAX cannot hold. */
export function tarHeader(entry: TarEntry): Bytes {
  const name = rawToBytes(entry.name);
  const link = rawToBytes(entry.linkname);
  const user = utf8(entry.user);
  const group = utf8(entry.group);
  const split = splitName(name);
  const records = new Map(entry.records);
  const keep = (key: string, value: Bytes, fits: boolean): void => {
    if (!fits) records.set(key, value);
  };
  keep('path', name, fitsField(name, NAME_SIZE));
  keep('linkpath', link, fitsField(link, NAME_SIZE));
  keep('uname', user, fitsField(user, OWNER_SIZE));
  keep('gname', group, fitsField(group, OWNER_SIZE));
  for (const [key, value, width] of [
    ['uid', entry.uid, 8],
    ['gid', entry.gid, 8],
    ['size', entry.size, 12],
    ['mtime', entry.mtime, 12],
  ] as const) {
    keep(key, utf8(String(value)), fitsOctal(value, width));
  }
  // A name that is only too long for its field, and can be split, needs no PAX header by itself.
  const plain = records.size === 0 || (records.size === 1 && records.has('path') && split !== undefined);
  const [prefix, rest] = plain && split !== undefined ? split : [new Uint8Array(), plain ? name : ascii(name)];
  const block = newBlock(TYPE_FLAGS[entry.type], rest, entry.mode, entry.uid, entry.gid, entry.size, entry.mtime);
  putString(block, 157, NAME_SIZE, plain ? link : ascii(link));
  putString(block, 265, OWNER_SIZE, plain ? user : ascii(user));
  putString(block, 297, OWNER_SIZE, plain ? group : ascii(group));
  putOctal(block, 329, 8, 0);
  putOctal(block, 337, 8, 0);
  putString(block, 345, PREFIX_SIZE, prefix);
  seal(block);
  return plain ? block : concatBytes([paxHeader(name, records, entry.name), block]);
}

/** How many zero bytes follow `size` bytes of content. */
export function tarPadding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function paxHeader(name: Bytes, records: ReadonlyMap<string, Bytes>, shown: string): Bytes {
  const content = concatBytes([...records.keys()].sort().map((key) => paxRecord(key, records.get(key), shown)));
  if (content.length > MAX_RECORDS) {
    throw new SyncError(
      'unsupported',
      `${JSON.stringify(shown)}: more extended attributes than a tar archive can hold`,
    );
  }
  const block = newBlock(PAX_FLAG, paxName(name), 0, 0, 0, content.length, 0);
  seal(block);
  return concatBytes([block, content, new Uint8Array(tarPadding(content.length))]);
}

/** `<length of all this> <key>=<value>\n` */
function paxRecord(key: string, value: Bytes | undefined, shown: string): Bytes {
  if (value === undefined || /[=\0]/.test(key)) {
    throw new SyncError('unsupported', `${JSON.stringify(shown)}: a tar archive cannot hold ${JSON.stringify(key)}`);
  }
  const body = concatBytes([utf8(` ${key}=`), value, utf8('\n')]);
  let length = body.length;
  while (length !== body.length + String(length).length) length = body.length + String(length).length;
  return concatBytes([utf8(String(length)), body]);
}

/** `dir/PaxHeaders.0/file`, as far as it is ASCII and fits. */
function paxName(name: Bytes): Bytes {
  const slash = name.lastIndexOf(0x2f);
  const folder = name.subarray(0, slash + 1);
  const file = name.subarray(slash + 1);
  const whole = ascii(concatBytes([folder, utf8('PaxHeaders.0'), utf8(file.length > 0 ? '/' : ''), file]));
  let end = Math.min(whole.length, NAME_SIZE);
  while (end > 0 && whole[end - 1] === 0x2f) end -= 1;
  return whole.subarray(0, end);
}

/** Into what stands before and after a slash, where a name of ASCII is too long for one field and fits two. */
function splitName(name: Bytes): readonly [Bytes, Bytes] | undefined {
  if (name.length <= NAME_SIZE || !isAscii(name)) return undefined;
  let length = name.length;
  if (length > PREFIX_SIZE + 1) length = PREFIX_SIZE + 1;
  else if (name[length - 1] === 0x2f) length -= 1;
  const slash = name.subarray(0, length).lastIndexOf(0x2f);
  const rest = name.length - slash - 1;
  if (slash <= 0 || rest > NAME_SIZE || rest === 0) return undefined;
  return [name.subarray(0, slash), name.subarray(slash + 1)];
}

function newBlock(
  flag: string,
  name: Bytes,
  mode: number,
  uid: number,
  gid: number,
  size: number,
  mtime: number,
): Bytes {
  const block = new Uint8Array(BLOCK);
  putString(block, 0, NAME_SIZE, name);
  putOctal(block, 100, 8, mode);
  putOctal(block, 108, 8, uid);
  putOctal(block, 116, 8, gid);
  putOctal(block, 124, 12, size);
  putOctal(block, 136, 12, mtime);
  block.set(utf8(flag), 156);
  block.set(utf8('ustar\u000000'), 257);
  return block;
}

/** The checksum: the sum of all bytes, its own field counted as blanks. */
function seal(block: Bytes): void {
  let sum = 8 * 0x20;
  for (const byte of block) sum += byte;
  putOctal(block, 148, 7, sum);
  block[155] = 0x20;
}

function putString(block: Bytes, at: number, size: number, text: Bytes): void {
  block.set(text.subarray(0, size), at);
  // Readers take a name with a slash at its end for a folder's, also where it was only cut off there.
  let end = at + Math.min(text.length, size);
  if (text.length > size) while (end > at && block[end - 1] === 0x2f) block[--end] = 0;
}

/** Digits with zeros before them and a NUL behind; 0 where they do not fit. */
function putOctal(block: Bytes, at: number, size: number, value: number): void {
  const digits = fitsOctal(value, size) ? value.toString(8) : '0';
  block.set(utf8(digits.padStart(size - 1, '0')), at);
}

function fitsOctal(value: number, size: number): boolean {
  return value >= 0 && value < 8 ** (size - 1);
}

function fitsField(text: Bytes, size: number): boolean {
  return text.length <= size && isAscii(text);
}

function isAscii(text: Bytes): boolean {
  return text.every((byte) => byte !== 0 && byte < 0x80);
}

function ascii(text: Bytes): Bytes {
  return text.filter((byte) => byte !== 0 && byte < 0x80);
}
