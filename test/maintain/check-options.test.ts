/** The check's options, and what it does about errors that are not in a repository's files. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { toHex } from '../../src/base/bytes.js';
import { SyncError } from '../../src/base/errors.js';
import type { PackId, SnapshotId } from '../../src/base/ids.js';
import type { CheckOptions, CheckProgress, CheckResult, Finding } from '../../src/maintain/check.js';
import { check } from '../../src/maintain/check.js';
import type { IndexedPack } from '../../src/maintain/check-packs.js';
import { choosePacks } from '../../src/maintain/choose-packs.js';
import { addKey } from '../../src/repo/create.js';
import { saveUnpacked } from '../../src/repo/files.js';
import { encodeIndexFile } from '../../src/repo/index-file.js';
import type { Repository } from '../../src/repo/repository.js';
import { encodeTree } from '../../src/repo/tree.js';
import { inlineExecutor } from '../../src/worker/executor.js';
import type { FaultyBackend } from '../helpers/faulty-backend.js';
import { at, CHEAP, crypto, noise, rejection, testRepository, texts } from '../helpers/repository.js';
import { fileNode, saveFolder } from '../helpers/sound-repository.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const FIRST = { 'a.txt': 'one', sub: { 'big.bin': noise(200_000, 1), 'b.txt': 'two' } };
const SECOND = { 'a.txt': 'one', other: { 'c.bin': noise(90_000, 2) } };

interface TwoSnapshots {
  readonly backend: FaultyBackend;
  readonly repo: Repository;
  readonly first: SnapshotId;
  readonly second: SnapshotId;
}

/** In memory; the first of the host alpha, the second of beta. */
async function twoSnapshots(): Promise<TwoSnapshots> {
  const { backend, repo } = await testRepository();
  const first = await saveFolder(repo, FIRST, { time: '2026-11-22T10:00:00Z', hostname: 'alpha' });
  const second = await saveFolder(repo, SECOND, { time: '2026-11-23T10:00:00Z', hostname: 'beta' });
  return { backend, repo, first, second };
}

function packOf(repo: Repository, seed: number, length: number): PackId {
  const id = toHex(crypto.sha256(noise(length, seed)));
  return at(
    [...repo.index.values()].filter((blob) => blob.id === id),
    0,
  ).pack;
}

function messages({ findings }: CheckResult): string[] {
  return findings.map(({ code, message }) => `${code}: ${message}`);
}

describe('a choice of snapshots', () => {
  it('looks only into what these need', async () => {
    const { backend, repo, first, second } = await twoSnapshots();
    const pack = packOf(repo, 1, 200_000);
    const bytes = await backend.bytes('data', pack);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    await backend.replace('data', pack, bytes);
    const errors = async (options: CheckOptions): Promise<number> =>
      (await check(repo, { readData: 'all', ...options })).summary.numErrors;
    expect(await errors({})).toBe(1);
    expect(await errors({ filter: { hosts: ['alpha'] } })).toBe(1);
    expect(await errors({ filter: { hosts: ['beta'] } })).toBe(0);
    expect(await errors({ snapshots: [first] })).toBe(1);
    expect(await errors({ snapshots: [second.slice(0, 8)] })).toBe(0);
    expect(await errors({ snapshots: ['latest'] })).toBe(0);
    expect(await errors({ snapshots: ['latest'], filter: { hosts: ['alpha'] } })).toBe(1);
    expect(await errors({ filter: { hosts: ['nobody'] } })).toBe(0);
  });

  it('reads only packs that they need', async () => {
    const { backend, repo } = await twoSnapshots();
    const others = packOf(repo, 1, 200_000);
    await check(repo, { readData: 'all', filter: { hosts: ['beta'] } });
    const whole = backend.calls.filter((call) => call.method === 'read' && call.type === 'data' && !call.range);
    expect(whole.length).toBeGreaterThan(0);
    expect(whole.map((call) => call.name)).not.toContain(others);
  });

  it('is that of the names alone where both are given', async () => {
    const { repo, first } = await twoSnapshots();
    expect((await check(repo, { snapshots: [first], filter: { hosts: ['beta'] } })).findings).toEqual([]);
  });

  it('calls one that is not there an error', async () => {
    const { repo } = await twoSnapshots();
    const result = await check(repo, { snapshots: ['ffff'] });
    expect(messages(result)).toEqual(['snapshot-not-found: no matching ID found for prefix "ffff"']);
    expect(result.summary.numErrors).toBe(1);
  });
});

describe('unused blobs', () => {
  it('are those that no snapshot needs', async () => {
    const { repo, first } = await twoSnapshots();
    expect((await check(repo, { checkUnused: true })).findings).toEqual([]);
    await repo.removeSnapshot(first);
    const { findings, summary } = await check(repo, { checkUnused: true });
    expect(findings.map(({ code }) => code)).toEqual(['unused-blobs']);
    // Two trees, and the files b.txt and big.bin.
    expect(findings[0]?.blobs).toHaveLength(4);
    expect(summary.numErrors).toBe(0);
    // Of some snapshots nobody can say what the others need.
    expect((await check(repo, { checkUnused: true, filter: { hosts: ['beta'] } })).findings).toEqual([]);
  });

  it('are not looked for where some trees cannot be followed', async () => {
    const { repo, first, second } = await twoSnapshots();
    await repo.removeSnapshot(first);
    const { tree } = await repo.loadSnapshot(second);
    const { pack } = at(repo.index.locate('tree', tree), 0);
    await repo.backend.remove('data', pack);
    const { findings } = await check(repo, { checkUnused: true });
    expect(findings.map(({ code }) => code)).not.toContain('unused-blobs');
  });
});

