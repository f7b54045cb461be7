/** The frame of restic-ts: names, help, passwords, addresses, failures and their codes. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { COMMANDS } from '../../../src/cli/restic/commands.js';
import { createOutput } from '../../../src/cli/restic/terminal.js';
import { tempFolder } from '../../helpers/temp.js';
import { type CommandOptions, type CommandResult, resticTs } from './run-command.js';

/** What a key costs is told by the tests of crypto. */
vi.mock('../../../src/crypto/kdf.js', async (importOriginal) => ({
  ...(await importOriginal<typeof import('../../../src/crypto/kdf.js')>()),
  DEFAULT_SCRYPT: { N: 128, r: 1, p: 1 },
}));

function freshPlace(): string {
  return join(tempFolder(), 'repo');
}

async function init(repo: string, options: CommandOptions = {}): Promise<CommandResult> {
  return await resticTs(['init'], { repo, ...options });
}

describe('help', () => {
  it('lists every command, and each has its own', async () => {
    const { stdout } = await resticTs([]);
    for (const { name } of COMMANDS) {
      expect(stdout).toContain(`  ${name.split(' ')[0]} `);
      const own = await resticTs([...name.split(' '), '--help']);
      expect(own.code).toBe(0);
      expect(own.stdout).toContain(`restic-ts ${name} [flags]`);
    }
  });

  it('is the same by "help x" and "x --help", and in a group by its name alone', async () => {
    expect((await resticTs(['help', 'init'])).stdout).toBe((await resticTs(['init', '--help'])).stdout);
  });
});

it('takes the name that "repair index" once had', async () => {
  const { stdout } = await resticTs(['rebuild-index', '--help']);
  expect(stdout).toContain('restic-ts repair index [flags]');
});

describe('a command line that cannot be carried out', () => {
  it.each([
    [['foo'], 'unknown command "foo" for "restic-ts"'],
    [['init', '--foo'], 'unknown flag: --foo'],
    [['--foo'], 'unknown flag: --foo'],
    [['-r'], "flag needs an argument: 'r' in -r"],
    [['init', '-qr'], "flag needs an argument: 'r' in -qr"],
    [['init', '--repo'], 'flag needs an argument: --repo'],
    [['prune', '-r', 'x', '--repack-uncompressed', '--compression=off'], 'are mutually exclusive'],
    [['init', '-q', '-v', '-r', 'x'], 'Fatal: --quiet and --verbose cannot be specified at the same time'],
    [['init', '-r', 's3:bucket'], 'Fatal: a repository at "s3:" is not supported'],
    [['mount', '/mnt'], 'Fatal: the command "mount" is not supported'],
    [['init'], 'Fatal: Please specify repository location (-r or --repository-file)'],
    [['init', '-r', 'x', '--compression', 'no'], 'invalid compression mode "no"'],
    [['init', '-r', 'x', '-p', '/nowhere/at/all'], 'Resolving password failed: the password file /nowhere/at/all does'],
    [['init', '-r', 'x', '-p', 'x', '--password-command', 'x'], 'Resolving password failed: Password file and command'],
    [['init', '--repository-file', '/nowhere/at/all'], 'Fatal: the repository file /nowhere/at/all does not exist'],
    [['copy', '-r', 'x'], 'Fatal: Please specify a source repository location'],
  ])('%j: one line on stderr, exit code 1', async (args, message) => {
    const { code, stdout, stderr } = await resticTs(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('with --json it is an object', async () => {
    const { stderr } = await resticTs(['init', '--json', '--foo']);
    expect(JSON.parse(stderr)).toEqual({ message_type: 'exit_error', code: 1, message: 'unknown flag: --foo' });
  });
});

it('problems are lines with --json as well, and objects for a command that says so', () => {
  const texts: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      texts.push(chunk.toString());
      done();
    },
  });
  const options = { verbosity: 1, out: sink, err: sink, env: {} } as const;
  createOutput({ ...options, json: true }).warn('trying again');
  createOutput({ ...options, json: false, jsonProblems: true }).warn('trying again');
  createOutput({ ...options, json: true, jsonProblems: true }).warn('trying again');
  expect(texts).toEqual(['trying again\n', 'trying again\n', '{"message_type":"error","message":"trying again"}\n']);
});

it.each(['--quiet', '--json'])(
  'a repository without key files is as a wrong password: exit code 12, %s',
  async (flag) => {
    const repo = freshPlace();
    await init(repo);
    rmSync(join(repo, 'keys'), { recursive: true });
    const { code, stderr } = await resticTs(['snapshots', flag], { repo });
    expect(code).toBe(12);
    expect(stderr).toContain('Fatal: wrong password or no key found: the repository at ');
  },
);

it('copy is told as text, with --json too', async () => {
  const [repo, source] = [freshPlace(), freshPlace()];
  const file = join(tempFolder(), 'file');
  writeFileSync(file, 'contents');
  const env = { RESTIC_FROM_REPOSITORY: source, RESTIC_FROM_PASSWORD: 'secret' };
  for (const place of [repo, source]) await init(place);
  await resticTs(['backup', '-q', file], { repo: source });
  const { stdout } = await resticTs(['copy', '--json'], { repo, env });
  expect(stdout).toMatch(
    /^\nsnapshot .*\n {2}copy started.*\n.* packs copied\nsnapshot [0-9a-f]{8} saved, copied from/,
  );
});

describe('init', () => {
  it('makes a repository, once', async () => {
    const repo = freshPlace();
    const first = await init(repo);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^created restic repository [0-9a-f]{10} at /);
    expect(existsSync(join(repo, 'config'))).toBe(true);
    const second = await init(repo);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain('config file already exists');
  });

  it('says the id with --json, and nothing with --quiet', async () => {
    const { stdout } = await resticTs(['init', '--json'], { repo: freshPlace() });
    expect(JSON.parse(stdout)).toMatchObject({
      message_type: 'initialized',
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect((await resticTs(['-q', 'init'], { repo: freshPlace() })).stdout).toBe('');
  });

  it('takes the password from a file, a command, or the environment', async () => {
    const folder = tempFolder();
    const file = join(folder, 'password');
    writeFileSync(file, '\ufeff  from file \n');
    for (const flags of [
      ['--password-file', file],
      ['--password-command', `${process.execPath} -e "console.log('from command')"`],
    ]) {
      const repo = freshPlace();
      expect(await resticTs(['init', ...flags], { repo, env: { RESTIC_PASSWORD: undefined } })).toMatchObject({
        code: 0,
      });
      expect((await init(repo)).stderr).toContain('already exists');
    }
    const env = { RESTIC_PASSWORD: undefined, RESTIC_PASSWORD_FILE: file };
    expect(await init(freshPlace(), { env })).toMatchObject({ code: 0 });
  });

  it('wants a password, unless told that there is none', async () => {
    const env = { RESTIC_PASSWORD: '' };
    expect(await resticTs(['init', '--insecure-no-password'], { repo: freshPlace(), env })).toMatchObject({ code: 0 });
    const both = await resticTs(['init', '--insecure-no-password'], { repo: freshPlace() });
    expect(both.code).toBe(1);
    const blank = join(tempFolder(), 'blank');
    writeFileSync(blank, ' \n');
    const empty = await resticTs(['init', '-p', blank], { repo: freshPlace() });
    expect(empty.stderr).toContain('an empty password is not allowed by default');
  });

  it('makes version 1 too, and no other', async () => {
    expect((await resticTs(['init', '--repository-version=1'], { repo: freshPlace() })).code).toBe(0);
    expect((await resticTs(['init', '--repository-version', '3'], { repo: freshPlace() })).code).toBe(1);
  });
});
