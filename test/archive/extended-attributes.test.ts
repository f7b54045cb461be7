import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AttributeSource } from '../../src/archive/attribute-source.js';
import type { AttributeReader, Attributes } from '../../src/archive/attributes.js';
import { chooseAttributeReader } from '../../src/archive/extended-attributes.js';
import { startPerl } from '../../src/archive/perl-attributes.js';
import { utf8 } from '../../src/base/bytes.js';
import { SyncError } from '../../src/base/errors.js';
import { rawFromBytes, rawToBytes } from '../../src/base/raw-string.js';
import { asUser, itIf, onLinux } from '../helpers/only-where.js';
import { at } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const isLinux = process.platform === 'linux';

function canSet(): boolean {
  const file = join(tempFolder(), 'x');
  writeFileSync(file, '');
  try {
    execFileSync('setfattr', ['-n', 'user.x', '-v', 'y', file], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function readerOf(tool: 'perl' | 'getfattr'): Promise<AttributeReader | undefined> {
  return (await chooseAttributeReader('linux', [tool])).reader;
}

const withTools = itIf(isLinux && canSet(), 'there is no setfattr, or the file system keeps no attributes');

const set = (path: string | Buffer, name: string, value: string): void => {
  // Through a shell that knows bytes: Node cannot pass them on as arguments.
  const script = 'IFS= read -r -d "" path; setfattr -h -n "$1" -v "$2" -- "$path"';
  execFileSync('bash', ['-c', script, 'sh', name, value], { input: Buffer.concat([Buffer.from(path), Buffer.of(0)]) });
};

function makeFiles(): Buffer[] {
  const folder = tempFolder();
  const raw = Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0x0a, 0x5c, 0x22)]);
  const paths = ['none', 'two', 'a folder', 'many', 'link', 'gone', 'line\nfeed: x'].map((name) =>
    Buffer.from(join(folder, name)),
  );
  for (const path of [...paths, raw]) writeFileSync(path, 'x');
  for (const name of ['a folder', 'link', 'gone']) rmSync(join(folder, name));
  mkdirSync(join(folder, 'a folder'));
  symlinkSync('two', join(folder, 'link'));
  set(join(folder, 'two'), 'user.zeta', 'first');
  set(join(folder, 'two'), 'user.alpha', '0x00ff0a3d5c');
  set(join(folder, 'a folder'), 'user.a=b\\c', '');
  for (let i = 0; i < 12; i++) set(join(folder, 'many'), `user.${(i * 5) % 12}`, '0x'.padEnd(400, 'e9'));
  set(raw, 'user.ünï', 'raw');
  return [...paths, raw];
}

/** Without the order, which only one of the tools keeps. */
const sorted = (found: readonly Attributes[]): unknown =>
  found.map(({ list, failures }) => ({
    list: [...list]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, value }) => [name, value && Buffer.from(value).toString('latin1')]),
    failures,
  }));

describe.each(['perl', 'getfattr'] as const)('extended attributes by %s', (tool) => {
  withTools('are those of each file, of links themselves, whatever the names', async () => {
    const reader = await readerOf(tool);
    if (reader === undefined) throw new Error(`${tool} is not there`);
    try {
      const found = await reader.read(makeFiles());
      expect(sorted(found)).toEqual([
        { list: [], failures: [] },
        {
          list: [
            ['user.alpha', '\x00\xff\n=\\'],
            ['user.zeta', 'first'],
          ],
          failures: [],
        },
        { list: [['user.a=b\\c', '']], failures: [] },
        { list: Array.from({ length: 12 }, (_, i) => [`user.${i}`, '\xe9'.repeat(199)]).sort(), failures: [] },
        { list: [], failures: [] },
        { list: [], failures: [{ errno: 'ENOENT' }] },
        { list: [], failures: [] },
        { list: [['user.ünï', 'raw']], failures: [] },
      ]);
    } finally {
      reader.close();
    }
  });

  asUser('cannot be had where the way is barred', async () => {
    const reader = isLinux ? await readerOf(tool) : undefined;
    const found = await reader?.read([Buffer.from('/root/x')]);
    expect(found?.[0]?.failures ?? [{ errno: 'EACCES' }]).toMatchObject([{ errno: /EACCES|ENOENT/ }]);
    reader?.close();
  });
});

describe('extended attributes by perl', () => {
  withTools('come in the order of the system', async () => {
    const python = 'import os,sys; print("\\n".join(os.listxattr(sys.argv[1])))';
    const file = join(tempFolder(), 'x');
    writeFileSync(file, '');
    for (const name of ['m', 'z', 'a', 'q']) set(file, `user.${name}`, name);
    let listed: string[];
    try {
      listed = execFileSync('python3', ['-c', python, file], { encoding: 'utf8' }).trim().split('\n');
    } catch {
      process.stderr.write('skipped: the order of attributes: python3 is not there to tell it\n');
      return;
    }
    const reader = await readerOf('perl');
    const [found] = (await reader?.read([Buffer.from(file)])) ?? [];
    reader?.close();
    expect(found?.list.map(({ name }) => name)).toEqual(listed);
  });

  onLinux('are asked for in many batches at once, and each gets its own answer', async () => {
    const reader = await startPerl();
    if (reader === undefined) return;
    const folder = tempFolder();
    for (let i = 0; i < 300; i++) writeFileSync(join(folder, String(i)), '');
    const batch = (count: number): Promise<readonly Attributes[]> =>
      reader.read(Array.from({ length: count }, (_, i) => utf8(join(folder, String(i)))));
    const sizes = [1, 300, 0, 2, 299, 17];
    const found = await Promise.all(sizes.map(batch));
    expect(found.map(({ length }) => length)).toEqual(sizes);
    expect(found.flat().every(({ list, failures }) => list.length + failures.length === 0)).toBe(true);
    const cutOff = batch(300);
    reader.close();
    await expect(cutOff).rejects.toThrow('perl does not answer');
    await expect(batch(1)).rejects.toThrow('perl does not answer');
  });
});

describe('a machine', () => {
  it('without the tools, or of another kind, says so', async () => {
    expect((await chooseAttributeReader('linux', [])).missing).toContain('neither perl nor getfattr');
    expect((await chooseAttributeReader('darwin')).missing).toContain('darwin');
    expect(await chooseAttributeReader('win32')).toEqual({ reader: undefined });
    const source = await AttributeSource.open(
      () => undefined,
      () => chooseAttributeReader('linux', []),
    );
    expect(await source.read(['/'])).toEqual([{ list: [], failures: [] }]);
    expect(source.leftOut?.what).toBe('extended attributes');
  });

  it('whose tool fails says so once, and goes on without', async () => {
    const failures: string[] = [];
    const asked: string[][] = [];
    const reader: AttributeReader = {
      read: async (paths) => {
        asked.push(paths.map(rawFromBytes));
        throw new SyncError('io', 'it is gone');
      },
      close: () => undefined,
    };
    const source = await AttributeSource.open(
      (error) => failures.push(error.message),
      async () => ({ reader }),
    );
    expect(source.leftOut).toBeUndefined();
    const answers = await Promise.all([source.read(['/a', '/\udcff']), source.read(['/b'])]);
    await source.read(['/c']);
    expect(answers.map(({ length }) => length)).toEqual([2, 1]);
    expect(failures).toEqual(['it is gone']);
    expect(asked).toEqual([['/a', '/\udcff'], ['/b']]);
    expect(rawToBytes(at(at(asked, 0), 1))).toEqual(Uint8Array.of(0x2f, 0xff));
    expect(source.leftOut?.reason).toBe('it is gone');
  });
});
