/** What somebody who is not the page gets from the page server: nothing. */
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../../src/base/errors.js';
import { createSession } from '../../../src/ui/server/session.js';
import { startWindowServer } from '../../../src/ui/server/window-server.js';
import type { PageWindow, WindowOptions } from '../../../src/ui/server/window-types.js';
import { ask, enter, ownHeaders, partsOf } from './client.js';

vi.mock('virtual:page-assets', () => ({ script: 'let a;', style: 'a {}', html: '<!doctype html>' }));

let window: PageWindow | undefined;

afterEach(async () => {
  await window?.close();
  vi.useRealTimers();
});

const answer = vi.fn(async () => ({}));
const stand = vi.fn(async () => {
  throw new SyncError('unreachable', 'the server is away');
});

async function start(options: Partial<WindowOptions> = {}) {
  answer.mockClear();
  stand.mockClear();
  const handlers = { answer, stand };
  window = await startWindowServer({ view: { view: 'home', start: 'status' }, handlers, ...options });
  const { origin, token } = partsOf(window);
  const { port } = new URL(origin);
  return { origin, token, port, window };
}

const ANSWER = JSON.stringify({ question: 'q', answer: { kind: 'conflict', units: { 'saves/World': 'cloud' } } });

describe('the session', () => {
  it('is opened by the token, once', async () => {
    const { origin, token, window } = await start();
    const headers = ownHeaders(origin);
    const body = JSON.stringify({ token });
    const cookie = await enter(window);
    expect((await ask(`${origin}/api/ping`, { headers: { cookie } })).status).toBe(200);
    expect((await ask(`${origin}/api/stand?instance=a`, { headers: { cookie } })).status).toBe(502);
    const second = await ask(`${origin}/api/session`, { method: 'POST', headers, body });
    expect(second).toMatchObject({ status: 401, code: 'no-session' });
    expect(second.headers['set-cookie']).toBeUndefined();
  });

  it('is found among the cookies of other servers', async () => {
    const { origin, port, window } = await start();
    const cookie = `a=b; instance-sync-${port}=x; ${await enter(window)}; c=d`;
    expect((await ask(`${origin}/api/ping`, { headers: { cookie } })).status).toBe(200);
  });

  it('is a cookie that no script, no other site and no other port can use', async () => {
    const { origin, token, port } = await start();
    const body = JSON.stringify({ token });
    const { headers } = await ask(`${origin}/api/session`, { method: 'POST', headers: ownHeaders(origin), body });
    const pattern = RegExp(`^instance-sync-${port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/$`);
    expect(headers['set-cookie']).toEqual([expect.stringMatching(pattern)]);
  });

  it.each([
    ['wrong', 'x'.repeat(43)],
    ['empty', ''],
    ['no text', 1],
    ['missing', undefined],
  ])('is not opened by a token that is %s, and the right one still works', async (_, token) => {
    const { origin, window } = await start();
    const headers = ownHeaders(origin);
    const refused = await ask(`${origin}/api/session`, { method: 'POST', headers, body: JSON.stringify({ token }) });
    expect(refused).toMatchObject({ status: 401, code: 'no-session' });
    await enter(window);
  });

  it('is not opened by a token that is two minutes old', () => {
    vi.useFakeTimers();
    const session = createSession(1);
    vi.advanceTimersByTime(120_001);
    expect(session.open(session.token)).toBeUndefined();
    const fresh = createSession(1);
    vi.advanceTimersByTime(119_000);
    expect(fresh.open(fresh.token)).toContain('instance-sync-1=');
  });

  it.each(['', 'instance-sync-PORT=', 'instance-sync-PORT=x', 'instance-sync-1=SECRET', 'a=SECRET'])(
    'is not had with the cookie "%s"',
    async (form) => {
      const { origin, port, window } = await start();
      const own = await enter(window);
      const secret = own.split('=')[1] ?? '';
      const cookie = form.replace('PORT', port).replace('SECRET', secret);
      for (const path of ['ping', 'events', 'icon?id=a', 'stand?instance=a', 'nothing', '__proto__']) {
        const { status, code } = await ask(`${origin}/api/${path}`, { headers: { cookie } });
        expect({ path, status, code }).toEqual({ path, status: 401, code: 'no-session' });
      }
      const headers = { ...ownHeaders(origin), cookie };
      expect(await ask(`${origin}/api/answer`, { method: 'POST', headers, body: ANSWER })).toMatchObject({
        status: 401,
      });
      expect(stand).not.toHaveBeenCalled();
      expect(answer).not.toHaveBeenCalled();
    },
  );
});

