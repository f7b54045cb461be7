/**
 * The outside of a zstd frame (RFC 8878, section 3.1.1), read before anything is unpacked:
 *
 *     magic (4) | descriptor (1) | window (0-1) | dictionary (0-4) | content size (0-8) | blocks … | checksum (0, 4)
 *
 * One whole frame and nothing else is what the format stores. What the headers cannot rule out is left to the codec.
 */
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';

const MAGIC = 0xfd2fb528;
const MAX_BLOCK = 128 * 1024;
const RAW = 0;
const RLE = 1;
const RESERVED = 3;

export interface Frame {
  /** Size of the unpacked content, if the header says it. Not to be believed before it has been unpacked. */
  readonly contentSize: number | undefined;
  /** Bytes of history that a streaming decoder must hold. */
  readonly windowSize: number;
}

interface FrameHeader extends Frame {
  readonly hasChecksum: boolean;
  readonly length: number;
}

/**
 * Walks over the headers of frame and blocks. Throws 'damaged', with `what` in the message, if `data` is not exactly
 * one frame, if it needs a dictionary, or if its content is certain to be longer than `maxSize`.
 */
export function inspectFrame(data: Bytes, maxSize: number, what: string): Frame {
  const header = readHeader(data, what);
  if (header.contentSize !== undefined && header.contentSize > maxSize)
    throw tooLong(what, header.contentSize, maxSize);
  let at = header.length;
  let certain = 0;
  for (let last = false; !last; ) {
    if (at + 3 > data.length) throw broken(what, 'the compressed data ends early');
    const block = byte(data, at) | (byte(data, at + 1) << 8) | (byte(data, at + 2) << 16);
    last = (block & 1) === 1;
    const type = (block >> 1) & 3;
    const size = block >> 3;
    if (type === RESERVED || size > MAX_BLOCK)
      throw broken(what, 'the compressed data has a block that zstd does not know');
    if (type === RAW || type === RLE) certain += size;
    if (certain > maxSize) throw tooLong(what, certain, maxSize);
    at += 3 + (type === RLE ? 1 : size);
  }
  if (header.hasChecksum) at += 4;
  if (at > data.length) throw broken(what, 'the compressed data ends early');
  if (at < data.length) throw broken(what, `${data.length - at} bytes follow the compressed data`);
  return { contentSize: header.contentSize, windowSize: header.windowSize };
}

function readHeader(data: Bytes, what: string): FrameHeader {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 6 || view.getUint32(0, true) !== MAGIC) throw broken(what, 'not a zstd frame');
  const descriptor = byte(data, 4);
  const single = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw broken(what, 'a zstd frame with a reserved bit set');
  if ((descriptor & 0x03) !== 0) throw broken(what, 'a zstd frame that needs a dictionary');
  const start = single ? 5 : 6;
  const sizeLength = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const length = start + sizeLength;
  if (data.length < length) throw broken(what, 'the compressed data ends early');
  const contentSize = readSize(view, start, sizeLength);
  const window = byte(data, 5);
  const base = 2 ** (10 + (window >> 3));
  const windowSize = single ? (contentSize ?? 0) : base + (base / 8) * (window & 7);
  return { contentSize, windowSize, hasChecksum: (descriptor & 0x04) !== 0, length };
}

function readSize(view: DataView, at: number, length: number): number | undefined {
  if (length === 1) return view.getUint8(at);
  if (length === 2) return view.getUint16(at, true) + 256;
  if (length === 4) return view.getUint32(at, true);
  if (length === 8) return Number(view.getBigUint64(at, true));
  return undefined;
}

/** Writes the size into the header of a frame that was compressed as a stream and does not say it. New bytes. */
export function withContentSize(frame: Bytes, size: number): Bytes {
  const head = 6;
  if ((byte(frame, 4) & 0xe3) !== 0) throw new SyncError('internal', 'zstd: the frame header has no room for a size');
  const out = new Uint8Array(frame.length + 4);
  out.set(frame.subarray(0, head));
  out[4] = byte(frame, 4) | 0x80;
  new DataView(out.buffer).setUint32(head, size, true);
  out.set(frame.subarray(head), head + 4);
  return out;
}

export function broken(what: string, reason: string, cause?: unknown): SyncError {
  return new SyncError('damaged', `${what}: ${reason}`, { cause });
}

export function tooLong(what: string, found: number | undefined, maxSize: number): SyncError {
  const size = found === undefined ? 'more' : `${found} bytes, more`;
  return broken(what, `the compressed data unpacks to ${size} than the ${maxSize} bytes it may have`);
}

export function tooShort(what: string, found: number, wanted: number): SyncError {
  return broken(what, `the compressed data unpacks to ${found} bytes instead of ${wanted}`);
}

function byte(data: Bytes, at: number): number {
  return data[at] ?? 0;
}
