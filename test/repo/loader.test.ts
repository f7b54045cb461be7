import { beforeAll, describe, expect, it } from 'vitest';
import { type Bytes, concatBytes, toHex, utf8 } from '../../src/base/bytes.js';
import { SyncError } from '../../src/base/errors.js';
import type { BlobId, PackId } from '../../src/base/ids.js';
import { seal } from '../../src/crypto/box.js';
import { PackBuilder } from '../../src/pack/builder.js';
import type { PackedBlob } from '../../src/pack/header.js';
import { blobId, sealBlob } from '../../src/repo/codec.js';
import { BlobIndex } from '../../src/repo/index.js';
import { BlobLoader } from '../../src/repo/loader.js';
import type { Repository } from '../../src/repo/repository.js';
import type { FaultyBackend } from '../helpers/faulty-backend.js';
import { at, noise, rejection, testRepository, texts } from '../helpers/repository.js';

let repo: Repository;
let backend: FaultyBackend;

beforeAll(async () => {
  ({ repo, backend } = await testRepository());
});

/** Stores one pack with the blobs in this order; trees where `trees` says so. */
async function storePack(blobs: readonly Bytes[], trees: ReadonlySet<number> = new Set()): Promise<StoredPack> {
  const { codec } = repo;
  const builder = new PackBuilder(new Uint8Array(60));
  for (const [i, plain] of blobs.entries()) {
    builder.add(sealBlob(codec, trees.has(i) ? 'tree' : 'data', blobId(codec.crypto, plain), plain));
  }
  const { bytes, blobs: entries } = builder.finish({
    seal: (plain) => seal(codec.crypto, codec.key, plain),
    open: openHeader,
  });
  const id = toHex(codec.crypto.sha256(bytes)) as PackId;
  await backend.write('data', id, bytes);
  return { id, bytes, entries };
}

interface StoredPack {
  readonly id: PackId;
  readonly bytes: Bytes;
  readonly entries: readonly PackedBlob[];
}

function openHeader(sealed: Bytes): Bytes {
  const { crypto, key } = repo.codec;
  return crypto.aes256Ctr(key.encrypt, sealed.subarray(0, 16), sealed.subarray(16, sealed.length - 16));
}

function loaderOf(...packs: readonly StoredPack[]): BlobLoader {
  const index = new BlobIndex();
  for (const pack of packs) index.addPack(pack.id, pack.entries);
  return new BlobLoader(backend, index, repo.codec);
}

async function loadAll(loader: BlobLoader, ids: readonly BlobId[]): Promise<Map<BlobId, Bytes>> {
  const found = new Map<BlobId, Bytes>();
  await loader.loadMany('data', ids, (id, plain) => {
    expect(found.has(id)).toBe(false);
    found.set(id, plain);
  });
  return found;
}

const idOf = (plain: Bytes): BlobId => blobId(repo.codec.crypto, plain);
const flip = (bytes: Bytes, at: number): Bytes => bytes.map((byte, i) => (i === at ? byte ^ 4 : byte));

describe('plan', () => {
  const MIB = 1024 * 1024;
  const pack = (n: number): PackId => String(n).padStart(64, '0') as PackId;
  const blob = (n: number, offset: number, length: number): PackedBlob => {
    return { id: String(n).padStart(64, 'f') as BlobId, type: 'data', offset, length };
  };
  const planOf = (...packs: readonly PackedBlob[][]): readonly (readonly [number, number, number])[] => {
    const index = new BlobIndex();
    for (const [i, blobs] of packs.entries()) index.addPack(pack(i), blobs);
    const ids = packs.flat().map((one) => one.id);
    const plan = new BlobLoader(backend, index, repo.codec).plan('data', [...ids, ...ids].reverse());
    return plan.map((part) => [part.offset, part.length, part.blobs.length]);
  };

  it('asks for neighbours in one request, in order, each blob once', () => {
    expect(planOf([blob(1, 0, 100), blob(2, 100, 50), blob(3, 150, 50)])).toEqual([[0, 200, 3]]);
  });

  it('reads over a gap of 256 KiB and not over a larger one', () => {
    expect(planOf([blob(1, 0, 100), blob(2, 100 + 256 * 1024, 50)])).toEqual([[0, 150 + 256 * 1024, 2]]);
    expect(planOf([blob(1, 0, 100), blob(2, 101 + 256 * 1024, 50)])).toEqual([
      [0, 100, 1],
      [101 + 256 * 1024, 50, 1],
    ]);
  });

  it('asks for 4 MiB at once at most, unless one blob is larger', () => {
    expect(planOf([blob(1, 0, 2 * MIB), blob(2, 2 * MIB, 2 * MIB), blob(3, 4 * MIB, 40)])).toEqual([
      [0, 4 * MIB, 2],
      [4 * MIB, 40, 1],
    ]);
    expect(planOf([blob(1, 0, 20 * MIB), blob(2, 20 * MIB, 40)])).toEqual([
      [0, 20 * MIB, 1],
      [20 * MIB, 40, 1],
    ]);
  });

  it('never joins packs, and bears blobs that overlap', () => {
    expect(planOf([blob(1, 0, 100)], [blob(2, 100, 50)])).toEqual([
      [100, 50, 1],
      [0, 100, 1],
    ]);
    expect(planOf([blob(1, 0, 100), blob(2, 10, 20), blob(3, 50, 100)])).toEqual([[0, 150, 3]]);
  });

  it('refuses a blob that no index knows', () => {
    const loader = new BlobLoader(backend, new BlobIndex(), repo.codec);
    expect(() => loader.plan('data', [blob(1, 0, 1).id])).toThrow(SyncError);
  });
});

