/** The lines of `repair index`, `repair packs`, `repair snapshots`, `recover`, `migrate`. */
import { cpSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Damage, type DamageName, damage, fileOf } from '../../helpers/damage.js';
import { at, PASSWORD } from '../../helpers/repository.js';
import { type SoundRepository, soundRepository } from '../../helpers/sound-repository.js';
import { tempFolder } from '../../helpers/temp.js';
import { type CommandResult, resticTs } from './run-command.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

const sound = new Map<1 | 2, SoundRepository>();

beforeAll(async () => {
  for (const version of [1, 2] as const) sound.set(version, await soundRepository(tempFolder(), version));
});

function copy(version: 1 | 2 = 2): string {
  const path = join(tempFolder(), 'repository');
  cpSync(sound.get(version)?.path ?? '', path, { recursive: true });
  return path;
}

async function broken(name: DamageName): Promise<Damage & { readonly path: string }> {
  const path = copy();
  return { path, ...(await damage[name](path)) };
}

function run(args: string, repo: string, cwd?: string): Promise<CommandResult> {
  return resticTs(args.split(' '), { repo, password: PASSWORD, ...(cwd === undefined ? {} : { cwd }) });
}

const bar = (rest: string): unknown => expect.stringMatching(new RegExp(`^\\[0:\\d\\d\\] 100\\.00% {2}${rest}$`));
const lines = ({ stdout }: CommandResult): string[] => stdout.trimEnd().split('\n');

describe('repair index', () => {
  it('tells its steps, also with --json', async () => {
    for (const args of ['repair index', 'repair index --json']) {
      const result = await run(args, copy());
      expect(result).toMatchObject({ code: 0, stderr: '' });
      expect(lines(result)).toEqual([
        'loading indexes...',
        'getting pack files to read...',
        'rebuilding index',
        bar('2 / 2 indexes processed'),
        bar('2 / 2 old indexes deleted'),
        'done',
      ]);
    }
  });

  it('names on standard error what it found', async () => {
    const gone = await broken('missingPack');
    expect((await run('repair index -q', gone.path)).stderr).toBe(
      `removing not found pack file ${at(gone.packs, 0)}\n`,
    );
    const cut = await broken('truncatedPack');
    const result = await run('repair index', cut.path);
    const pack = at(cut.packs, 0);
    const size = readFileSync(fileOf(cut.path, 'data', pack)).length;
    expect(result.stderr).toMatch(
      new RegExp(
        `^reindexing pack file ${pack} with unexpected size ${size} instead of \\d+\\nskipped incomplete pack file: ${pack}\\n$`,
      ),
    );
    expect(lines(result)).toContain('reading pack files');
    const bad = await broken('garbageIndex');
    const name = at(bad.files, 0).slice('index/'.length);
    expect((await run('repair index', bad.path)).stderr).toContain(`removing invalid index ${name}: `);
    const extra = await broken('unreferencedPack');
    expect((await run('repair index', extra.path)).stderr).toBe(`adding pack file to index ${at(extra.packs, 0)}\n`);
  });

  it('with -vv names the index files that it removes', async () => {
    const path = copy();
    const old = readdirSync(join(path, 'index'));
    const told = lines(await run('repair index -vv', path)).filter((line) => line.startsWith('removed index '));
    expect(told.sort()).toEqual(old.map((name) => `removed index ${name}`).sort());
  });
});

describe('repair packs', () => {
  it('keeps a copy in the current folder, and tells what is lost', async () => {
    const { path, packs, blobs } = await broken('flippedByteInPack');
    const [pack, cwd] = [at(packs, 0), tempFolder()];
    const before = readFileSync(fileOf(path, 'data', pack));
    const result = await run(`repair packs ${pack}`, path, cwd);
    expect(result.code).toBe(0);
    expect(lines(result)).toEqual([
      'saving backup copies of pack files to current folder',
      'salvaging intact data from specified pack files',
      bar('1 / 1 pack files'),
      'rebuilding index',
      bar('(\\d) / \\1 indexes processed'),
      bar('(\\d) / \\1 old indexes deleted'),
      'removing salvaged pack files',
      bar('1 / 1 files deleted'),
    ]);
    expect(result.stderr).toMatch(new RegExp(`^failed to load blob ${at(blobs, 0)}: `));
    expect(result.stderr).toContain('\n\nUse `restic-ts repair snapshots --forget` to remove the corrupted data blobs');
    expect(readFileSync(join(cwd, `pack-${pack}`))).toEqual(before);
  });

  it('writes over no copy that is there', async () => {
    const { path, packs } = await broken('flippedByteInPack');
    const [pack, cwd] = [at(packs, 0), tempFolder()];
    writeFileSync(join(cwd, `pack-${pack}`), 'mine');
    const result = await run(`repair packs ${pack}`, path, cwd);
    expect(result).toMatchObject({ code: 1, stdout: 'saving backup copies of pack files to current folder\n' });
    expect(result.stderr).toMatch(/^Fatal: open .*: file exists\n$/);
    expect(readFileSync(join(cwd, `pack-${pack}`), 'utf8')).toBe('mine');
  });

  it('wants ids in full', async () => {
    expect(await run('repair packs', 'none')).toMatchObject({ code: 1, stderr: 'Fatal: no ids specified\n' });
    expect(await run('repair packs abc', 'none')).toMatchObject({
      code: 1,
      stderr: 'invalid length for ID: "abc"\n',
    });
    const json = await run('repair packs --json', 'none');
    expect(JSON.parse(json.stderr)).toEqual({
      message_type: 'exit_error',
      code: 1,
      message: 'Fatal: no ids specified',
    });
  });
});

