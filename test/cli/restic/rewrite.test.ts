/** The lines of `rewrite` and `tag`. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { PASSWORD } from '../../helpers/repository.js';
import { type SoundRepository, soundRepository } from '../../helpers/sound-repository.js';
import { tempFolder } from '../../helpers/temp.js';
import { type CommandResult, resticTs } from './run-command.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

let sound: SoundRepository;

beforeAll(async () => {
  sound = await soundRepository(tempFolder());
});

function copy(): string {
  const path = join(tempFolder(), 'repository');
  cpSync(sound.path, path, { recursive: true });
  return path;
}

function run(args: readonly string[], repo: string = copy()): Promise<CommandResult> {
  return resticTs(args, { repo, password: PASSWORD });
}

const lines = ({ stdout }: CommandResult): string[] => stdout.trimEnd().split('\n');
const ALPHA = expect.stringMatching(/^snapshot \w{8} of \[\/game\] at 2026-11-22 10:00:00 \+0000 UTC by @alpha$/);
const BETA = expect.stringMatching(/^snapshot \w{8} of \[\/game\] at 2026-11-23 10:00:00 \+0000 UTC by @beta$/);
const SAVED = expect.stringMatching(/^saved new snapshot \w{8}$/);
const REMOVED = expect.stringMatching(/^removed old snapshot \w{8}$/);

describe('rewrite', () => {
  it('tells of each snapshot, the oldest first', async () => {
    const result = await run(['rewrite', '--exclude', 'small.jar']);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    // Both are new: that without the file, and that which gets a summary.
    expect(lines(result)).toEqual(['', ALPHA, SAVED, '', BETA, SAVED, '', 'modified 2 snapshots']);
  });

  it('with --forget', async () => {
    const path = copy();
    const args = ['rewrite', '--forget', '--exclude', 'world', 'latest'];
    const dry = await run([...args, '-n'], path);
    const lock = 'create exclusive lock for repository';
    const would = ['would save new snapshot', 'would remove old snapshot'];
    expect(lines(dry)).toEqual([lock, '', BETA, ...would, '', 'would modify 1 snapshots']);
    expect(lines(await run(args, path))).toEqual([lock, '', BETA, SAVED, REMOVED, '', 'modified 1 snapshots']);
    expect(lines(await run(args, path))).toEqual([lock, '', BETA, '', 'no snapshots were modified']);
  });

  it('with another host and time', async () => {
    const args = ['rewrite', '--new-host', 'delta', '--new-time', '2020-02-03 04:05:06', 'latest'];
    const time = expect.stringMatching(/^(setting|would set) time to 2020-02-03 04:05:06 [+-]\d{4} \S+$/);
    expect(lines(await run(args))).toEqual([
      ...['', BETA, time, 'setting host to delta', SAVED, '', 'modified 1 snapshots'],
    ]);
    expect(lines(await run([...args, '--dry-run']))).toEqual([
      ...['', BETA, 'would save new snapshot', time, 'would set hostname to delta', '', 'would modify 1 snapshots'],
    ]);
  });

  it('with -vv names what is left out, or taken', async () => {
    const excluding = await run(['rewrite', '-vv', '-e', 'more.jar', '-e', 'world', '--host', 'beta']);
    expect(lines(excluding)).toEqual([
      ...['', BETA, 'excluding "/mods/more.jar"', 'excluding "/world"', SAVED, '', 'modified 1 snapshots'],
    ]);
    const including = await run(['rewrite', '-vv', '-i', '/world', 'latest']);
    expect(lines(including)).toEqual(['', BETA, 'including "/world/level.dat"', SAVED, '', 'modified 1 snapshots']);
  });

  it.each([
    [[], 'Nothing to do: no excludes/includes provided and no new metadata provided'],
    [['--new-host', ''], 'Nothing to do: no excludes/includes provided and no new metadata provided'],
    [['-e', 'a', '-i', 'b'], 'exclude and include patterns are mutually exclusive'],
    [['-e', '['], '--exclude: invalid pattern(s) provided:\n['],
    [['--new-time', '2020-01-01'], 'error in time option: "2020-01-01" is not a time such as 2012-11-01 22:08:41'],
  ])('%j is refused before anything is opened', async (args, message) => {
    expect(await resticTs(['rewrite', ...args], { repo: 'none' })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `Fatal: ${message}\n`,
    });
  });
});

describe('tag', () => {
  it('tells how many snapshots were modified', async () => {
    const path = copy();
    const lock = 'create exclusive lock for repository';
    expect(lines(await run(['tag', '--add', 'x, y'], path))).toEqual([lock, 'modified 2 snapshots']);
    expect(lines(await run(['tag', '--add', 'x'], path))).toEqual([lock, 'no snapshots were modified']);
    expect(lines(await run(['tag', '--set', ''], path))).toEqual([lock, 'no snapshots were modified']);
    const one = await run(['tag', '-v', '--remove', 'y', '--tag', 'one'], path);
    const change = expect.stringMatching(/^old snapshot ID: [0-9a-f]{64} -> new snapshot ID: [0-9a-f]{64}$/);
    expect(lines(one)).toEqual([lock, change, 'modified 1 snapshots']);
    const odd = await run(['tag', '--add', 'z', 'nosuch'], path);
    expect(odd).toMatchObject({
      code: 0,
      stdout: `${lock}\nno snapshots were modified\n`,
      stderr: 'Ignoring "nosuch": no matching ID found for prefix "nosuch"\n',
    });
  });

  it('with --json', async () => {
    const { code, stdout } = await run(['tag', '--json', '--set', 'k', 'latest']);
    expect(code).toBe(0);
    const [change, summary] = stdout.trimEnd().split('\n');
    const ids = /^\{"message_type":"changed","old_snapshot_id":"\w{64}","new_snapshot_id":"\w{64}"\}$/;
    expect(change).toMatch(ids);
    expect(summary).toBe('{"message_type":"summary","changed_snapshots":1}');
  });

  it.each([
    [[], 'nothing to do!'],
    [['--set', 'a', '--add', 'b'], '--set and --add/--remove cannot be given at the same time'],
  ])('%j is refused', async (args, message) => {
    expect(await resticTs(['tag', ...args], { repo: 'none' })).toMatchObject({
      code: 1,
      stderr: `Fatal: ${message}\n`,
    });
  });
});
