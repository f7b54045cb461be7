import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, utf8 } from '../../src/base/bytes.js';
import { forEachLimit } from '../../src/base/concurrency.js';
import { SyncError } from '../../src/base/errors.js';
import type { IndexId } from '../../src/base/ids.js';
import { open } from '../../src/crypto/box.js';
import { decodeHeader, headerLengthOf } from '../../src/pack/header.js';
import { blobId } from '../../src/repo/codec.js';
import { loadUnpacked } from '../../src/repo/files.js';
import type { IndexFile } from '../../src/repo/index-file.js';
import { decodeIndexFile } from '../../src/repo/index-file.js';
import type { Repository } from '../../src/repo/repository.js';
import type { FaultyBackend } from '../helpers/faulty-backend.js';
import { untilAborted } from '../helpers/faulty-backend.js';
import {
  addData,
  at,
  commitEmpty,
  crypto,
  noise,
  rejection,
  storeBlobs,
  testRepository,
  texts,
} from '../helpers/repository.js';

async function indexFiles(repo: Repository, backend: FaultyBackend): Promise<IndexFile[]> {
  const files: IndexFile[] = [];
  for (const name of await backend.names('index')) {
    files.push(decodeIndexFile(await loadUnpacked(backend, repo.codec, 'index', name as IndexId), name));
  }
  return files;
}

/** Every pack is named by its hash, has a header that opens, and the index says the same as the headers. */
async function expectSound(repo: Repository, backend: FaultyBackend): Promise<void> {
  const packs = (await indexFiles(repo, backend)).flatMap((file) => file.packs);
  expect(packs.map((pack) => pack.id as string).sort()).toEqual(await backend.names('data'));
  for (const pack of packs) {
    const bytes = await backend.bytes('data', pack.id);
    expect(toHex(repo.codec.crypto.sha256(bytes))).toBe(pack.id);
    const length = headerLengthOf(bytes.subarray(-4), bytes.length, 'pack');
    const sealed = bytes.subarray(bytes.length - 4 - length, bytes.length - 4);
    expect(decodeHeader(open(repo.codec.crypto, repo.codec.key, sealed, 'header'), 'pack')).toEqual(pack.blobs);
    expect(new Set(pack.blobs.map((blob) => blob.type)).size).toBe(1);
  }
}

const NEVER_STORED = blobId(crypto, utf8('never stored'));
const full = (): SyncError => new SyncError('no-space', 'the disk is full');

