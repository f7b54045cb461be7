/** Settings that a hand, another program or a crash has broken: the file is named, and what to do. */

import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { disable, init, pull, push, status } from '../../src/index.js';
import { acquireInstanceLock } from '../../src/sync/folder/instance-lock.js';
import { onPosix } from '../helpers/only-where.js';
import { tempFolder } from '../helpers/temp.js';
import { type Cloud, filledCloud, PASSWORD, type Pc, told, toldUntouched, USER } from './bad-input-env.js';

let cloud: Cloud;
let a: Pc;
beforeAll(async () => {
  ({ cloud, a } = await filledCloud());
});

/** Puts something in the place of a file of ours, runs the work, and puts the file back. */
async function withFile<T>(path: string, content: string | undefined, work: () => Promise<T>): Promise<T> {
  const before = readFileSync(path, { flag: 'a+' });
  rmSync(path);
  if (content === undefined) mkdirSync(path);
  else writeFileSync(path, content, { mode: 0o600 });
  try {
    return await work();
  } finally {
    rmSync(path, { recursive: true });
    if (before.length > 0) writeFileSync(path, before, { mode: 0o600 });
  }
}

const REST = `,"url":"http://127.0.0.1/","instance_id":"01KAT700000000000000000009"`;
const SYNC = 'run "instance-sync init" again, or restore the file';
const FOLDER = '<file> is a folder where a file belongs; move it away';
const SCOPE = 'correct it, or delete it to use the default scope';

describe('sync.json and scope.json', () => {
  it.each<[string, string | undefined, string]>([
    ['sync.json', 'no { json', `<file> is not JSON; ${SYNC}`],
    ['sync.json', '', `<file> is not JSON; ${SYNC}`],
    ['sync.json', '[]', `<file> is not a JSON object; ${SYNC}`],
    [
      'sync.json',
      `{"schema":2${REST}}`,
      '<file> has schema 2, this program knows schemas up to 1; update instance-sync',
    ],
    ['sync.json', `{"schema":"1"${REST}}`, `<file> has schema "1", expected 1; ${SYNC}`],
    ['sync.json', '{"schema":1,"url":5}', `<file> has no text as "url" (5); ${SYNC}`],
    [
      'sync.json',
      '{"schema":1,"url":"http://h/","instance_id":"x"}',
      `<file> has no ULID as "instance_id" ("x"); ${SYNC}`,
    ],
    [
      'sync.json',
      '{"schema":1,"url":"http://u:battery@h/","instance_id":"01KAT700000000000000000009"}',
      '<file> has a user name or password in the address; leave it out, the token holds it',
    ],
    ['sync.json', undefined, FOLDER],
    ['scope.json', 'no json', `<file> is not JSON; ${SCOPE}`],
    ['scope.json', '', `<file> is not JSON; ${SCOPE}`],
    ['scope.json', '{"schema":9}', '<file> has schema 9, this program knows schemas up to 1; update instance-sync'],
    [
      'scope.json',
      '{"schema":1,"include":"saves"}',
      `<file> has something else than a list of texts as "include"; ${SCOPE}`,
    ],
    [
      'scope.json',
      '{"schema":1,"preset":"all"}',
      `<file> has the preset "all", which is none of worlds, personal, everything; ${SCOPE}`,
    ],
    ['scope.json', '{"schema":1,"include":["../x"]}', '<file> has the pattern "../x"'],
    ['scope.json', undefined, FOLDER],
  ])('%s %s', async (name, content, expected) => {
    const path = join(a.cloudFolder, name);
    await withFile(path, content, async () => {
      for (const work of [pull, push, status]) {
        const { code, exit, line } = await toldUntouched(a, () => work(a.options));
        expect({ code, exit }, line).toEqual({ code: content === undefined ? 'io' : 'bad-settings', exit: 1 });
        expect(line.replace(path, '<file>')).toContain(expected);
      }
    });
  });
});

