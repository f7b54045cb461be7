import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SnapshotId } from '../../../src/base/ids.js';
import { PASSWORD } from '../../helpers/repository.js';
import { soundRepository } from '../../helpers/sound-repository.js';
import { tempFolder } from '../../helpers/temp.js';
import { type CommandResult, resticTs } from './run-command.js';

const repo = join(tempFolder(), 'repo');
let snapshots: readonly SnapshotId[] = [];

beforeAll(async () => {
  mkdirSync(repo);
  ({ snapshots } = await soundRepository(repo));
});

function run(args: readonly string[], cwd: string = tempFolder()): Promise<CommandResult> {
  return resticTs(['restore', '--no-lock', ...args], { repo, password: PASSWORD, cwd });
}

function objects(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Record<string, unknown> => JSON.parse(line))
    .filter((object) => object['message_type'] !== 'status');
}

describe('what cannot be carried out', () => {
  it.each([
    [[], 'Fatal: no snapshot ID specified'],
    [['a', 'b'], 'Fatal: more than one snapshot ID specified: [a b]'],
    [['latest'], 'Fatal: please specify a directory to restore to (--target)'],
    [['latest', '-t', ''], 'Fatal: please specify a directory to restore to (--target)'],
    [['latest', '-t', 'x', '-i', 'a', '-e', 'b'], 'Fatal: exclude and include patterns are mutually exclusive'],
    [
      ['latest', '-t', 'x', '--include-xattr', 'a', '--exclude-xattr', 'b'],
      'Fatal: exclude and include xattr patterns are mutually exclusive',
    ],
    [['latest', '-t', 'x', '--dry-run', '--verify'], 'Fatal: --dry-run and --verify are mutually exclusive'],
    [
      ['latest', '-t', '/', '--delete'],
      "Fatal: '--target / --delete' must be combined with an include or exclude filter",
    ],
    [
      ['latest', '-t', '//../', '--delete', '--dry-run'],
      "Fatal: '--target / --delete' must be combined with an include or exclude filter",
    ],
    [
      ['latest', '-t', 'x', '--overwrite', 'some'],
      'invalid argument "some" for "--overwrite" flag: invalid overwrite behavior "some", must be one of (always|if-changed|if-newer|never)',
    ],
    [['latest', '-t', 'x', '--include-xattr', '[a'], 'Fatal: --include-xattr: invalid pattern(s) provided:\n[a'],
    [['latest', '-t', 'x', '--include', '[a'], 'Fatal: --include: invalid pattern(s) provided:\n[a'],
    [['ffff', '-t', 'x'], 'Fatal: failed to find snapshot: no matching ID found for prefix "ffff"'],
    [
      ['latest', '-t', 'x', '-H', 'none'],
      'Fatal: failed to find snapshot: snapshot filter (Paths:[] Tags:[] Hosts:[none]): no snapshot found',
    ],
    [['latest:none', '-t', 'x'], 'path none: not found'],
    [['latest:readme.txt', '-t', 'x'], 'path readme.txt: not a directory'],
  ])('%j', async (args, message) => {
    const cwd = tempFolder();
    expect(await run(args, cwd)).toMatchObject({ code: 1, stdout: '', stderr: `${message}\n` });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('a target that is a file', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'x'), '');
    const { code, stdout, stderr } = await run(['latest', '-t', 'x'], cwd);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^restoring snapshot /);
    expect(stderr).toMatch(/^cannot create target directory .*\n$/);
  });
});

