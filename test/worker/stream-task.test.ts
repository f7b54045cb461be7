import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, concatBytes } from '../../src/base/bytes.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { newMasterKey } from '../../src/repo/key-file.js';
import type { ChunkSink } from '../../src/worker/split.js';
import { fileTools } from '../../src/worker/split.js';
import { saveStream } from '../../src/worker/stream-task.js';
import { crypto, noise, POLYNOMIAL, rejection } from '../helpers/repository.js';

const codec = { crypto, zstd: await loadZstd(), key: newMasterKey(crypto), version: 2 } as const;
const tools = fileTools(codec, POLYNOMIAL);

/** Wants nothing, and notes the lengths of the chunks. */
function counter(): ChunkSink & { readonly lengths: number[] } {
  const lengths: number[] = [];
  const claim: ChunkSink['claim'] = async (chunks) => {
    for (const { plain } of chunks) lengths.push(plain.length);
    return chunks.map(() => false);
  };
  return { lengths, claim, store: async () => undefined };
}

async function* streamOf(parts: readonly Bytes[]): AsyncGenerator<Bytes> {
  yield* parts;
}

describe('a stream', () => {
  const bytes = noise(5_000_000, 3);

  it('is cut where a file is, in whatever parts it comes', async () => {
    const whole = await saveStream(tools, streamOf([bytes]), counter());
    expect(whole.size).toBe(bytes.length);
    expect(whole.content.length).toBeGreaterThan(2);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (places) => {
        const cuts = [0, ...places.sort((a, b) => a - b), bytes.length];
        const parts = cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
        expect(concatBytes(parts).length).toBe(bytes.length);
        const sink = counter();
        expect(await saveStream(tools, streamOf(parts), sink)).toEqual(whole);
        expect(sink.lengths.reduce((sum, one) => sum + one, 0)).toBe(bytes.length);
      }),
      { numRuns: 5 },
    );
  });

  it('may be empty', async () => {
    expect(await saveStream(tools, streamOf([]), counter())).toEqual({ content: [], size: 0 });
    expect(await saveStream(tools, streamOf([new Uint8Array(0)]), counter())).toEqual({ content: [], size: 0 });
  });

  it('is told when nobody wants the rest', async () => {
    let isClosed = false;
    const endless = (async function* (): AsyncGenerator<Bytes> {
      try {
        for (;;) yield bytes;
      } finally {
        isClosed = true;
      }
    })();
    const stop = new AbortController();
    const sink: ChunkSink = {
      claim: async (chunks) => {
        stop.abort();
        return chunks.map(() => false);
      },
      store: async () => undefined,
    };
    expect((await rejection(saveStream(tools, endless, sink, stop.signal))).code).toBe('aborted');
    await Promise.resolve();
    expect(isClosed).toBe(true);
  });
});