describe('state.json', () => {
  it.each([
    ['not JSON', 'no json'],
    ['empty', ''],
    ['wrong types', '{"schema":2,"instance_id":"<id>","device_id":5}'],
    ['a schema that is no number', '{"schema":"two"}'],
  ])('%s: is built anew with a warning, and nothing is lost', async (_name, content) => {
    const pc = await cloud.pc({ filled: false });
    await pc.pull();
    const before = [...pc.files()];
    const path = join(pc.cloudFolder, 'state.json');
    writeFileSync(path, content.replace('<id>', cloud.instanceId));
    const result = await pc.pull();
    expect(result).toMatchObject({
      outcome: 'up-to-date',
      warnings: [expect.stringMatching(/^\S+state\.json .*; it is built anew, nothing is lost$/)],
    });
    expect([...pc.files()]).toEqual(before);
    expect(await pc.pull()).toMatchObject({ outcome: 'up-to-date', warnings: [] });
  });

  it('a folder in its place: nothing is done', async () => {
    const path = join(a.cloudFolder, 'state.json');
    await withFile(path, undefined, async () => {
      for (const work of [pull, push, status]) {
        const line = `${path} is a folder where a file belongs; move it away`;
        expect(await toldUntouched(a, () => work(a.options))).toEqual({ code: 'io', exit: 1, line });
      }
    });
  });

  it('of a newer schema: nothing is done', async () => {
    const path = join(a.cloudFolder, 'state.json');
    await withFile(path, '{"schema":3}', async () => {
      for (const work of [pull, push, status]) {
        expect(await toldUntouched(a, () => work(a.options))).toEqual({
          code: 'bad-settings',
          exit: 1,
          line: `${path} has schema 3, this program knows schemas up to 2; update instance-sync`,
        });
      }
    });
  });
});

describe('packwiz.json', () => {
  it.each([
    ['no json', 1],
    ['', 1],
    ['{"cachedFiles":5}', 0],
  ])('broken (%s): a warning, and the sync goes on', async (content, warnings) => {
    await withFile(join(a.game, 'packwiz.json'), content, async () => {
      const result = await push(a.options);
      if (result.outcome === 'not-configured') throw new Error('not configured');
      expect(result.warnings).toHaveLength(warnings);
      for (const warning of result.warnings) expect(warning).toContain('packwiz.json');
      expect(result.outcome).toBe('nothing-to-send');
    });
  });
});

describe('the token', () => {
  const FORM = 'it must be one line ID:PASSWORD';

  it.each<[string, string, string, string]>([
    ['without a colon', 'battery', 'bad-settings', `has no colon; ${FORM}`],
    ['empty', '\n', 'no-token', `is empty; ${FORM}`],
    ['of two lines', 'ann:battery\nbob:staple\n', 'bad-settings', `has more than one line; ${FORM}`],
    ['without a password', 'ann:', 'bad-settings', `has no password after the colon; ${FORM}`],
    [
      'with a foreign ID',
      'a/nn:battery',
      'bad-settings',
      'has an ID that is empty or has other characters than letters',
    ],
    ['too long', `ann:${'x'.repeat(5000)}`, 'bad-settings', 'is longer than 4096 bytes'],
  ])('%s', async (_name, content, code, expected) => {
    const path = join(a.cloudFolder, 'token');
    await withFile(path, content, async () => {
      for (const work of [pull, push]) {
        const result = await toldUntouched(a, () => work(a.options));
        expect(result).toMatchObject({
          code,
          exit: 1,
          line: expect.stringContaining(`the token file ${path} ${expected}`),
        });
      }
    });
  });

  it('missing, or a folder', async () => {
    const path = join(a.cloudFolder, 'token');
    const other = join(tempFolder(), 'none');
    expect(await toldUntouched(a, () => pull({ ...a.options, tokenFile: other }))).toEqual({
      code: 'no-token',
      exit: 1,
      line: `there is no token file ${other}; give one with --token-file, or run "instance-sync init" again`,
    });
    await withFile(path, undefined, async () => {
      const { line } = await toldUntouched(a, () => pull(a.options));
      expect(line).toContain(`the token file ${path} is a folder`);
    });
  });

  onPosix('that others can read is refused if it is a file of the player, and closed if it is ours', async () => {
    const file = join(tempFolder(), 'token');
    writeFileSync(file, `${USER}:${PASSWORD}\n`);
    chmodSync(file, 0o644);
    expect(await told(pull({ ...a.options, tokenFile: file }))).toEqual({
      code: 'bad-settings',
      exit: 1,
      line: `the token file ${file} could be read by other users of this computer (mode 0644); run: chmod 600 "${file}"`,
    });
    chmodSync(join(a.cloudFolder, 'token'), 0o644);
    expect(await pull(a.options)).toMatchObject({
      outcome: 'up-to-date',
      warnings: [
        expect.stringMatching(/could be read by other users of this computer \(mode 0644\); it is closed to them/),
      ],
    });
  });
});

