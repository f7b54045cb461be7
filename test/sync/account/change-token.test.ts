import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../../src/base/errors.js';
import { changeToken, recoverAccess } from '../../../src/sync/account/change-token.js';
import { enrolInstance, makeRecoveryCode } from '../../../src/sync/account/enrol.js';
import { formatRecoveryCode } from '../../../src/sync/account/recovery-code.js';
import { init } from '../../../src/sync/folder/init.js';
import { dropOldTokens, otherPasswords, storeToken } from '../../../src/sync/folder/token-store.js';
import { pull } from '../../../src/sync/pull.js';
import type { AccountPc, AccountServer } from '../../helpers/account-server.js';
import { newAccountServer, SERVER } from '../../helpers/account-server.js';
import { onPosix } from '../../helpers/only-where.js';
import { rejection } from '../../helpers/repository.js';
import { tempFolder } from '../../helpers/temp.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));
vi.mock('../../../src/crypto/kdf.js', async (original) => ({
  ...(await original<typeof import('../../../src/crypto/kdf.js')>()),
  DEFAULT_SCRYPT: { N: 128, r: 1, p: 1 },
}));

const [OLD, NEW] = ['s3cret-old', 's3cret-new'];
const CATALOGUE = 'kim/catalogue';

/** An instance that was pushed and is in the catalogue, of the password OLD. */
async function account(): Promise<{ server: AccountServer; pc: AccountPc; place: string }> {
  const server = newAccountServer({ kim: OLD });
  const pc = await server.pc();
  await pc.push();
  const place = `kim/${pc.instanceId}`;
  const repo = await server.open(place, OLD);
  await pc.session((session) => enrolInstance(session, repo));
  return { server, pc, place };
}

function change(pc: AccountPc, to: string): string {
  writeFileSync(join(pc.game, 'options.txt'), `${to}\n`);
  return to;
}

async function opens(server: AccountServer, place: string, password: string): Promise<boolean> {
  return server.open(place, password).then(
    () => true,
    () => false,
  );
}

const packFolderOf = (pc: AccountPc): { packFolder: string } => ({ packFolder: pc.game });

