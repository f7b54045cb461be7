/** `check`: its flags, its lines, its summary, its exit codes. */
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { parseSubset } from '../../../src/cli/restic/commands/check-subset.js';
import { type DamageName, damage } from '../../helpers/damage.js';
import { PASSWORD } from '../../helpers/repository.js';
import { copyToRead, openFolder, type SoundRepository, soundRepository } from '../../helpers/sound-repository.js';
import { tempFolder } from '../../helpers/temp.js';
import { type CommandResult, resticTs } from './run-command.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

let sound: SoundRepository;

beforeAll(async () => {
  sound = await soundRepository(tempFolder());
});

async function broken(name: DamageName): Promise<string> {
  const path = copyToRead(sound.path, name);
  await damage[name](path);
  return path;
}

function run(args: string, repo: string = sound.path): Promise<CommandResult> {
  return resticTs(['check', ...args.split(' ').filter((word) => word !== '')], { repo, password: PASSWORD });
}

describe('check of a sound repository', () => {
  it('tells its steps', async () => {
    const { code, stdout, stderr } = await run('--read-data');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'create exclusive lock for repository',
      'load indexes',
      'check all packs',
      'check snapshots, trees and blobs',
      expect.stringMatching(/^\[0:0\d\] 100\.00% {2}2 \/ 2 snapshots$/),
      'read all data',
      expect.stringMatching(/^\[0:0\d\] 100\.00% {2}(\d) \/ \1 packs$/),
      'no errors were found',
      '',
    ]);
  });

  it('says nothing with --quiet', async () => {
    expect(await run('--quiet --read-data')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('gives one object with --json', async () => {
    const { code, stdout, stderr } = await run('--json --read-data');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      '{"message_type":"summary","num_errors":0,"broken_packs":null,"suggest_repair_index":false,"suggest_prune":false}\n',
    );
  });

  it.each([
    ['--read-data-subset 1/1', /^read group #1 of 6 data packs \(out of total 6 packs in 1 groups\)$/m],
    ['--read-data-subset 2.5%', /^read 2\.5% of packfiles$/m],
    ['--read-data-subset 10K', /^read 10240 bytes \(\d+\.\d%\) of data packs$/m],
    ['--read-data-subset 1T', /^read \d{6} bytes \(100\.0%\) of data packs$/m],
    ['-H alpha --read-data', /^read all filtered data$/m],
    ['--tag two --read-data-subset 30%', /^read 30\.0% of filtered packfiles$/m],
    ['latest --read-data-subset 1/2', /^read group #1 of \d filtered data packs/m],
    ['--path /nowhere', /^no errors were found$/m],
    ['--check-unused', /^no errors were found$/m],
    ['--with-cache', /^no errors were found$/m],
  ])('%s', async (args, line) => {
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(line);
  });

  it.each([
    ['--read-data --read-data-subset 1/2', '--read-data and --read-data-subset cannot be used together'],
    ['--read-data-subset 3/2', 'n <= t'],
    ['--read-data-subset what', 'has invalid value'],
    ['--read-data-subset 0%', 'at most 100.0%'],
  ])('refuses %s', async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Fatal: check flag/);
    expect(stderr).toContain(message);
  });
});

describe('the subset', () => {
  it.each([
    ['1/2', { bucket: 1, total: 2 }],
    ['256/256', { bucket: 256, total: 256 }],
    ['100%', { percent: 100 }],
    ['0.5%', { percent: 0.5 }],
    ['5k', { bytes: 5 * 1024 }],
    ['2G', { bytes: 2 * 1024 ** 3 }],
  ])('%s', (text, expected) => expect(parseSubset(text)).toEqual(expected));

  it.each(['0/2', '3/2', '1/257', '1/', '-1/2', '1/2/3', '%', '1e1%', '-5%', '100.1%', '0K', '50', '1.5M', '1P', '1b'])(
    'is not %s',
    (text) => expect(() => parseSubset(text)).toThrow(/^check flag --read-data-subset/),
  );
});