describe('init', () => {
  const token = `${USER}:${PASSWORD}`;
  const EXAMPLE = 'give an address such as https://sync.example.org/';

  it.each([
    ['sync.example.org', `the option url has the address "sync.example.org", which is no URL; ${EXAMPLE}`],
    ['', `the option url has the address "", which is no URL; ${EXAMPLE}`],
    ['ftp://h/', `the option url has an address of the scheme "ftp:", only http and https work; ${EXAMPLE}`],
    [
      'http://ann:battery@h/',
      'the option url has a user name or password in the address; leave it out, the token holds it',
    ],
    ['http://h/?x=1', `the option url has an address with "?" or "#"; ${EXAMPLE}`],
  ])('with the address %s', async (url, line) => {
    const packFolder = tempFolder();
    expect(await told(init({ packFolder, url, token }))).toEqual({ code: 'bad-settings', exit: 1, line });
    expect((await pull({ packFolder })).outcome).toBe('not-configured');
  });

  it('with a bad id, without a token, and in a folder that is none', async () => {
    const packFolder = tempFolder();
    const url = 'https://h/';
    const file = join(packFolder, 'file');
    writeFileSync(file, '');
    expect((await told(init({ packFolder, url, token, instanceId: 'abc' }))).line).toBe(
      '"abc" is not an instance id: it has 26 digits and letters, without I, L, O, U',
    );
    expect((await told(init({ packFolder, url }))).line).toBe(
      'no token given; name a file that holds one line ID:PASSWORD',
    );
    expect((await told(init({ packFolder: file, url, token }))).line).toBe(
      `the game folder ${file} is not a folder; give the game folder with --pack-folder`,
    );
  });
});

describe('the game folder', () => {
  it('does not exist, is a file, or is not named', async () => {
    const folder = tempFolder();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const work of [pull, push, status, disable]) {
      expect(await told(work({ packFolder: join(folder, 'none') }))).toMatchObject({
        code: 'usage',
        line: `the game folder ${join(folder, 'none')} does not exist; give the game folder with --pack-folder`,
      });
      expect((await told(work({ packFolder: file }))).line).toContain(`${file} is not a folder`);
      expect((await told(work({ packFolder: '' }))).line).toContain('the option pack-folder is empty');
    }
  });

  onPosix('with saves that are a link to another folder: is not synchronised at all', async () => {
    const pc = await cloud.pc({ filled: false });
    const outside = tempFolder();
    symlinkSync(outside, join(pc.game, 'saves'));
    for (const work of [pull, push]) {
      const { code, line } = await toldUntouched(pc, () => work(pc.options));
      expect(code).toBe('unsafe-path');
      expect(line).toContain(`${join(pc.game, 'saves')} is a link, which is not synchronised; replace the link`);
    }
  });

  it('in use by another command: it is waited for, then its holder is named: 22', async () => {
    const lock = await acquireInstanceLock(a.cloudFolder, { command: 'push', waitMs: 0 });
    const warnings: string[] = [];
    try {
      const onProgress = (event: { type: string; message?: string }): void => {
        if (event.type === 'warning') warnings.push(event.message ?? '');
      };
      const { code, exit, line } = await told(pull({ ...a.options, waitMs: 200, onProgress }));
      expect({ code, exit }).toEqual({ code: 'in-use', exit: 22 });
      const who = `push on \\S+ \\(process ${process.pid}`;
      expect(line).toMatch(
        RegExp(`^this instance is in use by ${who}, since \\S+Z\\); wait until it ends and try again$`),
      );
      expect(warnings).toEqual([expect.stringMatching(RegExp(`^waiting for ${who}\\), which uses this instance$`))]);
    } finally {
      await lock.release();
    }
    expect((await pull(a.options)).outcome).toBe('up-to-date');
  });

  it('two pushes at once: the second waits, and has nothing to send', async () => {
    const pc = await cloud.pc({ filled: false });
    await pc.pull();
    pc.put('config/new.toml', 'x = 1');
    const results = await Promise.all([pc.push(), pc.push()]);
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['nothing-to-send', 'sent']);
  });
});
