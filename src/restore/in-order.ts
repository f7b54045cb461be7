/**
 * Reads blobs in a given order with few requests: the steps are taken in windows of some MiB, the blobs of a window are
 * fetched together, and while one window is handed out the next is on its way.
 */
import type { Bytes } from '../base/bytes.js';
import { throwIfAborted } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import { plainLength } from '../repo/codec.js';
import type { Repository } from '../repo/repository.js';

/** Plain bytes of a window: enough for requests of 4 MiB side by side, and twice that is all that lies in memory. */
const WINDOW_BYTES = 16 * 1024 * 1024;
const WINDOW_STEPS = 4096;

/** Something that is wanted in its turn: a blob, or nothing but the turn. */
export interface Step {
  readonly blob?: BlobId | undefined;
}

interface Window<T> {
  readonly steps: readonly T[];
  readonly blobs: ReadonlyMap<BlobId, Bytes>;
  readonly loaded: Promise<void>;
}

/**
 * Each step with the bytes of its blob, undefined where it has none; the same blob may come again as the same bytes.
 * The index must be loaded. Throws 'damaged' for a blob that cannot be read.
 */
export async function* fetchInOrder<T extends Step>(
  repo: Repository,
  steps: AsyncIterable<T> | Iterable<T>,
  signal?: AbortSignal,
): AsyncGenerator<readonly [T, Bytes | undefined]> {
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const source = windowsOf(repo, steps);
  let ahead: Window<T> | undefined;
  try {
    ahead = await nextWindow(repo, source, both);
    while (ahead !== undefined) {
      const window: Window<T> = ahead;
      ahead = await nextWindow(repo, source, both);
      await window.loaded;
      for (const step of window.steps) {
        throwIfAborted(signal);
        yield [step, step.blob === undefined ? undefined : window.blobs.get(step.blob)];
      }
    }
  } finally {
    // Whoever takes no more leaves a window on its way: it ends here.
    stop.abort();
    await ahead?.loaded.catch(() => {});
    await source.return(undefined);
  }
}

async function nextWindow<T extends Step>(
  repo: Repository,
  source: AsyncGenerator<readonly T[]>,
  signal: AbortSignal,
): Promise<Window<T> | undefined> {
  const next = await source.next();
  if (next.done === true) return undefined;
  const steps = next.value;
  const ids = new Set<BlobId>();
  for (const { blob } of steps) if (blob !== undefined) ids.add(blob);
  const blobs = new Map<BlobId, Bytes>();
  const loaded =
    ids.size === 0
      ? Promise.resolve()
      : repo.loader.loadMany('data', ids, (id, plain) => void blobs.set(id, plain), { signal });
  // It is awaited later; until then a failure must not count as unhandled.
  loaded.catch(() => {});
  return { steps, blobs, loaded };
}

async function* windowsOf<T extends Step>(
  repo: Repository,
  steps: AsyncIterable<T> | Iterable<T>,
): AsyncGenerator<readonly T[]> {
  let window: T[] = [];
  let bytes = 0;
  for await (const step of steps) {
    window.push(step);
    // A blob that is in no index makes the fetch fail, which names it.
    const location = step.blob === undefined ? undefined : repo.index.find('data', step.blob);
    bytes += location === undefined ? 0 : plainLength(location);
    if (bytes < WINDOW_BYTES && window.length < WINDOW_STEPS) continue;
    yield window;
    window = [];
    bytes = 0;
  }
  if (window.length > 0) yield window;
}
