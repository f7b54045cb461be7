/**
 * The torture itself (npm run torture): that it kills where it says, that it finds what a careless program loses, and a
 * small part of what it does. `npm run torture -- --quick` is the part for every change.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeInterop } from '../helpers/peers.js';
import { type Finished, runProgram } from '../helpers/process.js';
import { hookFile } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

const LIMIT = 120_000;

describe('the points of a program', () => {
  const preload = pathToFileURL(resolve('scripts/torture/preload.mjs')).href;
  const writer = resolve('test/torture/fixtures/writer.mjs');

  interface Killed {
    readonly ended: Finished;
    readonly folder: string;
    /** The point it died at, or the list of all. */
    readonly told: unknown;
  }

  async function runWriter(point: number, power = false): Promise<Killed> {
    const [home, log] = [tempFolder(), join(tempFolder(), 'log')];
    const env = { TORTURE_POINT: String(point), TORTURE_LOG: log, TORTURE_POWER: power ? '1' : '0' };
    const ended = await runProgram(process.execPath, ['--import', preload, writer, home], { env });
    return { ended, folder: join(home, 'minecraft'), told: JSON.parse(readFileSync(log, 'utf8')) };
  }

  async function points(): Promise<readonly { name: string; unsynced: string[] }[]> {
    const { ended, told } = await runWriter(0);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return (Array.isArray(told) ? told : []).filter(({ name }) => !/^(readFile|lstat|stat\w*) /.test(name));
  }

  it('are its calls, and the middle of those that write', async () => {
    const names = (await points()).map(({ name, unsynced }) => `${unsynced.length} ${name}`);
    expect(names.filter((name) => !/ (lstat|opendir|readdir|rmdir|unlink|rmSync) /.test(name))).toEqual([
      '0 mkdirSync old',
      '0 open durable',
      '0 handle.writeFile durable',
      '0 handle.writeFile durable, half way',
      '1 handle.sync durable',
      '0 writeFile loose.tmp',
      '0 writeFile loose.tmp, half way',
      '1 rename loose.tmp',
      '1 writeFile old/a',
      '1 writeFile old/a, half way',
      '2 rm old',
      '2 rm old, half way',
    ]);
  });

  it('end it before the call, half way through it, or with the power', async () => {
    const { told } = await runWriter(0);
    const all: { name: string }[] = Array.isArray(told) ? told : [];
    const numberOf = (wanted: string): number => all.findIndex(({ name }) => name === wanted) + 1;
    const content = ({ folder }: Killed, file: string): string => readFileSync(join(folder, file), 'utf8');

    const before = await runWriter(numberOf('handle.writeFile durable'));
    expect(before).toMatchObject({ ended: { code: -1 }, told: { name: 'handle.writeFile durable' } });
    expect(content(before, 'durable')).toBe('');
    expect(content(await runWriter(numberOf('handle.writeFile durable, half way')), 'durable')).toBe('dura');
    expect(content(await runWriter(numberOf('writeFile loose.tmp, half way')), 'loose.tmp')).toBe('loos');
    expect(readdirSync(join((await runWriter(numberOf('rm old, half way'))).folder, 'old'))).toEqual(['a']);

    const late = numberOf('writeFile old/a');
    const [killed, cut] = [await runWriter(late), await runWriter(late, true)];
    expect([content(killed, 'durable'), content(killed, 'loose')]).toEqual(['durable!', 'loose!!!']);
    expect([content(cut, 'durable'), content(cut, 'loose')]).toEqual(['durable!', '']);
  });
});

describeInterop('npm run torture', ['restic-latest', 'rest-server-latest'], () => {
  async function torture(hook: string, args: readonly string[], env = {}): Promise<Finished> {
    const all = ['scripts/torture.mjs', '--hook', hook, '--temp', tempFolder(), ...args];
    return runProgram(process.execPath, all, { env, timeout: LIMIT });
  }

  it('finds nothing lost at a few points', { timeout: LIMIT }, async () => {
    const flags = ['--scenario', 'pull,storm', '--points', '1', '--rounds', '1', '--server', 'rest-server'];
    const { code, stdout, stderr } = await torture(hookFile(), flags);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}pull +\d{3} points, \d tried .* 0 losses/m);
    expect(stdout).toMatch(/^ {2}storm +1 rounds, .* 0 losses/m);
    expect(stdout).toMatch(/^nothing lost in /m);
  });

  it('tells where a careless program loses a file, and how to see it again', { timeout: LIMIT }, async () => {
    const careless = join(tempFolder(), 'careless.mjs');
    writeFileSync(careless, readFileSync('test/torture/fixtures/careless-hook.mjs'));
    const flags = ['--scenario', 'pull', '--point', '5', '--server', 'rest-server'];
    const { code, stdout } = await torture(careless, flags, { WHOLE_HOOK: pathToFileURL(hookFile()).href });
    expect({ code, stdout }).toMatchObject({ code: 1 });
    expect(stdout).toContain('LOSS at point 5, "lstat ."');
    expect(stdout).toContain('a mixed state that no journal finishes: old: saves/Home/level.dat is gone');
    expect(stdout).toContain('again: npm run torture -- --scenario pull --point 5');
    expect(stdout).toMatch(/^1 LOSSES in /m);
  });
});
