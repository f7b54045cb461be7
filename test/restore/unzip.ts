/** Takes a zip archive apart, for tests: every entry is held against its local header, its length and its checksum. */
import { crc32, inflateRawSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import { rawFromBytes } from '../../src/base/raw-string.js';

export interface Unzipped {
  readonly name: string;
  readonly mode: number;
  readonly flags: number;
  /** Seconds since 1970, of the "UT" field. */
  readonly mtime: number;
  readonly content: Bytes;
}

/** Reads an archive by its central directory, and holds each entry against its local header. */
export function unzip(zip: Bytes): Unzipped[] {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const end = zip.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const found: Unzipped[] = [];
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < view.getUint16(end + 10, true); i++) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const method = view.getUint16(at + 10, true);
    const [crc, compressed, size] = [16, 20, 24].map((field) => view.getUint32(at + field, true));
    const [nameLength = 0, extra = 0] = [28, 30].map((field) => view.getUint16(at + field, true));
    const local = view.getUint32(at + 42, true);
    expect(view.getUint32(local, true)).toBe(0x04034b50);
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const packed = zip.subarray(begin, begin + (compressed ?? 0));
    const content = method === 8 ? new Uint8Array(inflateRawSync(packed)) : packed;
    expect([content.length, crc32(content)]).toEqual([size, crc]);
    const name = rawFromBytes(zip.subarray(at + 46, at + 46 + nameLength));
    expect(view.getUint16(at + 46 + nameLength, true)).toBe(0x5455);
    const mtime = view.getInt32(at + 46 + nameLength + 5, true);
    found.push({ name, mode: view.getUint16(at + 40, true), flags: view.getUint16(at + 8, true), mtime, content });
    at += 46 + nameLength + extra;
  }
  expect(at).toBe(end);
  return found;
}
