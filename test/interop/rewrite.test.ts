/**
 * rewrite, tag, recover and migrate of both programs on two copies of one repository: the same snapshots and the same trees
 * afterwards, and each program reads what the other has made.
 */
import { cpSync, mkdirSync, readdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type CommandResult, resticTs } from '../cli/restic/run-command.js';
import { cheapenKey } from '../helpers/local-repository.js';
import { describeInterop, restic, startRestServer } from '../helpers/peers.js';
import type { Finished } from '../helpers/process.js';
import { noise, PASSWORD } from '../helpers/repository.js';
import { copyToRead, openFolder } from '../helpers/sound-repository.js';
import { tempFolder } from '../helpers/temp.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const LIMIT = 60_000;
const VERSIONS = [1, 2] as const;
const CHECK = ['check', '--read-data', '--no-lock', '--no-cache'];

function makeSource(): string {
  const path = join(tempFolder(), 'source');
  for (const folder of ['a/b/c', 'a/empty', 'world']) mkdirSync(join(path, folder), { recursive: true });
  writeFileSync(join(path, 'a/b/c/deep.jar'), noise(700_000, 5));
  writeFileSync(join(path, 'a/b/<&> "quoted" \u00a0.txt'), 'odd name');
  writeFileSync(join(path, 'a/notes.txt'), 'notes');
  writeFileSync(join(path, 'world/level.dat'), noise(5000, 6));
  writeFileSync(join(path, 'world/none'), '');
  if (process.platform !== 'win32') symlinkSync('../a/notes.txt', join(path, 'world/link'));
  return path;
}

/** Three snapshots by restic, of which one is by a version that wrote no summaries. */
async function makeRepository(version: 1 | 2): Promise<string> {
  const repo = join(tempFolder(), `v${version}`);
  const cwd = makeSource();
  const options = { repo, password: PASSWORD, cwd };
  const run = async (name: 'restic-0.14' | 'restic-latest', ...args: string[]): Promise<void> => {
    const { code, stderr } = await restic(name, args, options);
    if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  };
  await run('restic-latest', 'init', '--repository-version', String(version));
  await cheapenKey(repo);
  const at = (day: number): string[] => ['--time', `2026-11-0${day} 10:00:00`];
  await run('restic-0.14', 'backup', '.', '--host', 'alpha', '--tag', 'old', ...at(1));
  writeFileSync(join(cwd, 'world/more.dat'), noise(3000, 7));
  await run('restic-latest', 'backup', '.', '--host', 'alpha', '--tag', 'one,two', ...at(2));
  await run('restic-latest', 'backup', 'a', 'world', '--host', 'beta', ...at(3));
  return repo;
}

/** Snapshots, without their own ids; originals by their times. */
async function snapshotsOf(path: string): Promise<unknown[]> {
  const repo = await openFolder(path, { index: false });
  const all = await Promise.all(
    (await repo.listSnapshots()).map(async (id) => ({ id, ...(await repo.loadSnapshot(id)) })),
  );
  const texts = all.map(({ id: _id, original, ...snapshot }) =>
    JSON.stringify({ ...snapshot, isNew: original !== undefined }),
  );
  return texts.sort();
}

