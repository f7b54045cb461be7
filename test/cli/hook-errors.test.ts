/**
 * The built hook as a launcher runs it, when something is wrong: the exit code that decides about the launch, one line
 * on standard output, nothing on standard error, and for a server that is away no more than five seconds.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { acquireInstanceLock } from '../../src/sync/folder/instance-lock.js';
import { answering, blackHole, closedPort } from '../helpers/bad-server.js';
import { type Finished, type RunOptions, runProgram, startProgram } from '../helpers/process.js';
import { hookFile, instanceSync } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';
import { type Cloud, expectPlain, filledCloud, PASSWORD, type Pc } from '../sync/bad-input-env.js';

/** Exit code and the one line. */
interface Said {
  readonly code: number;
  readonly line: string;
  readonly seconds: number;
}

async function hook(command: string, pc: Pc, options: RunOptions = {}): Promise<Said> {
  const begun = performance.now();
  const finished = await instanceSync([command, '--pack-folder', pc.game], options);
  return { ...oneLine(finished), seconds: (performance.now() - begun) / 1000 };
}

function oneLine({ code, stdout, stderr }: Finished): { code: number; line: string } {
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^instance-sync: [^\n]*\n$/);
  expectPlain(stdout.trimEnd());
  return { code, line: stdout.trimEnd().slice('instance-sync: '.length) };
}

