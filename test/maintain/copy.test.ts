import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import type { BlobId, SnapshotId, TreeId } from '../../src/base/ids.js';
import { type CopyEvent, type CopyOptions, type CopyResult, copy } from '../../src/maintain/copy.js';
import { findCopy, originalsOf } from '../../src/maintain/copy-origin.js';
import type { Repository } from '../../src/repo/repository.js';
import type { Snapshot } from '../../src/repo/snapshot.js';
import { encodeTree, type TreeNode } from '../../src/repo/tree.js';
import { addData, at, noise, rejection, type TestRepository, testRepository, texts } from '../helpers/repository.js';

const BASE: Snapshot = { time: '2026-11-22T10:00:00Z', tree: '' as TreeId, paths: ['/game'], hostname: 'pc' };

/** Stores a snapshot of one folder in a folder, with a file for each of the texts. */
async function store(repo: Repository, files: readonly string[], part: Partial<Snapshot> = {}): Promise<SnapshotId> {
  return repo.write({}, async (session) => {
    const nodes: TreeNode[] = [];
    for (const [i, text] of files.entries()) {
      const content = [await addData(repo, session, utf8(text))];
      nodes.push({ name: `f${String(i).padStart(5, '0')}`, type: 'file', size: text.length, content });
    }
    const subtree = await session.saveTree(encodeTree(nodes));
    const tree = await session.saveTree(encodeTree([{ name: 'sub', type: 'dir', subtree }]));
    return session.commit({ ...BASE, tree, ...part });
  });
}

interface Pair {
  readonly source: TestRepository;
  readonly destination: TestRepository;
  run(options?: CopyOptions): Promise<CopyResult>;
}

async function pair(versions: readonly [1 | 2, 1 | 2] = [2, 2]): Promise<Pair> {
  const source = await testRepository({ version: versions[0] });
  const destination = await testRepository({ version: versions[1] });
  const run = async (options: CopyOptions = {}): Promise<CopyResult> =>
    copy(await source.reopen(), await destination.reopen(), options);
  return { source, destination, run };
}

/** Every file of a snapshot, by path. */
async function contents(one: TestRepository, id: SnapshotId): Promise<Map<string, string>> {
  const repo = await one.reopen();
  const found = new Map<string, string>();
  const walk = async (tree: TreeId, path: string): Promise<void> => {
    for (const node of await repo.loadTree(tree)) {
      if (node.subtree !== undefined) await walk(node.subtree, `${path}/${node.name}`);
      const blobs = await Promise.all((node.content ?? []).map((blob) => repo.loadBlob('data', blob)));
      if (node.type === 'file') found.set(`${path}/${node.name}`, Buffer.concat(blobs).toString());
    }
  };
  await walk((await repo.loadSnapshot(id)).tree, '');
  return found;
}

