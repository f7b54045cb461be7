import { describe, expect, it } from 'vitest';
import { groupSnapshots, parseGroupBy } from '../../src/browse/group.js';
import {
  describeSnapshot,
  findByPrefix,
  hasTags,
  loadSnapshots,
  selectById,
  selectSnapshot,
  selectSnapshots,
  splitSpec,
} from '../../src/browse/select.js';
import { at, rejection, type TestRepository, testRepository } from '../helpers/repository.js';
import { storeSnapshots } from './stored-trees.js';

const SNAPSHOTS = [
  { time: '2026-01-01T10:00:00Z', hostname: 'pc', paths: ['/b', '/a'], tags: ['x', 'y'] },
  { time: '2026-01-03T00:00:00.5+02:00', hostname: 'deck', paths: ['/a'] },
  { time: '2026-01-02T10:00:00Z', hostname: 'pc', paths: ['/a', '/b'], tags: ['y', 'x'] },
];

async function three(): Promise<TestRepository & { readonly ids: readonly string[] }> {
  const made = await testRepository();
  return { ...made, ids: await storeSnapshots(made.repo, SNAPSHOTS) };
}

describe('loadSnapshots', () => {
  it('sorts by time, whatever its zone, and filters', async () => {
    const { repo, ids } = await three();
    const [first, last, second] = ids;
    const idsOf = async (filter = {}): Promise<string[]> => (await loadSnapshots(repo, { filter })).map(({ id }) => id);
    expect(await idsOf()).toEqual([first, second, last]);
    expect(await idsOf({ hosts: ['deck', 'nope'] })).toEqual([last]);
    expect(await idsOf({ paths: ['/a', '/b'] })).toEqual([first, second]);
    expect(await idsOf({ tags: [['x', 'y']] })).toEqual([first, second]);
    expect(await idsOf({ tags: [['x', 'z'], ['']] })).toEqual([last]);
    expect(await idsOf({ hosts: ['pc'], paths: ['/c'] })).toEqual([]);
  });

  it('tells of a file that cannot be read, or throws', async () => {
    const { repo, backend, ids } = await three();
    backend.tamper = ({ name }, bytes) => (name === ids[0] ? bytes.map((byte) => byte ^ 1) : bytes);
    const told: string[] = [];
    expect(await loadSnapshots(repo, { onProblem: (id) => told.push(id) })).toHaveLength(2);
    expect(told).toEqual([ids[0]]);
    expect((await rejection(loadSnapshots(repo))).message).toMatch(/^failed to load snapshot [0-9a-f]{8}: /);
    // Which one is the latest cannot be told.
    expect((await rejection(selectSnapshot(repo, 'latest'))).code).toBe('damaged');
  });
});

describe('selectSnapshots', () => {
  it('gives each once, in the order of the names, and tells what names none', async () => {
    const { repo, ids } = await three();
    const [first = '', last = ''] = ids;
    const told: string[] = [];
    const onProblem = (name: string, error: unknown): void => {
      told.push(`${name}: ${error instanceof Error ? error.message : ''}`);
    };
    const specs = [last, 'latest', 'zz', first.slice(0, 20), first, 'latest', 'latest:x', `${first}:x`];
    const found = await selectSnapshots(repo, specs, { onProblem });
    expect(found.map(({ id }) => id)).toEqual([last, first]);
    expect(told).toEqual([
      'zz: no matching ID found for prefix "zz"',
      'latest:x: <snapshot>:<subfolder> syntax not allowed',
      `${first}:x: <snapshot>:<subfolder> syntax not allowed`,
    ]);
    expect((await rejection(selectSnapshots(repo, ['zz']))).code).toBe('not-found');
  });

  it('says that a filter has no say, and that it lets nothing through', async () => {
    const { repo, ids } = await three();
    const told: string[] = [];
    const filter = { hosts: ['x'], tags: [['a', 'b'], ['c']], paths: ['/p', '/q'] };
    const onProblem = (name: string, error: unknown): void => {
      told.push(`${name}: ${error instanceof Error ? error.message : ''}`);
    };
    await selectSnapshots(repo, [at(ids, 0)], { filter, onProblem });
    await selectSnapshots(repo, ['latest'], { filter, onProblem });
    expect(told).toEqual([
      'filters: explicit snapshot ids are given',
      'latest: no snapshot matched given filter (Paths:[/p /q] Tags:[[a, b] [c]] Hosts:[x])',
    ]);
    const error = await rejection(selectSnapshot(repo, 'latest', { filter: { hosts: ['x'] } }));
    expect(error.message).toBe('snapshot filter (Paths:[] Tags:[] Hosts:[x]): no snapshot found');
  });
});