describe('the tokens of an instance', () => {
  const store = async (folder: string, ...passwords: string[]): Promise<void> => {
    for (const password of passwords) await storeToken(folder, { id: 'kim', password });
  };

  it('a new one of the same user keeps the old ones beside it, the newest first', async () => {
    const folder = tempFolder();
    await store(folder, 'a', 'b', 'c');
    expect(await otherPasswords(folder, { id: 'kim', password: 'c' })).toEqual(['b', 'a']);
    await store(folder, 'b');
    expect(await otherPasswords(folder, { id: 'kim', password: 'b' })).toEqual(['c', 'a']);
    await store(folder, 'b');
    expect(await otherPasswords(folder, { id: 'kim', password: 'b' })).toEqual(['c', 'a']);
  });

  it('one of another user neither keeps nor loses any', async () => {
    const folder = tempFolder();
    await store(folder, 'a', 'b');
    await storeToken(folder, { id: 'ann', password: 'x' });
    expect(await otherPasswords(folder, { id: 'ann', password: 'x' })).toEqual([]);
    expect(await otherPasswords(folder, { id: 'kim', password: 'new' })).toEqual(['a']);
    await dropOldTokens(folder, 'kim');
    expect(await otherPasswords(folder, { id: 'kim', password: 'new' })).toEqual([]);
  });

  it('the stored one counts where another is given, and broken lines do not', async () => {
    const folder = tempFolder();
    await store(folder, 'stored');
    writeFileSync(join(folder, 'token.old'), 'no token\n\nkim:before\r\nann:else\n');
    expect(await otherPasswords(folder, { id: 'kim', password: 'given' })).toEqual(['stored', 'before']);
  });

  it('of many, eight are kept', async () => {
    const folder = tempFolder();
    await store(folder, ...Array.from({ length: 12 }, (_, i) => `p${i}`));
    expect(await otherPasswords(folder, { id: 'kim', password: 'p11' })).toHaveLength(8);
  });

  onPosix('are for their owner only', async () => {
    const folder = tempFolder();
    await store(folder, 'a', 'b');
    for (const name of ['token', 'token.old']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });
});

describe('after the operator changed the password', () => {
  it('init with the new token and the next push make it a key, once; the old token goes', async () => {
    const { server, pc, place } = await account();
    server.users['kim'] = NEW;
    change(pc, 'fov:2');
    expect((await rejection(pc.push())).code).toBe('unauthorized');
    await init({ ...packFolderOf(pc), url: SERVER, token: `kim:${NEW}` });
    expect(pc.lines('token.old')).toEqual([`kim:${OLD}`]);
    expect(await pc.push()).toMatchObject({ outcome: 'sent', warnings: [] });
    for (const at of [place, CATALOGUE])
      expect([await opens(server, at, NEW), await server.keys(at)]).toEqual([true, 2]);
    expect([pc.lines('token'), pc.lines('token.old')]).toEqual([[`kim:${NEW}`], []]);
    server.calls.length = 0;
    change(pc, 'fov:3');
    await pc.push();
    expect(server.calls.filter((call) => call.includes('catalogue'))).toEqual([]);
    expect(await server.keys(place)).toBe(2);
  });

  it('a second PC finds the key there, and needs the old token no more', async () => {
    const { server, pc, place } = await account();
    const other = await server.pc({ instanceId: pc.instanceId });
    await pull(packFolderOf(other), server.services);
    server.users['kim'] = NEW;
    for (const one of [pc, other]) {
      await changeToken({ ...packFolderOf(one), token: `kim:${NEW}` }, server.services);
      expect(one.lines('token.old')).toEqual([]);
    }
    expect([await server.keys(place), await server.keys(CATALOGUE)]).toEqual([2, 2]);
  });

  it('a pull opens by the old token too', async () => {
    const { server, pc } = await account();
    const other = await server.pc({ instanceId: pc.instanceId });
    server.users['kim'] = NEW;
    await init({ ...packFolderOf(other), url: SERVER, token: `kim:${NEW}` });
    rmSync(join(other.game, 'options.txt'));
    expect(await pull(packFolderOf(other), server.services)).toMatchObject({ outcome: 'updated' });
    expect(other.lines('token.old')).toEqual([]);
  });

  it('two PCs at the same instant both end well', async () => {
    const { server, pc, place } = await account();
    const other = await server.pc({ instanceId: pc.instanceId });
    server.users['kim'] = NEW;
    const done = await Promise.all(
      [pc, other].map((one) => changeToken({ ...packFolderOf(one), token: `kim:${NEW}` }, server.services)),
    );
    expect(done).toMatchObject([{ outcome: 'changed' }, { outcome: 'changed' }]);
    expect(await opens(server, place, NEW)).toBe(true);
  });

  it('twice, before this PC learnt of the first', async () => {
    const { server, pc, place } = await account();
    server.users['kim'] = 'third';
    for (const token of [`kim:${NEW}`, 'kim:third']) await init({ ...packFolderOf(pc), url: SERVER, token });
    expect(pc.lines('token.old')).toEqual([`kim:${NEW}`, `kim:${OLD}`]);
    change(pc, 'fov:2');
    await pc.push();
    expect(await opens(server, place, 'third')).toBe(true);
    expect(pc.lines('token.old')).toEqual([]);
  });

  it('a key that cannot be added is a warning, and the old token stays', async () => {
    const { server, pc } = await account();
    server.users['kim'] = NEW;
    await init({ ...packFolderOf(pc), url: SERVER, token: `kim:${NEW}` });
    server.before = (call) => {
      if (call.startsWith('write keys')) throw new SyncError('no-space', 'the server answered 507');
    };
    change(pc, 'fov:2');
    const result = await pc.push();
    expect(result).toMatchObject({ outcome: 'sent', warnings: [expect.stringContaining('the server answered 507')] });
    expect(pc.lines('token.old')).toEqual([`kim:${OLD}`]);
  });

  it('a catalogue that does not answer keeps the old token for the next time', async () => {
    const { server, pc } = await account();
    server.users['kim'] = NEW;
    server.before = (call) => {
      if (call.endsWith('catalogue')) throw new SyncError('server', 'the server answered 503');
    };
    const changed = await changeToken({ ...packFolderOf(pc), token: `kim:${NEW}` }, server.services);
    expect(changed).toMatchObject({ outcome: 'changed', keysAdded: ['instance'] });
    change(pc, 'fov:2');
    expect(await pc.push()).toMatchObject({ outcome: 'sent', warnings: [] });
    expect(pc.lines('token.old')).toEqual([`kim:${OLD}`]);
    server.before = () => undefined;
    change(pc, 'fov:3');
    await pc.push();
    expect([await opens(server, CATALOGUE, NEW), pc.lines('token.old')]).toEqual([true, []]);
  });
});

describe('a catalogue of quite another password', () => {
  it('does not hold the old token: it would not open it either', async () => {
    const { server, pc } = await account();
    server.remove(CATALOGUE);
    server.users['kim'] = 'else';
    const other = await server.pc({ token: 'kim:else' });
    await other.push();
    const repo = await server.open(`kim/${other.instanceId}`, 'else');
    await other.session((session) => enrolInstance(session, repo));
    server.users['kim'] = NEW;
    await init({ ...packFolderOf(pc), url: SERVER, token: `kim:${NEW}` });
    change(pc, 'fov:2');
    expect(await pc.push()).toMatchObject({ outcome: 'sent', warnings: [] });
    expect(pc.lines('token.old')).toEqual([]);
  });
});

describe('passwd', () => {
  it('before the change at the server: the key is there, the old token stays in use; after it: stored', async () => {
    const { server, pc, place } = await account();
    const options = { ...packFolderOf(pc), token: `kim:${NEW}` };
    const both = ['instance', 'catalogue'];
    expect(await changeToken(options, server.services)).toMatchObject({ outcome: 'prepared', keysAdded: both });
    expect([pc.lines('token'), await opens(server, place, NEW)]).toEqual([[`kim:${OLD}`], true]);
    expect(await changeToken(options, server.services)).toMatchObject({ outcome: 'prepared', keysAdded: [] });
    server.users['kim'] = NEW;
    expect(await changeToken(options, server.services)).toMatchObject({ outcome: 'changed', keysAdded: [] });
    expect([pc.lines('token'), pc.lines('token.old')]).toEqual([[`kim:${NEW}`], []]);
    expect(await changeToken(options, server.services)).toMatchObject({ outcome: 'unchanged', keysAdded: [] });
    expect(await server.keys(place)).toBe(2);
  });

  it('a token that the server does not know yet is taken back by the player: nothing was changed', async () => {
    const { server, pc, place } = await account();
    const options = { ...packFolderOf(pc), token: 'kim:typo', onUnknownToken: () => false };
    expect((await rejection(changeToken(options, server.services))).code).toBe('aborted');
    expect([pc.lines('token'), await server.keys(place)]).toEqual([[`kim:${OLD}`], 1]);
  });

  it('refused by the server, old and new: says so, tells neither, changes nothing', async () => {
    const { server, pc, place } = await account();
    server.users['kim'] = 'a third one';
    const error = await rejection(changeToken({ ...packFolderOf(pc), token: `kim:${NEW}` }, server.services));
    expect(error.code).toBe('unauthorized');
    expect(error.message).toMatch(/^the server refuses the new token of kim, and the old one as well; .*nothing was/);
    expect(error.message).not.toContain('s3cret');
    expect([pc.lines('token'), pc.lines('token.old'), await server.keys(place)]).toEqual([[`kim:${OLD}`], [], 1]);
  });

  it('opens with nothing at hand: says recover, stores nothing', async () => {
    const { server, pc } = await account();
    server.users['kim'] = NEW;
    rmSync(join(pc.game, '.cloud-sync/token'));
    const error = await rejection(changeToken({ ...packFolderOf(pc), token: `kim:${NEW}` }, server.services));
    expect(error).toMatchObject({
      code: 'wrong-password',
      message: expect.stringContaining('"instance-sync recover"'),
    });
    expect(pc.lines('token')).toEqual([]);
  });

  it('of another user is refused', async () => {
    const { server, pc } = await account();
    const error = await rejection(changeToken({ ...packFolderOf(pc), token: 'ann:x' }, server.services));
    expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining('of the user ann') });
  });

  it('before anything was pushed, and in a folder that is not set up', async () => {
    const server = newAccountServer({ kim: NEW });
    const pc = await server.pc({ token: `kim:${OLD}` });
    const options = { ...packFolderOf(pc), token: `kim:${NEW}` };
    expect(await changeToken(options, server.services)).toMatchObject({ outcome: 'changed', keysAdded: [] });
    expect(pc.lines('token.old')).toEqual([]);
    const empty = { ...options, packFolder: tempFolder() };
    expect(await changeToken(empty, server.services)).toEqual({ outcome: 'not-configured' });
    expect((await rejection(changeToken(packFolderOf(pc), server.services))).code).toBe('no-token');
  });

  it('cut off at every request: what is stored opens, or passwd does it again', async () => {
    for (let at = 1; at < 100; at++) {
      const { server, pc, place } = await account();
      server.users['kim'] = NEW;
      let left = at;
      server.before = () => {
        left -= 1;
        if (left === 0) throw new SyncError('unreachable', 'cut');
      };
      const options = { ...packFolderOf(pc), token: `kim:${NEW}` };
      const first = await changeToken(options, server.services).catch(() => undefined);
      server.before = () => undefined;
      const again = await changeToken(options, server.services);
      expect(again).toMatchObject({ outcome: expect.stringMatching(/changed/) });
      expect([await opens(server, place, NEW), await opens(server, CATALOGUE, NEW)]).toEqual([true, true]);
      expect([pc.lines('token'), pc.lines('token.old')]).toEqual([[`kim:${NEW}`], []]);
      if (left > 0 && first !== undefined) return;
    }
    expect.unreachable('passwd makes more than 100 requests');
  });
});

