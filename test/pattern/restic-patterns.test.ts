/** What restic leaves out of a folder by some patterns is what the same patterns match here. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { localBackend } from '../../src/backend/local.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { type PatternList, parsePatterns } from '../../src/pattern/pattern-list.js';
import { Repository } from '../../src/repo/repository.js';
import { describeInterop, restic } from '../helpers/peers.js';
import { CHEAP, crypto, PASSWORD, POLYNOMIAL } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const FILES = [
  'a',
  'b/a',
  'b/foo/bar',
  'b/foo/x/bar/y',
  'foo/a/b/c/bar',
  'foo/b/b/x',
  'ABC/Foo/é',
  '€',
  'a€',
  '😀',
  'Σας/İ',
  'x.c',
  'lib/x.c.o',
  '.hidden/x',
  '!n',
  'sp ace',
  '-dash',
];
/** Names that Windows does not have. */
const POSIX_FILES = ['a*b', '[x]', 'q\\r', 'a?b/c'];

const STATUS = z.object({ message_type: z.string(), item: z.string().optional() });

describeInterop('patterns of restic', ['restic-latest'], () => {
  const root = tempFolder();
  const repo = join(tempFolder(), 'repo');

  beforeAll(async () => {
    for (const file of process.platform === 'win32' ? FILES : [...FILES, ...POSIX_FILES]) {
      mkdirSync(join(root, file, '..'), { recursive: true });
      writeFileSync(join(root, file), '');
    }
    const options = { password: PASSWORD, chunkerPolynomial: POLYNOMIAL, scrypt: CHEAP };
    await Repository.init({ backend: localBackend(repo), crypto, zstd: await loadZstd(), ...options });
  });

  function kept(list: PatternList, folder: string): string[] {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (list.matches(path)) return [];
      return entry.isDirectory() ? [`${path}/`, ...kept(list, path)] : [path];
    });
  }

  it.each([
    [['a']],
    [['foo']],
    [['foo/']],
    [['b/foo']],
    [['*']],
    [['**']],
    [['/']],
    [['/**']],
    [['ROOT']],
    [['ROOT/*']],
    [['ROOT/*', '!ROOT/foo']],
    [['ROOT/*', '!foo', 'bar']],
    [['!a', 'a', '!b/a']],
    [['foo/**/bar']],
    [['ROOT/**/b/**']],
    [['ROOT/**/**/bar']],
    [['ROOT/**/foo/**/bar']],
    [['foo/**', '!foo/a']],
    [['**/b/**/x']],
    [['ROOT/*??']],
    [['ROOT/*???']],
    [['ROOT/?*??']],
    [['ROOT/[^a]']],
    [['ROOT/*[^a][^a]']],
    [['[a-f]*']],
    [['ROOT/[[]*', 'a[*]b']],
    [['a\\*b', '\\[x]', '\\!n']],
    [['./b/../foo/./a', 'lib//x.c.o']],
    [['*.c', '!x.c']],
    [['.*']],
    [['ROOT/[!a]']],
    [['q\\\\r', 'a[?]b']],
    [['-dash', 'sp ace']],
    [['ABC', 'foo', 'σασ', 'i'], 'i'],
    [['abc/FOO', '*.C', 'É'], 'i'],
    [['ROOT/**/É', '!abc'], 'i'],
    [['['], ''],
    [['ok', 'b/[a-', '[]x]', '!x[', 'a\\'], ''],
    [['[-a]', '[a-]', '[^]'], 'i'],
  ])('%j', async (given, kind = '') => {
    const patterns = given.map((pattern) => pattern.replace('ROOT', root));
    const flags = patterns.map((pattern) => `--${kind}exclude=${pattern}`);
    const args = ['backup', '-n', '-v', '--json', '--no-scan', root, ...flags];
    const { code, stdout, stderr } = await restic('restic-latest', args, { repo, password: PASSWORD });
    const ignoreCase = kind === 'i';
    if (code !== 0) {
      const { message } = z.object({ message: z.string() }).parse(JSON.parse(stderr));
      expect(() => parsePatterns(patterns, { ignoreCase })).toThrow(message.replace(/^Fatal: --i?exclude: /, ''));
      return;
    }
    const items = stdout.split('\n').filter((line) => line !== '');
    const listed = items
      .map((line) => STATUS.parse(JSON.parse(line)).item ?? '')
      .filter((item) => item.startsWith(`${root}/`));
    const below = listed.filter((item) => item !== `${root}/`);
    expect(kept(parsePatterns(patterns, { ignoreCase }), root).sort()).toEqual(below.sort());
  });
});
