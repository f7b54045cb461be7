/** The hook with a command behind it, and around the game: who runs when, and whose exit code counts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { makeGameFolder } from '../helpers/game-folder.js';
import { describeInterop, type RestServer } from '../helpers/peers.js';
import type { Finished } from '../helpers/process.js';
import { type Cloud, hookFile, makeCloud, type Pc, startServer, USER } from '../helpers/sync-env.js';

const LIMIT = 60_000;
const NODE = process.execPath;

describeInterop('a command behind the hook', ['rest-server-latest', 'restic-latest'], () => {
  let server: RestServer;
  let cloud: Cloud;
  let pc: Pc;

  beforeAll(async () => {
    server = await startServer('rest-server-latest');
    cloud = makeCloud(server);
    pc = cloud.pc();
    makeGameFolder(pc.game, 1, { size: 20_000 });
    await pc.init();
    await pc.push();
    await cloud.cheapen();
  }, LIMIT);

  /** A game that changes a file, says so, and ends as it is told. */
  const game = (end: string, file = 'options.txt'): string[] => {
    const script = `fs.writeFileSync(${JSON.stringify(join(pc.game, file))}, String(performance.now())); console.log('played'); ${end}`;
    return ['--', NODE, '-e', script];
  };
  const snapshots = async (): Promise<readonly (readonly string[])[]> => {
    const text = await cloud.restic('restic-latest', 'snapshots', '--json');
    return z
      .array(z.object({ tags: z.array(z.string()).default([]) }))
      .parse(JSON.parse(text))
      .map(({ tags }) => tags);
  };
  const lines = ({ stdout }: Finished): string[] => stdout.trimEnd().split('\n');

  it('pull, then the command; its exit code', { timeout: LIMIT }, async () => {
    const done = await pc.run('pull', '--', NODE, '-e', "console.log('after'); process.exit(9)");
    expect(done).toMatchObject({ code: 9, stderr: '' });
    expect(lines(done)).toEqual([expect.stringMatching(/^instance-sync: up to date/), 'after']);
  });

  it('push, then the command, however the push went', { timeout: LIMIT }, async () => {
    const done = await pc.run('push', '--', NODE, '-e', "console.log('after'); process.exit(9)");
    expect(done).toMatchObject({
      code: 9,
      stdout: expect.stringMatching(/^instance-sync: nothing changed.*\nafter\n$/),
    });
    const stranger = cloud.pc();
    writeFileSync(stranger.tokenFile, `${USER}:wrong\n`);
    await stranger.init();
    writeFileSync(join(stranger.game, 'options.txt'), 'x');
    const failed = await stranger.run('push', '--', NODE, '-e', "console.log('after')");
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringMatching(/^instance-sync: error: .*\nafter\n$/) });
    const stopped = await stranger.run('pull', '--', NODE, '-e', "console.log('after')");
    expect(stopped).toMatchObject({ code: 1, stdout: expect.not.stringContaining('after') });
  });

  it('wrap: pull, game, push', { timeout: LIMIT }, async () => {
    const done = await pc.run('wrap', ...game(''));
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(lines(done)).toEqual([
      expect.stringMatching(/^instance-sync: up to date/),
      'played',
      expect.stringMatching(/^instance-sync: sent 1 changed file/),
    ]);
    expect((await snapshots()).map((tags) => tags.includes('unclean'))).toEqual([false, false]);
  });

  it.each([
    ['an exit code', 'process.exit(3)', 3],
    ['a crash', "process.kill(process.pid, 'SIGKILL')", 137],
  ])(
    'wrap after %s: what it left is saved and marked, and its exit code is ours',
    { timeout: LIMIT },
    async (_, end, code) => {
      const done = await pc.run('wrap', ...game(end));
      expect(done.code).toBe(code);
      expect(lines(done).slice(2)).toEqual([
        `instance-sync: warning: the game ended with exit code ${code}; saving what it left`,
        expect.stringMatching(/^instance-sync: sent 1 changed file/),
      ]);
      expect((await snapshots()).at(-1)).toContain('unclean');
    },
  );

  it('wrap: a signal to it ends the game, and what that left is saved', { timeout: LIMIT }, async () => {
    const args = [hookFile(), 'wrap', '--pack-folder', pc.game, ...game('setInterval(() => undefined, 1000)')];
    const child = spawn(NODE, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk) => {
      if (!out.includes('played') && String(chunk).includes('played')) child.kill('SIGTERM');
      out += String(chunk);
    });
    expect(await once(child, 'close')).toEqual([143, null]);
    expect(out).toMatch(/exit code 143; saving what it left\ninstance-sync: sent 1 changed file/);
  });

  it('wrap: no game without a pull that went well, and a push that fails hides nothing', {
    timeout: LIMIT,
  }, async () => {
    const other = cloud.pc();
    await other.init();
    await other.pull();
    writeFileSync(join(other.game, 'options.txt'), 'theirs');
    await other.push();
    writeFileSync(join(pc.game, 'options.txt'), 'mine');
    const stopped = await pc.run('wrap', ...game(''));
    expect(stopped).toMatchObject({ code: 20, stdout: expect.not.stringContaining('played') });
    expect(readFileSync(join(pc.game, 'options.txt'), 'utf8')).toBe('mine');
    const token = join(other.game, '.cloud-sync/token');
    const script = `fs.rmSync(${JSON.stringify(token)}); console.log('played')`;
    const unsent = await other.run('wrap', '--', NODE, '-e', script);
    expect(unsent).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/played\ninstance-sync: error: there is no token/),
    });
    rmSync(other.game, { recursive: true });
  });

  it('without a server: the game starts, unless a sync is asked for', { timeout: LIMIT }, async () => {
    const far = cloud.pc();
    await far.init();
    const settings = join(far.game, '.cloud-sync/sync.json');
    writeFileSync(settings, readFileSync(settings, 'utf8').replace(server.url, 'http://127.0.0.1:1/'));
    const after = ['--', NODE, '-e', "console.log('after')"];
    const [played, refused] = await Promise.all([
      far.run('pull', ...after),
      far.run('wrap', '--offline=require', ...after),
    ]);
    expect(played).toMatchObject({ code: 0, stdout: expect.stringMatching(/playing with what is here\nafter\n$/) });
    expect(refused).toMatchObject({
      code: 23,
      stdout: expect.stringMatching(/^instance-sync: error: .*--offline=require/m),
    });
    expect(refused.stdout).not.toMatch(/^after$/m);
  });
});
