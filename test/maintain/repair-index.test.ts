/** `repairIndex`: what it reads, what it writes, and what is left when it is cut off. */
import { describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../src/base/errors.js';
import type { IndexId, PackId } from '../../src/base/ids.js';
import type { RepairIndexEvent } from '../../src/maintain/repair-index.js';
import { repairIndex } from '../../src/maintain/repair-index.js';
import { mergePack, type OldIndex } from '../../src/maintain/repair-index-plan.js';
import { packSizeOf } from '../../src/pack/layout.js';
import { saveIndex } from '../helpers/damage-tools.js';
import { at, noise, rejection, storeBlobs, testRepository } from '../helpers/repository.js';
import { allSnapshots, problems, repairEnv } from './repair-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

function collect(): { events: RepairIndexEvent[]; onEvent: (event: RepairIndexEvent) => void } {
  const events: RepairIndexEvent[] = [];
  return { events, onEvent: (event) => events.push(event) };
}

const types = (events: readonly RepairIndexEvent[]): string[] => events.map(({ type }) => type);

describe('repairIndex', () => {
  it('of a sound repository puts all into one file, and reads no pack', async () => {
    const { repo, backend, reopen } = await repairEnv();
    const { events, onEvent } = collect();
    const before = backend.calls.length;
    const result = await repairIndex(repo, { onEvent });
    expect(result).toMatchObject({ missingPacks: [], badPacks: [], readPacks: [] });
    expect(types(events)).toEqual(['loading', 'listing', 'rebuilding', 'removing', 'removed', 'removed']);
    expect(backend.calls.slice(before).filter(({ method, type }) => method === 'read' && type === 'data')).toEqual([]);
    expect(await backend.names('index')).toEqual(result.written);
    expect(await problems(await reopen())).toEqual([]);
  });

  it('without any index reads the headers of all packs', async () => {
    const { repo, backend, reopen } = await repairEnv();
    for (const name of await backend.names('index')) await backend.replace('index', name, undefined);
    const { readPacks } = await repairIndex(repo);
    expect([...readPacks].sort()).toEqual(await backend.names('data'));
    expect(await problems(await reopen())).toEqual([]);
  });

  it('with readAllPacks does not even look at the index', async () => {
    const { repo, backend, reopen } = await repairEnv();
    const { events, onEvent } = collect();
    const before = backend.calls.length;
    await repairIndex(repo, { readAllPacks: true, onEvent });
    expect(backend.calls.slice(before).filter(({ method, type }) => method === 'read' && type === 'index')).toEqual([]);
    expect(types(events).filter((type) => type === 'pack-unknown')).toHaveLength((await backend.names('data')).length);
    expect(await problems(await reopen())).toEqual([]);
  });

  it('drops packs that are gone, and those whose header cannot be read', async () => {
    const { repo, backend, reopen } = await repairEnv();
    const [gone = '', cut = ''] = await backend.names('data');
    await backend.replace('data', gone, undefined);
    await backend.replace('data', cut, (await backend.bytes('data', cut)).subarray(0, 100));
    const { events, onEvent } = collect();
    const { missingPacks, badPacks } = await repairIndex(repo, { onEvent });
    expect({ missingPacks, badPacks }).toEqual({ missingPacks: [gone], badPacks: [cut] });
    expect(events).toContainEqual(expect.objectContaining({ type: 'pack-differs', id: cut, size: 100 }));
    expect(events).toContainEqual(expect.objectContaining({ type: 'bad-pack', id: cut }));
    const { packs } = (await reopen()).index;
    expect([packs.has(gone as PackId), packs.has(cut as PackId)]).toEqual([false, false]);
  });

  it('takes an index file that cannot be read for gone', async () => {
    const { repo, backend, reopen } = await repairEnv();
    const [bad = ''] = await backend.names('index');
    await backend.replace('index', bad, noise(300));
    const { events, onEvent } = collect();
    await repairIndex(repo, { onEvent });
    expect(events).toContainEqual(expect.objectContaining({ type: 'bad-index', id: bad }));
    expect(await backend.names('index')).not.toContain(bad);
    expect(await problems(await reopen())).toEqual([]);
  });

  it('does not take a server that is away for damage', async () => {
    const { repo, backend } = await repairEnv();
    const before = await backend.names('index');
    backend.before = ({ method, type }) => {
      if (method === 'read' && type === 'index') throw new SyncError('unreachable', 'no answer');
    };
    expect((await rejection(repairIndex(repo))).code).toBe('unreachable');
    expect(await backend.names('index')).toEqual(before);
  });

  it('reads a pack again whose blobs cannot lie as the index says', async () => {
    const { repo, backend, reopen } = await testRepository();
    await storeBlobs(repo, [noise(500, 1), noise(500, 2)]);
    const files = await repo.listIndexFiles();
    const { packs } = await repo.readIndexFile(at(files, 0));
    for (const id of files) await repo.backend.remove('index', id);
    const moved = packs.map((pack) => ({
      ...pack,
      blobs: pack.blobs.map((blob) => ({ ...blob, offset: blob.offset + 3 })),
    }));
    await saveIndex(repo, moved);
    const { readPacks } = await repairIndex(repo);
    expect([...readPacks].sort()).toEqual(await backend.names('data'));
    expect(await problems(await reopen())).toEqual([]);
  });

  it('leaves a repository whole wherever it is cut off', async () => {
    for (let fails = 0; fails < 6; fails++) {
      const { repo, backend, reopen } = await repairEnv();
      let left = fails;
      backend.before = ({ method, type }) => {
        const changes = (method === 'write' || method === 'remove') && type === 'index';
        if (changes && left-- === 0) throw new SyncError('forbidden', 'no');
      };
      await repairIndex(repo).catch(() => undefined);
      backend.before = () => undefined;
      expect(await problems(await reopen()), `cut off at change ${fails}`).toEqual([]);
    }
  });

  it('refuses while another holds a lock', async () => {
    const { repo } = await repairEnv();
    const error = await repo.read({}, () => rejection(repairIndex(repo)));
    expect(error.code).toBe('locked');
    expect((await allSnapshots(repo)).size).toBe(2);
  });
});

describe('what several index files say of one pack', () => {
  const pack = '1'.repeat(64) as PackId;
  const blob = (digit: string, offset: number): Parameters<typeof packSizeOf>[0][number] => ({
    id: digit.repeat(64) as Parameters<typeof packSizeOf>[0][number]['id'],
    type: 'data',
    offset,
    length: 100,
  });
  const empty = (): OldIndex => ({
    files: new Map<IndexId, PackId[]>(),
    packs: new Map(),
    unsure: new Set(),
    bad: [],
  });

  it('is put together, and said once', () => {
    const old = empty();
    mergePack(old, { id: pack, blobs: [blob('b', 100)] });
    expect(old.unsure.has(pack)).toBe(true);
    mergePack(old, { id: pack, blobs: [blob('a', 0)] });
    mergePack(old, { id: pack, blobs: [blob('a', 0), blob('b', 100)] });
    expect(old.unsure.has(pack)).toBe(false);
    expect(old.packs.get(pack)).toEqual([blob('a', 0), blob('b', 100)]);
    expect(packSizeOf(old.packs.get(pack) ?? [])).toBe(200 + 2 * 37 + 36);
  });

  it('is doubted where it contradicts itself', () => {
    const old = empty();
    mergePack(old, { id: pack, blobs: [blob('a', 0)] });
    mergePack(old, { id: pack, blobs: [blob('b', 0)] });
    expect(old.unsure.has(pack)).toBe(true);
  });
});