describe('check of a damaged repository', () => {
  it('tells damaged packs, and how they are repaired', async () => {
    const { code, stdout, stderr } = await run('--read-data', await broken('flippedByteInPack'));
    expect(code).toBe(1);
    expect(stdout).not.toContain('no errors');
    expect(stderr).toMatch(/^pack [0-9a-f]{64} contains 2 errors: \[.*\]$/m);
    expect(stderr).toMatch(/^restic-ts repair packs [0-9a-f]{64}\nrestic-ts repair snapshots --forget$/m);
    expect(stderr).toMatch(/\nFatal: repository contains errors\n$/);
  });

  it('tells the errors of a tree below its name', async () => {
    const { stderr } = await run('', await broken('manyDefects'));
    expect(stderr).toMatch(/^error for tree [0-9a-f]{8}:\n( {2}tree [0-9a-f]{64} .*\n){4}\n/);
    expect(stderr).toContain('restic-ts repair snapshots --forget');
  });

  it('tells what is wrong as objects with --json', async () => {
    const { code, stdout, stderr } = await run('--json', await broken('missingPack'));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      message_type: 'summary',
      num_errors: 1,
      broken_packs: null,
      suggest_repair_index: false,
      suggest_prune: false,
    });
    const lines = stderr.trim().split('\n');
    const told: { message_type: string; message: string }[] = lines.map((line) => JSON.parse(line));
    expect(told.map((one) => one.message_type)).toEqual(['error', 'error', 'exit_error']);
    expect(told[0]?.message).toMatch(/^pack [0-9a-f]{64}: does not exist$/);
    expect(told[2]).toEqual({ message_type: 'exit_error', code: 1, message: 'Fatal: repository contains errors' });
  });

  it('names the packs to repair with --json, as a list', async () => {
    const { stdout } = await run('--json', await broken('truncatedPack'));
    expect(JSON.parse(stdout)).toMatchObject({ broken_packs: [expect.stringMatching(/^[0-9a-f]{64}$/)] });
  });

  it.each([
    ['missingConfig', 10, /^Fatal: repository does not exist/],
    ['flippedByteInConfig', 1, /^Fatal: config of/],
    ['flippedByteInKey', 1, /^Fatal: keys\//],
  ] as const)('counts one error where nothing can be checked: %s', async (name, code, text) => {
    const path = await broken(name);
    const told = await run('', path);
    expect(told.code).toBe(code);
    expect(told.stderr).toMatch(text);
    const json = await run('--json', path);
    expect(json.code).toBe(code);
    expect(JSON.parse(json.stdout)).toMatchObject({ message_type: 'summary', num_errors: 1 });
  });

  it('does not call a name that nobody has damage', async () => {
    const { code, stderr } = await run('ffff');
    expect(code).toBe(1);
    expect(stderr).toBe('error: no matching ID found for prefix "ffff"\nFatal: repository contains errors\n');
  });
});

describe('hints', () => {
  it.each([
    [
      'duplicateIndex',
      /^pack [0-9a-f]{64} contained in several indexes: \{[0-9a-f]{8} [0-9a-f]{8}\}$/m,
      'repair index',
    ],
    ['mixedPack', /^pack [0-9a-f]{8} contains a mix of tree and data blobs$/m, 'prune'],
    ['unreferencedPack', /^1 additional files were found in the repo/m, 'prune'],
  ] as const)('are no errors: %s', async (name, line, advice) => {
    const path = await broken(name);
    const { code, stdout, stderr } = await run('', path);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(line);
    expect(stdout).toContain(`you can run \`restic-ts ${advice}\``);
    expect(stdout).toMatch(/no errors were found\n$/);
    expect((await run('--json', path)).stdout).toMatch(/^\{"message_type":"summary".*\}\n$/);
  });

  it('name each pack with -v', async () => {
    const path = await broken('unreferencedPack');
    expect((await run('', path)).stdout).not.toContain('not referenced');
    expect((await run('-v', path)).stdout).toMatch(/^pack [0-9a-f]{64}: not referenced in any index$/m);
  });
});

describe('the lock', () => {
  it('is exclusive, waited for with --retry-lock, and not taken with --no-lock', async () => {
    const repo = await openFolder(sound.path);
    await repo.read({}, async () => {
      const locked = await run('--json');
      expect(locked.code).toBe(11);
      expect(JSON.parse(locked.stdout)).toMatchObject({ num_errors: 1 });
      const { code, stdout } = await run('--no-lock');
      expect(code).toBe(0);
      expect(stdout).not.toContain('lock');
    });
    expect((await run('')).code).toBe(0);
    expect(readdirSync(join(sound.path, 'locks'))).toEqual([]);
  });
});

describe('the cache', () => {
  it('has no say about what is in the repository', async () => {
    const path = await broken('duplicateBlob');
    const cache = tempFolder();
    const cached = (args: string[]): Promise<CommandResult> =>
      resticTs(args, { repo: path, password: PASSWORD, env: { RESTIC_CACHE_DIR: cache } });
    expect((await cached(['check', '--with-cache', '--read-data'])).code).toBe(0);
    // Now that the cache holds snapshots, index and tree packs, the repository loses an index file.
    const [index = ''] = readdirSync(join(path, 'index'));
    chmodSync(join(path, 'index', index), 0o600);
    writeFileSync(join(path, 'index', index), 'broken');
    expect((await cached(['check'])).stderr).toContain('error loading index');
    expect((await cached(['check', '--with-cache'])).code).toBe(0);
  });
});