describe('write session', () => {
  it('stores packs, then their index, then the snapshot, and holds a lock meanwhile', async () => {
    const { backend, repo, reopen } = await testRepository();
    backend.done.length = 0;
    const { ids, snapshot } = await storeBlobs(repo, texts(30), { packSize: 500 });
    const writes = backend.done.filter((line) => line.startsWith('write') || line.startsWith('remove'));
    expect(writes[0]).toBe('write locks');
    expect(writes.slice(-3)).toEqual(['write index', 'write snapshots', 'remove locks']);
    expect(new Set(writes.slice(1, -3))).toEqual(new Set(['write data']));
    expect(await backend.names('locks')).toEqual([]);
    await expectSound(repo, backend);
    const again = await reopen();
    expect(await again.listSnapshots()).toEqual([snapshot]);
    expect(await again.loadBlob('data', at(ids, 7))).toEqual(texts(30)[7]);
    expect(await again.loadTree((await again.loadSnapshot(snapshot)).tree)).toEqual([]);
  });

  it('names nothing in an index that is not stored, whatever the order in which uploads end', async () => {
    const { backend, repo } = await testRepository();
    const stored = new Set<string>();
    let slow = 0;
    backend.before = async (call) => {
      if (call.method !== 'write' || call.type !== 'data') return;
      slow += 1;
      await new Promise((resolve) => setTimeout(resolve, slow % 3 === 0 ? 15 : 1));
    };
    const early: string[] = [];
    backend.after = async (call) => {
      if (call.method !== 'write') return;
      if (call.type === 'data') stored.add(call.name ?? '');
      if (call.type !== 'index') return;
      const plain = await loadUnpacked(backend, repo.codec, 'index', (call.name ?? '') as IndexId);
      for (const pack of decodeIndexFile(plain, 'index').packs) if (!stored.has(pack.id)) early.push(pack.id);
    };
    await storeBlobs(repo, texts(200), { packSize: 400, indexBlobs: 20 });
    expect(early).toEqual([]);
    expect((await backend.names('index')).length).toBeGreaterThan(5);
    await expectSound(repo, backend);
  });

  it('stores a blob once, however many bring it at the same time', async () => {
    const { backend, repo } = await testRepository();
    const blobs = [...texts(20), ...texts(20), ...texts(20)];
    await repo.write({}, async (session) => {
      await forEachLimit(blobs, 10, async (plain) => {
        await Promise.resolve();
        await addData(repo, session, plain);
      });
      expect(session.stats.dataBlobs).toBe(20);
      await commitEmpty(session);
    });
    const names = (await indexFiles(repo, backend)).flatMap((file) => file.packs.flatMap((pack) => pack.blobs));
    expect(names.filter((blob) => blob.type === 'data')).toHaveLength(20);
    const next = await storeBlobs(repo, blobs);
    expect(next.ids).toHaveLength(60);
    expect(backend.count('write', 'data')).toBe(2);
  });

  it('ends with the error of the upload, without snapshot, lock or claims', async () => {
    const { backend, repo } = await testRepository();
    const error = full();
    let uploads = 0;
    backend.before = (call) => {
      if (call.method !== 'write' || call.type !== 'data') return;
      uploads += 1;
      if (uploads === 3) throw error;
    };
    await expect(storeBlobs(repo, texts(100), { packSize: 400 })).rejects.toBe(error);
    expect(await backend.names('snapshots')).toEqual([]);
    expect(await backend.names('locks')).toEqual([]);
    expect(repo.index.claimCount).toBe(0);
  });

  it('cuts off everything else when one upload fails, and still tells the first error', async () => {
    const { backend, repo } = await testRepository();
    const error = full();
    let uploads = 0;
    backend.before = async (call) => {
      if (call.method !== 'write' || call.type !== 'data') return;
      uploads += 1;
      if (uploads < 5) await untilAborted(call.signal);
      throw error;
    };
    await expect(storeBlobs(repo, texts(500), { packSize: 400 })).rejects.toBe(error);
    expect(uploads).toBe(5);
  });

  it('does not take packs for stored that no index names: a second try on the same object is sound', async () => {
    const { backend, repo, reopen } = await testRepository();
    backend.before = (call) => {
      if (call.method === 'write' && call.type === 'index') throw full();
    };
    await rejection(storeBlobs(repo, texts(10)));
    expect((await backend.names('data')).length).toBeGreaterThan(0);
    expect(repo.index.blobCount).toBe(0);
    backend.before = () => undefined;
    const { ids } = await storeBlobs(repo, texts(10));
    const again = await reopen();
    for (const [i, id] of ids.entries()) expect(await again.loadBlob('data', id)).toEqual(texts(10)[i]);
  });

  it('makes no snapshot while a promised blob is missing', async () => {
    const { backend, repo } = await testRepository();
    const error = await rejection(
      repo.write({}, async (session) => {
        session.claim('data', NEVER_STORED);
        await commitEmpty(session);
      }),
    );
    expect(error.code).toBe('internal');
    expect(await backend.names('snapshots')).toEqual([]);
    await repo.write({}, async (session) => {
      session.claim('data', NEVER_STORED);
      session.release('data', NEVER_STORED);
      await commitEmpty(session);
    });
    expect(await backend.names('snapshots')).toHaveLength(1);
  });

  it('ends promptly when the caller gives up during an upload', async () => {
    const { backend, repo } = await testRepository();
    const stop = new AbortController();
    backend.before = async (call) => {
      if (call.method !== 'write' || call.type !== 'data') return;
      setTimeout(() => stop.abort(), 10);
      await untilAborted(call.signal);
    };
    const error = await rejection(storeBlobs(repo, texts(100), { packSize: 400, signal: stop.signal }));
    expect(error.code).toBe('aborted');
    expect(await backend.names('snapshots')).toEqual([]);
    expect(await backend.names('locks')).toEqual([]);
  });

  it('passes on what the work throws, and removes the lock', async () => {
    const { backend, repo } = await testRepository();
    const error = new TypeError('a fault of the caller');
    await expect(
      repo.write({}, async () => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect(await backend.names('locks')).toEqual([]);
  });

  it('succeeds although the lock cannot be removed', async () => {
    const { backend, repo } = await testRepository();
    backend.before = (call) => {
      if (call.method === 'remove') throw new SyncError('forbidden', 'no');
    };
    const { snapshot } = await storeBlobs(repo, texts(3));
    expect(await backend.names('snapshots')).toEqual([snapshot]);
  });

  it('is one at a time: what one has claimed another would take for stored', async () => {
    const { repo } = await testRepository();
    await repo.write({}, async () => {
      expect((await rejection(repo.write({}, async () => undefined))).code).toBe('usage');
    });
    await repo.write({}, async () => undefined);
  });

  it('starts an index file whenever enough blobs wait, and loses none', async () => {
    const { backend, repo } = await testRepository();
    await storeBlobs(repo, texts(100), { packSize: 400, indexBlobs: 30 });
    const counts = (await indexFiles(repo, backend)).map((file) => file.packs.flatMap((pack) => pack.blobs).length);
    expect(counts.length).toBeGreaterThan(2);
    expect(counts.reduce((a, b) => a + b)).toBe(101);
    await expectSound(repo, backend);
  });

  it('holds no more packs than there are connections', async () => {
    const { backend, repo } = await testRepository();
    let now = 0;
    let most = 0;
    backend.before = async (call) => {
      if (call.method !== 'write' || call.type !== 'data') return;
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now -= 1;
    };
    await storeBlobs(repo, texts(200), { packSize: 300, connections: 3 });
    expect(most).toBe(3);
  });

  it('counts what is new and what is sent', async () => {
    const { backend, repo } = await testRepository();
    const sent: number[] = [];
    await repo.write({ onSent: (bytes) => sent.push(bytes) }, async (session) => {
      await addData(repo, session, noise(1000));
      await addData(repo, session, noise(1000));
      await commitEmpty(session);
      expect(session.stats).toMatchObject({ dataBlobs: 1, treeBlobs: 1, bytesAdded: 1000 + '{"nodes":[]}\n'.length });
      expect(session.stats.bytesPacked).toBe(sent.reduce((a, b) => a + b));
    });
    let stored = 0;
    for (const name of await backend.names('data')) stored += (await backend.bytes('data', name)).length;
    expect(sent.reduce((a, b) => a + b)).toBe(stored);
  });

  it.each([1, 2] as const)('writes version %i as its readers expect', async (version) => {
    const { backend, repo, reopen } = await testRepository({ version });
    const plain = utf8('compressible '.repeat(100));
    const { ids } = await storeBlobs(repo, [plain]);
    const blobs = (await indexFiles(repo, backend)).flatMap((file) => file.packs.flatMap((pack) => pack.blobs));
    for (const blob of blobs) expect(blob.uncompressedLength !== undefined).toBe(version === 2);
    expect(await (await reopen()).loadBlob('data', at(ids, 0))).toEqual(plain);
  });

  it('writes a blob larger than a pack', async () => {
    const { repo, reopen, backend } = await testRepository();
    const large = concatBytes([noise(5000), noise(5000, 2)]);
    const { ids } = await storeBlobs(repo, [large, ...texts(3)], { packSize: 4000 });
    expect(await (await reopen()).loadBlob('data', at(ids, 0))).toEqual(large);
    expect(repo.index.locate('data', at(ids, 0))[0]?.offset).toBe(0);
    await expectSound(repo, backend);
  });
});