describe('repair snapshots', () => {
  it('tells what it mends, and in a dry run what it would do', async () => {
    const { path } = await broken('manyDefects');
    const mended = [
      '  dir "/b": replaced with empty directory',
      '  file "/d": removed missing content',
      // Of a type that a later version may know.
    ];
    const dry = await run('repair snapshots --dry-run --host gamma', path);
    const head = expect.stringMatching(
      /^snapshot [0-9a-f]{8} of \[\/game\] at 2026-11-24 10:00:00 \+0000 UTC by @gamma$/,
    );
    expect(lines(dry)).toEqual(['', head, ...mended, 'would save new snapshot', '', 'would modify 1 snapshots']);
    const result = await run('repair snapshots --forget --host gamma', path);
    const saved = expect.stringMatching(/^saved new snapshot [0-9a-f]{8}$/);
    const removed = expect.stringMatching(/^removed old snapshot [0-9a-f]{8}$/);
    expect(lines(result)).toEqual(['', head, ...mended, saved, removed, '', 'modified 1 snapshots']);
    const again = await run('repair snapshots --host gamma', path);
    expect(lines(again)).toEqual(['', head, '', 'no snapshots were modified']);
  });

  it('removes a snapshot of which nothing is left, and passes over what names none', async () => {
    const { path } = await broken('snapshotOfMissingTree');
    const dry = await run('repair snapshots -n latest nosuch', path);
    expect(dry.stderr).toBe('Ignoring "nosuch": no matching ID found for prefix "nosuch"\n');
    expect(lines(dry).slice(2)).toEqual([
      '  dir "/": not readable',
      'would delete empty snapshot',
      '',
      'would modify 1 snapshots',
    ]);
    const result = await run('repair snapshots latest', path);
    expect(lines(result)[3]).toMatch(/^removed empty snapshot [0-9a-f]{8}$/);
  });
});

describe('recover', () => {
  it('tells its steps', async () => {
    const path = copy();
    const [name = ''] = readdirSync(join(path, 'snapshots'));
    unlinkSync(join(path, 'snapshots', name));
    const result = await run('recover -v', path);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(lines(result)).toEqual([
      'ensuring index is complete',
      'loading indexes...',
      'getting pack files to read...',
      'rebuilding index',
      bar('2 / 2 indexes processed'),
      bar('2 / 2 old indexes deleted'),
      'load index files',
      expect.stringMatching(/^load \d trees$/),
      bar('(\\d) / \\1 trees loaded'),
      'load snapshots',
      'done',
      expect.stringMatching(/^found root tree [0-9a-f]{8}$/),
      '',
      'found 1 unreferenced roots',
      expect.stringMatching(/^saved new snapshot [0-9a-f]{8}$/),
    ]);
    expect(lines(await run('recover', path)).slice(-2)).toEqual([
      'found 0 unreferenced roots',
      'no snapshot to write.',
    ]);
  });
});

describe('migrate', () => {
  it('lists what can be done, and does it', async () => {
    const path = copy(1);
    expect(lines(await run('migrate', path))).toEqual([
      'available migrations:',
      '  upgrade_repo_v2\tupgrade a repository to version 2',
    ]);
    const result = await run('migrate upgrade_repo_v2', path);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(lines(result)).toEqual([
      'checking repository integrity...',
      'load indexes',
      'check all packs',
      'check snapshots, trees and blobs',
      bar('2 / 2 snapshots'),
      'no errors were found',
      'applying migration upgrade_repo_v2...',
      'migration upgrade_repo_v2: success',
    ]);
    expect(lines(await run('migrate', path))).toEqual(['available migrations:', 'no migrations found']);
    expect(await run('migrate upgrade_repo_v2 nosuch', path)).toMatchObject({
      code: 0,
      stdout: '',
      stderr:
        'migration upgrade_repo_v2 cannot be applied: repository is already upgraded to version 2\n' +
        'If you want to apply this migration anyway, re-run with option --force\nunknown migration nosuch\n',
    });
    const reason = 'repository has version 2, only upgrades from version 1 are supported';
    expect(await run('migrate -f upgrade_repo_v2', path)).toMatchObject({
      code: 1,
      stderr: `check for migration upgrade_repo_v2 failed, continuing anyway\nmigration upgrade_repo_v2 failed: ${reason}\n${reason}\n`,
    });
  });

  it('leaves a damaged repository alone, also with --force', async () => {
    const path = copy(1);
    const config = readFileSync(join(path, 'config'));
    const [two = ''] = readdirSync(join(path, 'data')).filter(
      (name) => readdirSync(join(path, 'data', name)).length > 0,
    );
    renameSync(join(path, 'data', two), join(tempFolder(), two));
    const result = await run('migrate -f upgrade_repo_v2', path);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/\nFatal: repository contains errors\n$/);
    expect(readFileSync(join(path, 'config'))).toEqual(config);
  });
});