describe('packs to read', () => {
  const packs = Array.from({ length: 40 }, (_, i): IndexedPack => {
    return { id: toHex(crypto.sha256(noise(8, i + 1))) as PackId, size: 1000 + i, blobs: [] };
  });
  const idsOf = (chosen: readonly IndexedPack[]): string[] => chosen.map(({ id }) => id);

  it('are split into buckets that together are all, each once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 256 }), (total) => {
        const buckets = Array.from({ length: total }, (_, i) => choosePacks(packs, { bucket: i + 1, total }));
        expect(idsOf(buckets.flat()).sort()).toEqual(idsOf(packs).sort());
      }),
      { numRuns: 40 },
    );
  });

  it('go into the bucket that their first byte says, as in restic', () => {
    const pack = { id: `ff${'0'.repeat(62)}` as PackId, size: 1, blobs: [] };
    expect(choosePacks([pack], { bucket: 6, total: 10 })).toEqual([pack]);
    expect(choosePacks([pack], { bucket: 5, total: 10 })).toEqual([]);
  });

  it('by a share are so many, all different, and at least one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 100, noNaN: true }), (percent) => {
        const ids = idsOf(choosePacks(packs, { percent }));
        expect(ids).toHaveLength(Math.max(1, Math.floor((packs.length * percent) / 100)));
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
    expect(choosePacks([], { percent: 50 })).toEqual([]);
  });

  it('by bytes are the share that these are of all', () => {
    const all = packs.reduce((sum, { size }) => sum + size, 0);
    expect(choosePacks(packs, { bytes: all * 2 })).toHaveLength(packs.length);
    expect(choosePacks(packs, { bytes: all / 4 })).toHaveLength(10);
    expect(choosePacks(packs, { bytes: 1 })).toHaveLength(1);
  });

  it('are drawn anew each time', () => {
    const drawn = new Set(Array.from({ length: 200 }, () => at(choosePacks(packs, { percent: 1 }), 0).id));
    expect(drawn.size).toBeGreaterThan(20);
  });
});

describe('errors of the way', () => {
  it('of one file are findings, and the rest is checked', async () => {
    const { backend, repo } = await twoSnapshots();
    const pack = packOf(repo, 1, 200_000);
    backend.before = ({ method, name }) => {
      if (method === 'read' && name === pack) throw new SyncError('io', 'reading it: the disk reports an error');
    };
    const result = await check(repo, { readData: 'all' });
    expect(messages(result)).toEqual([
      `pack-unreadable: pack ${pack}: cannot be read: reading it: the disk reports an error`,
    ]);
  });

  it('of a tree pack are told for each tree', async () => {
    const { backend, repo } = await twoSnapshots();
    const trees = new Set([...repo.index.values()].filter((blob) => blob.type === 'tree').map((blob) => blob.pack));
    backend.before = ({ method, name }) => {
      if (method === 'read' && trees.has(name as PackId)) throw new SyncError('io', 'the disk reports an error');
    };
    const { findings } = await check(repo);
    expect(findings.map(({ code }) => code)).toEqual(['tree-unreadable', 'tree-unreadable']);
  });

  it('that are not about a file end the check', async () => {
    for (const code of ['unreachable', 'unauthorized', 'internal'] as const) {
      for (const type of ['snapshots', 'index', 'data'] as const) {
        const { backend, repo } = await twoSnapshots();
        backend.before = (call) => {
          if (call.method === 'read' && call.type === type) throw new SyncError(code, 'no answer');
        };
        expect((await rejection(check(repo, { readData: 'all' }))).code).toBe(code);
      }
    }
  });

  it('that come once only are no damage', async () => {
    const { backend, repo } = await twoSnapshots();
    const seen = new Set<string>();
    backend.tamper = (call, bytes) => {
      const { name = '', type } = call;
      if (type === 'config' || call.range || seen.has(name)) return bytes;
      seen.add(name);
      return bytes.map((byte, i) => (i === 50 ? byte ^ 1 : byte));
    };
    expect(await check(repo, { readData: 'all' })).toMatchObject({ findings: [], complete: true });
  });

  it('a cancelled check ends at once', async () => {
    const { backend, repo } = await twoSnapshots();
    const stop = new AbortController();
    backend.before = ({ method, type, range }) => {
      if (method === 'read' && type === 'data' && !range) stop.abort();
    };
    expect((await rejection(check(repo, { readData: 'all', signal: stop.signal }))).code).toBe('aborted');
  });
});