describeInterop('rewriting', ['restic-0.14', 'restic-latest'], () => {
  const made = new Map<1 | 2, string>();

  beforeAll(async () => {
    for (const version of VERSIONS) made.set(version, await makeRepository(version));
  }, LIMIT);

  function copy(version: 1 | 2): string {
    const path = join(tempFolder(), 'copy');
    cpSync(made.get(version) ?? '', path, { recursive: true });
    return path;
  }

  async function both(version: 1 | 2, args: readonly string[]): Promise<{ theirs: Finished; ours: CommandResult }> {
    // restic makes the folders that it needs.
    const [one, two] = [copyToRead(made.get(version) ?? ''), copy(version)];
    const [theirs, ours] = await Promise.all([
      restic('restic-latest', args, { repo: one, password: PASSWORD }),
      resticTs(args, { repo: two, password: PASSWORD }),
    ]);
    expect({ code: ours.code, lines: count(ours.stdout) }).toEqual({ code: theirs.code, lines: count(theirs.stdout) });
    expect(await snapshotsOf(two)).toEqual(await snapshotsOf(one));
    const check = await restic('restic-latest', CHECK, { repo: two, password: PASSWORD });
    expect(check.code, check.stderr).toBe(0);
    return { theirs, ours };
  }

  /** Of what each line begins with: ids and the order of snapshots differ. */
  function count(text: string): string[] {
    const words = text.split('\n').map((line) => line.replace(/\b[0-9a-f]{8,}\b/g, 'ID'));
    return words.filter((line) => line !== '').sort();
  }

  const lines: readonly (readonly string[])[] = [
    ['rewrite', '--exclude', '*.jar'],
    ['rewrite', '--exclude', '/a/b', '--forget'],
    ['rewrite', '--iexclude', 'LEVEL.*', '--host', 'alpha', '-vv'],
    ['rewrite', '--exclude', '/*', '--tag', 'old'],
    ['rewrite', '--exclude', 'nothing'],
    ['rewrite', '--include', 'a/b'],
    ['rewrite', '--include', '*.dat', '--forget', '-vv'],
    ['rewrite', '--include', 'empty', 'latest'],
    ['rewrite', '--include', 'nothing', '--forget'],
    ['rewrite', '--snapshot-summary'],
    ['rewrite', '--new-host', 'gamma', '--new-time', '2020-01-02 03:04:05', '--forget'],
    ['rewrite', '--exclude', '*.txt', '--new-host', 'gamma', '--dry-run'],
    ['tag', '--add', 'x,y', '--tag', 'one'],
    ['tag', '--set', 'x', '--set', 'y,z'],
    ['tag', '--remove', 'one,nothing'],
    ['repair', 'snapshots', '--forget'],
  ];

  /** Version 1 differs in how blobs are stored, which one line of each command shows. */
  const inVersion1 = new Set([
    '--exclude /a/b',
    '--include *.dat',
    '--new-host gamma',
    '--set x',
    'snapshots --forget',
  ]);

  describe.each(VERSIONS)('version %i', (version) => {
    it.concurrent.each(lines.filter(([, flag, value]) => version === 2 || inVersion1.has(`${flag} ${value}`)))(
      '%s %s %s %s %s',
      async (...args) => {
        await both(version, args);
      },
      LIMIT,
    );

    it(
      'recover finds the same',
      async () => {
        const [one, two] = [copy(version), copy(version)];
        for (const path of [one, two]) {
          const name = readdirSync(join(path, 'snapshots')).sort()[0] ?? '';
          unlinkSync(join(path, 'snapshots', name));
        }
        const [theirs, ours] = await Promise.all([
          restic('restic-latest', ['recover'], { repo: one, password: PASSWORD }),
          resticTs(['recover'], { repo: two, password: PASSWORD }),
        ]);
        expect({ code: ours.code, lines: count(ours.stdout) }).toEqual({
          code: theirs.code,
          lines: count(theirs.stdout),
        });
        const list = async (repo: string): Promise<string> =>
          (await restic('restic-latest', ['ls', '--no-lock', '--recursive', 'latest'], { repo, password: PASSWORD }))
            .stdout;
        const withoutHead = (text: string): string => text.slice(text.indexOf('\n'));
        const [found, expected] = await Promise.all([list(two), list(one)]);
        expect(withoutHead(found)).toBe(withoutHead(expected));
      },
      LIMIT,
    );
  });

  it(
    'migrate makes a repository that restic backs up to, compressed',
    async () => {
      const repo = copy(1);
      expect((await resticTs(['migrate', 'upgrade_repo_v2'], { repo, password: PASSWORD })).code).toBe(0);
      const config = await restic('restic-latest', ['cat', 'config', '--no-lock'], { repo, password: PASSWORD });
      expect(JSON.parse(config.stdout)).toMatchObject({ version: 2 });
      const options = { repo, password: PASSWORD, cwd: makeSource() };
      expect((await restic('restic-latest', ['backup', '.'], options)).code).toBe(0);
      const check = await restic('restic-latest', CHECK, { repo, password: PASSWORD });
      expect(check.code, check.stderr).toBe(0);
    },
    LIMIT,
  );
});

describeInterop('an append-only server', ['restic-0.14', 'restic-latest', 'rest-server-latest'], () => {
  it(
    'is told in one line that it removes nothing, with the exit code that restic has',
    async () => {
      const server = await startRestServer('rest-server-latest', { appendOnly: true });
      cpSync(await makeRepository(1), join(server.path, 'repo'), { recursive: true });
      const options = { repo: `rest:${server.url}repo/`, password: PASSWORD };
      const run = (...args: string[]): Promise<CommandResult> => resticTs(args, options);

      const tag = await run('tag', '--add', 'x');
      expect(tag.code).toBe(0);
      expect(tag.stderr).toMatch(/^unable to modify the tags for snapshot ID "\w{64}", ignoring: .*\n$/);
      const rewrite = await run('rewrite', '--forget', '--exclude', '*.jar', 'latest');
      expect(rewrite.code).toBe(1);
      expect(rewrite.stderr).toMatch(/^Fatal: unable to rewrite snapshot ID "\w{8}": .*\n$/);
      expect(rewrite.stdout).toMatch(/\nsaved new snapshot \w{8}\n$/);
      for (const args of [['repair', 'index'], ['recover']]) {
        const { code, stderr } = await run(...args);
        expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^Fatal: .*\n$/) });
      }
      const migrate = await run('migrate', 'upgrade_repo_v2');
      expect(migrate.code).toBe(1);
      expect(migrate.stderr).toMatch(/^migration upgrade_repo_v2 failed: .*\n.*\n$/);
      const check = await restic('restic-latest', CHECK, options);
      expect(check.code, check.stderr).toBe(0);
      expect(readdirSync(join(server.path, 'repo/locks'))).toEqual([]);
      await server.stop();
    },
    LIMIT,
  );
});
