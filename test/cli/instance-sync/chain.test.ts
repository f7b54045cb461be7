/** The command behind `--`: its words, its exit code, its signals. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { runChained } from '../../../src/cli/instance-sync/chain.js';
import { splitArgs } from '../../../src/cli/instance-sync/split-args.js';
import { onPosix } from '../../helpers/only-where.js';
import { hookFile, instanceSync } from '../../helpers/sync-env.js';
import { tempFolder } from '../../helpers/temp.js';

const NODE = process.execPath;

describe('where it begins', () => {
  it.each([
    [['pull'], ['pull'], undefined],
    [['pull', '--'], ['pull'], undefined],
    [
      ['pull', '-g', '--', 'a', '--', '-b'],
      ['pull', '-g'],
      ['a', '--', '-b'],
    ],
  ])('%j', (args, own, chained) => {
    expect(splitArgs(args)).toEqual({ own, chained });
  });
});

describe('its exit code is ours', () => {
  it.each([0, 77])('%d', async (code) => {
    expect(await runChained([NODE, '-e', `process.exit(${code})`])).toBe(code);
  });

  onPosix('of a signal 128 and its number', async () => {
    expect(await runChained(['/bin/sh', '-c', 'kill -9 $$'])).toBe(137);
  });

  onPosix('a signal that comes to us goes to it', async () => {
    const before = process.listenerCount('SIGTERM');
    const ended = runChained(['/bin/sleep', '30']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(143);
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});

describe('one that cannot be started', () => {
  it('is not there', async () => {
    await expect(runChained(['no such program'])).rejects.toMatchObject({ code: 'io' });
  });

  it.each(['npx.cmd', 'C:\\Tools\\Start.BAT'])('%s, a batch file, on Windows', async (file) => {
    const error = { code: 'usage', message: expect.stringContaining('cmd.exe /d /c') };
    await expect(runChained([file], 'win32')).rejects.toMatchObject(error);
  });
});

describe('in a game folder that has not opted in', () => {
  it.each(['pull', 'push', 'wrap'])('%s runs it as if we were not there', async (command) => {
    const print = 'process.stdout.write(JSON.stringify(process.argv.slice(1))); process.exit(5)';
    const words = ['a b', '', '"', "'", '$HOME', '--', '-g'];
    const done = await instanceSync([
      command,
      '--offline=require',
      '--on-conflict',
      'local',
      '--',
      NODE,
      '-e',
      print,
      'x',
      ...words,
    ]);
    expect(done).toEqual({ code: 5, stdout: JSON.stringify(['x', ...words]), stderr: '' });
  });

  it('says in one line if it cannot', async () => {
    const done = await instanceSync(['pull', '--', 'no such prögram']);
    const line = 'instance-sync: error: cannot start no such pr\\u{f6}gram: there is no such program; correct';
    expect(done).toEqual({ code: 1, stdout: expect.stringContaining(line), stderr: '' });
  });

  it('a mistyped flag is told all the same, and wrap needs a command', async () => {
    const mistyped = await instanceSync(['pull', '--ofline', '--', NODE, '--version']);
    expect(mistyped).toMatchObject({ code: 1, stdout: expect.stringMatching(/unknown option '--ofline'/) });
    const empty = await instanceSync(['wrap', '--']);
    expect(empty).toMatchObject({ code: 1, stdout: expect.stringMatching(/wrap needs the command of the game/) });
  });

  it("its input is the launcher's", async () => {
    const script = "process.stdin.once('data', (text) => { process.stdout.write('got ' + text); process.exit(0); })";
    const child = spawn(NODE, [hookFile(), 'wrap', '--', NODE, '-e', script], { cwd: tempFolder(), stdio: 'pipe' });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stdin.write('launch\n');
    // The launcher never closes it.
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(out).toBe('got launch\n');
  });
});