describe('check', () => {
  it('writes nothing', async () => {
    const { backend, repo } = await twoSnapshots();
    backend.calls.length = 0;
    await check(repo, { readData: 'all', checkUnused: true });
    expect(new Set(backend.calls.map((call) => call.method))).toEqual(new Set(['list', 'read']));
  });

  it('lists snapshots before index files, and these before packs', async () => {
    const { backend, repo } = await twoSnapshots();
    backend.calls.length = 0;
    await check(repo);
    const lists = backend.calls.filter((call) => call.method === 'list').map((call) => call.type);
    expect(lists.slice(0, 3)).toEqual(['snapshots', 'index', 'data']);
  });

  it('tells of a further key that opens nothing, and calls it no error', async () => {
    const { backend, repo } = await twoSnapshots();
    const key = await addKey(backend, repo.codec, 'second password', CHEAP);
    expect((await check(repo)).findings).toEqual([]);
    await backend.replace('keys', key, (await backend.bytes('keys', key)).subarray(0, 99));
    const { findings, summary } = await check(repo);
    expect(findings.map(({ severity, code }) => [severity, code])).toEqual([['warning', 'key-damaged']]);
    expect(summary.numErrors).toBe(0);
  });

  it('tells of index files that contradict each other', async () => {
    const { repo } = await twoSnapshots();
    const [blob] = [...repo.index.values()];
    if (blob === undefined) throw new Error('no blob');
    const other = { ...blob, uncompressedLength: 12_345 };
    await saveUnpacked(repo.backend, repo.codec, 'index', encodeIndexFile([{ id: blob.pack, blobs: [other] }]));
    const { findings, summary } = await check(repo);
    expect(findings.map(({ code }) => code).sort()).toEqual(expect.arrayContaining(['index-conflict']));
    expect(summary.suggestRepairIndex).toBe(true);
  });

  it('knows nothing from an earlier check', async () => {
    const { backend, repo } = await twoSnapshots();
    await check(repo);
    for (const name of await backend.names('index')) await backend.replace('index', name, undefined);
    expect((await check(repo)).findings.map(({ code }) => code)).toContain('tree-missing');
  });

  it('visits a tree once, however many snapshots have it', async () => {
    const { backend, repo } = await testRepository();
    const first = await repo.loadSnapshot(await saveFolder(repo, FIRST));
    for (let i = 1; i < 100; i++) await repo.saveSnapshot({ ...first, hostname: `pc${i}` });
    backend.calls.length = 0;
    await check(repo);
    expect(backend.calls.filter((call) => call.method === 'read' && call.type === 'data')).toHaveLength(2);
  });

  it('tells its progress, and each finding when it is known', async () => {
    const { backend, repo } = await twoSnapshots();
    const told: string[] = [];
    const onProgress = ({ phase, done, total, choice }: CheckProgress): void => {
      told.push(`${phase} ${done}/${total}${choice ? ` of ${choice.packs}` : ''}`);
    };
    await backend.replace('data', packOf(repo, 1, 200_000), undefined);
    const onFinding = ({ code }: Finding): void => void told.push(code);
    await check(repo, { readData: { percent: 1 }, onProgress, onFinding });
    expect(told).toEqual([
      'index 0/2',
      'index 1/2',
      'index 2/2',
      expect.stringMatching(/^packs 0\/\d+$/),
      'pack-missing',
      'snapshots 0/2',
      'snapshots 2/2',
      expect.stringMatching(/^data 0\/1 of \d$/),
      expect.stringMatching(/^data 1\/1 of \d$/),
    ]);
  });

  it('opens blobs where it is told to, and closes what was made for it', async () => {
    const { repo } = await twoSnapshots();
    const done: string[] = [];
    const createExecutor: CheckOptions['createExecutor'] = async (bytes) => {
      done.push(`made for ${bytes > 290_000}`);
      const inline = inlineExecutor({ codec: repo.codec, newChunker: () => at([], 0) });
      const checkPack: typeof inline.checkPack = (pack, data) => {
        if (done.at(-1) !== 'opened') done.push('opened');
        return inline.checkPack(pack, data);
      };
      return { ...inline, checkPack, close: async () => void done.push('closed') };
    };
    expect((await check(repo, { readData: 'all', createExecutor })).findings).toEqual([]);
    expect(done).toEqual(['made for true', 'opened', 'closed']);
  });

  it('of a large tree with one bad file names that alone', async () => {
    const { repo } = await testRepository();
    const ids = await repo.write({}, async (session) => {
      const nodes = texts(2000).map((_, i) => fileNode(`f${String(i).padStart(5, '0')}`, [], 0));
      const text = new TextDecoder()
        .decode(encodeTree(nodes))
        .replace('"name":"f01000","type":"file"', '"name":"f01000","type":"pipe"');
      const tree = await session.saveTree(new TextEncoder().encode(text));
      await session.commit({ time: '2026-11-22T10:00:00Z', tree, paths: ['/x'] });
      return tree;
    });
    const result = await check(repo);
    expect(messages(result)).toEqual([expect.stringContaining(`tree ${ids} (`)]);
    expect(messages(result)[0]).toContain('node "f01000" with invalid type "pipe"');
  });
});
