/** The command lines of forget, prune and unlock: what they refuse and in which words, and what they print. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { parseMaxUnused } from '../../../src/cli/restic/commands/prune-flags.js';
import { encodeTree } from '../../../src/repo/tree.js';
import { type LocalRepository, localRepository } from '../../helpers/local-repository.js';
import { PASSWORD } from '../../helpers/repository.js';
import { quickLock, storeSnapshot } from '../../maintain/prune-env.js';
import { type CommandResult, resticTs } from './run-command.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

let local: LocalRepository;

beforeAll(async () => {
  local = await localRepository();
  const tree = await local.repo.writeUnder(quickLock(), {}, async (session) => {
    const id = await session.saveTree(encodeTree([]));
    await session.flush();
    return id;
  });
  for (let day = 1; day <= 3; day++) {
    await local.repo.saveSnapshot({ time: `2026-03-0${day}T10:00:00Z`, tree, paths: ['/x'], hostname: 'pc' });
  }
});

function run(...args: string[]): Promise<CommandResult> {
  return resticTs(args, { repo: local.path, password: PASSWORD });
}

describe('forget refuses', () => {
  it.each([
    [[], 'Fatal: no policy was specified, no snapshots will be removed'],
    [['--keep-last=0'], 'Fatal: no policy was specified, no snapshots will be removed'],
    [
      ['--keep-last=-1'],
      'invalid argument "-1" for "-l, --keep-last" flag: negative values not allowed, use \'unlimited\' instead',
    ],
    [['-H', 'x'], 'invalid argument "x" for "-H, --keep-hourly" flag: give a whole number, or unlimited'],
    [['--keep-within=5x'], 'invalid argument "5x" for "--keep-within" flag: invalid unit \'x\' found after number 5'],
    [['--keep-within-daily=1d-2h'], 'Fatal: durations containing negative values are not allowed for --keep-within*'],
    [['--keep-tag=nope'], 'refusing to delete last snapshot of snapshot group "host pc, path [/x]"'],
    [
      ['--unsafe-allow-remove-all'],
      'Fatal: --unsafe-allow-remove-all is not allowed unless a snapshot filter option is specified',
    ],
    [
      ['--keep-last=1', '--group-by=foo'],
      'invalid argument "foo" for "-g, --group-by" flag: unknown grouping option: "foo"',
    ],
    [
      ['--keep-last=1', '--no-lock'],
      'Fatal: --no-lock is only applicable in combination with --dry-run for forget command',
    ],
    [['--keep-last=1', '--max-unused=100%'], 'Fatal: percentage for --max-unused must be below 100%'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run('forget', ...args);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: `${message}\n` });
  });
});

describe('prune refuses', () => {
  it.each([
    [['--max-unused='], 'Fatal: invalid value for --max-unused: ""'],
    [['--max-unused=-5%'], 'Fatal: percentage for --max-unused must be positive'],
    [['--max-unused=x%'], 'Fatal: invalid percentage "x%" passed for --max-unused: give a number'],
    [['--no-lock'], 'Fatal: --no-lock is only applicable in combination with --dry-run for prune command'],
    [['--repack-smaller-than=17M'], 'repack-smaller-than exceeds repository packsize'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run('prune', ...args);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: `${message}\n` });
  });

  it('the unsafe recovery without the id of the repository', async () => {
    const { id } = local.repo.config;
    const { code, stderr } = await run('prune', '--unsafe-recover-no-free-space=x');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `Fatal: must pass id '${id}' to --unsafe-recover-no-free-space\n`,
    });
    expect((await run('prune', '--dry-run', `--unsafe-recover-no-free-space=${id}`)).code).toBe(0);
  });

  it('to compress what has no compression', async () => {
    const { path } = await localRepository({ version: 1 });
    const result = await resticTs(['prune', '--repack-uncompressed'], { repo: path, password: PASSWORD });
    expect(result).toMatchObject({ code: 1, stderr: 'compression requires at least repository format version 2\n' });
  });
});

describe('--max-unused', () => {
  it.each([
    ['5%', { share: 0.05 }],
    ['0', { bytes: 0 }],
    ['10M', { bytes: 10 * 2 ** 20 }],
    ['unlimited', { bytes: Number.POSITIVE_INFINITY }],
  ])('%s', (text, expected) => {
    expect(parseMaxUnused(text)).toEqual(expected);
  });
});

describe('forget', () => {
  it('shows tables, and what a dry run would remove', async () => {
    const { code, stdout } = await run('forget', '--keep-last=1', '--dry-run', '-v');
    expect(code).toBe(0);
    expect(stdout.replace(/[0-9a-f]{8}/g, '<id>')).toBe(
      [
        'Applying Policy: keep 1 latest snapshots',
        'snapshots for (host [pc], paths [/x]):',
        'keep 1 snapshots:',
        'ID        Time                 Host        Tags        Reasons        Paths',
        '---------------------------------------------------------------------------',
        `<id>  ${localTime('2026-03-03T10:00:00Z')}  pc                      last snapshot  /x`,
        '---------------------------------------------------------------------------',
        'Timestamps shown in local time',
        '1 snapshots',
        '',
        'remove 2 snapshots:',
        'ID        Time                 Host        Tags        Paths',
        '------------------------------------------------------------',
        `<id>  ${localTime('2026-03-01T10:00:00Z')}  pc                      /x`,
        `<id>  ${localTime('2026-03-02T10:00:00Z')}  pc                      /x`,
        '------------------------------------------------------------',
        'Timestamps shown in local time',
        '2 snapshots',
        '',
        'Would have removed the following snapshots:',
        '{<id> <id>}',
        '',
        '',
      ].join('\n'),
    );
  });

  it('says nothing of what it was told to remove, and passes over what is not there', async () => {
    const { path, repo } = await localRepository();
    const id = await storeSnapshot(repo, [1, 2]);
    const { code, stdout, stderr } = await resticTs(['forget', id, 'abcdef'], { repo: path, password: PASSWORD });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'Ignoring "abcdef": no matching ID found for prefix "abcdef"\n',
    });
    expect(stdout).toMatch(/^\[0:0\d\] 100\.00% {2}1 \/ 1 files deleted\n$/);
    expect(await repo.listSnapshots()).toEqual([]);
  });

  it('is silent with --quiet, and with --json where there is nothing to show', async () => {
    expect(await run('forget', '--keep-last=3', '--quiet')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await run('forget', '--keep-last=3', '--host=no', '--json')).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('unlock', () => {
  it('says how many locks it removed, if any', async () => {
    const lock = { time: '2020-01-01T00:00:00Z', exclusive: true, hostname: 'h', username: 'u', pid: 1 };
    await local.repo.locks.save(lock);
    expect(await run('unlock')).toMatchObject({ code: 0, stdout: 'successfully removed 1 locks\n' });
    expect(await run('unlock')).toMatchObject({ code: 0, stdout: '' });
    await local.repo.locks.save({ ...lock, time: new Date().toISOString() });
    expect(await run('forget', '--keep-last=1')).toMatchObject({ code: 11 });
    expect(await run('unlock')).toMatchObject({ code: 0, stdout: '' });
    expect(await run('unlock', '--remove-all')).toMatchObject({ code: 0, stdout: 'successfully removed 1 locks\n' });
  });
});

function localTime(time: string): string {
  const date = new Date(time);
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
