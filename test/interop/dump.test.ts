/** dump: the same bytes as restic, whatever lies in the folder. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { linkSync, lutimesSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dumped as dumpedBy, folderPlace, makeRepository, OURS, type Place, theirs } from '../helpers/both-programs.js';
import { itIf, onPosix } from '../helpers/only-where.js';
import { describeInterop } from '../helpers/peers.js';
import { runProgram } from '../helpers/process.js';
import { noise } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { unzip } from '../restore/unzip.js';

const LATEST = theirs('restic-latest');
const POSIX = process.platform !== 'win32';

async function fill(folder: string): Promise<void> {
  mkdirSync(join(folder, 'a/deep/empty'), { recursive: true });
  writeFileSync(join(folder, 'a/big'), noise(3_000_000));
  writeFileSync(join(folder, 'a/text'), 'hello\n'.repeat(10_000));
  writeFileSync(join(folder, 'zero'), '');
  writeFileSync(join(folder, 'ümläut 日本'), 'x');
  mkdirSync(join(folder, 'd'.repeat(120), 'e'.repeat(120)), { recursive: true });
  writeFileSync(join(folder, 'd'.repeat(120), 'e'.repeat(120), 'f'.repeat(120)), 'far');
  mkdirSync(join(folder, 'g'.repeat(90), 'h'.repeat(60)), { recursive: true });
  lutimesSync(join(folder, 'zero'), 1_600_000_000.5, 1_600_000_000.5);
  lutimesSync(join(folder, 'a/text'), -1.5, -1.5);
  if (!POSIX) return;
  writeFileSync(Buffer.from(`${folder}/bad\xff`, 'latin1'), 'raw');
  writeFileSync(join(folder, 'back\\slash "quote"'), 'q');
  linkSync(join(folder, 'a/text'), join(folder, 'a/hard'));
  symlinkSync('../nowhere', join(folder, 'a/link'));
  symlinkSync(Buffer.from('t\xfe', 'latin1'), join(folder, 'badlink'));
  symlinkSync('t'.repeat(150), join(folder, 'longlink'));
  await chmod(join(folder, 'a/big'), 0o4711);
  await chmod(join(folder, 'a/deep'), 0o1777);
  execFileSync('mkfifo', [join(folder, 'pipe'), join(folder, 'a/pipe')]);
}

describeInterop('dump', ['restic-0.14', 'restic-latest'], () => {
  const work = tempFolder();
  const source = join(work, 'source');
  const [repo, old] = [folderPlace(), folderPlace()];

  beforeAll(async () => {
    mkdirSync(source);
    await fill(source);
    const make = async (name: 'restic-0.14' | 'restic-latest', place: Place, version: 1 | 2): Promise<void> => {
      await makeRepository(theirs(name), place, version);
      await theirs(name).ok(place, ['backup', '.', '--tag', 'here', '--host', 'pc'], { cwd: source });
    };
    await Promise.all([make('restic-latest', repo, 2), make('restic-0.14', old, 1)]);
    writeFileSync(join(source, 'later'), 'later');
    await LATEST.ok(repo, ['backup', '.', '--tag', 'later'], { cwd: source });
  });

  /** What each of them dumps. */
  async function dumped(place: Place, args: readonly string[]): Promise<{ ours: Buffer; expected: Buffer }> {
    const [ours, expected] = await Promise.all([dumpedBy(OURS, place, args), dumpedBy(LATEST, place, args)]);
    return { ours, expected };
  }

  it.each([
    [['latest', '/']],
    [['latest', '/a']],
    [['latest', 'a/deep']],
    [['latest:a', '/']],
    [['latest:a', 'deep/']],
    [['latest', '/a/big']],
    [['latest', 'zero']],
    [['latest:a/', '/deep/../text']],
    [['latest', '/', '--tag', 'here']],
    [['latest', '/later', '--tag', 'later']],
  ])('%j gives the same bytes', async (args) => {
    const { ours, expected } = await dumped(repo, args);
    expect(ours.equals(expected)).toBe(true);
  });

  it('a repository of version 1 too', async () => {
    const { ours, expected } = await dumped(old, ['latest', '/']);
    expect(ours.equals(expected)).toBe(true);
  });

  it.each([
    [['latest', 'nosuch']],
    [['latest', '']],
    [['latest', 'a/..']],
    [['latest', 'a/text/x']],
    [['latest', POSIX ? 'a/link' : 'nosuch']],
    [['latest', POSIX ? 'pipe' : 'nosuch']],
    [['latest:nosuch', '/']],
    [['latest:zero', '/']],
    [['zzzz', '/']],
    [['latest', '/', '--host', 'nobody']],
    [['latest']],
    [['latest', '/', '-a', 'cpio']],
  ])('%j fails in the same words', async (args) => {
    const [ours, expected] = await Promise.all(
      [OURS, LATEST].map((program) => program.run(repo, ['dump', '--no-lock', ...args])),
    );
    expect(ours).toMatchObject({ ...expected, code: 1 });
  });

  it('as zip it has the same entries', async () => {
    for (const path of ['/', '/a']) {
      const args = ['-a', 'zip', 'latest', path];
      const { ours, expected } = await dumped(repo, args);
      const entries = unzip(ours);
      expect(entries.length).toBeGreaterThan(4);
      // Hashes instead of contents, which the comparison would take byte by byte.
      const bare = ({ name, mode, mtime, content }: (typeof entries)[number]): unknown => {
        return { name, mode, mtime, hash: createHash('sha256').update(content).digest('hex') };
      };
      expect(entries.map(bare)).toEqual(unzip(expected).map(bare));
    }
  });

  it('into a file, over what was there', async () => {
    const target = join(work, 'out.tar');
    writeFileSync(target, noise(4_000_000));
    const dump = ['dump', '--no-lock', 'latest', '/'];
    expect(await OURS.ok(repo, [...dump, '--target', 'out.tar'], { cwd: work })).toBe('');
    expect(readFileSync(target).equals(await dumpedBy(LATEST, repo, ['latest', '/']))).toBe(true);
    const nowhere = await OURS.run(repo, [...dump, '-t', join(work, 'no/where')]);
    expect(nowhere.code).toBe(1);
  });

  onPosix('tar unpacks it', async () => {
    const out = join(work, 'unpacked');
    mkdirSync(out);
    const tar = join(work, 'x.tar');
    await OURS.ok(repo, ['dump', '--no-lock', 'latest', '/', '-t', tar]);
    expect(await runProgram('tar', ['-xf', tar, '-C', out])).toMatchObject({ code: 0 });
    expect(readdirSync(out).sort()).toEqual(readdirSync(source).sort());
    expect(readFileSync(join(out, 'a/big')).equals(readFileSync(join(source, 'a/big')))).toBe(true);
  });

  describe('attributes and owners', () => {
    const setfacl = POSIX && process.getuid?.() === 0 && hasProgram('setfacl') && hasProgram('setfattr');
    itIf(setfacl, 'needs root, setfacl and setfattr')('come as restic writes them', async () => {
      const folder = join(work, 'attributes');
      mkdirSync(join(folder, 'sub'), { recursive: true });
      writeFileSync(join(folder, 'file'), 'x');
      writeFileSync(join(folder, 'owned'), 'x');
      execFileSync('chown', ['3000000:4294967294', join(folder, 'owned')]);
      try {
        execFileSync('setfacl', ['-m', 'u:1000:rw,g:2000:r', join(folder, 'file')], { stdio: 'ignore' });
        execFileSync('setfacl', ['-d', '-m', 'u:1000:rw', join(folder, 'sub')], { stdio: 'ignore' });
        execFileSync('setfattr', ['-n', 'user.x', '-v', '0x000a3dff', join(folder, 'file')], { stdio: 'ignore' });
      } catch {
        // A file system without attributes: owners are still compared.
      }
      const place = folderPlace();
      await makeRepository(LATEST, place, 2);
      await LATEST.ok(place, ['backup', '.'], { cwd: folder });
      const { ours, expected } = await dumped(place, ['latest', '/']);
      expect(ours.equals(expected)).toBe(true);
    });
  });
});

function hasProgram(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    // Not installed.
    return false;
  }
}
