/**
 * What lies inside the sealed box of an index, snapshot or lock file ("unpacked": not part of a pack):
 *     version 1: JSON          version 2: 0x02 | one zstd frame of the JSON
 * Readers take either form by its first byte, as migrated repositories hold both.
 */
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { Zstd } from '../compress/zstd.js';

const ZSTD = 0x02;
const ARRAY = 0x5b;
const OBJECT = 0x7b;

export function encodeUnpacked(version: 1 | 2, plain: Bytes, zstd: Zstd): Bytes {
  if (version === 1) return plain;
  const packed = zstd.compress(plain);
  const out = new Uint8Array(packed.length + 1);
  out[0] = ZSTD;
  out.set(packed, 1);
  return out;
}

/** Of at most `maxSize` bytes. Throws 'unsupported' for an unknown first byte, 'damaged' for a broken or larger frame. */
export function decodeUnpacked(plain: Bytes, zstd: Zstd, maxSize: number, what: string): Bytes {
  const first = plain[0];
  if (first === ZSTD) return zstd.decompress(plain.subarray(1), maxSize, what);
  if (first !== undefined && first !== ARRAY && first !== OBJECT) {
    throw new SyncError('unsupported', `${what} is stored in a form (${first}) that this version does not know`);
  }
  if (plain.length > maxSize) throw new SyncError('damaged', `${what} is damaged: ${plain.length} bytes are too many`);
  return plain;
}