describe('recover', () => {
  /** The password was changed, and nothing of the old one is left on this PC. */
  async function lost(): Promise<{ server: AccountServer; pc: AccountPc; place: string; code: string }> {
    const { server, pc, place } = await account();
    const { code } = await pc.session(makeRecoveryCode);
    server.users['kim'] = NEW;
    rmSync(join(pc.game, '.cloud-sync/token'));
    return { server, pc, place, code };
  }

  it('opens by the code as typed, makes the token a key and stores it', async () => {
    const { server, pc, place, code } = await lost();
    const options = { ...packFolderOf(pc), token: `kim:${NEW}`, code: code.toLowerCase().replaceAll('-', ' ') };
    const both = ['instance', 'catalogue'];
    expect(await recoverAccess(options, server.services)).toMatchObject({ outcome: 'recovered', keysAdded: both });
    expect([await opens(server, place, NEW), pc.lines('token')]).toEqual([true, [`kim:${NEW}`]]);
    expect(await recoverAccess(options, server.services)).toMatchObject({ outcome: 'recovered', keysAdded: [] });
    change(pc, 'fov:2');
    expect((await pc.push()).outcome).toBe('sent');
  });

  it.each(['push', 'passwd'])('in one folder is enough: the next %s of another finds the code', async (command) => {
    const { server, pc, code } = await lost();
    server.users['kim'] = OLD;
    const second = await server.pc({ token: `kim:${OLD}` });
    await second.push();
    await second.session(makeRecoveryCode);
    server.users['kim'] = NEW;
    await recoverAccess({ ...packFolderOf(pc), token: `kim:${NEW}`, code }, server.services);
    writeFileSync(join(second.game, '.cloud-sync/token'), `kim:${NEW}\n`);
    change(second, 'fov:2');
    if (command === 'push') expect((await second.push()).outcome).toBe('sent');
    else expect(await changeToken({ ...packFolderOf(second), token: `kim:${NEW}` }, server.services)).toBeDefined();
    expect(await opens(server, `kim/${second.instanceId}`, NEW)).toBe(true);
  });

  it('a typing error costs no request; the code of another player is told', async () => {
    const { server, pc, code } = await lost();
    const options = { ...packFolderOf(pc), token: `kim:${NEW}` };
    server.calls.length = 0;
    const typo = `${code.startsWith('0') ? '1' : '0'}${code.slice(1)}`;
    const typed = await rejection(recoverAccess({ ...options, code: typo }, server.services));
    expect([typed.code, server.calls]).toEqual(['usage', []]);
    const foreign = formatRecoveryCode(new Uint8Array(16).fill(7));
    const refused = await rejection(recoverAccess({ ...options, code: foreign }, server.services));
    expect(refused).toMatchObject({ code: 'wrong-password', message: expect.stringContaining('of this player') });
    for (const { message } of [typed, refused]) for (const part of code.split('-')) expect(message).not.toContain(part);
    expect(pc.lines('token')).toEqual([]);
  });

  it('before anything was pushed there is nothing to open', async () => {
    const server = newAccountServer({ kim: NEW });
    const pc = await server.pc();
    const code = formatRecoveryCode(new Uint8Array(16));
    expect((await rejection(recoverAccess({ ...packFolderOf(pc), code }, server.services))).code).toBe('no-repository');
  });
});