describe('one snapshot', () => {
  it('has a folder behind its colon', async () => {
    const { repo, ids } = await three();
    expect(await selectSnapshot(repo, 'latest:/a//b/')).toMatchObject({ id: ids[1], subfolder: 'a/b' });
    expect(await selectById(repo, `${at(ids, 0)}:x`)).toMatchObject({ id: ids[0], subfolder: 'x' });
    expect((await rejection(selectById(repo, 'latest'))).message).toBe('no matching ID found for prefix "latest"');
    expect(splitSpec('ab:c:d')).toEqual({ name: 'ab', subfolder: 'c:d' });
  });

  it('is not found by a beginning of several, nor by none', () => {
    expect(findByPrefix(['aa', 'ab'], 'ab')).toBe('ab');
    expect(() => findByPrefix(['aa', 'ab'], 'a')).toThrow('multiple IDs with prefix "a" found');
    expect(() => findByPrefix(['aa', 'ab'], 'c')).toThrow('no matching ID found for prefix "c"');
    expect(() => findByPrefix(['aa'], '')).toThrow('no matching ID');
  });

  it('is described as restic does', async () => {
    const { repo } = await three();
    const [, , last] = await loadSnapshots(repo);
    if (last === undefined) throw new Error('no snapshot');
    const text = `snapshot ${last.id.slice(0, 8)} of [/a] at 2026-01-03 00:00:00.5 +0200`;
    expect(describeSnapshot(last)).toBe(`${text} +0200 by @deck`);
    expect(describeSnapshot(last, (_, offset) => (offset === 7200 ? 'EET' : 'X'))).toBe(`${text} EET by @deck`);
  });
});

describe('hasTags', () => {
  it('takes an empty tag for having none', () => {
    const [tagged, untagged] = SNAPSHOTS.map((one) => ({ ...one, tree: 'a'.repeat(64) as never }));
    if (tagged === undefined || untagged === undefined) throw new Error('no snapshot');
    expect([[''], ['', 'x'], ['x', '']].map((tags) => hasTags(untagged, tags))).toEqual([true, true, false]);
    expect([[''], ['x'], [], ['x', 'z']].map((tags) => hasTags(tagged, tags))).toEqual([false, true, true, false]);
  });
});

describe('groups', () => {
  it('are of equal host, paths and tags in any order', async () => {
    const { repo } = await three();
    const all = await loadSnapshots(repo);
    const groups = groupSnapshots(all, parseGroupBy('host,paths,tags'));
    expect(groups.map(({ key, snapshots }) => [key, snapshots.length])).toEqual([
      [{ hostname: 'pc', paths: ['/a', '/b'], tags: ['x', 'y'] }, 2],
      [{ hostname: 'deck', paths: ['/a'], tags: null }, 1],
    ]);
    expect(groups[0]?.snapshots[0]?.snapshot).toMatchObject({ paths: ['/a', '/b'], tags: ['x', 'y'] });
    const byHost = groupSnapshots(all, parseGroupBy('hosts'));
    expect(byHost.map(({ key }) => key.hostname)).toEqual(['pc', 'deck']);
    // Tags that do not count keep their order; restic sorts paths in any case.
    expect(byHost[0]?.snapshots[1]?.snapshot).toMatchObject({ paths: ['/a', '/b'], tags: ['y', 'x'] });
    expect(groupSnapshots(all, parseGroupBy(''))).toHaveLength(1);
    expect(groupSnapshots([], parseGroupBy(''))).toEqual([]);
  });

  it('are named in singular or plural', () => {
    expect(parseGroupBy('path,tag')).toEqual({ host: false, paths: true, tags: true });
    expect(() => parseGroupBy('host,foo')).toThrow('unknown grouping option: "foo"');
  });
});
