/** dump: the same bytes as restic, whatever lies in the folder. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { linkSync, lutimesSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { resticTs } from '../cli/restic/run-command.js';
import { itIf, onPosix } from '../helpers/only-where.js';
import { describeInterop, peer, restic } from '../helpers/peers.js';
import { runProgram } from '../helpers/process.js';
import { noise } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { unzip } from '../restore/unzip.js';

const PASSWORD = 'secret';
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
  const repo = join(work, 'repo');
  const old = join(work, 'old');

  beforeAll(async () => {
    mkdirSync(source);
    await fill(source);
    for (const [name, place] of [
      ['restic-latest', repo],
      ['restic-0.14', old],
    ] as const) {
      const options = { repo: place, password: PASSWORD, cwd: source };
      const version = name === 'restic-0.14' ? ['--repository-version', '1'] : [];
      expect((await restic(name, ['init', ...version], options)).code).toBe(0);
      expect((await restic(name, ['backup', '.', '--tag', 'here', '--host', 'pc'], options)).code).toBe(0);
    }
    writeFileSync(join(source, 'later'), 'later');
    await restic('restic-latest', ['backup', '.', '--tag', 'later'], { repo, password: PASSWORD, cwd: source });
  });

  /** Standard output as bytes, which may be no text. */
  function dumped(place: string, args: readonly string[]): Buffer {
    const env = { ...process.env, RESTIC_PASSWORD: PASSWORD, RESTIC_CACHE_DIR: join(work, 'cache') };
    const maxBuffer = 100_000_000;
    return execFileSync(peer('restic-latest') ?? '', ['-r', place, 'dump', ...args], { env, maxBuffer });
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
    const ours = await resticTs(['dump', ...args], { repo, password: PASSWORD });
    expect({ code: ours.code, stderr: ours.stderr }).toEqual({ code: 0, stderr: '' });
    expect(ours.bytes.equals(dumped(repo, args))).toBe(true);
  });

  it('a repository of version 1 too', async () => {
    const ours = await resticTs(['dump', 'latest', '/'], { repo: old, password: PASSWORD });
    expect(ours.bytes.equals(dumped(old, ['latest', '/']))).toBe(true);
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
    const ours = await resticTs(['dump', ...args], { repo, password: PASSWORD });
    const theirs = await restic('restic-latest', ['dump', ...args], { repo, password: PASSWORD });
    expect(ours).toMatchObject(theirs);
    expect(ours.code).toBe(1);
  });

  it('as zip it has the same entries', async () => {
    for (const path of ['/', '/a']) {
      const args = ['-a', 'zip', 'latest', path];
      const ours = await resticTs(['dump', ...args], { repo, password: PASSWORD });
      const entries = unzip(ours.bytes);
      expect(entries.length).toBeGreaterThan(4);
      const theirs = unzip(dumped(repo, args));
      // Hashes instead of contents, which the comparison would take byte by byte.
      const bare = ({ name, mode, mtime, content }: (typeof entries)[number]): unknown => {
        return { name, mode, mtime, hash: createHash('sha256').update(content).digest('hex') };
      };
      expect(entries.map(bare)).toEqual(theirs.map(bare));
    }
  });

  it('into a file, over what was there', async () => {
    const target = join(work, 'out.tar');
    writeFileSync(target, noise(4_000_000));
    const args = ['latest', '/', '--target', 'out.tar'];
    expect(await resticTs(['dump', ...args], { repo, password: PASSWORD, cwd: work })).toMatchObject({
      code: 0,
      stdout: '',
    });
    expect(readFileSync(target).equals(dumped(repo, ['latest', '/']))).toBe(true);
    const nowhere = await resticTs(['dump', 'latest', '/', '-t', join(work, 'no/where')], { repo, password: PASSWORD });
    expect(nowhere.code).toBe(1);
  });

  onPosix('tar unpacks it', async () => {
    const out = join(work, 'unpacked');
    mkdirSync(out);
    const tar = join(work, 'x.tar');
    expect((await resticTs(['dump', 'latest', '/', '-t', tar], { repo, password: PASSWORD })).code).toBe(0);
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
      const place = join(work, 'attributes-repo');
      await restic('restic-latest', ['init'], { repo: place, password: PASSWORD });
      await restic('restic-latest', ['backup', '.'], { repo: place, password: PASSWORD, cwd: folder });
      const ours = await resticTs(['dump', 'latest', '/'], { repo: place, password: PASSWORD });
      expect(ours.bytes.equals(dumped(place, ['latest', '/']))).toBe(true);
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
