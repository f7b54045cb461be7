import { describe, expect, it } from 'vitest';
import { type Bytes, equalBytes } from '../../src/base/bytes.js';
import type { BlobId } from '../../src/base/ids.js';
import type { Repository } from '../../src/repo/repository.js';
import { fetchInOrder } from '../../src/restore/in-order.js';
import type { FaultyBackend } from '../helpers/faulty-backend.js';
import { noise, rejection, storeBlobs, testRepository, texts } from '../helpers/repository.js';

const MIB = 1024 * 1024;

function same(byte: number): Bytes {
  return new Uint8Array(4 * MIB).fill(byte);
}

async function withBlobs(
  blobs: readonly Bytes[],
): Promise<{ repo: Repository; ids: BlobId[]; backend: FaultyBackend }> {
  const { repo, backend } = await testRepository({ version: 1 });
  const { ids } = await storeBlobs(repo, blobs);
  backend.calls.length = 0;
  return { repo, ids, backend };
}

describe('blobs in order', () => {
  it('come as they were asked for, again and again, with steps between that have none', async () => {
    const blobs = texts(300);
    const { repo, ids, backend } = await withBlobs(blobs);
    const order = [...ids, ...ids.toReversed(), ids[7] as BlobId, ids[7] as BlobId];
    const steps = order.flatMap((blob, i) => [{ i }, { i, blob }]);
    const seen: [number, Bytes | undefined][] = [];
    for await (const [step, bytes] of fetchInOrder(repo, steps)) seen.push([step.i, bytes]);
    expect(seen).toHaveLength(steps.length);
    for (const [at, [i, bytes]] of seen.entries()) {
      expect(i).toBe(at >> 1);
      expect(bytes).toEqual(at % 2 === 0 ? undefined : blobs[ids.indexOf(order[i] as BlobId)]);
    }
    expect(backend.count('read', 'data')).toBeLessThanOrEqual(2);
  });

  it('no more than two windows are fetched before anybody takes something', async () => {
    const { repo, ids, backend } = await withBlobs(Array.from({ length: 12 }, (_, i) => same(i)));
    const asked = (): number => backend.calls.reduce((sum, call) => sum + (call.range?.length ?? 0), 0);
    const stream = fetchInOrder(
      repo,
      ids.map((blob) => ({ blob })),
    );
    const first = (await stream.next()).value?.[1];
    expect(first !== undefined && equalBytes(first, same(0))).toBe(true);
    expect(asked()).toBeLessThan(33 * MIB);
    await stream.return(undefined);
    const before = backend.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(backend.calls.length).toBe(before);
  });

  it('nothing asks for nothing', async () => {
    const { repo, backend } = await withBlobs([]);
    for await (const _ of fetchInOrder(repo, [])) throw new Error('there is nothing');
    expect(backend.calls).toEqual([]);
  });

  it('a blob that is not there, a broken pack and a cancelled call are told', async () => {
    const { repo, ids, backend } = await withBlobs([noise(1000)]);
    const drain = async (blob: BlobId, signal?: AbortSignal): Promise<void> => {
      for await (const _ of fetchInOrder(repo, [{ blob }], signal));
    };
    const [id = '' as BlobId] = ids;
    expect((await rejection(drain('00'.repeat(32) as BlobId))).code).toBe('damaged');
    expect((await rejection(drain(id, AbortSignal.abort()))).code).toBe('aborted');
    backend.tamper = (_call, bytes) => bytes.map((byte) => byte ^ 1);
    expect((await rejection(drain(id))).code).toBe('damaged');
  });
});
