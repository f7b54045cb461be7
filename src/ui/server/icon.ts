/** Pictures of worlds. They come from other PCs, so they are only passed on if they are small pictures indeed. */
import { type Reply, refusal, replyToError } from './reply.js';
import type { WindowOptions } from './window-types.js';

const MAX_ID = 300;
const MAX_BYTES = 1024 * 1024;
/** The game's own are 64 × 64; a picture of a few bytes can fill a browser's memory. */
const MAX_SIDE = 1024;
const SIGNATURE = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const HEADER_BYTES = 24;

export async function pictureReply(
  icon: WindowOptions['icon'],
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<Reply> {
  const ids = query.getAll('id');
  const [id = ''] = ids;
  if (ids.length !== 1 || id.length > MAX_ID) return refusal(400, 'usage', 'which picture?');
  try {
    const bytes = await icon?.(id, signal);
    if (bytes !== undefined && isSmallPng(bytes)) return { status: 200, type: 'image/png', body: bytes };
    return refusal(404, 'not-found', 'there is no such picture');
  } catch (error) {
    return replyToError(error);
  }
}

/** By its first 24 bytes: signature, then the head of the first part with width and height. */
export function isSmallPng(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_BYTES) return false;
  if (!SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length))) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  return view.getUint32(16) <= MAX_SIDE && view.getUint32(20) <= MAX_SIDE;
}
