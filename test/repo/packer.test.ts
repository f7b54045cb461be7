import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.js';
import type { BlobId } from '../../src/base/ids.js';
import type { CryptoProvider } from '../../src/crypto/provider.js';
import type { FinishedPack } from '../../src/pack/builder.js';
import type { BlobType } from '../../src/pack/header.js';
import type { SealedBlob } from '../../src/repo/codec.js';
import { Packer } from '../../src/repo/packer.js';
import { crypto, noise } from '../helpers/repository.js';

const box = { seal: (plain: Uint8Array) => plain, open: (sealed: Uint8Array) => sealed };
const TARGET = 1000;

let seed = 0;
function blob(length: number, type: BlobType = 'data'): SealedBlob {
  seed += 1;
  const sealed = noise(length, seed);
  return { id: toHex(crypto.sha256(sealed)) as BlobId, type, sealed };
}

function packer(random: CryptoProvider['randomBytes'] = crypto.randomBytes): { packer: Packer; packs: FinishedPack[] } {
  const packs: FinishedPack[] = [];
  const one = new Packer({ ...crypto, randomBytes: random }, box, TARGET, async (pack) => {
    packs.push(pack);
  });
  return { packer: one, packs };
}

/** 0, 1, 0, 1, … */
function alternating(): CryptoProvider['randomBytes'] {
  let next = 1;
  return (length) => {
    next ^= 1;
    return new Uint8Array(length).fill(next);
  };
}

const lengths = (pack: FinishedPack): number[] => pack.blobs.map((one) => one.length);

describe('packer', () => {
  it('fills two packs at once, as chance says', async () => {
    const { packer: one, packs } = packer(alternating());
    for (const length of [400, 401, 400, 401, 400, 401]) await one.add(blob(length));
    expect(packs.map(lengths)).toEqual([
      [400, 400, 400],
      [401, 401, 401],
    ]);
  });

  it('uses real chance by default: both packs get some', async () => {
    const { packer: one, packs } = packer();
    const blobs = Array.from({ length: 40 }, () => blob(40));
    for (const each of blobs) await one.add(each);
    await one.flush();
    const order = packs.flatMap((pack) => pack.blobs.map((entry) => entry.id));
    expect([...order].sort()).toEqual(blobs.map((each) => each.id).sort());
    expect(order).not.toEqual(blobs.map((each) => each.id));
  });

  it('gives a blob of the target size or more a pack of its own, at once', async () => {
    const { packer: one, packs } = packer();
    await one.add(blob(100));
    await one.add(blob(TARGET));
    await one.add(blob(5000, 'tree'));
    expect(packs.map(lengths)).toEqual([[TARGET], [5000]]);
    await one.flush();
    expect(packs.map(lengths)).toEqual([[TARGET], [5000], [100]]);
  });

  it('joins the rests of a type at the end where they fit, and never data with trees', async () => {
    const { packer: one, packs } = packer(alternating());
    for (const length of [300, 301]) await one.add(blob(length));
    for (const length of [600, 601]) await one.add(blob(length, 'tree'));
    await one.flush();
    expect(packs.map(lengths)).toEqual([[300, 301], [600], [601]]);
    for (const pack of packs) expect(new Set(pack.blobs.map((entry) => entry.type)).size).toBe(1);
    await one.flush();
    expect(packs).toHaveLength(3);
  });

  it('holds every blob exactly once, in packs below target plus one blob', async () => {
    const { packer: one, packs } = packer();
    const blobs = Array.from({ length: 300 }, (_, i) => blob(32 + ((i * 37) % 400), i % 3 === 0 ? 'tree' : 'data'));
    for (const each of blobs) await one.add(each);
    await one.flush();
    expect(packs.flatMap((pack) => pack.blobs.map((entry) => entry.id)).sort()).toEqual(
      blobs.map((each) => each.id).sort(),
    );
    for (const pack of packs) expect(lengths(pack).reduce((a, b) => a + b)).toBeLessThan(TARGET + 432);
  });

  it('passes on that a pack could not be stored', async () => {
    const one = new Packer(crypto, box, TARGET, async () => {
      throw new Error('no room');
    });
    await expect(one.add(blob(TARGET))).rejects.toThrow('no room');
  });
});
