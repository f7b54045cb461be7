/** The one place that knows where standard input is, apart from the asking for passwords. */
import { addAbortSignal } from 'node:stream';
import type { Bytes } from '../../base/bytes.js';
import { throwIfAborted } from '../../base/errors.js';

/** To its end, or until the signal fires: then 'aborted' is thrown. Whoever reads it a second time finds nothing. */
export async function* standardInput(signal: AbortSignal): AsyncGenerator<Bytes> {
  throwIfAborted(signal);
  try {
    yield* addAbortSignal(signal, process.stdin);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}
