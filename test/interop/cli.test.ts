/** The built hook, one file alone in a folder, as launchers, scripts and people run it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compareFolders, makeGameFolder, Noise, writeGameFile } from '../helpers/game-folder.js';
import { describeInterop, type RestServer, restic } from '../helpers/peers.js';
import {
  type Cloud,
  hookFile,
  instanceSync,
  makeCloud,
  PASSWORD,
  type Pc,
  startServer,
  succeeded,
  USER,
} from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

const LIMIT = 60_000;
const TOKEN = `${USER}:${PASSWORD}`;
const ONE_LINE = /^[^\n]+\n$/;

describe('a game folder that has not opted in', () => {
  it.each([
    ['pull', '--pack-folder'],
    ['push', '--pack-folder='],
    ['pull', 'INST_MC_DIR'],
    ['push', 'cwd'],
  ])('%s, named by %s: no word, exit code 0', async (command, how) => {
    const game = tempFolder();
    const flags = how === '--pack-folder' ? [how, game] : how === '--pack-folder=' ? [`${how}${game}`] : [];
    const start = performance.now();
    const done = await instanceSync([command, ...flags, '--no-gui', '--json'], {
      cwd: how === 'cwd' ? game : tempFolder(),
      env: { INST_MC_DIR: how === 'INST_MC_DIR' ? game : undefined },
    });
    console.log(`${command} on a folder that has not opted in: ${Math.round(performance.now() - start)} ms`);
    expect(done).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readdirSync(game)).toEqual([]);
  });

  it('status says what to do', async () => {
    const done = await instanceSync(['status', '--pack-folder', tempFolder()]);
    expect(done).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/not set up.*init/) });
  });
});

describe('command lines that cannot be carried out', () => {
  it.each([
    { args: ['pul'], says: /unknown command 'pul'/ },
    { args: ['status', '--pack-folde=x'], says: /unknown option/ },
    { args: ['init', '--token-file', 'x'], says: /--url/ },
    { args: ['init', '--url', 'ftp://x/', '--token-file', 'x'], says: /"ftp:"/ },
    { args: ['init', '--url', 'https://x/'], says: /token/ },
    { args: ['init', '--url', 'https://x/', '--token-file', 'missing'], says: /missing/ },
    { args: ['init', '--url', 'https://x/', '--token-file', 'x', '--instance-id', 'short'], says: /"short"/ },
    { args: ['pull', '--pack-folder', 'missing'], says: /missing does not exist/ },
    { args: ['setup'], says: /terminal/ },
  ])('$args', async ({ args, says }) => {
    const cwd = tempFolder();
    const { code, stdout, stderr } = await instanceSync(args, { cwd });
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(says);
    expect(stdout + stderr).not.toMatch(/\n {4}at /);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('suggests what was meant', async () => {
    expect((await instanceSync(['pul'])).stderr).toContain('Did you mean');
    expect((await instanceSync(['status', '--pack-folde=x'])).stderr).toContain('--pack-folder');
  });

  it('helps', async () => {
    const whole = await instanceSync(['--help']);
    expect(whole).toMatchObject({ code: 0, stderr: '' });
    for (const name of ['pull', 'push', 'status', 'init', 'setup', 'disable', 'serve']) {
      expect(whole.stdout).toMatch(new RegExp(`^ +${name}\\b`, 'm'));
    }
    expect((await instanceSync([])).stdout).toBe(whole.stdout);
    const push = await instanceSync(['push', '--help']);
    expect(push).toMatchObject({ code: 0, stderr: '' });
    expect(push.stdout).toContain('--pack-folder');
    expect(push.stdout).not.toContain('restic-binary');
    const version = z.object({ version: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8'))).version;
    expect(await instanceSync(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describeInterop('the hook with a server', ['rest-server-latest', 'restic-latest'], () => {
  let server: RestServer;
  let cloud: Cloud;
  /** Has pushed. */
  let pc: Pc;

  beforeAll(async () => {
    server = await startServer('rest-server-latest');
    cloud = makeCloud(server);
    pc = cloud.pc();
    makeGameFolder(pc.game, 1, { size: 100_000 });
    await pc.init();
    await pc.push();
    await cloud.cheapen();
  }, LIMIT);

  const change = (name = 'options.txt'): void =>
    writeGameFile(join(pc.game, name), `changed ${performance.now()}`, new Noise(1));

  const initArgs = (...more: string[]): string[] => [
    'init',
    '--url',
    server.url,
    '--instance-id',
    cloud.instanceId,
    ...more,
  ];

  it('init, push and pull: alone in its folder, from another working directory', { timeout: LIMIT }, async () => {
    expect(readdirSync(dirname(hookFile()))).toEqual([basename(hookFile())]);
    const second = cloud.pc();
    const made = await instanceSync([...initArgs('--token-file', '-'), '--pack-folder', second.game], {
      input: `${TOKEN}\n`,
    });
    expect(succeeded(made, 'init')).toContain(`instance id: ${cloud.instanceId}\n`);
    const pulled = await second.run('pull', '--instance-label', 'My Pack');
    expect(pulled.stdout).toMatch(/^instance-sync: My Pack: received \d+ new files, [\d.]+ [KM]B \(\d+\.\d s\)\n$/);
    expect(compareFolders(second.game, pc.game)).toEqual([]);
    change();
    expect((await pc.run('push')).stdout).toMatch(/^instance-sync: sent 1 changed file, \d+ B uploaded \(.*\)\n$/);
    expect((await pc.run('push')).stdout).toMatch(/^instance-sync: nothing changed, nothing to send \(.*\)\n$/);
    expect((await second.run('pull')).stdout).toMatch(
      /^instance-sync: received 1 changed file.*cloud-sync\/trash.*\n$/,
    );
    expect((await second.run('pull')).stdout).toMatch(/^instance-sync: up to date \(.*\)\n$/);
    const told = await second.run('status');
    expect(told.stdout.split('\n').map((line) => line.split(/ {2,}/)[0])).toEqual([
      'game folder',
      'server',
      'instance id',
      'in scope',
      'last sync',
      'this PC',
      'cloud',
      '',
    ]);
    expect((await second.run('disable')).code).toBe(0);
    expect(await second.run('pull')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(compareFolders(second.game, pc.game)).toEqual([]);
  });

  it('--json: every line is an object', { timeout: LIMIT }, async () => {
    const second = cloud.pc();
    const line = z.object({ message_type: z.string() }).loose();
    const types = async (command: string, ...flags: string[]): Promise<string[]> => {
      const { stdout, stderr, code } = await second.run(command, '--json', ...flags);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const lines = stdout.trimEnd().split('\n');
      return lines.map((text) => line.parse(JSON.parse(text)).message_type);
    };
    const [, ...flags] = initArgs('--token-file', second.tokenFile);
    expect(await types('init', ...flags)).toEqual(['initialized']);
    for (const command of ['pull', 'push', 'status']) expect((await types(command)).at(-1)).toBe('summary');
    writeFileSync(join(second.game, '.cloud-sync/sync.json'), '{');
    const { code, stdout, stderr } = await second.run('pull', '--json');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(ONE_LINE);
    expect(JSON.parse(stderr)).toMatchObject({ message_type: 'exit_error', code: 1, error: 'bad-settings' });
  });

  it("the predecessor's lines", { timeout: LIMIT }, async () => {
    const old = [
      '--no-download',
      '--restic-binary=/no/such/restic',
      '-g',
      `--pack-folder=${pc.game}`,
      '--instance-label=x',
    ];
    change();
    const sent = await instanceSync(['push', ...old, `--token=${TOKEN}`]);
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(sent.stdout).toMatch(
      /^instance-sync: warning: --token [^\n]+--token-file\ninstance-sync: x: sent [^\n]+\n$/,
    );
    expect(sent.stdout).not.toContain(PASSWORD);
    const pulled = await instanceSync(['pull', '--restic-binary', '/no/such/restic', ...old]);
    expect(pulled).toMatchObject({ code: 0, stdout: expect.stringMatching(/up to date/) });
  });

  it('every way to name the game folder', { timeout: LIMIT }, async () => {
    const inside = dirname(pc.game);
    const ways: [string[], { cwd?: string; env?: Record<string, string> }][] = [
      [['--pack-folder', pc.game], {}],
      [[`--pack-folder=${pc.game}/`], {}],
      [['--pack-folder', 'minecraft'], { cwd: inside }],
      [['--pack-folder=./minecraft/../minecraft'], { cwd: inside }],
      [[], { env: { INST_MC_DIR: pc.game } }],
      [['--pack-folder', pc.game], { env: { INST_MC_DIR: inside }, cwd: inside }],
      [[], { cwd: pc.game }],
    ];
    for (const [flags, options] of ways) {
      const { code, stdout } = await instanceSync(['pull', ...flags], options);
      expect({ flags, code, stdout }).toEqual({ flags, code: 0, stdout: expect.stringMatching(/up to date/) });
    }
  });

  it('marks its lines for Prism, and only there', { timeout: LIMIT }, async () => {
    const args = ['pull', '--pack-folder', pc.game];
    expect((await instanceSync(args, { env: { INST_ID: 'x' } })).stdout).toMatch(
      /^!!\[Info\]!instance-sync: up to date/,
    );
  });

  describe('an input that nobody closes', () => {
    let child: ChildProcess | undefined;

    afterEach(() => {
      child?.kill('SIGKILL');
    });

    it.each(['pull', 'push', 'status'])('%s', { timeout: LIMIT }, async (command) => {
      child = spawn(process.execPath, [hookFile(), command, '--pack-folder', pc.game], {
        stdio: ['pipe', 'ignore', 'ignore'],
        timeout: 20_000,
      });
      expect(await once(child, 'exit')).toEqual([0, null]);
    });
  });

  describe('exit codes, with one line that says what, where and what to do', () => {
    const failing = async (one: Pc, command: string): Promise<{ code: number; line: string }> => {
      const { code, stdout, stderr } = await one.run(command);
      expect({ command, stdout, stderr }).toEqual({ command, stdout: expect.stringMatching(ONE_LINE), stderr: '' });
      expect(stdout).not.toContain(PASSWORD);
      return { code, line: stdout };
    };

    it('12: the repository has another password', { timeout: LIMIT }, async () => {
      const other = makeCloud(server);
      mkdirSync(dirname(other.folder), { recursive: true });
      succeeded(await restic('restic-latest', ['init'], { repo: other.repo, password: 'another' }), 'init');
      const stranger = other.pc();
      makeGameFolder(stranger.game, 1, { size: 20_000 });
      await stranger.init();
      for (const command of ['pull', 'push']) {
        const { code, line } = await failing(stranger, command);
        expect({ command, code }).toEqual({ command, code: 12 });
        expect(line).toContain(other.instanceId);
      }
    });

    it('10: the repository is gone', { timeout: LIMIT }, async () => {
      const aside = `${cloud.folder}.aside`;
      renameSync(cloud.folder, aside);
      change();
      for (const command of ['pull', 'push']) expect((await failing(pc, command)).code).toBe(10);
      expect(existsSync(cloud.folder)).toBe(false);
      renameSync(aside, cloud.folder);
      expect((await pc.run('push')).code).toBe(0);
    });

    it('1: the server knows another password, or the token is gone', { timeout: LIMIT }, async () => {
      const stranger = cloud.pc();
      writeFileSync(stranger.tokenFile, `${USER}:wrong\n`);
      await stranger.init();
      expect(await failing(stranger, 'pull')).toMatchObject({ code: 1, line: expect.stringMatching(/token|password/) });
      rmSync(join(stranger.game, '.cloud-sync/token'));
      expect(await failing(stranger, 'pull')).toMatchObject({ code: 1, line: expect.stringMatching(/--token-file/) });
    });

    it('0 with a warning: the server is away', { timeout: LIMIT }, async () => {
      await server.stop();
      change();
      for (const command of ['pull', 'push']) {
        const start = performance.now();
        const { code, line } = await failing(pc, command);
        expect({ code, line }).toEqual({ code: 0, line: expect.stringMatching(/^instance-sync: warning: /) });
        console.log(`${command} without a server: ${Math.round(performance.now() - start)} ms`);
      }
      expect((await pc.run('status')).stdout).toMatch(/^cloud +not reachable/m);
    });
  });
});
