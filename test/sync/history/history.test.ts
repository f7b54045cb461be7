import { describe, expect, it, vi } from 'vitest';
import type { SnapshotId } from '../../../src/base/ids.js';
import type { History, HistoryEntry, HistoryOptions } from '../../../src/sync/history/history.js';
import { history } from '../../../src/sync/history/history.js';
import { factsOf } from '../../../src/sync/history/version-facts.js';
import { newestFirst } from '../../../src/sync/history/versions.js';
import type { KnownSnapshot } from '../../../src/sync/merge/heads.js';
import { anyId, newCloud, type TestCloud, type TestPc } from '../../helpers/two-pcs.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

const NONE = { added: 0, changed: 0, removed: 0, bytes: 0, bytesRemoved: 0 };

async function historyOf(pc: TestPc, options: HistoryOptions = {}): Promise<History> {
  const result = await history({ packFolder: pc.game, ...options }, pc.services);
  if (result.outcome !== 'history') throw new Error(result.outcome);
  return result;
}

function brief({ changes }: HistoryEntry): string {
  if (changes === undefined) return 'unknown';
  const worlds = changes.worlds.map((one) => `${one.world} ${one.state} +${one.added} M${one.changed} -${one.removed}`);
  const { added, changed, removed } = changes.other;
  return [...worlds, `+${added} M${changed} -${removed}`].join(', ');
}

/** Three evenings on one PC. */
async function threeVersions(): Promise<{ cloud: TestCloud; pc: TestPc; ids: SnapshotId[] }> {
  const cloud = await newCloud();
  const pc = await cloud.pc();
  const ids: SnapshotId[] = [];
  const push = async (): Promise<void> => {
    const result = await pc.push({ onDeletion: 'send' });
    if (result.outcome !== 'sent') throw new Error(result.outcome);
    ids.push(result.snapshot);
  };
  pc.put('saves/World/level.dat', 'one');
  pc.put('saves/World/region/r.0.0.mca', 'chunks');
  pc.put('options.txt', 'fov:1');
  await push();
  pc.put('saves/World/level.dat', 'two!');
  pc.put('saves/Other/level.dat', 'new');
  pc.remove('options.txt');
  await push();
  pc.remove('saves/World');
  pc.put('config/a.toml', 'a');
  await push();
  return { cloud, pc, ids };
}

describe('what changed in each version', () => {
  it('by world, and all other files together, newest first', async () => {
    const { pc, ids } = await threeVersions();
    const { entries, versions, hasMore } = await historyOf(pc);
    expect(entries.map(({ id }) => id)).toEqual([...ids].reverse());
    expect(entries.map(brief)).toEqual([
      'saves/World gone +0 M0 -2, +1 M0 -0',
      'saves/Other new +1 M0 -0, saves/World changed +0 M1 -0, +0 M0 -1',
      'saves/World new +2 M0 -0, +1 M0 -0',
    ]);
    expect(entries[1]?.changes).toEqual({
      worlds: [
        { world: 'saves/Other', state: 'new', ...NONE, added: 1, bytes: 3 },
        { world: 'saves/World', state: 'changed', ...NONE, changed: 1, bytes: 4 },
      ],
      other: { ...NONE, removed: 1, bytesRemoved: 5 },
    });
    expect(entries.map(({ against }) => against)).toEqual([ids[1], ids[0], undefined]);
    expect(entries.map(({ isHead, isHere }) => [isHead, isHere])).toEqual([
      [true, true],
      [false, false],
      [false, false],
    ]);
    expect({ versions, hasMore }).toEqual({ versions: 3, hasMore: false });
  });

  it('a limit, and one world only, whatever the letter case', async () => {
    const { pc, ids } = await threeVersions();
    const two = await historyOf(pc, { limit: 2 });
    expect([two.entries.map(({ id }) => id), two.hasMore]).toEqual([[ids[2], ids[1]], true]);
    expect((await historyOf(pc, { limit: 3 })).hasMore).toBe(false);
    const other = await historyOf(pc, { world: 'other' });
    expect([other.entries.map(({ id }) => id), other.hasMore]).toEqual([[ids[1]], false]);
    const first = await historyOf(pc, { world: 'saves/World/', limit: 1 });
    expect([first.entries.map(({ id }) => id), first.hasMore]).toEqual([[ids[2]], true]);
  });

  it('one that another says has lost a conflict is marked', async () => {
    const { cloud, pc, ids } = await threeVersions();
    await cloud.foreign({}, { tags: [`conflict-loser:${ids[1]}`], time: '2020-01-01T00:00:00Z' });
    const { entries } = await historyOf(pc);
    expect(entries.map(({ conflictLoser }) => conflictLoser)).toEqual([false, true, false, false]);
  });

  it('nothing in the cloud is an empty history', async () => {
    const pc = await (await newCloud()).pc();
    expect(await historyOf(pc)).toMatchObject({ outcome: 'history', entries: [], versions: 0, hasMore: false });
  });

  it('the game folder is neither locked nor written to', async () => {
    const { pc } = await threeVersions();
    const before = pc.files();
    pc.hooks.before = (call) => {
      if (/^(write|remove) (?!locks)/.test(call)) throw new Error(call);
    };
    await historyOf(pc);
    expect(pc.files()).toEqual(before);
    expect(pc.trash()).toEqual([]);
  });
});

