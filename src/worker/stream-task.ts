/** The work on a stream, of which the bytes come once: as on a file, without metadata. */
import type { Bytes } from '../base/bytes.js';
import { SyncError, throwIfAborted } from '../base/errors.js';
import type { ChunkSink, FileTools, ReadInto, StreamResult } from './split.js';
import { saveSplit } from './split.js';

/** Throws what the stream and the sink throw, and 'aborted'. */
export async function saveStream(
  tools: FileTools,
  stream: AsyncIterable<Bytes>,
  sink: ChunkSink,
  signal?: AbortSignal,
): Promise<StreamResult> {
  throwIfAborted(signal);
  const parts = stream[Symbol.asyncIterator]();
  let rest: Bytes = new Uint8Array(0);
  let isDone = false;
  const read: ReadInto = async (buffer) => {
    let length = 0;
    while (length < buffer.length && !isDone) {
      if (rest.length === 0) {
        const next = await orAborted(parts.next(), signal);
        if (next.done === true) isDone = true;
        else rest = next.value;
        continue;
      }
      const part = rest.subarray(0, buffer.length - length);
      buffer.set(part, length);
      rest = rest.subarray(part.length);
      length += part.length;
    }
    return length;
  };
  try {
    return await saveSplit(tools, read, sink, { signal });
  } finally {
    // Not waited for: a stream that hangs would hold up what ends because of that.
    if (!isDone) Promise.resolve(parts.return?.()).catch(() => undefined);
  }
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  throwIfAborted(signal);
  if (signal === undefined) return work;
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(new SyncError('aborted', 'cancelled', { cause: signal.reason }));
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
