/**
 * What a world's level.dat says about it: its name in the game, the version that played it last, and when. It is NBT
 * (minecraft.wiki, "NBT format"), mostly inside gzip. The name can be replaced; no other byte of the NBT changes.
 * Files are hostile: whatever cannot be read to its end gives undefined, in bounded time and memory.
 */
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import type { Bytes } from '../../base/bytes.js';
import { concatBytes } from '../../base/bytes.js';
import { decodeModifiedUtf8, encodeModifiedUtf8, type FoundTag, findTags, TAG } from './nbt.js';

/** Bytes. A large modpack's level.dat has some megabytes. */
const LARGEST = 64 * 1024 * 1024;
const LONGEST_STRING = 0xffff;

export interface LevelInfo {
  /** As the game shows it in its list. */
  readonly name?: string;
  /** As the game calls its version: "1.21.1", "24w14a". Worlds older than 1.9 have none. */
  readonly version?: string;
  /** Milliseconds since 1970 by the clock of the PC that played it. */
  readonly lastPlayedMs?: number;
}

type Container = 'gzip' | 'zlib' | 'plain';

const NAME = 'Data/LevelName';
const VERSION = 'Data/Version/Name';
const LAST_PLAYED = 'Data/LastPlayed';

/** Undefined if this is no level.dat, or a damaged one. */
export function readLevel(levelDat: Bytes): LevelInfo | undefined {
  const { nbt } = unpack(levelDat) ?? {};
  const tags = nbt && findTags(nbt, [NAME, VERSION, LAST_PLAYED]);
  if (nbt === undefined || tags === undefined) return undefined;
  const name = textOf(nbt, tags.get(NAME));
  const version = textOf(nbt, tags.get(VERSION));
  const lastPlayedMs = timeOf(nbt, tags.get(LAST_PLAYED));
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(lastPlayedMs === undefined ? {} : { lastPlayedMs }),
  };
}

export function readLevelName(levelDat: Bytes): string | undefined {
  return readLevel(levelDat)?.name;
}

/**
 * The file with another name in it, in the same container. Undefined if there is no name in it, it is damaged, or the
 * new name is longer than 65,535 bytes. What `rename` throws is thrown.
 */
export function renameLevel(levelDat: Bytes, rename: (old: string) => string): Bytes | undefined {
  const { nbt, container } = unpack(levelDat) ?? {};
  const tag = nbt && findTags(nbt, [NAME])?.get(NAME);
  const old = nbt && textOf(nbt, tag);
  if (nbt === undefined || container === undefined || tag === undefined || old === undefined) return undefined;
  const name = encodeModifiedUtf8(rename(old));
  if (name.length > LONGEST_STRING) return undefined;
  const length = Uint8Array.of(name.length >> 8, name.length & 0xff);
  return pack(concatBytes([nbt.subarray(0, tag.start), length, name, nbt.subarray(tag.end)]), container);
}

function textOf(nbt: Bytes, tag: FoundTag | undefined): string | undefined {
  return tag?.type === TAG.string ? decodeModifiedUtf8(nbt.subarray(tag.start + 2, tag.end)) : undefined;
}

function timeOf(nbt: Bytes, tag: FoundTag | undefined): number | undefined {
  if (tag?.type !== TAG.long) return undefined;
  const ms = Number(new DataView(nbt.buffer, nbt.byteOffset, nbt.byteLength).getBigInt64(tag.start));
  return Number.isSafeInteger(ms) && ms > 0 ? ms : undefined;
}

function unpack(file: Bytes): { readonly nbt: Bytes; readonly container: Container } | undefined {
  if (file.length > LARGEST) return undefined;
  const container = containerOf(file);
  const limit = { maxOutputLength: LARGEST };
  try {
    if (container === 'gzip') return { nbt: gunzipSync(file, limit), container };
    if (container === 'zlib') return { nbt: inflateSync(file, limit), container };
    return { nbt: file, container };
  } catch {
    // Damaged, or it would become larger than any such file is.
    return undefined;
  }
}

function pack(nbt: Bytes, container: Container): Bytes {
  if (container === 'plain') return nbt;
  if (container === 'zlib') return deflateSync(nbt);
  const file = gzipSync(nbt);
  // The byte that names the operating system: 255 is "unknown", the same on every PC.
  file[9] = 0xff;
  return file;
}

/** A compound, with which every NBT file starts, has neither of the two beginnings. */
function containerOf(file: Bytes): Container {
  const [first = 0, second = 0] = file;
  if (first === 0x1f && second === 0x8b) return 'gzip';
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0 ? 'zlib' : 'plain';
}