describe('loading', () => {
  it('brings each wanted blob once, of mixed packs too', async () => {
    const blobs = [...texts(10, 'load'), noise(3000), utf8('')];
    const pack = await storePack(blobs, new Set([1, 3]));
    const loader = loaderOf(pack);
    const ids = blobs.filter((_, i) => i !== 1 && i !== 3).map(idOf);
    const found = await loadAll(loader, [...ids, ...ids]);
    expect(found.size).toBe(10);
    for (const [id, plain] of found) expect(idOf(plain)).toBe(id);
    expect(await loader.load('tree', idOf(at(blobs, 1)))).toEqual(blobs[1]);
    expect((await rejection(loader.load('data', idOf(at(blobs, 1))))).code).toBe('damaged');
  });

  it('takes another copy where one is damaged, and where a pack is gone', async () => {
    const blobs = texts(6, 'copies');
    const first = await storePack(blobs);
    const second = await storePack([...blobs].reverse());
    const loader = loaderOf(first, second);
    await backend.replace('data', first.id, flip(first.bytes, 20));
    expect((await loadAll(loader, blobs.map(idOf))).size).toBe(6);
    expect(await loader.load('data', idOf(at(blobs, 0)))).toEqual(blobs[0]);
    await backend.replace('data', first.id, undefined);
    expect((await loadAll(loader, blobs.map(idOf))).size).toBe(6);
  });

  it('asks again for what was damaged on its way only', async () => {
    const blobs = texts(3, 'on its way');
    const loader = loaderOf(await storePack(blobs));
    let reads = 0;
    backend.tamper = (_call, bytes) => (++reads === 1 ? flip(bytes, 30) : bytes);
    expect((await loadAll(loader, blobs.map(idOf))).size).toBe(3);
    expect(reads).toBe(2);
    backend.tamper = (_call, bytes) => bytes;
  });

  it('names blob and pack where there is no sound copy', async () => {
    const blobs = texts(2, 'no copy');
    const [a, b] = [await storePack(blobs), await storePack(blobs)];
    await backend.replace('data', a.id, flip(a.bytes, 5));
    await backend.replace('data', b.id, undefined);
    const id = idOf(at(blobs, 0));
    for (const error of [
      await rejection(loaderOf(a, b).load('data', id)),
      await rejection(loadAll(loaderOf(a, b), blobs.map(idOf))),
      await rejection(loadAll(loaderOf(b, a), blobs.map(idOf))),
    ]) {
      expect(error.code).toBe('damaged');
      expect(error.message).toContain(id.slice(0, 8));
      expect(error.message).toMatch(new RegExp(`${a.id.slice(0, 8)}|${b.id.slice(0, 8)}`));
      expect(error.message).not.toContain('\n');
      expect(error.details['packs']).toHaveLength(2);
    }
    const gone = await rejection(loadAll(loaderOf(b), [id]));
    expect(gone.code).toBe('damaged');
    expect(gone.message).toContain(b.id.slice(0, 8));
  });

  it('tells of each blob without a sound copy where somebody listens, and brings the others', async () => {
    const blobs = texts(4, 'told');
    const pack = await storePack(blobs);
    await backend.replace('data', pack.id, flip(pack.bytes, at(pack.entries, 1).offset + 20));
    const told: string[] = [];
    const brought: string[] = [];
    const onDamaged = (id: string, error: SyncError): void => void told.push(`${id} ${error.code}`);
    const loader = loaderOf(pack);
    await loader.loadMany('data', blobs.map(idOf), (id) => void brought.push(id), { onDamaged });
    expect(told).toEqual([`${idOf(at(blobs, 1))} damaged`]);
    expect(brought.sort()).toEqual([0, 2, 3].map((i) => idOf(at(blobs, i))).sort());
    backend.before = () => {
      throw new SyncError('unreachable', 'no answer');
    };
    const away = loader.loadMany('data', blobs.map(idOf), () => undefined, { onDamaged });
    expect((await rejection(away)).code).toBe('unreachable');
    backend.before = () => undefined;
    expect(told).toHaveLength(1);
  });

  it('saves from a truncated pack what is left of it', async () => {
    const blobs = texts(5, 'truncated');
    const pack = await storePack(blobs);
    const last = at(pack.entries, 4);
    await backend.replace('data', pack.id, pack.bytes.subarray(0, last.offset + 10));
    const loader = loaderOf(pack);
    expect((await loadAll(loader, blobs.slice(0, 4).map(idOf))).size).toBe(4);
    const found: BlobId[] = [];
    const error = await rejection(loader.loadMany('data', blobs.map(idOf), (id) => void found.push(id)));
    expect(error.code).toBe('damaged');
    expect(found).toHaveLength(4);
    await backend.replace('data', pack.id, new Uint8Array(0));
    expect((await rejection(loader.load('data', idOf(at(blobs, 0))))).code).toBe('damaged');
  });

  it('never hands out wrong bytes, whichever byte of a pack is changed', async () => {
    const blobs = [...texts(3, 'flipped'), noise(200)];
    const pack = await storePack(blobs);
    const loader = loaderOf(pack);
    for (let position = 0; position < pack.bytes.length; position += 3) {
      backend.tamper = (call, bytes) => {
        const inRange = position - (call.range?.offset ?? 0);
        return inRange >= 0 && inRange < bytes.length ? flip(bytes, inRange) : bytes;
      };
      const hit = pack.entries.find((one) => position >= one.offset && position < one.offset + one.length);
      const found = new Map<BlobId, Bytes>();
      const all = loader.loadMany('data', blobs.map(idOf), (id, plain) => void found.set(id, plain));
      if (hit) expect((await rejection(all)).code).toBe('damaged');
      else await all;
      for (const [id, plain] of found) expect(idOf(plain)).toBe(id);
    }
    backend.tamper = (_call, bytes) => bytes;
  });

  it('bears an index that tells wrong places and lengths', async () => {
    const blobs = texts(3, 'wrong places');
    const pack = await storePack(blobs);
    const wrong = pack.entries.map((one, i) => ({
      ...one,
      offset: one.offset + (i === 1 ? 7 : 0),
      length: one.length + i,
    }));
    const loader = loaderOf({ ...pack, entries: wrong }, await storePack([at(blobs, 1), at(blobs, 2)]));
    expect((await loadAll(loader, blobs.map(idOf))).size).toBe(3);
    const far = { ...at(pack.entries, 0), offset: 2 ** 40 };
    expect((await rejection(loaderOf({ ...pack, entries: [far] }).load('data', far.id))).code).toBe('damaged');
  });

  it('unpacks no more of a bomb than the index says', async () => {
    const { codec } = repo;
    const bomb = new Uint8Array(4 * 1024 * 1024);
    const sealed = seal(codec.crypto, codec.key, codec.zstd.compress(bomb));
    const id = idOf(bomb);
    await backend.write('data', 'cc'.repeat(32), concatBytes([sealed, sealed]));
    const entries = [{ id, type: 'data', offset: 0, length: sealed.length, uncompressedLength: 1000 } as const];
    const loader = loaderOf({ id: 'cc'.repeat(32) as PackId, bytes: sealed, entries });
    expect((await rejection(loader.load('data', id))).code).toBe('damaged');
  });

  it('stops at other errors at once: the server is away, the disk is full, the caller gave up', async () => {
    const blobs = texts(3, 'stop');
    const loader = loaderOf(await storePack(blobs), await storePack(blobs));
    backend.before = () => {
      throw new SyncError('unreachable', 'no answer');
    };
    backend.calls.length = 0;
    expect((await rejection(loadAll(loader, blobs.map(idOf)))).code).toBe('unreachable');
    expect(backend.calls).toHaveLength(1);
    backend.before = () => undefined;
    const full = new SyncError('no-space', 'full');
    const failing = loader.loadMany('data', blobs.map(idOf), () => Promise.reject(full));
    await expect(failing).rejects.toBe(full);
    const given = loader.loadMany('data', blobs.map(idOf), () => undefined, { signal: AbortSignal.abort() });
    expect((await rejection(given)).code).toBe('aborted');
  });

  it('ends only when all it has started has ended', async () => {
    const packs = await Promise.all(texts(5, 'ended').map((plain) => storePack([plain])));
    const loader = loaderOf(...packs);
    let running = 0;
    let calls = 0;
    const all = loader.loadMany('data', texts(5, 'ended').map(idOf), async () => {
      running += 1;
      calls += 1;
      const fails = calls === 1;
      await new Promise((resolve) => setTimeout(resolve, fails ? 1 : 20));
      running -= 1;
      if (fails) throw new SyncError('io', 'first');
    });
    expect((await rejection(all)).message).toBe('first');
    expect(running).toBe(0);
  });
});