describe('a server that is away', () => {
  it('refuses, is silent, is out of order, or hides behind a login page: the game starts, with a warning', async () => {
    const { cloud } = await filledCloud();
    const [silent, broken, portal] = [
      await blackHole(),
      await answering({ status: 503 }),
      await answering({ status: 511 }),
    ];
    const to = async (command: string, url: string): Promise<Said> => hook(command, await cloud.pc({ url }));
    const looker = await cloud.pc({ url: silent.url });
    const said = await Promise.all([
      to('pull', silent.url),
      to('push', silent.url),
      to('pull', `http://127.0.0.1:${await closedPort()}/`),
      to('push', broken.url),
      to('pull', portal.url),
    ]);
    const looked = await instanceSync(['status', '--pack-folder', looker.game]);
    expect(said.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(
      said.map(({ line }) => line.replace(/http\S+/, '<at>').replace(/\d tries in [\d.]+/, 'n tries in n')),
    ).toEqual([
      'warning: listing snapshots at <at> no answer within 4.0 s; playing with what is here',
      'warning: listing snapshots at <at> no answer within 4.0 s; the next sync sends it',
      expect.stringMatching(
        /^warning: .* connection refused: .*\(gave up after n tries in n s\); playing with what is/,
      ),
      expect.stringMatching(/^warning: .* the server answered 503 \(gave up after n tries in n s\); the next sync/),
      expect.stringMatching(
        /^warning: .* answered 511: the network wants you to log in first .*; playing with what is/,
      ),
    ]);
    for (const { line } of said) expect(line).toContain(`/ann/${cloud.instanceId}/`);
    expect(looked).toMatchObject({ code: 0, stderr: '' });
    expect(looked.stdout).toMatch(/^cloud {9}not reachable \(listing snapshots at http\S+ no answer within 4\.0 s\)$/m);
    // 5 s on an idle machine; here five processes start at once.
    expect(Math.max(...said.map(({ seconds }) => seconds))).toBeLessThan(6.5);
  });
});

describe('what is wrong decides the exit code', () => {
  let cloud: Cloud;
  let a: Pc;
  beforeAll(async () => {
    ({ cloud, a } = await filledCloud());
  });

  it('12: another password', async () => {
    const pc = await cloud.pc({ password: 'other-battery-password' });
    const { code, line } = await hook('pull', pc);
    expect({ code, line }).toEqual({
      code: 12,
      line:
        `error: the password opens no key of the repository at ${cloud.location}; ` +
        'give the token with which the instance was made: "instance-sync init" with --token-file, ' +
        'or the recovery code: "instance-sync recover"',
    });
  });

  it('10: the repository is gone', async () => {
    const { a: pc, cloud: lost } = await filledCloud();
    chmodSync(lost.folder, 0o700);
    execFileSync(process.execPath, ['-e', `fs.rmSync(${JSON.stringify(lost.folder)}, { recursive: true })`]);
    const { code, line } = await hook('pull', pc);
    expect({ code, line }).toEqual({
      code: 10,
      line:
        `error: ${lost.location} no longer holds the repository of this instance; ` +
        'ask its operator; to send everything anew, delete .cloud-sync/state.json and push',
    });
  });

  it('20: both sides changed', async () => {
    const { cloud: shared, a: one } = await filledCloud();
    const other = await shared.pc({ filled: false });
    await other.pull();
    one.put('options.txt', 'one');
    other.put('options.txt', 'other');
    await one.push();
    for (const command of ['pull', 'push']) {
      const { code, line } = await hook(command, other);
      expect({ code, line }).toEqual({
        code: 20,
        line: expect.stringMatching(/^error: both sides changed "options.txt": this PC and /),
      });
    }
    expect(readFileSync(join(other.game, 'options.txt'), 'utf8')).toBe('other');
  });

  it('1: refused, damaged settings, a damaged repository', async () => {
    const refusing = await cloud.pc({ url: (await answering({ status: 401 })).url });
    expect(await hook('push', refusing)).toMatchObject({
      code: 1,
      line: expect.stringContaining('answered 401: user'),
    });

    const broken = await cloud.pc();
    writeFileSync(join(broken.cloudFolder, 'sync.json'), '{');
    const { code, line } = await hook('pull', broken);
    const path = join(broken.cloudFolder, 'sync.json');
    const todo = 'run "instance-sync init" again, or restore the file';
    expect({ code, line }).toEqual({ code: 1, line: `error: ${path} is not JSON; ${todo}` });

    const { cloud: harmed } = await filledCloud();
    const [snapshot = ''] = readdirSync(join(harmed.folder, 'snapshots'));
    const file = join(harmed.folder, 'snapshots', snapshot);
    chmodSync(file, 0o600);
    writeFileSync(file, readFileSync(file).subarray(1));
    const pc = await harmed.pc({ filled: false });
    const damaged = await hook('pull', pc);
    expect(damaged.code).toBe(1);
    expect(damaged.line).toMatch(
      RegExp(
        `^error: snapshots/${snapshot.slice(0, 8)} at ${harmed.location} is damaged: .*; the repository is damaged,`,
      ),
    );
    expect(readdirSync(pc.game)).toEqual(['.cloud-sync']);
  });

  it('waits for another command on the instance, names it, and goes on when that has ended', async () => {
    const lock = await acquireInstanceLock(a.cloudFolder, { command: 'push', waitMs: 0 });
    const waiting = startProgram(process.execPath, [hookFile(), 'pull', '--pack-folder', a.game]);
    await waiting.waitFor(
      /^instance-sync: warning: waiting for push on \S+ \(process \d+\), which uses this instance$/m,
    );
    await lock.release();
    await waiting.waitFor(/^instance-sync: up to date/m);
    await waiting.stop();
  });

  it('with --json the error is an object on standard error, and the summary one on standard output', async () => {
    const pc = await cloud.pc({ password: 'other-battery-password' });
    const failed = await instanceSync(['pull', '--json', '--pack-folder', pc.game]);
    expect(failed.stdout).toBe('');
    expect(JSON.parse(failed.stderr)).toEqual({
      message_type: 'exit_error',
      code: 12,
      error: 'wrong-password',
      message: expect.stringContaining('the password opens no key'),
    });
    const away = await cloud.pc({ url: (await answering({ status: 511 })).url });
    const offline = await instanceSync(['pull', '--json', '--pack-folder', away.game]);
    expect({ code: offline.code, stderr: offline.stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(offline.stdout)).toMatchObject({ message_type: 'summary', command: 'pull', outcome: 'offline' });
  });

  it('an output that nobody reads any more does not end a push', async () => {
    const pc = await cloud.pc({ filled: false });
    await pc.pull();
    pc.put('options.txt', 'changed');
    const script = `const child = require('child_process').spawn(process.execPath, process.argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.destroy(); child.stderr.destroy(); child.on('exit', (code) => process.exit(code ?? 99));`;
    const arguments_ = ['-e', script, hookFile(), 'push', '--pack-folder', pc.game];
    expect(await runProgram(process.execPath, arguments_)).toMatchObject({ code: 0 });
    expect((await a.pull()).outcome).toBe('updated');
  });
});

/** Root reads everything: there the hook runs as the user nobody. */
const isRoot = process.getuid?.() === 0;
const asNobody =
  isRoot && existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--reuid=65534', '--clear-groups'] : [];
const canDeny = process.platform !== 'win32' && (!isRoot || asNobody.length > 0);

describe.runIf(canDeny)('what this user may not read', () => {
  it('is told, the rest is sent (3), and its last version stays in the cloud', async () => {
    const { cloud, a } = await filledCloud();
    a.put('saves/Other/level.dat', 'other');
    a.put('config/secret.toml', 'old');
    await a.push();
    a.put('config/secret.toml', 'new');
    a.put('options.txt', 'new');
    chmodSync(join(a.game, 'config/secret.toml'), 0);
    chmodSync(join(a.game, 'saves/Other'), 0);
    const run = tempFolder();
    writeFileSync(join(run, 'instance-sync.mjs'), readFileSync(hookFile()));
    if (isRoot) for (const path of [run, join(a.game, '..')]) execFileSync('chown', ['-R', '65534', path]);
    const [program = '', ...rest] = [...asNobody, process.execPath];
    const arguments_ = [...rest, join(run, 'instance-sync.mjs'), 'push', '--pack-folder', a.game];
    const push = (): Promise<Finished> => runProgram(program, arguments_, { cwd: run, env: { HOME: run } });

    const first = await push();
    expect(first, first.stdout).toMatchObject({ code: 3, stderr: '' });
    const lines = first.stdout.trimEnd().split('\n');
    for (const line of lines) expectPlain(line);
    expect(lines).toEqual([
      expect.stringMatching(/^instance-sync: warning: saves\/Other could not be read .*: permission denied; this user/),
      expect.stringMatching(/^instance-sync: warning: config\/secret\.toml could not be read .*: permission denied/),
      expect.stringMatching(/^instance-sync: sent 1 changed file, /),
    ]);
    // Nothing else to send: still told, and still not well.
    expect(await push()).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('nothing changed, nothing to send'),
    });

    const b = await cloud.pc({ filled: false });
    await b.pull();
    expect(readFileSync(join(b.game, 'config/secret.toml'), 'utf8')).toBe('old');
    expect(readFileSync(join(b.game, 'saves/Other/level.dat'), 'utf8')).toBe('other');
    expect(readFileSync(join(b.game, 'options.txt'), 'utf8')).toBe('new');
    chmodSync(join(a.game, 'saves/Other'), 0o755);
  });
});

describe('an instance that has not opted in', () => {
  it('is left alone without a word, also where nothing else is right', async () => {
    const cwd = tempFolder();
    mkdirSync(join(cwd, 'saves'));
    const quiet = { code: 0, stdout: '', stderr: '' };
    expect(await instanceSync(['pull'], { cwd })).toEqual(quiet);
    expect(await instanceSync(['push', '--pack-folder', cwd, '--restic-binary=x', '-g'])).toEqual(quiet);
    expect(await instanceSync(['pull'], { env: { INST_MC_DIR: '' }, cwd })).toEqual(quiet);
  });
});

it('knows no secret to tell', () => {
  // The checks above look for it in every line: it must be one that could be found.
  expect(PASSWORD).toContain('battery');
});
