/** Command lines that cannot be carried out: one line, exit code 1, and nothing done. */

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blackHole } from '../helpers/bad-server.js';
import { itIf } from '../helpers/only-where.js';
import { startProgram } from '../helpers/process.js';
import { hookFile, instanceSync } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';
import { expectPlain } from '../sync/bad-input-env.js';

/** The line on standard error (on standard output for the hooks), with exit code 1. */
async function complaint(args: readonly string[], cwd: string = tempFolder()): Promise<string> {
  const { code, stdout, stderr } = await instanceSync(args, { cwd });
  const [said, silent] = args[0] === 'pull' || args[0] === 'push' ? [stdout, stderr] : [stderr, stdout];
  expect({ code, silent }, said).toEqual({ code: 1, silent: '' });
  expect(said).toMatch(/^[^\n]*\n$/);
  expectPlain(said.trimEnd());
  return said.trimEnd();
}

const HELP = 'see "instance-sync --help"';
const URL_ = 'https://sync.example.org/';

describe('flags and commands', () => {
  it.each([
    [['pulll'], `error: unknown command 'pulll' (Did you mean pull?); ${HELP}`],
    [['--nonsense'], `error: unknown option '--nonsense'; ${HELP}`],
    [['status', '--nonsense'], `error: unknown option '--nonsense'; ${HELP}`],
    [['init'], `error: required option '--url <address>' not specified; ${HELP}`],
    [['init', '--url'], `error: option '--url <address>' argument missing; ${HELP}`],
    [['serve'], `error: required option '--path <folder>' not specified; ${HELP}`],
    [['disable', 'now'], `error: too many arguments for 'disable'. Expected 0 arguments but got 1.; ${HELP}`],
    [
      ['pull', '--pack-folder'],
      `instance-sync: error: option '--pack-folder <folder>' argument missing; see "instance-sync pull --help"`,
    ],
    [
      ['push', '--pack-folder='],
      'instance-sync: error: the option pack-folder is empty; give the path of the game folder, or leave it out',
    ],
    [['setup'], 'error: setup asks questions and needs a terminal; elsewhere give --url and --token-file'],
  ])('%s', async (args, line) => {
    expect(await complaint(args)).toBe(line);
  });

  it('a hook says it where the launcher reads it', async () => {
    const cwd = tempFolder();
    mkdirSync(join(cwd, '.cloud-sync'));
    writeFileSync(join(cwd, '.cloud-sync/sync.json'), '{}');
    const help = 'see "instance-sync pull --help"';
    expect(await complaint(['pull', '--nonsense'], cwd)).toBe(
      `instance-sync: error: unknown option '--nonsense'; ${help}`,
    );
    const { code, stdout, stderr } = await instanceSync(['pull', '--nonsense', '--json'], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ message_type: 'exit_error', code: 1, error: 'usage' });
  });

  it('help and version are no errors', async () => {
    for (const args of [['--help'], ['--version'], ['help', 'pull'], ['pull', '--help'], []]) {
      const { code, stdout, stderr } = await instanceSync(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).not.toBe('');
    }
  });
});

describe('init', () => {
  it.each([
    [['--url', 'ftp://h/'], 'the option url has an address of the scheme "ftp:", only http and https work'],
    [['--url', 'sync.example.org'], 'the option url has the address "sync.example.org", which is no URL'],
    [['--url', 'https://ann:battery@h/'], 'the option url has a user name or password in the address'],
    [['--url', URL_], 'no token given; name a file that holds one line ID:PASSWORD'],
    [['--url', URL_, '--token-file', 'none'], 'there is no token file none; give one with --token-file'],
    [['--url', URL_, '--instance-id', 'abc'], '"abc" is not an instance id: it has 26 digits and letters'],
  ])('%s', async (flags, line) => {
    const cwd = tempFolder();
    expect(await complaint(['init', ...flags], cwd)).toContain(`error: ${line}`);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('a token from standard input that is none, and one on the command line', async () => {
    const cwd = tempFolder();
    const piped = await instanceSync(['init', '--url', URL_, '--token-file', '-'], { cwd, input: 'battery\n' });
    const FORM = 'it must be one line ID:PASSWORD';
    expect(piped).toEqual({ code: 1, stdout: '', stderr: `error: the token has no colon; ${FORM}\n` });
    const empty = await instanceSync(['init', '--url', URL_, '--token-file', '-'], { cwd, input: '' });
    expect(empty).toEqual({ code: 1, stdout: '', stderr: `error: the token is empty; ${FORM}\n` });
    expect(readdirSync(cwd)).toEqual([]);
    const given = await instanceSync(['init', '--url', URL_, '--token', 'ann:battery'], { cwd });
    const warning = 'warning: --token shows in process lists and shell history; use --token-file\n';
    expect(given).toMatchObject({ code: 0, stderr: warning });
    expect(given.stdout).not.toContain('battery');
  });
});

describe('serve', () => {
  it('without users, with a bad size or address, on a file, without its certificate', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'file'), '');
    const port = ['--listen', '127.0.0.1:0'];
    const open = ['serve', '--path', 'store', '--no-auth'];
    expect(await complaint(['serve', '--path', 'store', ...port], cwd)).toMatch(
      /^error: there is no password file \S*\.htpasswd: make one \("htpasswd -B -c" writes it\), or turn/,
    );
    for (const size of ['lots', '-5', '0', '1.5', '1e99', '']) {
      expect(await complaint([...open, ...port, `--max-size=${size}`], cwd)).toBe(
        `error: --max-size ${JSON.stringify(size)} is no number of bytes above zero`,
      );
    }
    expect(await complaint([...open, '--listen', 'nonsense'], cwd)).toBe(
      'error: cannot listen on "nonsense": give host:port, such as 127.0.0.1:8000',
    );
    expect(await complaint(['serve', '--path', 'file', '--no-auth', ...port], cwd)).toMatch(
      /^error: cannot serve \S*file: it is not a folder$/,
    );
    expect(await complaint([...open, ...port, '--tls'], cwd)).toMatch(/^error: cannot read store\/public_key: /);
    expect(await complaint([...open, ...port, '--log', 'none/log'], cwd)).toMatch(
      /^error: cannot write the log none\/log: /,
    );
  });

  it('on a port that is taken', async () => {
    const { port } = await blackHole();
    expect(await complaint(['serve', '--path', 'store', '--no-auth', '--listen', `127.0.0.1:${port}`])).toBe(
      `error: cannot listen on 127.0.0.1:${port}: another program uses this port; choose another one`,
    );
  });

  itIf(existsSync('/dev/full'), 'there is no /dev/full here')(
    'a log that cannot be written any more ends the log, not the server',
    async () => {
      const flags = ['--path', tempFolder(), '--no-auth', '--listen', '127.0.0.1:0', '--log', '/dev/full'];
      const server = startProgram(process.execPath, [hookFile(), 'serve', ...flags]);
      const [, url = ''] = await server.waitFor(/serving \S+ on (http\S+)/);
      expect((await fetch(url)).status).toBeGreaterThan(0);
      await server.waitFor(/^warning: the log \/dev\/full ends here, the server goes on: /m);
      expect((await fetch(url)).status).toBeGreaterThan(0);
      await server.stop();
    },
  );
});
