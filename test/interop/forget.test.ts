/** Forget against restic's: the same text and JSON for the same repository, and the same repository afterwards. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeTree } from '../../src/repo/tree.js';
import { type CommandResult, resticTs } from '../cli/restic/run-command.js';
import { type LocalRepository, localRepository, openLocal } from '../helpers/local-repository.js';
import { describeInterop, restic, startRestServer } from '../helpers/peers.js';
import type { Finished } from '../helpers/process.js';
import { PASSWORD } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { expectWhole, quickLock, storeSnapshot } from '../maintain/prune-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const LIMIT = 120_000;
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Two hosts, several paths and tags, with and without a summary; most of a year. */
async function filled(): Promise<LocalRepository> {
  const local = await localRepository();
  const tree = await local.repo.writeUnder(quickLock(), {}, async (session) => {
    const id = await session.saveTree(encodeTree([]));
    await session.flush();
    return id;
  });
  for (let i = 0; i < 12; i++) {
    await local.repo.saveSnapshot({
      time: `2025-${String(i + 1).padStart(2, '0')}-0${(i % 9) + 1}T0${i % 10}:30:00.5+02:00`,
      tree,
      paths: i % 4 === 3 ? ['/b', '/a <&>'] : ['/x'],
      hostname: i % 2 === 0 ? 'pc' : 'box',
      username: 'somebody',
      tags: [['daily'], ['daily', 'kept'], []][i % 3] ?? [],
      programVersion: 'restic 0.19.1',
      ...(i > 5 ? { excludes: ['*.tmp'] } : {}),
    });
  }
  return local;
}

interface Pair {
  readonly mine: CommandResult;
  readonly theirs: Finished;
  /** The repositories afterwards. */
  readonly paths: readonly [string, string];
}

/** The same command line for each program, on its own copy. */
async function both(path: string, args: readonly string[]): Promise<Pair> {
  const folder = tempFolder();
  const paths = [join(folder, 'mine'), join(folder, 'theirs')] as const;
  for (const copy of paths) cpSync(path, copy, { recursive: true });
  const [mine, theirs] = await Promise.all([
    resticTs(args, { repo: paths[0], password: PASSWORD }),
    restic('restic-latest', args, { repo: paths[1], password: PASSWORD }),
  ]);
  return { mine, theirs, paths };
}

const withoutTimes = (text: string): string => text.replace(/\[\d+:\d+\]/g, '[time]');

/** restic takes groups in any order: blocks of the text are compared as a set. */
function blocks(text: string): string[] {
  return withoutTimes(text)
    .replace(/^(Applying Policy.*)\n/, '$1\n\n')
    .split('\n\n')
    .sort();
}

describeInterop('forget is that of restic', ['restic-latest'], () => {
  let path = '';
  beforeAll(async () => {
    ({ path } = await filled());
  });

  it.each([
    [['--keep-last=2', '--host=pc', '--path=/x']],
    [['--keep-last=2', '-v']],
    [['--keep-monthly=3', '--keep-weekly=2', '--keep-yearly=unlimited', '--group-by=']],
    [['--keep-within=2m15d', '--keep-within-hourly=1y', '--group-by=host']],
    [['--keep-tag=daily,kept', '--keep-last=1', '--group-by=host', '--compact']],
    [['--keep-last=1', '--tag=daily', '--group-by=tags,paths', '-v']],
    [['--keep-last=1', '--dry-run', '--prune', '--group-by=']],
    [['--tag=', '--unsafe-allow-remove-all', '--group-by=']],
    [['--keep-last=1', '--host=nobody']],
    [['latest']],
    [['latest', '--host=box', '--prune']],
    [['--keep-last=1', '--group-by=', '--prune', '-v']],
  ])('in text: %j', async (args) => {
    const { mine, theirs, paths } = await both(path, ['forget', ...args]);
    expect([mine.code, mine.stderr]).toEqual([theirs.code, theirs.stderr]);
    expect(blocks(mine.stdout)).toEqual(blocks(theirs.stdout));
    const [left, theirsLeft] = await Promise.all(paths.map(async (one) => (await openLocal(one)).listSnapshots()));
    expect(left?.sort()).toEqual(theirsLeft?.sort());
  });

  it.each([
    [['--keep-last=2', '--host=pc', '--path=/x']],
    [['--keep-monthly=3', '--keep-tag=daily', '--group-by=']],
    [['--keep-last=1', '--tag=daily', '--group-by=']],
    [['--keep-last=50', '--group-by=']],
    [['--keep-last=1', '--group-by=', '--prune']],
    [['latest']],
    [['--keep-last=1', '--host=nobody']],
  ])('in JSON: %j', async (args) => {
    const { mine, theirs } = await both(path, ['forget', '--json', ...args]);
    expect([mine.code, mine.stdout, mine.stderr]).toEqual([theirs.code, theirs.stdout, theirs.stderr]);
  });
});

