import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSyncError } from '../../../src/base/errors.js';
import { parseToken, readToken, writeToken } from '../../../src/sync/folder/token.js';
import { onPosix } from '../../helpers/only-where.js';
import { temporaryFolder } from '../temporary-folder.js';

const POSIX = process.platform !== 'win32';

describe('the text of a token', () => {
  test('is split at the first colon, and loses line ends and a byte order mark', () => {
    expect(parseToken('kim:a:b', 'x')).toEqual({ id: 'kim', password: 'a:b' });
    expect(parseToken('\ufeffk@m.x_y-z: p w \r\n\n', 'x')).toEqual({ id: 'k@m.x_y-z', password: ' p w ' });
  });

  test.each([
    ['', 'no-token'],
    [' \n', 'no-token'],
    ['geheim', 'bad-settings'],
    [':geheim', 'bad-settings'],
    ['kim:', 'bad-settings'],
    ['a/b:geheim', 'bad-settings'],
    ['..:geheim', 'bad-settings'],
    ['kïm:geheim', 'bad-settings'],
    ['kim:geheim\nmore', 'bad-settings'],
    ['kim:geheim\tx', 'bad-settings'],
  ])('%j is refused, and the message does not tell it', (text, code) => {
    try {
      parseToken(text, 'the token');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code });
      expect(String(error)).not.toContain('geheim');
    }
  });

  test('whatever is refused, the password is in no message', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5 }), fc.constantFrom('\n', '', ':', '\u0000'), (before, middle) => {
        try {
          parseToken(`${before}${middle}S3CR3T`, 'x');
        } catch (error) {
          expect(isSyncError(error, 'no-token', 'bad-settings')).toBe(true);
          expect(String(error)).not.toContain('S3CR3T');
        }
      }),
    );
  });
});

describe('the token file', () => {
  test('is written for its owner only, and read back', async () => {
    const folder = await temporaryFolder();
    await writeToken(folder, { id: 'kim', password: 'p:w' });
    const path = join(folder, 'token');
    expect(await readFile(path, 'utf8')).toBe('kim:p:w\n');
    if (POSIX) expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readToken(path)).toEqual({ token: { id: 'kim', password: 'p:w' }, warnings: [] });
    await expect(writeToken(folder, { id: 'a/b', password: 'x' })).rejects.toMatchObject({ code: 'bad-settings' });
    await writeToken(folder, { id: 'kim', password: 'new' });
    expect((await readToken(path)).token.password).toBe('new');
  });

  onPosix('open to others: refused, or closed with a warning', async () => {
    const path = join(await temporaryFolder(), 'token');
    await writeFile(path, 'kim:geheim');
    for (const mode of [0o644, 0o640, 0o606]) {
      await chmod(path, mode);
      const refused: unknown = await readToken(path).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'bad-settings' });
      expect(String(refused)).toContain('chmod 600');
      const { token, warnings } = await readToken(path, { loose: 'tighten' });
      expect(token.password).toBe('geheim');
      expect(warnings).toHaveLength(1);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await readToken(path)).warnings).toEqual([]);
    }
  });

  test('missing, a folder, too long: a clear line', async () => {
    const folder = await temporaryFolder();
    await expect(readToken(join(folder, 'none'))).rejects.toMatchObject({ code: 'no-token' });
    await mkdir(join(folder, 'dir'));
    await expect(readToken(join(folder, 'dir'))).rejects.toMatchObject({ name: 'SyncError' });
    await writeFile(join(folder, 'long'), `kim:${'x'.repeat(5000)}`, { mode: 0o600 });
    await expect(readToken(join(folder, 'long'))).rejects.toMatchObject({ code: 'bad-settings' });
  });
});