describe('a copy', () => {
  it.each([
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
  ] as const)('from version %d to %d has the same tree and contents', async (...versions) => {
    const { source, destination, run } = await pair(versions);
    const files = ['one', 'x'.repeat(5000), ''];
    const id = await store(source.repo, files, { tags: ['a'], parent: '11'.repeat(32) as SnapshotId });
    const { copied, dataBlobs, treeBlobs } = await run();
    expect([dataBlobs, treeBlobs]).toEqual([3, 2]);
    const theirs = copied.get(id) ?? id;
    const [before, after] = [await source.repo.loadSnapshot(id), await destination.repo.loadSnapshot(theirs)];
    const { parent: _, ...rest } = before;
    expect(after).toEqual({ ...rest, original: id });
    expect(await contents(destination, theirs)).toEqual(await contents(source, id));
    const blob = at(
      [...(await destination.reopen()).index.values()].filter((one) => one.length > 40),
      0,
    );
    if (versions[1] === 1) expect(blob.uncompressedLength).toBeUndefined();
    const long = [...(await destination.reopen()).index.values()].map((one) => one.uncompressedLength ?? 0);
    expect(Math.max(...long)).toBe(versions[1] === 2 ? 5000 : 0);
  });

  it('brings nothing twice, whatever other snapshots and the destination have', async () => {
    const { source, destination, run } = await pair();
    await store(source.repo, ['a', 'b']);
    await store(source.repo, ['b', 'c'], { time: '2026-11-22T11:00:00Z' });
    await store(destination.repo, ['c', 'd']);
    expect(await run()).toMatchObject({ dataBlobs: 2, treeBlobs: 4 });
    const all = [...(await destination.reopen()).index.values()];
    expect(new Set(all.map((one) => one.id)).size).toBe(all.length);
    expect(await run()).toMatchObject({ dataBlobs: 0, treeBlobs: 0, bytesPacked: 0 });
  });

  it('takes what is named, or what the filter lets through; what cannot be had is told', async () => {
    const { source, destination, run } = await pair();
    const first = await store(source.repo, ['a'], { tags: ['x'] });
    const second = await store(source.repo, ['b'], { time: '2026-11-22T11:00:00Z', tags: ['y'] });
    const third = await store(source.repo, ['c'], { time: '2026-11-22T12:00:00Z', tags: ['x'] });
    const events: CopyEvent[] = [];
    const onEvent = (event: CopyEvent): void => void events.push(event);
    expect([...(await run({ snapshots: ['nope', second.slice(0, 10)], onEvent })).copied.keys()]).toEqual([second]);
    expect(events.map(({ type }) => type)).toEqual(['problem', 'begun', 'plan', 'packs', 'packs', 'brought', 'saved']);
    const rest = await run({ filter: { tags: [['x']] } });
    expect([...rest.copied.keys()]).toEqual([first, third]);
    expect([...(await run()).skipped.keys()]).toEqual([first, second, third]);
    expect(await destination.backend.names('snapshots')).toHaveLength(3);
    expect(await rejection(run({ snapshots: ['nope'] }))).toMatchObject({ code: 'not-found' });
  });

  it('of a copy is known by the first of all, also on its way back', async () => {
    const { source, destination, run } = await pair();
    const id = await store(source.repo, ['a']);
    const { copied } = await run();
    const third = await testRepository();
    await copy(await destination.reopen(), third.repo);
    const [far] = await third.repo.listSnapshots();
    expect((await third.repo.loadSnapshot(far ?? id)).original).toBe(id);
    const back = await copy(await third.reopen(), await source.reopen());
    expect(back).toMatchObject({ copied: new Map(), skipped: new Map([[far, id]]) });
    expect(copied.size).toBe(1);
  });

  it('many small snapshots share packs and an index file, and are stored in the end', async () => {
    const { source, destination, run } = await pair();
    for (let i = 0; i < 20; i++) await store(source.repo, [`text ${i}`], { time: `2026-11-22T10:00:${10 + i}Z` });
    const events: string[] = [];
    await run({ onEvent: ({ type }) => void events.push(type) });
    expect(events.lastIndexOf('begun')).toBeLessThan(events.indexOf('saved'));
    expect(await destination.backend.names('index')).toHaveLength(1);
    expect((await destination.backend.names('data')).length).toBeLessThanOrEqual(4);
    const order = destination.backend.done.filter((call) => call.startsWith('write'));
    expect(order.lastIndexOf('write data')).toBeLessThan(order.indexOf('write index'));
    expect(order.lastIndexOf('write index')).toBeLessThan(order.indexOf('write snapshots'));
  });

  it('asks the source little: neighbours in a pack come together, and each tree once', async () => {
    const { source, destination } = await pair();
    await store(source.repo, texts(500).map(String));
    await store(source.repo, texts(501).map(String), { time: '2026-11-22T11:00:00Z' });
    const repo = await source.reopen();
    source.backend.calls.length = 0;
    await copy(repo, destination.repo);
    expect(source.backend.count('read', 'data')).toBeLessThan(20);
    expect(source.backend.count('read', 'snapshots')).toBe(2);
  });

  it('a blob that the source has lost stops it, and no snapshot is stored', async () => {
    const { source, destination, run } = await pair();
    await store(source.repo, [noise(2000).toString()]);
    source.backend.tamper = ({ type }, bytes) => (type === 'data' ? bytes.map((byte) => byte ^ 1) : bytes);
    expect(await rejection(run())).toMatchObject({ code: 'damaged' });
    expect(await destination.backend.names('snapshots')).toEqual([]);
    expect([await source.backend.names('locks'), await destination.backend.names('locks')]).toEqual([[], []]);
    source.backend.tamper = (_call, bytes) => bytes;
    expect((await run()).copied.size).toBe(1);
  });

  it('a broken snapshot is told and the others are copied', async () => {
    const { source, run } = await pair();
    const bad = await store(source.repo, ['a']);
    const good = await store(source.repo, ['b'], { time: '2026-11-22T11:00:00Z' });
    await source.backend.replace('snapshots', bad, utf8('garbage'));
    const problems: string[] = [];
    const result = await run({ onEvent: (event) => void (event.type === 'problem' && problems.push(event.name)) });
    expect([problems, [...result.copied.keys()]]).toEqual([[bad], [good]]);
  });

  it('can be cancelled, and leaves no locks', async () => {
    const { source, destination, run } = await pair();
    await store(source.repo, ['a']);
    const stop = new AbortController();
    const copying = run({ signal: stop.signal, onEvent: (event) => void (event.type === 'plan' && stop.abort()) });
    expect(await rejection(copying)).toMatchObject({ code: 'aborted' });
    expect([await source.backend.names('locks'), await destination.backend.names('locks')]).toEqual([[], []]);
    expect(await destination.backend.names('snapshots')).toEqual([]);
  });

  it('locks both, or the destination alone', async () => {
    const { source, destination, run } = await pair();
    await store(source.repo, ['a']);
    const locks = (one: TestRepository): number => one.backend.count('write', 'locks');
    const before = [locks(source), locks(destination)];
    const taken = (): number[] => [source, destination].map((one, i) => locks(one) - (before[i] ?? 0));
    await run({ noSourceLock: true });
    expect(taken()).toEqual([0, 1]);
    await run();
    expect(taken()).toEqual([1, 2]);
  });
});

