/**
 * The part of an upload: `{id}.part-{random}` beside the name that it will get. A part that a crash left behind is
 * removed by a listing a day later.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, rm, stat } from 'node:fs/promises';
import { errnoOf } from '../base/errors.js';

const PART = /^(config|[0-9a-f]{64})\.part-[0-9a-f]{16}$/;
/** An upload is cut after some minutes without a byte, so nothing writes to a part this old. */
const ABANDONED_MS = 24 * 3_600_000;

export function partOf(path: string): string {
  return `${path}.part-${randomBytes(8).toString('hex')}`;
}

export function isPart(name: string): boolean {
  return PART.test(name);
}

/**
 * Writes the body and gives its SHA-256 in hex; the bytes are on the disk when this returns. `grow` is told the size
 * before it is reached, and may throw. Closes the handle in any case.
 */
export async function receive(
  handle: FileHandle,
  body: AsyncIterable<Uint8Array>,
  grow: (size: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of body) {
      grow(size + chunk.length);
      hash.update(chunk);
      for (let at = 0; at < chunk.length; ) {
        const { bytesWritten } = await handle.write(chunk, at, chunk.length - at, size + at);
        at += bytesWritten;
      }
      size += chunk.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** Leaves alone what may still be written. */
export async function removeAbandoned(path: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
