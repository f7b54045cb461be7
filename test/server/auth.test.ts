import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import bcrypt from 'bcryptjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openHtpasswd, parseBasic } from '../../src/server/auth.js';
import { collidingUsers, createHtpasswdLine, matchesHash, parseHtpasswd } from '../../src/server/htpasswd.js';
import { temporaryFolder } from './fixture.js';
import { basic } from './http.js';

const header = (user: string, password: string): string => basic(user, password).Authorization;
const hashOf = (password: string): string => bcrypt.hashSync(password, 4);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the password file', () => {
  it('knows bcrypt and {SHA}, and nothing else', async () => {
    // echo -n secret | openssl sha1 -binary | base64
    expect(await matchesHash('secret', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=')).toBe(true);
    expect(await matchesHash('Secret', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=')).toBe(false);
    for (const kind of ['$2a$', '$2b$', '$2y$']) {
      expect(await matchesHash('secret', hashOf('secret').replace('$2b$', kind))).toBe(true);
    }
    for (const hash of ['secret', '', '{SHA}', '{SHA}x', '$1$a$b', hashOf('secret').slice(0, -1)]) {
      expect(await matchesHash('secret', hash)).toBe(false);
    }
  });

  it('skips comments and names with other characters, and takes the last line of a user', () => {
    const { users, warnings } = parseHtpasswd('\uFEFF# x\r\n\r\n a:1\r\na:2\nb c:3\nü.-_@1:4\n', 'f');
    expect([...users]).toEqual([
      ['a', '2'],
      ['ü.-_@1', '4'],
    ]);
    expect(warnings).toEqual([expect.stringContaining('f, line 5')]);
  });

  it.each(['nocolon', 'a:b:c'])('refuses the line %s', (line) => {
    expect(() => parseHtpasswd(`ok:1\n${line}\n`, 'f')).toThrow(
      expect.objectContaining({ code: 'bad-settings', message: expect.stringContaining('line 2') }),
    );
  });

  it('finds users that would share a folder where case does not count', () => {
    expect(collidingUsers(['Alice', 'bob', 'alice', 'café', 'cafe\u0301'])).toEqual([
      ['Alice', 'alice'],
      ['café', 'cafe\u0301'],
    ]);
  });

  it('writes lines that it reads', async () => {
    const { users } = parseHtpasswd(createHtpasswdLine('alice', 'pass:word'), 'f');
    expect(await matchesHash('pass:word', users.get('alice') ?? '')).toBe(true);
    expect(() => createHtpasswdLine('a:b', 'x')).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => createHtpasswdLine('a', 'ä'.repeat(37))).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => createHtpasswdLine('a', '')).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('parseBasic', () => {
  it('splits at the first colon', () => {
    expect(parseBasic(header('a', 'b:c'))).toEqual({ user: 'a', password: 'b:c' });
  });

  it.each([
    undefined,
    '',
    'Basic',
    'Basic  YTpi',
    'Bearer YTpi',
    'Basic YTpi=',
    'Basic YTp',
    'Basic !!!!',
    'Basic YWI=',
  ])('refuses %s', (value) => {
    expect(parseBasic(value)).toBeUndefined();
  });
});

describe('openHtpasswd', () => {
  it('says what to do when the file is missing', async () => {
    const file = join(await temporaryFolder(), 'none');
    await expect(openHtpasswd(file)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(file) });
  });

  it('refuses users that would share a folder, if asked to', async () => {
    const file = join(await temporaryFolder(), 'f');
    await writeFile(file, 'Alice:x\nalice:y\n');
    await expect(openHtpasswd(file, { refuseFoldedTwins: true })).rejects.toMatchObject({ code: 'bad-settings' });
    await openHtpasswd(file);
  });

  it('checks a password once a minute, also when many requests come at once, and never trusts a wrong one', async () => {
    const file = join(await temporaryFolder(), 'f');
    await writeFile(file, `alice:${hashOf('pw')}\n`);
    let now = 0;
    const compare = vi.spyOn(bcrypt, 'compare');
    const auth = await openHtpasswd(file, { now: () => now });
    const five = await Promise.all(Array.from({ length: 5 }, () => auth.authenticate(header('alice', 'pw'))));
    expect(five).toEqual(Array(5).fill('alice'));
    now += 59_000;
    expect(await auth.authenticate(header('alice', 'pw'))).toBe('alice');
    expect(compare).toHaveBeenCalledTimes(1);
    expect(await auth.authenticate(header('alice', 'px'))).toBeUndefined();
    expect(await auth.authenticate(header('alice', 'px'))).toBeUndefined();
    expect(compare).toHaveBeenCalledTimes(3);
    now += 2_000;
    expect(await auth.authenticate(header('alice', 'pw'))).toBe('alice');
    expect(compare).toHaveBeenCalledTimes(4);
    expect(await auth.authenticate(header('bob', 'pw'))).toBeUndefined();
  });

  it('notices a changed file within 30 seconds, and forgets what the old one allowed', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'f');
    await writeFile(file, `alice:${hashOf('old')}\n`);
    let now = 0;
    const warnings: string[] = [];
    const auth = await openHtpasswd(file, { now: () => now, onWarning: (line) => warnings.push(line) });
    expect(await auth.authenticate(header('alice', 'old'))).toBe('alice');
    await writeFile(`${file}.new`, `alice:${hashOf('new')}\nbob:${hashOf('b')}\n`);
    await rename(`${file}.new`, file);
    now += 30_000;
    expect(await auth.authenticate(header('alice', 'old'))).toBeUndefined();
    expect(await auth.authenticate(header('alice', 'new'))).toBe('alice');
    await writeFile(file, 'broken');
    now += 30_000;
    expect(await auth.authenticate(header('bob', 'b'))).toBe('bob');
    await rm(file);
    now += 30_000;
    expect(await auth.authenticate(header('bob', 'b'))).toBe('bob');
    expect(warnings).toEqual([expect.stringContaining('line 1'), expect.stringContaining(file)]);
  });
});
