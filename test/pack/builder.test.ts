import { describe, expect, it } from 'vitest';
import { type Bytes, concatBytes, toHex } from '../../src/base/bytes.js';
import type { BlobId } from '../../src/base/ids.js';
import { open, seal } from '../../src/crypto/box.js';
import type { HeaderBox } from '../../src/pack/builder.js';
import { PackBuilder } from '../../src/pack/builder.js';
import { decodeHeader, headerLengthOf } from '../../src/pack/header.js';
import { newMasterKey } from '../../src/repo/key-file.js';
import { crypto, noise } from '../helpers/repository.js';
import { failureOf } from '../repo/golden.js';

const key = newMasterKey(crypto);
const box: HeaderBox = {
  seal: (plain) => seal(crypto, key, plain),
  open: (sealed) => open(crypto, key, sealed, 'header'),
};

function blob(length: number, seed: number): { id: BlobId; type: 'data'; sealed: Bytes } {
  const sealed = noise(length, seed);
  return { id: toHex(crypto.sha256(sealed)) as BlobId, type: 'data', sealed };
}

describe('pack builder', () => {
  it('writes blobs, header and its length, as a reader takes them apart', () => {
    const builder = new PackBuilder(new Uint8Array(60));
    const blobs = [blob(100, 1), { ...blob(33, 2), uncompressedLength: 77 }, blob(32, 3)];
    for (const one of blobs) builder.add(one);
    expect(builder.size).toBe(165);
    expect(builder.count).toBe(3);
    const { bytes, blobs: entries } = builder.finish(box);
    const length = headerLengthOf(bytes.subarray(-4), bytes.length, 'pack');
    const header = decodeHeader(box.open(bytes.subarray(bytes.length - 4 - length, bytes.length - 4)), 'pack');
    expect(header).toEqual(entries);
    expect(header.map((entry) => entry.offset)).toEqual([0, 100, 133]);
    expect(bytes.subarray(0, 165)).toEqual(concatBytes(blobs.map((one) => one.sealed)));
  });

  it('takes over another builder while both fit', () => {
    const first = new PackBuilder(new Uint8Array(60));
    const second = new PackBuilder(new Uint8Array(60));
    first.add(blob(100, 1));
    second.add(blob(100, 2));
    expect(first.absorb(second, 200)).toBe(false);
    expect([first.count, second.count]).toEqual([1, 1]);
    expect(first.absorb(second, 201)).toBe(true);
    expect([first.count, first.size]).toEqual([2, 200]);
    const { bytes, blobs } = first.finish(box);
    expect(blobs.map(({ id, offset }) => [id, offset])).toEqual([
      [blob(100, 1).id, 0],
      [blob(100, 2).id, 100],
    ]);
    expect(bytes.subarray(0, 200)).toEqual(concatBytes([noise(100, 1), noise(100, 2)]));
  });

  it('copies what it is given, into memory that may be used again', () => {
    const memory = new Uint8Array(1000).fill(7);
    const builder = new PackBuilder(memory);
    const lent = noise(100, 1);
    builder.add({ ...blob(100, 1), sealed: lent });
    lent.fill(0);
    const pack = builder.finish(box);
    expect(pack.memory).toBe(memory);
    expect(pack.bytes.subarray(0, 100)).toEqual(noise(100, 1));
    const again = new PackBuilder(pack.memory);
    again.add(blob(50, 2));
    const { bytes } = again.finish(box);
    const header = box.open(bytes.subarray(50, bytes.length - 4));
    expect(decodeHeader(header, 'pack').map(({ id }) => id)).toEqual([blob(50, 2).id]);
  });

  it('is full before the header exceeds 16 MiB, and does not absorb beyond', () => {
    const first = new PackBuilder(new Uint8Array(60));
    const second = new PackBuilder(new Uint8Array(60));
    const tiny = { ...blob(33, 1), uncompressedLength: 1 };
    while (!first.full) first.add(tiny);
    second.add(tiny);
    expect(first.absorb(second, Number.POSITIVE_INFINITY)).toBe(false);
    expect(first.count * 41 + 32 + 4).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect((first.count + 2) * 41 + 32 + 4).toBeGreaterThan(16 * 1024 * 1024 - 100);
  });

  it('lets no pack out whose header does not read back', () => {
    const builder = new PackBuilder(new Uint8Array(60));
    builder.add(blob(100, 1));
    const other = new PackBuilder(new Uint8Array(60));
    other.add(blob(100, 2));
    const strange = other.finish(box).bytes;
    const header = strange.subarray(100, strange.length - 4);
    const error = failureOf(() => builder.finish({ seal: box.seal, open: () => box.open(header) }));
    expect(error.code).toBe('internal');
    expect(failureOf(() => new PackBuilder(new Uint8Array(60)).finish(box)).code).toBe('internal');
  });
});
