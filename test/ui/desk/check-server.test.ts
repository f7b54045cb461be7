/** What setup is told of a server before anything is stored, by the code that the page has words for. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { answering, closedPort } from '../../helpers/bad-server.js';
import { codeOf } from '../../helpers/two-pcs.js';
import { type CloudServer, newPc, startCloud, TOKEN } from './desk-env.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));
vi.mock('../../../src/crypto/kdf.js', async (original) => ({
  ...(await original<typeof import('../../../src/crypto/kdf.js')>()),
  DEFAULT_SCRYPT: { N: 128, r: 1, p: 1 },
}));

let server: CloudServer;
beforeAll(async () => {
  server = await startCloud();
});

const PAGE = { headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>nginx</title>' };

describe('what is wrong with a server', () => {
  const check = async (url: string, token = TOKEN): Promise<string> => {
    const pc = newPc();
    const code = await codeOf(pc.ask('check-server', { url, token }));
    expect(existsSync(join(pc.game, '.cloud-sync'))).toBe(false);
    return code;
  };

  it('nobody there', async () => {
    expect(await check(`http://127.0.0.1:${await closedPort()}/`)).toBe('unreachable');
  });

  it('https where there is none', async () => {
    expect(await check(server.url.replace('http:', 'https:'))).toBe('tls');
  });

  it.each([
    ['a page that is not found', { status: 404, ...PAGE }, 'not-found'],
    ['a page for every address', { status: 200, ...PAGE }, 'not-found'],
    ['what is no list', { status: 200, body: 'hello' }, 'server'],
    ['a portal that sends elsewhere', { status: 302, headers: { location: 'http://127.0.0.1:1/login' } }, 'not-found'],
    ['one that is ill', { status: 500 }, 'server'],
    ['nobody is let in', { status: 401 }, 'unauthorized'],
  ])('%s', async (_, answer, code) => {
    expect(await check((await answering(answer)).url)).toBe(code);
  });

  it('what is no address, or no token', async () => {
    expect(await check('sync.example.org')).toBe('bad-settings');
    expect(await check('ftp://sync.example.org/')).toBe('bad-settings');
    expect(await check(server.url, 'ann')).toBe('bad-settings');
    expect(await check(server.url, '')).toBe('no-token');
  });

  it('a wrong password, and another user', async () => {
    expect(await check(server.url, 'ann:wrong')).toBe('unauthorized');
    expect(await check(server.url, 'bob:battery staple')).toBe('unauthorized');
  });

  it('a password that the server takes and the account does not', async () => {
    const pc = newPc();
    await pc.ask('finish-setup', { url: server.url, token: TOKEN, preset: 'worlds' });
    const changed = await startCloud('ann:new', server.path);
    expect(await check(changed.url, 'ann:new')).toBe('wrong-password');
  });
});
