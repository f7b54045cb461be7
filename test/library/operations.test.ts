/** backup, restore, check, forget, prune and copy as a program calls them: options, events, results, errors. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import type { SyncError } from '../../src/base/errors.js';
import { isSyncError } from '../../src/base/errors.js';
import { backup } from '../../src/library/backup.js';
import type { CheckEvent } from '../../src/library/check.js';
import { check } from '../../src/library/check.js';
import type { CopyEvent } from '../../src/library/copy.js';
import { copy } from '../../src/library/copy.js';
import type { ForgetEvent } from '../../src/library/forget.js';
import { forget } from '../../src/library/forget.js';
import type { PruneEvent } from '../../src/library/prune.js';
import { prune } from '../../src/library/prune.js';
import type { Repository } from '../../src/library/repository.js';
import { restore } from '../../src/library/restore.js';
import type { BackupEvent, RestoreEvent } from '../../src/library/types.js';
import { at, rejection } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { all, backedUp, bytesOf, folderRepository, gameFolder, memoryRepository } from './env.js';

async function paths(repo: Repository): Promise<string[]> {
  return (await all(repo.walk('latest'))).map(({ path }) => path);
}

async function told(call: Promise<unknown>): Promise<string> {
  const { code, message }: SyncError = await rejection(call);
  return `${code}: ${message}`;
}

describe('backup', () => {
  it('records what it is told, and is no head of an instance', async () => {
    const { repo } = await memoryRepository();
    const cwd = gameFolder();
    const time = new Date(Date.UTC(2026, 4, 6, 7, 8, 9, 10));
    const { snapshotId } = await backup(repo, { cwd, paths: ['game'], tags: ['a', 'b'], exclude: ['*.jar'], time });
    const snapshot = await repo.snapshot(snapshotId ?? '');
    expect(snapshot).toMatchObject({ hostname: hostname(), tags: ['a', 'b'], excludes: ['*.jar'] });
    expect(Date.parse(snapshot.time)).toBe(time.getTime());
    expect(snapshot.programVersion).toMatch(/^restic-ts \d/);
    expect(await paths(repo)).not.toContain('/game/mods/big.jar');
    await repo.close();
  });

  it('takes the parent of the same host and paths, another one, or none', async () => {
    const { repo } = await memoryRepository();
    const cwd = gameFolder();
    const base = { cwd, paths: ['game'], hostname: 'pc' };
    const first = (await backup(repo, base)).snapshotId;
    await backup(repo, { ...base, hostname: 'other' });
    const auto = await backup(repo, base);
    expect([auto.summary.filesUnmodified, auto.summary.filesNew]).toEqual([3, 0]);
    expect((await repo.snapshot(auto.snapshotId ?? '')).parent).toBe(first);
    const none = await backup(repo, { ...base, parent: 'none' });
    expect([none.summary.filesUnmodified, none.summary.filesNew, none.summary.dataBlobs]).toEqual([0, 3, 0]);
    const named = await backup(repo, { ...base, hostname: 'third', parent: first?.slice(0, 10) });
    expect((await repo.snapshot(named.snapshotId ?? '')).parent).toBe(first);
    expect((await rejection(backup(repo, { ...base, parent: 'ffff' }))).code).toBe('not-found');
    const same = await backup(repo, { ...base, skipIfUnchanged: true });
    expect(same.snapshotId).toBeUndefined();
    await repo.close();
  });

  it('asks the filter about what is not excluded', async () => {
    const { repo } = await memoryRepository();
    const asked: string[] = [];
    await backup(repo, {
      cwd: gameFolder(),
      paths: ['game'],
      exclude: ['mods'],
      onEvent: () => undefined,
      filter: async (path, { isDirectory, stats }) => {
        asked.push(path.slice(path.indexOf('game')).replaceAll('\\', '/'));
        return isDirectory || stats.size < 1000n;
      },
    });
    const once = [...new Set(asked)].sort();
    expect(once).toEqual(['game/options.txt', 'game/saves', 'game/saves/Home', 'game/saves/Home/level.dat']);
    expect(asked.length).toBe(2 * once.length);
    expect(await paths(repo)).toEqual(['/game', '/game/options.txt', '/game/saves', '/game/saves/Home']);
    await repo.close();
  });

  it('takes a stream, and tells what it does', async () => {
    const { repo } = await memoryRepository();
    const events: BackupEvent[] = [];
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield utf8('one ');
      yield utf8('two');
    }
    const onEvent = (event: BackupEvent): void => void events.push(event);
    await backup(repo, { stream: { name: 'dumps/db.sql', stream: pieces() }, onEvent });
    expect((await bytesOf(repo.readFile('latest', '/dumps/db.sql'))).toString()).toBe('one two');
    expect(events.some((event) => event.type === 'item' && event.item === '/dumps/db.sql')).toBe(true);
    await repo.close();
  });

  it('leaves out what cannot be read, and says so', async () => {
    const { repo } = await memoryRepository();
    const cwd = gameFolder();
    const { errors, snapshotId } = await backup(repo, { cwd, paths: ['game', 'gone'] });
    expect(errors.map(({ item }) => item)).toEqual(['gone']);
    expect((await repo.snapshot(snapshotId ?? '')).paths).toEqual([join(cwd, 'game')]);
    await repo.close();
  });

  it('says what is wrong with a call', async () => {
    const { repo } = await memoryRepository();
    const cwd = gameFolder();
    expect(await told(backup(repo, { paths: [] }))).toBe('usage: no paths to back up');
    expect(await told(backup(repo, { cwd, paths: ['x'] }))).toBe('not-found: there is nothing to back up at x');
    const below = join(cwd, 'game/options.txt/x');
    expect(await told(backup(repo, { paths: [below, 'y'] }))).toBe(
      `not-found: there is nothing to back up at ${below} and 1 more`,
    );
    expect(await told(backup(repo, { cwd, paths: ['game'], exclude: ['[a'] }))).toContain('usage: invalid pattern');
    expect(await told(backup(repo, { cwd, paths: ['game'], time: new Date('x') }))).toContain('usage: the time');
    // Either may be the first.
    const both = [backup(repo, { cwd, paths: ['game'] }), backup(repo, { cwd, paths: ['game'] })];
    const refused = (await Promise.allSettled(both)).filter((one) => one.status === 'rejected');
    expect(refused.map(({ reason }) => isSyncError(reason, 'usage'))).toEqual([true]);
    await repo.close();
  });
});

describe('restore', () => {
  it('brings all back, and tells what it does', async () => {
    const { repo } = await memoryRepository();
    const cwd = await backedUp(repo);
    const target = join(tempFolder(), 'new', 'folder');
    const events: RestoreEvent[] = [];
    const result = await restore(repo, 'latest', { target, verify: true, onEvent: (event) => void events.push(event) });
    expect(result).toMatchObject({ filesRestored: 7, errors: [], filesVerified: 3 });
    expect(events.filter((event) => event.type === 'item').length).toBe(7);
    for (const name of ['options.txt', 'mods/big.jar', 'saves/Home/level.dat']) {
      expect(readFileSync(join(target, 'game', name)).equals(readFileSync(join(cwd, 'game', name)))).toBe(true);
    }
    await repo.close();
  });

  it('takes a folder of a snapshot, by patterns, and removes the rest if that is wanted', async () => {
    const { repo } = await memoryRepository();
    await backedUp(repo);
    const snapshot = await repo.snapshot('latest');
    const target = tempFolder();
    mkdirSync(join(target, 'saves'));
    writeFileSync(join(target, 'saves/junk'), 'x');
    writeFileSync(join(target, 'junk'), 'x');
    await restore(repo, snapshot, { target, folder: 'game', include: ['/saves', '*.txt'], delete: true });
    expect(readdirSync(target).sort()).toEqual(['junk', 'options.txt', 'saves']);
    expect(readdirSync(join(target, 'saves'))).toEqual(['Home']);
    await restore(repo, snapshot, { target, folder: '/game/', exclude: ['saves'], delete: true });
    expect(readdirSync(target).sort()).toEqual(['mods', 'options.txt', 'saves']);
    const dry = await restore(repo, snapshot, { target: join(target, 'never'), dryRun: true });
    expect([dry.filesRestored, readdirSync(target).length]).toEqual([7, 3]);
    await repo.close();
  });

  it('says what is wrong with a call', async () => {
    const { repo } = await memoryRepository();
    await backedUp(repo);
    const file = join(tempFolder(), 'file');
    writeFileSync(file, 'x');
    const target = tempFolder();
    expect(await told(restore(repo, 'latest', { target: '' }))).toBe('usage: no target folder to restore into');
    expect(await told(restore(repo, 'latest', { target: file }))).toMatch(/^io: .*target directory .*file: /);
    expect(await told(restore(repo, 'latest', { target: join(file, 'x') }))).toMatch(
      /^io: .*target directory .*file.x: /,
    );
    expect(await told(restore(repo, 'x', { target }))).toContain('not-found: ');
    expect(await told(restore(repo, 'latest', { target, folder: 'game/x' }))).toContain('not-found: path game/x');
    expect(await told(restore(repo, 'latest', { target, include: ['a'], exclude: ['b'] }))).toContain('usage: ');
    expect(await told(restore(repo, 'latest', { target: join(target, '/..'.repeat(99)), delete: true }))).toContain(
      'needs patterns',
    );
    expect(readdirSync(target)).toEqual([]);
    await repo.close();
  });
});

describe('check', () => {
  it('finds damage, and looks past the cache', async () => {
    const { path, password, open } = await folderRepository();
    const { Repository: Public } = await import('../../src/library/repository.js');
    const repo = await Public.open({ repository: path, password, cacheFolder: tempFolder() });
    await backedUp(repo);
    await all(repo.walk('latest'));
    expect((await check(repo)).isSound).toBe(true);
    const [tree] = (await all(repo.blobs())).filter(({ type }) => type === 'tree');
    const pack = join(path, 'data', tree?.pack.slice(0, 2) ?? '', tree?.pack ?? '');
    const bytes = readFileSync(pack);
    bytes[at([tree], 0)?.offset ?? 0] = (bytes[at([tree], 0)?.offset ?? 0] ?? 0) ^ 1;
    const { chmodSync } = await import('node:fs');
    chmodSync(pack, 0o600);
    writeFileSync(pack, bytes);
    const events: CheckEvent[] = [];
    const { isSound, findings } = await check(repo, { readData: 'all', onEvent: (event) => void events.push(event) });
    expect(isSound).toBe(false);
    expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['tree-unreadable', 'pack-damaged']));
    expect(events.filter((event) => event.type === 'finding').length).toBe(findings.length);
    expect(events.some((event) => event.type === 'progress' && event.phase === 'data')).toBe(true);
    await repo.close();
    await (await open()).close();
  });
});

describe('forget', () => {
  async function history(repo: Repository, days: number): Promise<void> {
    const cwd = tempFolder();
    for (let day = 1; day <= days; day++) {
      writeFileSync(join(cwd, 'file'), `day ${day}`);
      const tags = day === 1 ? ['keep'] : [];
      await backup(repo, { cwd, paths: ['file'], hostname: 'pc', time: new Date(Date.UTC(2026, 0, day)), tags });
    }
  }

  it('goes by rules, tells its plan first, and prunes if that is wanted', async () => {
    const { repo } = await memoryRepository();
    await history(repo, 5);
    const keep = { last: 2, tags: [['keep']] };
    const dry = await forget(repo, { keep, dryRun: true, prune: true });
    expect([dry.remove.length, dry.removed, dry.prune?.totals.prunedBlobs]).toEqual([2, [], 4]);
    const events: ForgetEvent[] = [];
    const result = await forget(repo, { keep, prune: true, onEvent: (event) => void events.push(event) });
    expect(new Set(result.removed)).toEqual(new Set(dry.remove));
    expect(result.problems).toEqual([]);
    const [group] = result.groups;
    expect(group?.key).toMatchObject({ hostname: 'pc' });
    expect(group?.keep.map(({ reasons }) => reasons)).toEqual([
      ['last snapshot'],
      ['last snapshot'],
      ['has tags [keep]'],
    ]);
    expect(group?.remove.map(({ id }) => id)).toEqual(dry.remove);
    const types = events.map(({ type }) => type);
    expect(types.slice(0, 3)).toEqual(['plan', 'removed', 'removed']);
    expect(types).toContain('planned');
    expect((await all(repo.snapshots())).length).toBe(3);
    expect((await check(repo, { readData: 'all' })).findings).toEqual([]);
    await repo.close();
  });

  it('takes exactly those that are named, all of them or none', async () => {
    const { repo } = await memoryRepository();
    await history(repo, 3);
    const [first, second] = await all(repo.snapshots());
    const named = [first?.id ?? '', 'ffffffff'];
    expect((await rejection(forget(repo, { snapshots: named }))).code).toBe('not-found');
    expect((await all(repo.snapshots())).length).toBe(3);
    const filter = { hosts: ['other'] };
    expect((await rejection(forget(repo, { snapshots: named, filter }))).code).toBe('not-found');
    expect((await rejection(forget(repo, { snapshots: named.slice(0, 1), filter }))).code).toBe('usage');
    const { removed } = await forget(repo, { snapshots: [second?.id.slice(0, 8) ?? '', 'latest'] });
    expect(removed).toContain(second?.id);
    expect((await all(repo.snapshots())).map(({ id }) => id)).toEqual([first?.id]);
    await repo.close();
  });

  it('goes on past a snapshot that cannot be read or removed', async () => {
    const { repo, backend } = await memoryRepository();
    await history(repo, 3);
    const [first, second] = await all(repo.snapshots());
    const bytes = await backend.bytes('snapshots', first?.id ?? '');
    await backend.replace('snapshots', first?.id ?? '', bytes.slice(1));
    backend.before = ({ method, type }) => {
      if (method === 'remove' && type === 'snapshots') throw new Error('not today');
    };
    const { remove, removed, problems } = await forget(repo, { keep: { last: 1 }, prune: true });
    expect([remove, removed]).toEqual([[second?.id], []]);
    expect(problems.map(({ id }) => id)).toEqual([first?.id, second?.id]);
    await repo.close();
  });

  it('refuses rules that make no sense', async () => {
    const { repo } = await memoryRepository();
    await history(repo, 1);
    for (const keep of [{}, { last: 0 }, { last: -1 }, { daily: 1.5 }, { weekly: Number.NaN }, { within: '3 days' }]) {
      expect((await rejection(forget(repo, { keep }))).code, JSON.stringify(keep)).toBe('usage');
    }
    expect((await rejection(forget(repo, {}))).code).toBe('usage');
    // All of a group.
    expect((await rejection(forget(repo, { keep: { tags: [['none']] } }))).code).toBe('usage');
    expect((await forget(repo, { keep: { last: Number.POSITIVE_INFINITY, within: '1y5m7d2h' } })).remove).toEqual([]);
    await repo.close();
  });
});

describe('prune', () => {
  it('removes what nobody needs, and says what that was', async () => {
    const { repo } = await memoryRepository();
    const cwd = await backedUp(repo);
    await backup(repo, { cwd, paths: ['game'], exclude: ['big.jar'], hostname: 'pc' });
    await forget(repo, { keep: { last: 1 } });
    const dry = await prune(repo, { dryRun: true, maxUnused: { bytes: 0 } });
    const events: PruneEvent[] = [];
    const done = await prune(repo, { maxUnused: { bytes: 0 }, onEvent: (event) => void events.push(event) });
    expect(done).toEqual(dry);
    expect(done.totals.prunedBytes).toBeGreaterThan(2_900_000);
    expect(events.find((event) => event.type === 'planned')).toEqual({ type: 'planned', plan: done });
    expect((await prune(repo, { maxUnused: { bytes: 0 } })).totals.prunedBlobs).toBe(0);
    expect((await check(repo, { readData: 'all' })).findings).toEqual([]);
    expect((await all(repo.walk('latest'))).length).toBe(6);
    await repo.close();
  });

  it('cannot compress version 1', async () => {
    const { repo } = await folderRepository(1);
    expect((await rejection(prune(repo, { repackUncompressed: true }))).code).toBe('usage');
    await repo.close();
  });
});

describe('copy', () => {
  it('brings snapshots to another version and password, each once', async () => {
    const [from, to] = [await folderRepository(1), await folderRepository(2)];
    const cwd = await backedUp(from.repo);
    await backup(from.repo, { cwd, paths: ['game'], exclude: ['big.jar'], hostname: 'laptop' });
    const events: CopyEvent[] = [];
    const filter = { hosts: ['laptop'] };
    const first = await copy(from.repo, to.repo, { filter, onEvent: (event) => void events.push(event) });
    expect([first.copied.size, first.skipped.size, first.problems]).toEqual([1, 0, []]);
    expect(events.map(({ type }) => type).filter((type) => type !== 'packs')).toEqual(['begun', 'plan', 'saved']);
    const second = await copy(from.repo, to.repo);
    expect([second.copied.size, second.skipped.size]).toEqual([1, 1]);
    const [source, target] = [await all(from.repo.snapshots()), await all(to.repo.snapshots())];
    expect(target.map(({ tree }) => tree)).toEqual(source.map(({ tree }) => tree));
    expect((await check(to.repo, { readData: 'all' })).isSound).toBe(true);
    expect((await rejection(copy(from.repo, to.repo, { snapshots: ['ffff'] }))).code).toBe('not-found');
    expect((await copy(to.repo, to.repo)).copied.size).toBe(0);
    await Promise.all([from.repo.close(), to.repo.close()]);
  });
});
