/** What the desk says of servers that are not as they should be, and refuses to a page that asks what it must not. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningServer } from '../../../src/index.js';
import { answering, closedPort } from '../../helpers/bad-server.js';
import { codeOf } from '../../helpers/two-pcs.js';
import { type DeskPc, newPc, startCloud, TOKEN } from './desk-env.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));
vi.mock('../../../src/crypto/kdf.js', async (original) => ({
  ...(await original<typeof import('../../../src/crypto/kdf.js')>()),
  DEFAULT_SCRYPT: { N: 128, r: 1, p: 1 },
}));

let server: RunningServer;
beforeAll(async () => {
  server = await startCloud();
});

async function setUp(pc: DeskPc, url: string, instanceId?: string): Promise<string> {
  const input = { url, token: TOKEN, preset: 'personal' as const };
  const { instance } = await pc.ask('finish-setup', instanceId === undefined ? input : { ...input, instanceId });
  return instance;
}

describe('a server that is not as it should be', () => {
  it('away: the folder is set up all the same, and all that is here is told', async () => {
    const pc = newPc();
    pc.put('options.txt', 'fov:1');
    const url = `http://127.0.0.1:${await closedPort()}/`;
    const result = await pc.ask('finish-setup', { url, token: TOKEN, preset: 'personal' });
    expect(result.warnings).toEqual([expect.stringContaining('no recovery code was made')]);
    const { instance } = result;
    const stand = await pc.ask('stand', { instance });
    expect(stand).toMatchObject({ cloud: 'unreachable', problem: { code: 'unreachable' }, files: 1 });
    const end = await pc.finish('sync', { instance, task: 'push' });
    expect(end).toMatchObject({ outcome: 'failed', task: 'push', error: { code: 'unreachable' } });
  });

  it('it lets nobody in: that is told, and all that is here too', async () => {
    const pc = newPc();
    pc.put('options.txt', 'fov:1');
    const { url } = await answering({ status: 401 });
    const { instance } = await pc.ask('finish-setup', { url, token: TOKEN, preset: 'personal' });
    const stand = await pc.ask('stand', { instance });
    expect(stand).toMatchObject({ cloud: 'unreachable', problem: { code: 'unauthorized' }, files: 1 });
    expect(await codeOf(pc.ask('history', { instance }))).toBe('unauthorized');
  });
});

describe('what a page must not be able to do', () => {
  it('name a folder, a version or a path that is not to be', async () => {
    const pc = newPc();
    const instance = await setUp(pc, server.url);
    pc.put('saves/World/level.dat', 'x');
    await pc.finish('sync', { instance, task: 'push' });
    const version = (await pc.ask('history', { instance })).versions[0]?.id ?? '';
    writeFileSync(join(pc.game, '..', 'secret.txt'), 'secret');
    for (const id of [pc.game, '..', '', '__proto__', 'constructor']) {
      expect(await codeOf(pc.ask('stand', { instance: id }))).toBe('not-found');
      expect(await codeOf(pc.ask('disable', { instance: id }))).toBe('not-found');
    }
    for (const id of ['latest', '', '../x', version.slice(0, 8), '0'.repeat(64)]) {
      const expected = id.length === 64 ? 'not-found' : 'usage';
      expect(await codeOf(pc.ask('changes', { instance, version: id }))).toBe(expected);
      expect(await codeOf(pc.ask('plan-restore', { instance, version: id }))).toBe(expected);
    }
    for (const path of ['..', '../secret.txt', '/etc', 'saves/../..', 'saves//World', './saves', 'saves/\0']) {
      expect(await codeOf(pc.ask('folder', { instance, version, path }))).toBe('usage');
    }
    expect(await codeOf(pc.ask('folder', { instance, version, path: 'saves/None' }))).toBe('not-found');
    for (const path of ['..', '../secret.txt', '/etc/passwd', 'saves/../../secret.txt']) {
      expect(await codeOf(pc.ask('plan-restore', { instance, version, path }))).toBe('usage');
      expect(await pc.finish('restore', { instance, version, path })).toMatchObject({ error: { code: 'usage' } });
    }
  });

  it('begin a second task while one is under way', async () => {
    const pc = newPc();
    const instance = await setUp(pc, server.url);
    const ended = pc.shown('end');
    await pc.ask('sync', { instance, task: 'pull' });
    expect(await codeOf(pc.ask('sync', { instance, task: 'push' }))).toBe('in-use');
    await ended;
    expect(await pc.finish('sync', { instance, task: 'pull' })).toMatchObject({ outcome: 'done' });
  });

  it('a task that is stopped has changed nothing', async () => {
    const pc = newPc();
    const instance = await setUp(pc, server.url);
    pc.put('options.txt', 'fov:1');
    const ended = pc.shown('end');
    await pc.ask('sync', { instance, task: 'push' });
    await pc.ask('stop', {});
    expect(await ended).toMatchObject({ outcome: 'cancelled', task: 'push' });
    expect(await pc.ask('stand', { instance })).toMatchObject({ cloud: 'empty' });
  });
});
