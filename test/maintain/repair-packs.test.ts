/** `repairPacks`: what is saved of damaged packs, in which order, and what is left when it is cut off. */
import { describe, expect, it, vi } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import { SyncError } from '../../src/base/errors.js';
import type { BlobId, PackId } from '../../src/base/ids.js';
import type { RepairPacksEvent } from '../../src/maintain/repair-packs.js';
import { repairPacks } from '../../src/maintain/repair-packs.js';
import type { Repository } from '../../src/repo/repository.js';
import { dataBlob, storePack } from '../helpers/damage-tools.js';
import { at, noise, rejection, type TestRepository, testRepository } from '../helpers/repository.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const BLOBS = [noise(500, 1), noise(600, 2), noise(700, 3)];

interface Env extends TestRepository {
  readonly pack: PackId;
  readonly ids: readonly BlobId[];
}

/** One pack of three blobs; `break` says which of them is damaged. */
async function onePack(broken: readonly number[], index = true): Promise<Env> {
  const env = await testRepository();
  const blobs = BLOBS.map((plain) => dataBlob(env.repo, plain));
  const pack = await storePack(env.repo, blobs, { index });
  await env.repo.loadIndex();
  const bytes = (await env.backend.bytes('data', pack)).slice();
  let offset = 0;
  for (const [i, { sealed }] of blobs.entries()) {
    if (broken.includes(i)) bytes[offset + 40] = (bytes[offset + 40] ?? 0) ^ 1;
    offset += sealed.length;
  }
  await env.backend.replace('data', pack, bytes);
  return { ...env, pack, ids: blobs.map(({ id }) => id) };
}

async function readable(repo: Repository, ids: readonly BlobId[]): Promise<boolean[]> {
  return Promise.all(
    ids.map((id) =>
      repo.loadBlob('data', id).then(
        () => true,
        () => false,
      ),
    ),
  );
}

describe('repairPacks', () => {
  it('saves what can be read, and tells what cannot', async () => {
    const { repo, reopen, backend, pack, ids } = await onePack([1]);
    const events: RepairPacksEvent[] = [];
    const result = await repairPacks(repo, [pack], { onEvent: (event) => events.push(event) });
    expect(result).toMatchObject({ salvaged: 2, lost: [{ id: ids[1] }] });
    expect(events.map(({ type }) => type)).toEqual([
      ...['saving-copies', 'salvaging', 'salvaged', 'lost-blob', 'rebuilding', 'removing', 'removed', 'removed'],
      ...['removing-packs', 'removed-pack'],
    ]);
    expect(await backend.names('data')).not.toContain(pack);
    const again = await reopen();
    expect(await readable(again, ids)).toEqual([true, false, true]);
    expect(again.index.has('data', at(ids, 1))).toBe(false);
    expect(repo.index.packs.has(pack)).toBe(false);
  });

  it('gives a copy of each pack away before anything is changed', async () => {
    const { repo, backend, pack } = await onePack([0]);
    const copies: Bytes[] = [];
    const stored = await backend.bytes('data', pack);
    await repairPacks(repo, [pack, pack], {
      saveCopy: async (_id, bytes) => {
        expect(await backend.names('data')).toEqual([pack]);
        copies.push(bytes.slice());
      },
    });
    expect(copies).toEqual([stored]);
  });

  it('changes nothing where a copy cannot be kept, a pack is missing or none is named', async () => {
    const { repo, backend, pack } = await onePack([0]);
    const full = (): Promise<never> => Promise.reject(new SyncError('no-space', 'full'));
    expect((await rejection(repairPacks(repo, [pack], { saveCopy: full }))).code).toBe('no-space');
    expect((await rejection(repairPacks(repo, [pack, 'f'.repeat(64) as PackId]))).code).toBe('not-found');
    expect((await rejection(repairPacks(repo, []))).code).toBe('usage');
    expect(await backend.names('data')).toEqual([pack]);
    expect(await backend.names('index')).toHaveLength(1);
  });

  it('takes what only the header names', async () => {
    const { repo, reopen, pack, ids } = await onePack([0], false);
    expect(await repairPacks(repo, [pack])).toMatchObject({ salvaged: 2, lost: [{ id: ids[0] }] });
    expect(await readable(await reopen(), ids)).toEqual([false, true, true]);
  });

  it('does without the header', async () => {
    const { repo, reopen, backend, pack, ids } = await onePack([2]);
    await backend.replace('data', pack, (await backend.bytes('data', pack)).subarray(0, -10));
    expect(await repairPacks(repo, [pack])).toMatchObject({ salvaged: 2 });
    expect(await readable(await reopen(), ids)).toEqual([true, true, false]);
  });

  it('counts a blob as lost only if no other pack has it', async () => {
    const { repo, reopen, pack, ids } = await onePack([1]);
    await storePack(repo, [dataBlob(repo, at(BLOBS, 1))]);
    expect(await repairPacks(repo, [pack])).toMatchObject({ salvaged: 2, lost: [] });
    expect(await readable(await reopen(), ids)).toEqual([true, true, true]);
  });

  it('keeps a good copy although the index knows another, which may be as bad', async () => {
    const { repo, reopen, backend, pack, ids } = await onePack([1]);
    const other = await storePack(repo, [dataBlob(repo, at(BLOBS, 0))]);
    await backend.replace('data', other, noise(700));
    await repairPacks(repo, [pack]);
    expect(await readable(await reopen(), ids)).toEqual([true, false, true]);
  });

  it('puts together what is good in several damaged packs', async () => {
    const { repo, reopen, backend, pack, ids } = await onePack([0, 1]);
    const other = await storePack(repo, [dataBlob(repo, at(BLOBS, 0)), dataBlob(repo, noise(300, 9))]);
    const bytes = (await backend.bytes('data', other)).slice();
    bytes[bytes.length - 1] = 77;
    await backend.replace('data', other, bytes);
    expect(await repairPacks(repo, [pack, other])).toMatchObject({ salvaged: 3, lost: [{ id: ids[1] }] });
    expect(await readable(await reopen(), ids)).toEqual([true, false, true]);
  });

  it('loses nothing that could be read, wherever it is cut off', async () => {
    for (let fails = 0; fails < 8; fails++) {
      const { repo, reopen, backend, pack, ids } = await onePack([1]);
      let left = fails;
      backend.before = ({ method, type }) => {
        const changes = (method === 'write' || method === 'remove') && type !== 'locks';
        if (changes && left-- === 0) throw new SyncError('forbidden', 'no');
      };
      await repairPacks(repo, [pack]).catch(() => undefined);
      backend.before = () => undefined;
      expect(await readable(await reopen(), ids), `cut off at change ${fails}`).toEqual([true, false, true]);
    }
  });
});