describe('what is told', () => {
  it('as text', async () => {
    const cwd = tempFolder();
    const first = await run(['latest', '-t', 'x', '-vv', '--include', 'mods'], cwd);
    expect(first.stderr.replace(/^owners were left out.*\n/, '')).toBe('');
    const lines = first.stdout.trimEnd().split('\n');
    expect(lines[0]).toBe(
      `restoring snapshot ${snapshots[1]?.slice(0, 8)} of [/game] at 2026-11-23 10:00:00 +0000 UTC by @beta to x`,
    );
    expect(lines.slice(1, -1).sort()).toEqual([
      'restored  /mods',
      'restored  /mods/big.jar with size 175.781 KiB',
      'restored  /mods/more.jar with size 29.297 KiB',
    ]);
    expect(lines.at(-1)).toMatch(/^Summary: Restored 3 files\/dirs \(205\.078 KiB\) in 0:0\d$/);
    writeFileSync(join(cwd, 'x/mods/more.jar'), 'x');
    writeFileSync(join(cwd, 'x/mods/extra'), 'x');
    const again = await run(['latest:/mods', '-t', 'x/mods', '--delete', '--verify', '-vv'], cwd);
    const told = again.stdout.split('\n').slice(1).sort();
    expect(told).toEqual([
      '',
      expect.stringMatching(
        /^Summary: Restored 1 files\/dirs \(29\.297 KiB\) in 0:0\d, skipped 1 files\/dirs 175\.781 KiB, deleted 1 files\/dirs$/,
      ),
      `deleted   ${join(cwd, 'x/mods/extra')}`,
      expect.stringMatching(/^finished verifying 1 files in x\/mods \(took \d+(\.\d+)?m?s\)$/),
      'unchanged /big.jar with size 175.781 KiB',
      'updated   /more.jar with size 29.297 KiB',
      'verifying files in x/mods',
    ]);
  });

  it('as JSON', async () => {
    const cwd = tempFolder();
    const first = await run(['latest', '-t', 'x', '-vv', '--json', '--include', 'mods', '--verify'], cwd);
    const [summary] = objects(first.stdout).slice(-1);
    expect(summary).toMatchObject({
      message_type: 'summary',
      total_files: 3,
      files_restored: 3,
      total_bytes: 210_000,
      bytes_restored: 210_000,
    });
    expect(Object.keys(summary ?? {}).filter((key) => key !== 'seconds_elapsed')).toHaveLength(5);
    expect(objects(first.stdout)).toContainEqual({
      message_type: 'verbose_status',
      action: 'restored',
      item: '/mods/more.jar',
      size: 30_000,
    });
    const again = await run(['latest', '-t', 'x', '--json', '--include', 'mods'], cwd);
    expect(objects(again.stdout)).toMatchObject([{ total_files: 1, files_restored: 1, files_skipped: 2 }]);
  });

  it('with --quiet only the summary', async () => {
    const { stdout } = await run(['latest', '-t', 'x', '-q']);
    expect(stdout).toMatch(/^Summary: Restored 10 files\/dirs .*\n$/);
  });

  it('of status as far as it is', async () => {
    const env = { RESTIC_REPOSITORY: repo, RESTIC_PASSWORD: PASSWORD, RESTIC_PROGRESS_FPS: '60' };
    const { stdout } = await resticTs(['restore', 'latest', '-t', 'x', '--json'], { cwd: tempFolder(), env });
    const states = stdout.split('\n').filter((line) => line.includes('"status"'));
    for (const line of states) expect(JSON.parse(line)).toHaveProperty('percent_done');
    const text = await resticTs(['restore', 'latest', '-t', 'x'], { cwd: tempFolder(), env });
    expect(text.stdout).toMatch(/\nSummary: /);
  });

  it('of failures: each by its path, and their number in the end', async () => {
    const cwd = tempFolder();
    mkdirSync(join(cwd, 'x/readme.txt/full'), { recursive: true });
    const text = await run(['latest', '-t', 'x', '--verify'], cwd);
    expect(text.code).toBe(1);
    expect(text.stderr).toMatch(/^ignoring error for \/readme\.txt: .*\n(owners .*\n)?Fatal: There were 1 errors\n$/);
    expect(text.stdout).not.toContain('verifying');
    expect(existsSync(join(cwd, 'x/mods/big.jar'))).toBe(true);
    const { code, stderr } = await run(['latest', '-t', 'x', '--json'], cwd);
    expect(code).toBe(1);
    const told = stderr.split('\n').filter((line) => line.startsWith('{'));
    expect(told.map((line): unknown => JSON.parse(line))).toMatchObject([
      { message_type: 'error', error: { message: expect.any(String) }, during: 'restore', item: '/readme.txt' },
      { message_type: 'exit_error', code: 1, message: 'Fatal: There were 1 errors' },
    ]);
  });
});

describe('which snapshot', () => {
  it.each([
    ['the latest of a host', ['latest', '-H', 'alpha'], ['config', 'empty', 'mods', 'readme.txt']],
    ['one by its tag', ['latest', '--tag', 'two'], ['config', 'empty', 'mods', 'readme.txt', 'world']],
    ['a folder of it', ['latest:/world/'], ['level.dat']],
    ['what a file of patterns names', ['latest', '--iinclude-file', 'list'], ['readme.txt']],
    [
      'all but that',
      ['latest', '--exclude-file', 'list', '--exclude', 'm*'],
      ['config', 'empty', 'readme.txt', 'world'],
    ],
  ])('%s', async (_, args, names) => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'list'), 'README*\n');
    expect(await run([...args, '-t', 'x'], cwd)).toMatchObject({ code: 0 });
    expect(readdirSync(join(cwd, 'x')).sort()).toEqual(names);
  });

  it('by the beginning of its id; into a folder that is there', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'readme.txt'), 'mine');
    await run([snapshots[0]?.slice(0, 10) ?? '', '-t', '.', '--overwrite', 'never'], cwd);
    expect(readFileSync(join(cwd, 'readme.txt'), 'utf8')).toBe('mine');
    expect(readdirSync(cwd).sort()).toEqual(['config', 'empty', 'mods', 'readme.txt']);
  });
});
