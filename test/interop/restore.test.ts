/** restore: both programs make the same files of a snapshot, tell the same, and end alike. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localBackend } from '../../src/backend/local.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { Repository } from '../../src/repo/repository.js';
import { resticTs } from '../cli/restic/run-command.js';
import { describeInterop, type ResticName, restic } from '../helpers/peers.js';
import { CHEAP, crypto, noise, POLYNOMIAL } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { makeFifo } from '../restore/tools.js';
import { type Facts, factsOf } from './folder-facts.js';
import { makeAttributes, makeContents, makeModes, makeNames, makeSpecials, makeTimes, TIMES } from './odd-files.js';

const password = 'secret';

/** With a key that costs little, as many runs open it. */
async function backUp(name: ResticName, source: string, repo: string, version: 1 | 2): Promise<void> {
  const parts = { backend: localBackend(repo), crypto, zstd: await loadZstd(), scrypt: CHEAP };
  await Repository.init({ ...parts, password, version, chunkerPolynomial: POLYNOMIAL });
  const options = { repo, password, cwd: source };
  const backup = await restic(name, ['backup', '.', '--host', 'pc'], options);
  expect(backup.code, backup.stderr).toBe(0);
}

/** Without times of access, which a copy changes. */
function lasting(facts: Facts): Facts {
  return Object.fromEntries(Object.entries(facts).map(([name, { atimeNs: _, ...rest }]) => [name, rest]));
}

interface Ended {
  readonly code: number;
  readonly out: string[];
  readonly errors: number;
  readonly facts: Facts;
}

/** Runs one of the programs in a folder of its own, where `prepare` has made "o". */
async function ended(
  run: (args: readonly string[], cwd: string) => Promise<{ code: number; stdout: string; stderr: string }>,
  args: readonly string[],
  prepare: (folder: string) => void,
): Promise<Ended> {
  const cwd = tempFolder();
  prepare(cwd);
  const { code, stdout, stderr } = await run(['restore', '--no-lock', ...args, '--target', 'o'], cwd);
  const lines = stdout.replaceAll(cwd, '').split('\n');
  const out = lines.filter((line) => !line.includes('"status"')).map(withoutTimes);
  const facts = statSync(join(cwd, 'o'), { throwIfNoEntry: false }) ? factsOf(join(cwd, 'o')) : {};
  return { code, out: out.sort(), errors: stderr.match(/ignoring error|"message_type":"error"/g)?.length ?? 0, facts };
}

/** JSON as it is after parsing: Go escapes other characters than JSON.stringify. */
function withoutTimes(line: string): string {
  const text = line.startsWith('{') ? JSON.stringify(JSON.parse(line)) : line;
  return text
    .replace(/ in \d:\d\d/, ' in T')
    .replace(/\(took .*\)/, '(took T)')
    .replace(/"seconds_elapsed":\d+,/, '');
}

async function both(
  repo: string,
  args: readonly string[],
  prepare: (folder: string) => void = () => undefined,
): Promise<{ theirs: Ended; ours: Ended }> {
  const options = { repo, password };
  const [theirs, ours] = await Promise.all([
    ended((all, cwd) => restic('restic-latest', all, { ...options, cwd }), args, prepare),
    ended((all, cwd) => resticTs(all, { ...options, cwd }), args, prepare),
  ]);
  return { theirs, ours };
}