describe('a request of somebody else', () => {
  it.each([
    'evil.example',
    'evil.example:PORT',
    '127.0.0.1',
    '127.0.0.1:1',
    'localhost',
    '127.0.0.1.evil.example:PORT',
    '127.0.0.2:PORT',
    '[::1]:PORT',
    'LOCALHOST:PORT',
  ])('to the host %s gets nothing, not even the page', async (form) => {
    const { origin, port, window } = await start();
    const cookie = await enter(window);
    const host = form.replace('PORT', port);
    for (const path of ['/', '/page.js', '/api/stand?instance=a', '/nothing']) {
      const { status, code } = await ask(`${origin}${path}`, { headers: { host, cookie } });
      expect({ path, status, code }).toEqual({ path, status: 421, code: 'wrong-host' });
    }
    expect(stand).not.toHaveBeenCalled();
  });

  it('of another PC does not come through', async () => {
    const { port } = await start();
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    for (const { address, family } of addresses) {
      if (address === '127.0.0.1') continue;
      const host = family === 'IPv6' ? `[${address}]` : address;
      await expect(ask(`http://${host}:${port}/`), host).rejects.toThrow(/^(connect|getaddrinfo) /);
    }
  });

  it('that names two hosts gets nothing', async () => {
    const { port } = await start();
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 4(00|21) /);
  });

  it.each([
    ['a foreign origin', { origin: 'http://evil.example' }],
    ['the origin of another port', { origin: 'http://127.0.0.1:1' }],
    ['the other name of this PC', { origin: 'http://localhost:PORT' }],
    ['https', { origin: 'https://127.0.0.1:PORT' }],
    ['the origin "null"', { origin: 'null' }],
    ['no origin', { origin: undefined }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port, by the same site', { 'sec-fetch-site': 'same-site' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
    ['a page that cannot set headers', { 'x-instance-sync': undefined }],
  ])('from %s writes nothing', async (_, lie) => {
    const { origin, token, port, window } = await start();
    const headers: Record<string, string | undefined> = { ...ownHeaders(origin), ...lie };
    headers['origin'] = headers['origin']?.replace('PORT', port);
    const opening = { method: 'POST', headers, body: JSON.stringify({ token }) };
    expect(await ask(`${origin}/api/session`, opening)).toMatchObject({ status: 403, code: 'foreign-origin' });
    const cookie = await enter(window);
    const asked = { method: 'POST', headers: { ...headers, cookie }, body: ANSWER };
    expect(await ask(`${origin}/api/answer`, asked)).toMatchObject({ status: 403, code: 'foreign-origin' });
    expect(answer).not.toHaveBeenCalled();
  });

  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'image' },
    { 'sec-fetch-site': 'none' },
  ])('reads nothing: %j', async (lie) => {
    const { origin, window } = await start();
    const headers = { cookie: await enter(window), ...lie };
    expect(await ask(`${origin}/api/stand?instance=a`, { headers })).toMatchObject({ status: 403 });
    expect(await ask(`${origin}/api/events`, { headers })).toMatchObject({ status: 403 });
    expect(stand).not.toHaveBeenCalled();
  });

  it('may show the page when it was clicked, but not in a frame and not as a script', async () => {
    const { origin } = await start();
    const from = (dest: string) => ({ headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': dest } });
    expect((await ask(`${origin}/`, from('document'))).status).toBe(200);
    expect((await ask(`${origin}/`, from('iframe'))).status).toBe(403);
    expect((await ask(`${origin}/page.js`, from('script'))).status).toBe(403);
  });

  it('is told by no header that other pages may read', async () => {
    const { origin } = await start();
    const asked = { method: 'OPTIONS', headers: { ...ownHeaders(origin), 'access-control-request-method': 'POST' } };
    const { status, headers } = await ask(`${origin}/api/session`, asked);
    expect(status).toBe(405);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('a request that is not as it must be', () => {
  it.each([
    ['another type', 'answer', ANSWER, { 'content-type': 'text/plain' }, 415],
    ['no type', 'answer', ANSWER, { 'content-type': undefined }, 415],
    ['no JSON', 'answer', '{', {}, 400],
    ['broken text', 'answer', Buffer.from('{"question":"\xff","answer":{"kind":"play"}}', 'latin1'), {}, 400],
    ['a field too many', 'stop', '{"a":1}', {}, 400],
    ['a field of another name', 'answer', '{"question":"q","__proto__":{"kind":"play"}}', {}, 400],
    ['a field too few', 'answer', '{"question":"q"}', {}, 400],
    ['another kind of field', 'answer', '{"question":1,"answer":{"kind":"play"}}', {}, 400],
    ['an answer of no kind', 'answer', '{"question":"q","answer":{"kind":"constructor"}}', {}, 400],
    ['a choice that there is not', 'answer', ANSWER.replace('cloud', 'none'), {}, 400],
    ['an answer with more than it says', 'answer', '{"question":"q","answer":{"kind":"play","units":{}}}', {}, 400],
    ['a list', 'stop', '[]', {}, 400],
    ['nothing', 'stop', '', {}, 400],
    ['too much', 'stop', `{"a":"${'x'.repeat(70_000)}"}`, {}, 413],
    ['a name that objects have by themselves', 'constructor', '{}', {}, 404],
    ['a handler that is not there', 'stop', '{}', {}, 404],
  ] as const)('is refused: %s', async (_, name, body, lie, status) => {
    const { origin, window } = await start();
    const headers = { ...ownHeaders(origin), cookie: await enter(window), ...lie };
    expect((await ask(`${origin}/api/${name}`, { method: 'POST', headers, body })).status).toBe(status);
    expect(answer).not.toHaveBeenCalled();
  });

  it.each([
    ['stand', 400],
    ['stand?instance=a&instance=b', 400],
    ['stand?instance=a&other=b', 400],
    [`stand?instance=${'x'.repeat(400)}`, 400],
    ['history?instance=a&limit=-1', 400],
    ['icon', 400],
    ['icon?id=a&id=b', 400],
    ['nothing', 404],
    ['answer', 405],
    ['session', 405],
  ])('is refused: GET /api/%s', async (path, status) => {
    const { origin, window } = await start();
    const headers = { cookie: await enter(window) };
    expect((await ask(`${origin}/api/${path}`, { headers })).status).toBe(status);
  });

  it('is refused in every way that is no GET of a file', async () => {
    const { origin } = await start();
    for (const path of ['/page.html', '/../package.json', '/%2e%2e/package.json', '//evil.example/', '/api', '/api/']) {
      expect([404, 401], path).toContain((await ask(`${origin}${path}`)).status);
    }
    const headers = ownHeaders(origin);
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
      const { status, headers: answered } = await ask(`${origin}/`, { method, headers });
      expect({ method, status, allow: answered.allow }).toEqual({ method, status: 405, allow: 'GET' });
    }
  });
});

describe('every answer', () => {
  it.each(['/', '/page.js', '/page.css', '/favicon.ico', '/nothing', '/api/stand?instance=a'])(
    'of %s forbids what the page does not need',
    async (path) => {
      const { origin } = await start();
      const { headers } = await ask(`${origin}${path}`);
      expect(headers).toMatchObject({
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
    },
  );

  it('to an error of ours has its code; to any other nothing of its inside', async () => {
    const broken = async () => {
      throw new Error('/home/kim/secret');
    };
    const { origin, window } = await start({ handlers: { stand, instances: broken } });
    const headers = { cookie: await enter(window) };
    const { status, text: body } = await ask(`${origin}/api/stand?instance=a`, { headers });
    expect({ status, body: JSON.parse(body) }).toEqual({
      status: 502,
      body: { error: { code: 'unreachable', message: 'the server is away' } },
    });
    const inside = await ask(`${origin}/api/instances`, { headers });
    expect(inside).toMatchObject({ status: 500, code: 'internal' });
    expect(inside.text).not.toMatch(/secret|\.ts|at /);
  });
});
