import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import type { BlobId } from '../../src/base/ids.js';
import { parseId } from '../../src/base/ids.js';
import { createChunker, MAX_CHUNK } from '../../src/chunker/chunker.js';
import type { SentBlob } from '../../src/chunker/page-cutter.js';
import { createPageCutter } from '../../src/chunker/page-cutter.js';
import type { PageLayout } from '../../src/chunker/pages.js';

const SECTOR = 4096;
const LAYOUT: PageLayout = { head: 2 * SECTOR, group: 8 * SECTOR, fine: 2 * SECTOR };
/** The same proportions in bytes that a property can have by the thousand. */
const TINY: PageLayout = { head: 8, group: 32, fine: 8 };

function idOf(plain: Bytes): BlobId {
  return parseId(createHash('sha256').update(plain).digest('hex'), 'test');
}

/** xorshift32 (Marsaglia 2003). */
function noise(length: number, seed: number): Bytes {
  const words = new Int32Array(Math.ceil(length / 4));
  let state = seed | 0 || 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

interface Cut {
  readonly layout?: PageLayout;
  readonly sent?: readonly SentBlob[];
  /** Bytes that come at once, in turn. */
  readonly reads?: readonly number[];
}

/** As a reader of files goes about it: what is left over is given again with more behind it. */
function blobsOf(data: Bytes, { layout = LAYOUT, sent = [], reads = [data.length] }: Cut = {}): SentBlob[] {
  const cutter = createPageCutter(layout, sent, idOf);
  const blobs: SentBlob[] = [];
  let start = 0;
  let filled = 0;
  for (let i = 0; filled < data.length || i === 0; i++) {
    filled = Math.min(data.length, filled + (reads[i % reads.length] ?? 1));
    const window = data.subarray(start, filled);
    let at = 0;
    for (const { id, end } of cutter.cut(window, filled === data.length)) {
      // No expect here: a hundred thousand of them take seconds.
      if (end <= at || id !== idOf(window.subarray(at, end))) throw new Error(`a wrong piece ends at ${start + end}`);
      blobs.push({ id, length: end - at });
      at = end;
    }
    start += at;
  }
  expect(start).toBe(data.length);
  return blobs;
}

const lengths = (blobs: readonly SentBlob[]): number[] => blobs.map(({ length }) => length);

function newOnes(blobs: readonly SentBlob[], old: readonly SentBlob[]): SentBlob[] {
  const known = new Set(old.map(({ id }) => id));
  return blobs.filter(({ id }) => !known.has(id));
}

function changed(data: Bytes, ...places: readonly number[]): Bytes {
  const copy = data.slice();
  for (const at of places) copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

/** As every restic cuts. */
function byContent(data: Bytes): SentBlob[] {
  const chunker = createChunker(0x25b468838dcb75n);
  const blobs: SentBlob[] = [];
  for (let at = 0; at < data.length; ) {
    const cut = chunker.next(data, at, data.length);
    const end = cut === -1 ? data.length : cut;
    blobs.push({ id: idOf(data.subarray(at, end)), length: end - at });
    at = end;
  }
  return blobs;
}

describe('a file that was never sent', () => {
  test('is cut after its head and after each group', () => {
    expect(lengths(blobsOf(noise(100_000, 1)))).toEqual([8192, 32_768, 32_768, 26_272]);
    expect(lengths(blobsOf(noise(8192 + 65_536, 1)))).toEqual([8192, 32_768, 32_768]);
  });

  test('one of nothing has no blobs, one that ends within its head has one', () => {
    expect(blobsOf(new Uint8Array(0))).toEqual([]);
    expect(lengths(blobsOf(noise(5000, 1)))).toEqual([5000]);
  });

  test('however the bytes come, the cuts are the same', () => {
    const data = noise(200_000, 2);
    const whole = blobsOf(data);
    expect(blobsOf(data, { reads: [1000] })).toEqual(whole);
    expect(blobsOf(data, { reads: [1, 8191, 70_000, 3] })).toEqual(whole);
  });
});

describe('a file that was sent before', () => {
  const data = noise(1_000_000, 3);
  const sent = blobsOf(data);

  test('one whose bytes are the same keeps its blobs, however they were cut', () => {
    const odd = [1, 4095, 300_000, 0, 12_345, 683_559].map((length, i, all) => {
      const start = all.slice(0, i).reduce((sum, one) => sum + one, 0);
      return { id: idOf(data.subarray(start, start + length)), length };
    });
    for (const version of [sent, odd, byContent(data)]) {
      const whole = version.filter(({ length }) => length > 0);
      expect(blobsOf(data, { sent: version })).toEqual(whole);
      expect(blobsOf(data, { sent: version, reads: [50_000, 7] })).toEqual(whole);
    }
  });

  test('a group that changed is cut finer, and the next change there takes less', () => {
    const at = LAYOUT.head + 5 * LAYOUT.group + 3 * SECTOR;
    const once = blobsOf(changed(data, at), { sent });
    expect(lengths(newOnes(once, sent))).toEqual([8192, 8192, 8192, 8192]);
    expect(once).toHaveLength(sent.length + 3);
    const twice = blobsOf(changed(data, at, at + 1), { sent: once });
    expect(lengths(newOnes(twice, once))).toEqual([8192]);
    expect(twice).toHaveLength(once.length);
  });

  test('what grows gets groups behind its old end, what shrinks keeps what is left', () => {
    const longer = new Uint8Array(1_100_000);
    longer.set(data);
    longer.set(noise(100_000, 4), data.length);
    const grown = blobsOf(longer, { sent });
    expect(grown.slice(0, sent.length)).toEqual(sent);
    // Up to the next bound of the grid, then whole groups.
    const first = LAYOUT.group - ((data.length - LAYOUT.head) % LAYOUT.group);
    expect(lengths(grown.slice(sent.length, sent.length + 3))).toEqual([first, LAYOUT.group, LAYOUT.group]);

    const shrunk = blobsOf(longer.subarray(0, 500_000), { sent: grown });
    expect(newOnes(shrunk, grown).reduce((sum, { length }) => sum + length, 0)).toBeLessThan(LAYOUT.group);
  });

  test('of chunks cut by content only those that changed are cut anew, in groups', () => {
    const large = noise(12_000_000, 5);
    const chunks = byContent(large);
    const at = (chunks[0]?.length ?? 0) + (chunks[1]?.length ?? 0) + 10_000;
    const blobs = blobsOf(changed(large, at), { sent: chunks });
    const kept = chunks.filter((_, i) => i !== 2);
    expect(blobs.filter(({ id }) => kept.some((chunk) => chunk.id === id))).toEqual(kept);
    const anew = newOnes(blobs, chunks);
    expect(anew.reduce((sum, { length }) => sum + length, 0)).toBe(chunks[2]?.length);
    expect(Math.max(...lengths(anew))).toBe(LAYOUT.group);
  });

  test('a version that is known in part, is longer than the file or has a blob of any length', () => {
    const id = idOf(data);
    expect(blobsOf(data, { sent: sent.slice(0, 3) })).toEqual(sent);
    expect(blobsOf(data, { sent: [...sent, { id, length: 5 }] })).toEqual(sent);
    for (const length of [MAX_CHUNK, MAX_CHUNK + 1, 2 ** 50]) {
      expect(blobsOf(data, { sent: [{ id, length }], reads: [100_000] })).toEqual(sent);
    }
    // It waits for the longest blob there can be, and for no more than a reader holds.
    const start = data.subarray(0, 100_000);
    expect(createPageCutter(LAYOUT, [{ id, length: MAX_CHUNK }], idOf).cut(start, false)).toEqual([]);
    expect(createPageCutter(LAYOUT, [{ id, length: MAX_CHUNK + 1 }], idOf).cut(start, false)).toHaveLength(3);
  });
});

describe('as properties', () => {
  const edit = fc.record({ at: fc.nat(3000), length: fc.integer({ min: 1, max: 60 }), seed: fc.nat() });
  const history = fc.record({
    size: fc.integer({ min: 1, max: 2500 }),
    edits: fc.array(fc.array(edit, { maxLength: 4 }), { maxLength: 5 }),
    reads: fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 5 }),
  });

  test('the blobs are the file; equal bytes keep equal blobs; of what did not change nothing longer is sent', () => {
    fc.assert(
      fc.property(history, ({ size, edits, reads }) => {
        let data = noise(size, size);
        let sent = blobsOf(data, { layout: TINY, reads });
        for (const changes of edits) {
          const before = data;
          data = changes.reduce(overwritten, data);
          const now = blobsOf(data, { layout: TINY, sent, reads });
          expect(now).toEqual(blobsOf(data, { layout: TINY, sent }));
          expect(blobsOf(data, { layout: TINY, sent: now, reads })).toEqual(now);
          checkUnchanged(before, sent, data, now);
          sent = now;
        }
      }),
      { numRuns: 25 },
    );
  });

  test('k pages that change in place take at most k groups and the head', () => {
    const places = fc.uniqueArray(fc.nat(299), { maxLength: 12 });
    const rounds = fc.array(places, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(rounds, fc.boolean(), (pages, isKnown) => {
        let data = noise(TINY.head + 300 * 4, 9);
        let sent = blobsOf(data, { layout: TINY });
        for (const [round, changes] of pages.entries()) {
          data = changed(data, round, ...changes.map((page) => TINY.head + page * 4 + round));
          const now = blobsOf(data, { layout: TINY, sent: isKnown ? sent : [] });
          const bytes = newOnes(now, sent).reduce((sum, { length }) => sum + length, 0);
          expect(bytes).toBeLessThanOrEqual(changes.length * TINY.group + TINY.head);
          sent = now;
        }
      }),
      { numRuns: 40 },
    );
  });

  function overwritten(data: Bytes, { at, length, seed }: { at: number; length: number; seed: number }): Bytes {
    // Behind the end: the file grows, with a gap of zeros as a file system leaves it.
    const copy = new Uint8Array(Math.max(data.length, at + length));
    copy.set(data);
    copy.set(noise(length, seed), at);
    return copy;
  }

  /** Every old blob whose bytes are still there in its place is in the new list, at its place. */
  function checkUnchanged(before: Bytes, sent: readonly SentBlob[], data: Bytes, now: readonly SentBlob[]): void {
    const places = new Map<number, SentBlob>();
    let at = 0;
    for (const blob of now) {
      places.set(at, blob);
      at += blob.length;
    }
    expect(at).toBe(data.length);
    let start = 0;
    for (const blob of sent) {
      const old = before.subarray(start, start + blob.length);
      if (Buffer.compare(old, data.subarray(start, start + blob.length)) === 0) {
        expect(places.get(start)).toEqual(blob);
      }
      start += blob.length;
    }
  }
});
