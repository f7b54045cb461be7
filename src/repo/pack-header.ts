/**
 * Reads the header of a stored pack: the end of the file in one request, and the rest of the header in a second one if
 * it is longer than that.
 */
import type { Backend } from '../backend/backend.js';
import type { Bytes } from '../base/bytes.js';
import type { PackId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { open } from '../crypto/box.js';
import type { PackedBlob } from '../pack/header.js';
import { decodeHeader, EAGER_TAIL, HEADER_LENGTH_SIZE, headerLengthOf } from '../pack/header.js';
import type { Codec } from './codec.js';

/** `size` is the pack's, as a list tells it. Throws 'damaged', 'not-found'. */
export async function readPackHeader(
  backend: Backend,
  codec: Codec,
  id: PackId,
  size: number,
  signal?: AbortSignal,
): Promise<PackedBlob[]> {
  const what = `pack ${shortId(id)}`;
  const read = (length: number): Promise<Bytes> =>
    backend.read('data', id, { offset: size - length, length }, { signal });
  let tail = await read(Math.min(size, EAGER_TAIL));
  const length = headerLengthOf(tail, size, what);
  if (length + HEADER_LENGTH_SIZE > tail.length) tail = await read(length + HEADER_LENGTH_SIZE);
  return decodeSealedHeader(codec, tail, length, what);
}

/** The blobs of a pack that is held in memory whole. Throws 'damaged'. */
export function headerOfPack(codec: Codec, pack: Bytes, what: string): PackedBlob[] {
  return decodeSealedHeader(codec, pack, headerLengthOf(pack, pack.length, what), what);
}

function decodeSealedHeader(codec: Codec, tail: Bytes, length: number, what: string): PackedBlob[] {
  const end = tail.length - HEADER_LENGTH_SIZE;
  const sealed = tail.subarray(end - length, end);
  return decodeHeader(open(codec.crypto, codec.key, sealed, `header of ${what}`), what);
}