describeInterop('forget and prune in one', ['restic-latest'], () => {
  it('leave the same as restic', { timeout: LIMIT }, async () => {
    const { path, repo } = await localRepository();
    for (let i = 0; i < 5; i++) await storeSnapshot(repo, range(i * 10, i * 10 + 40), { packSize: 8000 });
    const ids = (await repo.listSnapshots()).slice(0, 3);
    const { mine, theirs, paths } = await both(path, ['forget', '--prune', '--max-unused=0', ...ids]);
    expect([mine.code, theirs.code]).toEqual([0, 0]);
    expect(withoutTimes(mine.stdout).replace(/packs|indexes/g, '')).toContain(
      '3 snapshots have been removed, running prune',
    );
    const [left, theirsLeft] = await Promise.all(paths.map(async (one) => expectWhole(await openLocal(one))));
    expect(left).toEqual(theirsLeft);
    const check = await restic('restic-latest', ['check', '--read-data', '--no-lock'], {
      repo: paths[0],
      password: PASSWORD,
    });
    expect([check.code, check.stderr]).toEqual([0, '']);
  });
});

describeInterop('an append-only server', ['restic-latest', 'rest-server-latest'], () => {
  describe('forget', () => {
    it('ends with 3, and the snapshots stay', { timeout: LIMIT }, async () => {
      const { path, repo } = await filled();
      const data = tempFolder();
      cpSync(path, join(data, 'repository'), { recursive: true });
      const server = await startRestServer('rest-server-latest', { appendOnly: true, path: data });
      const address = `rest:${server.url}repository/`;
      const args = ['forget', '--keep-last=1', '--group-by=', '--prune'];
      const mine = await resticTs(args, { repo: address, password: PASSWORD });
      const theirs = await restic('restic-latest', args, { repo: address, password: PASSWORD });
      expect([mine.code, theirs.code]).toEqual([3, 3]);
      for (const { stderr, stdout } of [mine, theirs]) {
        expect(stderr.match(/unable to remove snapshot\/[0-9a-f]{64} from the repository/g)?.length).toBe(11);
        expect(stderr).toContain('failed to remove one or more snapshots');
        expect(stdout).not.toContain('running prune');
      }
      const json = await resticTs([...args, '--json'], { repo: address, password: PASSWORD });
      expect(json.code).toBe(3);
      expect(json.stderr).toContain('{"message_type":"exit_error","code":3,"message":"failed to remove');
      const left = await restic('restic-latest', ['list', 'snapshots'], { repo: address, password: PASSWORD });
      expect(left.stdout.trim().split('\n').length).toBe((await repo.listSnapshots()).length);
      await server.stop();
    });
  });
});

describeInterop('unlock', ['restic-latest'], () => {
  it.each([['unlock'], ['unlock', '--remove-all']])('as restic does: %j', async (...args) => {
    const { path, repo } = await localRepository();
    const lock = { exclusive: false, hostname: 'another', username: 'u', pid: 1 };
    await repo.locks.save({ ...lock, time: new Date().toISOString() });
    await repo.locks.save({ ...lock, time: '2020-01-01T00:00:00Z' });
    const { mine, theirs, paths } = await both(path, args);
    expect([mine.code, mine.stdout, mine.stderr]).toEqual([theirs.code, theirs.stdout, theirs.stderr]);
    const locks = async (one: string): Promise<number> => (await (await openLocal(one)).backend.list('locks')).length;
    expect(await locks(paths[0])).toBe(await locks(paths[1]));
  });
});