describe('snapshots by others', () => {
  it('are compared by content, wherever the game folder lies in them', async () => {
    const cloud = await newCloud();
    const pc = await cloud.pc();
    pc.put('saves/World/level.dat', 'one');
    pc.put('options.txt', 'fov:1');
    await pc.push();
    const [first] = await cloud.snapshots();
    const files = {
      'saves/World/level.dat': 'one',
      'options.txt': 'fov:2',
      'saves/World/session.lock': 'x',
      'mods/a.jar': 'x',
    };
    const below = 'home/kim/mc';
    const theirs = await cloud.foreign(files, { time: '2099-01-01T00:00:00Z', paths: [`/${below}`], below });
    const { entries } = await historyOf(pc);
    expect(entries[0]).toMatchObject({ id: theirs, hostname: 'other', against: first?.id, parents: [] });
    expect(entries.map(brief)).toEqual(['+0 M1 -0', 'saves/World new +1 M0 -0, +1 M0 -0']);
  });

  it('a version that follows a forgotten one is compared with the next older that is left', async () => {
    const { cloud, pc, ids } = await threeVersions();
    if (ids[1] !== undefined) await cloud.forget(ids[1]);
    const { entries } = await historyOf(pc);
    expect(entries.map(({ id, against }) => [id, against])).toEqual([
      [ids[2], ids[0]],
      [ids[0], undefined],
    ]);
    expect(entries.map(brief)[0]).toBe('saves/Other new +1 M0 -0, saves/World gone +0 M0 -2, +1 M0 -1');
    expect(entries[0]?.parents).toEqual([ids[1]]);
  });

  it('one that cannot be read is told, and hides no other', async () => {
    const { cloud, pc, ids } = await threeVersions();
    const [tags, parent] = [['instance-sync', 'format:99'], ids[2] ?? anyId()];
    await cloud.foreign({ 'saves/World/level.dat': 'x' }, { tags, parent, programVersion: 'instance-sync 9.0.0' });
    const repo = await cloud.open();
    const tree = anyId() as never;
    const lost = await repo.saveSnapshot({
      time: '2026-01-02T00:00:00Z',
      tree,
      paths: null,
      programVersion: 'instance-sync 1',
    });
    const { entries } = await historyOf(pc);
    expect(entries).toHaveLength(5);
    expect(entries.find(({ id }) => id === lost)?.problem).toMatch(/tree/);
    expect(entries.map(({ problem }) => problem?.includes('newer form') === true).filter(Boolean)).toHaveLength(1);
    expect(entries.filter(({ changes }) => changes !== undefined)).toHaveLength(3);
  });
});

describe('order', () => {
  const ids = [1, 2, 3, 4, 5, 6].map((n) => String(n).repeat(64) as SnapshotId);
  const [a, b, c, d, e, f] = ids as [SnapshotId, SnapshotId, SnapshotId, SnapshotId, SnapshotId, SnapshotId];
  const version = (id: SnapshotId, day: number, parent?: SnapshotId, ...follows: SnapshotId[]): KnownSnapshot => ({
    id,
    snapshot: {
      time: `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`,
      tree: a as never,
      paths: null,
      tags: follows.map((one) => `follows:${one}`),
      ...(parent === undefined ? {} : { parent }),
    },
  });
  const orderOf = (...versions: KnownSnapshot[]): SnapshotId[] => newestFirst(versions).map(({ id }) => id);

  it('by what follows what, even where the clocks say otherwise', () => {
    expect(orderOf(version(a, 30), version(b, 20, a), version(c, 10, b))).toEqual([c, b, a]);
  });

  it('of two lines that meet, by time, and the meeting first', () => {
    const lines = [version(a, 1), version(b, 2, a), version(c, 4, a), version(d, 3, b), version(e, 1, d, c)];
    expect(orderOf(...lines)).toEqual([e, c, d, b, a]);
    expect(orderOf(...[...lines].reverse())).toEqual([e, c, d, b, a]);
  });

  it('unrelated ones by time, equal times by id, and rings at the end', () => {
    expect(orderOf(version(b, 2), version(a, 2), version(c, 3))).toEqual([c, a, b]);
    expect(orderOf(version(a, 1, b), version(b, 2, a), version(c, 1))).toEqual([c, b, a]);
    expect(orderOf(version(f, 1, f))).toEqual([f]);
  });

  it('2,000 versions in a moment', () => {
    const many = Array.from({ length: 2000 }, (_, i) => String(i).padStart(64, '0') as SnapshotId);
    const chain = many.map((id, i) => version(id, 1 + (i % 28), i % 3 === 0 ? undefined : many[i - 1]));
    const order = newestFirst(chain);
    expect(order).toHaveLength(2000);
    const place = new Map(order.map(({ id }, i) => [id, i]));
    for (const { id, snapshot } of chain) {
      if (snapshot.parent !== undefined) expect(place.get(id)).toBeLessThan(place.get(snapshot.parent) ?? -1);
    }
  });
});

it('tags are taken apart, and what is not ours stays a tag', () => {
  const loser = anyId();
  const tags = ['instance-sync', `follows:${anyId()}`, 'device:D', 'instance:I', 'mc:1.21.1', 'unclean', 'kept'];
  const more = ['loader:fabric-loader 0.16.9', 'merge', 'live', `conflict-loser:${loser}`];
  const snapshot = { time: '2026-01-01T00:00:00Z', tree: anyId() as never, paths: null, username: 'kim' };
  expect(factsOf({ ...snapshot, tags: [...tags, ...more] })).toEqual({
    time: snapshot.time,
    username: 'kim',
    device: 'D',
    instance: 'I',
    minecraft: '1.21.1',
    loader: 'fabric-loader 0.16.9',
    unclean: true,
    live: true,
    merge: true,
    conflictLoser: false,
    otherTags: ['kept'],
    losers: [loser],
  });
});