describeInterop('restore', ['restic-0.14', 'restic-0.18', 'restic-latest'], () => {
  const work = tempFolder();

  describe('odd files', () => {
    const source = join(work, 'odd');
    const repo = join(work, 'odd-repo');
    let server: Server | undefined;

    beforeAll(async () => {
      makeContents(join(source, 'contents'));
      server = await makeSpecials(join(source, 'specials'));
      makeModes(join(source, 'modes'));
      makeAttributes(join(source, 'attributes'));
      makeNames(join(source, 'names'));
      // Times that do not fit into 64 bits of nanoseconds are set wrong by restic.
      makeTimes(
        join(source, 'times'),
        TIMES.filter((time) => time < '2262'),
      );
      mkdirSync(join(source, 'closed'));
      writeFileSync(join(source, 'closed/file'), 'x', { mode: 0o400 });
      chmodSync(join(source, 'closed'), 0o500);
      await backUp('restic-latest', source, repo, 2);
    });

    afterAll(() => server?.close());

    it.each([
      [['latest', '-vv', '--json']],
      [['latest', '--sparse']],
      [['latest:attributes', '--exclude-xattr', 'user.*']],
      [['latest:attributes', '--include-xattr', 'user.[a-m]*']],
      [['latest', '--include', '/names', '--include', '*large*']],
      [['latest', '--iexclude', '*LARGE*', '--exclude', '/names']],
      [['latest', '--ownership-by-name', '--include', '/modes']],
    ])('%j', async (args) => {
      const { theirs, ours } = await both(repo, args);
      expect(ours).toEqual(theirs);
      expect(Object.keys(ours.facts).length).toBeGreaterThan(3);
    });

    it('over what one of them has restored, the other changes nothing', async () => {
      const cwd = tempFolder();
      const options = { repo, password, cwd };
      await restic('restic-latest', ['restore', 'latest', '-t', 'o'], options);
      const facts = factsOf(join(cwd, 'o'));
      const again = await resticTs(['restore', 'latest', '-t', 'o', '--delete'], options);
      expect(again.code).toBe(process.getuid?.() === 0 ? 0 : 1);
      expect(factsOf(join(cwd, 'o'))).toEqual(facts);
      await restic('restic-latest', ['restore', 'latest', '-t', 'o', '--overwrite', 'if-changed'], options);
      expect(factsOf(join(cwd, 'o'))).toEqual(facts);
    });
  });

  it.each([
    ['restic-0.14', 1],
    ['restic-0.18', 2],
  ] as const)('a repository made by %s, version %d', async (name, version) => {
    const source = tempFolder();
    makeContents(source);
    const repo = join(tempFolder(), 'repo');
    await backUp(name, source, repo, version);
    const { theirs, ours } = await both(repo, ['latest', '--verify']);
    // Reading back leaves no trace here, and one in the times of access there.
    expect({ ...ours, facts: lasting(ours.facts) }).toEqual({ ...theirs, facts: lasting(theirs.facts) });
    expect(ours.code).toBe(0);
  });

  describe('over what is there', () => {
    const source = join(work, 'plain');
    const repo = join(work, 'plain-repo');
    const first = join(work, 'first');
    const OLD = 946_684_800;

    beforeAll(async () => {
      mkdirSync(join(source, 'dir/sub'), { recursive: true });
      writeFileSync(join(source, 'f'), 'one\n');
      writeFileSync(join(source, 'dir/g'), 'two\n');
      writeFileSync(join(source, 'dir/sub/h'), 'three\n');
      writeFileSync(join(source, 'big'), noise(3_000_000, 5));
      symlinkSync('f', join(source, 'link'));
      await backUp('restic-latest', source, repo, 2);
      await restic('restic-latest', ['restore', 'latest', '-t', join(first, 'o')], { repo, password });
    });

    type Place = (name: string) => string;

    /** The first restore, to which something happened; both programs get equal copies of it. */
    function prepared(change: (at: Place) => void): (folder: string) => void {
      const changed = tempFolder();
      execFileSync('cp', ['-a', `${first}/.`, changed]);
      mkdirSync(join(changed, 'elsewhere'));
      change((name) => join(changed, 'o', name));
      return (folder) => void execFileSync('cp', ['-a', `${changed}/.`, folder]);
    }

    const put = (path: string, text: string, time = OLD): void => {
      writeFileSync(path, text);
      utimesSync(path, time, time);
    };
    const replace = (path: string, make: (path: string) => void): void => {
      rmSync(path, { recursive: true });
      make(path);
    };
    const mkdir = (path: string): void => void mkdirSync(path);

    const changes: readonly [string, (at: Place) => void][] = [
      [
        'other contents and modes',
        (at) => {
          writeFileSync(at('big'), Buffer.from(noise(3_000_000, 5)).fill(1, 99, 100));
          put(at('f'), 'longer, and old\n');
          put(at('dir/g'), 'TWO\n', 4_000_000_000);
          execFileSync('touch', ['-r', join(source, 'dir/sub/h'), at('dir/sub/h')]);
          chmodSync(at('dir/sub'), 0o777);
        },
      ],
      [
        'other kinds',
        (at) => {
          replace(at('f'), mkdir);
          replace(at('dir'), (path) => symlinkSync('../elsewhere', path));
          replace(at('link'), mkdir);
        },
      ],
      [
        'yet other kinds',
        (at) => {
          replace(at('f'), (path) => symlinkSync('../elsewhere/new', path));
          replace(at('dir'), (path) => put(path, 'x'));
          replace(at('link'), (path) => put(path, 'x'));
          writeFileSync(at('big'), noise(100, 5));
        },
      ],
      [
        'more and less',
        (at) => {
          mkdirSync(at('x'));
          put(at('x/y'), '');
          symlinkSync('/', at('dir/root'));
          put(at('dir/sub/more'), 'x');
          rmSync(at('dir/g'));
          rmSync(at('link'));
        },
      ],
    ];
    const flags: readonly (readonly string[])[] = [
      ['-vv'],
      ['-vv', '--json', '--overwrite', 'if-newer', '--delete'],
      ['-vv', '--overwrite', 'never'],
      ['-vv', '--overwrite', 'if-changed', '--delete', '--include', '/dir'],
      ['-vv', '--delete', '--exclude', 'sub'],
      ['--dry-run', '-vv', '--json', '--delete'],
    ];

    describe.each(changes)('%s', (title, change) => {
      // In a dry run, restic looks through what a real run takes away, and fails over it.
      const possible = title.includes('kinds') ? flags.filter(([flag]) => flag !== '--dry-run') : flags;
      it.each(possible.map((one) => [one.join(' '), one] as const))('%s', async (_, more) => {
        const { theirs, ours } = await both(repo, ['latest', ...more], prepared(change));
        expect({ ...ours, facts: lasting(ours.facts) }).toEqual({ ...theirs, facts: lasting(theirs.facts) });
      });
    });

    it('where restic loses data or waits forever, restic-ts does not', async () => {
      const prepare = prepared((at) => {
        linkSync(at('big'), at('other'));
        writeFileSync(at('big'), Buffer.from(noise(3_000_000, 5)).fill(1, 99, 100));
        replace(at('f'), makeFifo);
      });
      const cwd = tempFolder();
      prepare(cwd);
      const done = await resticTs(['restore', 'latest', '-t', 'o'], { repo, password, cwd });
      expect(done).toMatchObject({ code: 0, stderr: '' });
      expect(readFileSync(join(cwd, 'o/big')).equals(Buffer.from(noise(3_000_000, 5)))).toBe(true);
      expect(readFileSync(join(cwd, 'o/other'))[99]).toBe(1);
      expect(readFileSync(join(cwd, 'o/f'), 'utf8')).toBe('one\n');
    });
  });

  it('damaged blobs and trees: the same files are restored and named', async () => {
    const source = tempFolder();
    mkdirSync(join(source, 'dir'));
    writeFileSync(join(source, 'dir/g'), 'two\n');
    writeFileSync(join(source, 'big'), noise(3_000_000, 5));
    writeFileSync(join(source, 'f'), 'one\n');
    const repo = join(tempFolder(), 'repo');
    await backUp('restic-latest', source, repo, 2);
    const packs = readdirSync(join(repo, 'data'), { recursive: true, encoding: 'utf8' })
      .map((name) => join(repo, 'data', name))
      .filter((path) => statSync(path).isFile())
      .sort((a, b) => statSync(b).size - statSync(a).size);
    const [largest = ''] = packs;
    const bytes = readFileSync(largest);
    bytes[1_500_000] = (bytes[1_500_000] ?? 0) ^ 1;
    chmodSync(largest, 0o600);
    writeFileSync(largest, bytes);
    for (const flag of [[], ['--json'], ['--verify']]) {
      const { theirs, ours } = await both(repo, ['latest', ...flag]);
      expect(ours).toEqual(theirs);
      expect(ours).toMatchObject({ code: 1, errors: 1 });
    }
  });
});
