/**
 * Records of a zip archive (PKWARE's APPNOTE 6.3) that is written from front to end: sizes follow a file's content, and
 * 64-bit forms are used where 32 bits do not do. Names are bytes; the UTF-8 mark is set where it means something.
 */
import type { Bytes } from '../base/bytes.js';
import { concatBytes } from '../base/bytes.js';

export interface ZipEntry {
  /** A folder's ends with a slash. */
  readonly name: Bytes;
  readonly isUtf8: boolean;
  readonly isFolder: boolean;
  /** st_mode. */
  readonly mode: number;
  readonly deflated: boolean;
  /** The wall clock of the writer. */
  readonly clock: ZipClock;
  /** Seconds since 1970; undefined where they do not fit 32 bits. */
  readonly seconds: number | undefined;
}

export interface ZipClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** What is known when an entry has been written. */
export interface ZipContent {
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  /** Of its local header. */
  readonly offset: number;
}

const MAX_16 = 0xffff;
const MAX_32 = 0xffff_ffff;
const VERSION = 20;
const VERSION_64 = 45;
const UNIX = 3;
const FLAG_DESCRIPTOR = 0x0008;
const FLAG_UTF8 = 0x0800;
const DOS_FOLDER = 0x10;

export function zipLocalHeader(entry: ZipEntry): Bytes {
  const extra = timeExtra(entry.seconds);
  const head = numbers(
    [4, 0x04034b50],
    [2, VERSION],
    ...commonFields(entry),
    [4, 0],
    [4, 0],
    [4, 0],
    [2, entry.name.length],
    [2, extra.length],
  );
  return concatBytes([head, entry.name, extra]);
}

/** Follows the content of all but folders. */
export function zipDescriptor({ crc, compressed, size }: ZipContent): Bytes {
  const width = compressed >= MAX_32 || size >= MAX_32 ? 8 : 4;
  return numbers([4, 0x08074b50], [4, crc], [width, compressed], [width, size]);
}

export function zipCentralRecord(entry: ZipEntry, content: ZipContent): Bytes {
  const { crc, compressed, size, offset } = content;
  const large = compressed >= MAX_32 || size >= MAX_32 || offset >= MAX_32;
  const extra = concatBytes([
    timeExtra(entry.seconds),
    large ? numbers([2, 1], [2, 24], [8, size], [8, compressed], [8, offset]) : new Uint8Array(),
  ]);
  const dos = entry.isFolder ? DOS_FOLDER : 0;
  const head = numbers(
    [4, 0x02014b50],
    [1, VERSION],
    [1, UNIX],
    [2, large ? VERSION_64 : VERSION],
    ...commonFields(entry),
    [4, crc],
    [4, large ? MAX_32 : compressed],
    [4, large ? MAX_32 : size],
    [2, entry.name.length],
    [2, extra.length],
    [2, 0],
    [2, 0],
    [2, 0],
    [2, dos],
    [2, entry.mode],
    [4, large ? MAX_32 : offset],
  );
  return concatBytes([head, entry.name, extra]);
}

/** What ends the archive: how many central records there are, how many bytes they take, and where they begin. */
export function zipEnd(count: number, size: number, offset: number): Bytes {
  const large = count >= MAX_16 || size >= MAX_32 || offset >= MAX_32;
  const end = numbers(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, large ? MAX_16 : count],
    [2, large ? MAX_16 : count],
    [4, large ? MAX_32 : size],
    [4, large ? MAX_32 : offset],
    [2, 0],
  );
  if (!large) return end;
  const end64 = numbers(
    [4, 0x06064b50],
    [8, 44],
    [2, VERSION_64],
    [2, VERSION_64],
    [4, 0],
    [4, 0],
    [8, count],
    [8, count],
    [8, size],
    [8, offset],
  );
  const locator = numbers([4, 0x07064b50], [4, 0], [8, offset + size], [4, 1]);
  return concatBytes([end64, locator, end]);
}

type Field = readonly [width: 1 | 2 | 4 | 8, value: number];

function commonFields(entry: ZipEntry): Field[] {
  const flags = (entry.isFolder ? 0 : FLAG_DESCRIPTOR) | (entry.isUtf8 ? FLAG_UTF8 : 0);
  const { year, month, day, hour, minute, second } = dosRange(entry.clock);
  return [
    [2, flags],
    [2, entry.deflated ? 8 : 0],
    [2, (hour << 11) | (minute << 5) | (second >> 1)],
    [2, ((year - 1980) << 9) | (month << 5) | day],
  ];
}

/** The nearest time that the two numbers of MS-DOS can tell. */
function dosRange(clock: ZipClock): ZipClock {
  if (clock.year < 1980) return { year: 1980, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  if (clock.year > 2107) return { year: 2107, month: 12, day: 31, hour: 23, minute: 59, second: 58 };
  return clock;
}

/** Info-ZIP's "UT" field with the time of the last change. */
function timeExtra(seconds: number | undefined): Bytes {
  return seconds === undefined ? new Uint8Array() : numbers([2, 0x5455], [2, 5], [1, 1], [4, seconds]);
}

/** Numbers one behind the other, little endian; negative ones as two's complement. */
function numbers(...fields: readonly Field[]): Bytes {
  const out = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 1) view.setUint8(at, value);
    else if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return out;
}