describe('what counts as a copy', () => {
  const id = '22'.repeat(32) as SnapshotId;
  const copyId = '33'.repeat(32) as SnapshotId;
  const mine: Snapshot = { ...BASE, tags: ['a', 'b'], excludes: ['x'], username: 'alex', uid: 1, gid: 2 };
  const found = (part: Partial<Snapshot>): SnapshotId | undefined =>
    findCopy(originalsOf([{ id: copyId, snapshot: { ...mine, original: id, ...part } }]), { id, snapshot: mine });

  it('all but the parent, the program and the summary is the same', () => {
    expect(found({})).toBe(copyId);
    expect(found({ parent: id, programVersion: 'other' })).toBe(copyId);
    expect(found({ time: '2026-11-22T11:00:00+01:00' })).toBe(copyId);
  });

  it.each([
    [{ original: copyId }],
    [{ tree: '44'.repeat(32) as BlobId }],
    [{ time: '2026-11-22T10:00:00.000000001Z' }],
    [{ hostname: 'other' }],
    [{ username: 'other' }],
    [{ uid: 7 }],
    [{ gid: 7 }],
    [{ paths: [] }],
    [{ paths: ['/game', '/more'] }],
    [{ excludes: ['y'] }],
    [{ tags: ['b', 'a'] }],
  ] as const)('%j is another', (part) => {
    expect(found(part)).toBeUndefined();
  });

  it('absent is as empty', () => {
    fc.assert(
      fc.property(fc.subarray(['tags', 'excludes'] as const), (empty) => {
        const bare = { ...BASE, paths: null };
        const other = { ...bare, paths: [], ...Object.fromEntries(empty.map((name) => [name, []])) };
        const originals = originalsOf([{ id: copyId, snapshot: { ...other, original: id } }]);
        expect(findCopy(originals, { id, snapshot: bare })).toBe(copyId);
      }),
    );
  });
});
