/** What a REST server, a proxy or the network can do wrong, and what the client makes of it. */

import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RestBackend, RestOptions } from '../../src/backend/rest.js';
import { restBackend } from '../../src/backend/rest.js';
import { utf8 } from '../../src/base/bytes.js';
import { patternBytes, sha256 } from './conformance.js';
import type { Script, ScriptedServer } from './scripted-server.js';
import { bodyOf, freePort, scriptedServer } from './scripted-server.js';

const data = patternBytes(300_000);
const name = sha256(data);

let server: ScriptedServer;
const opened: RestBackend[] = [];
beforeEach(async () => {
  server = await scriptedServer();
});
afterEach(async () => {
  for (const backend of opened.splice(0)) await backend.close();
  await server.close();
});

function open(options: Partial<RestOptions> = {}): RestBackend {
  const limits = { connectTimeoutMs: 5000, headersTimeoutMs: 10_000, stallTimeoutMs: 10_000 };
  const backend = restBackend({ url: server.url, ...limits, ...options });
  opened.push(backend);
  return backend;
}

/** A script that answers every request alike. */
function always(status: number, body: string | Buffer = '', headers: Record<string, string> = {}): Script {
  return async ({ request, response }) => {
    await bodyOf(request);
    response.writeHead(status, headers);
    response.end(body);
    return true;
  };
}

describe('requests', () => {
  it('carry Accept, user agent and credentials from the first on', async () => {
    const backend = open({ url: server.url.replace('//', '//ann:s%40crét@'), userAgent: 'test/1' });
    await backend.list('keys');
    await backend.write('data', name, data);
    for (const { headers } of server.seen) {
      expect(headers.accept).toBe('application/vnd.x.restic.rest.v2');
      expect(headers['user-agent']).toBe('test/1');
      expect(headers.authorization).toBe(`Basic ${Buffer.from('ann:s@crét').toString('base64')}`);
    }
    expect(backend.location).toBe(server.url);
  });

  it('carry no credentials where none are set, and options win over the address', async () => {
    await open().list('keys');
    await open({ url: server.url.replace('//', '//a:b@'), username: 'x', password: 'y' }).list('keys');
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
    expect(server.seen[1]?.headers.authorization).toBe(`Basic ${Buffer.from('x:y').toString('base64')}`);
  });

  it('say how long an upload is, and ask for the range', async () => {
    const backend = open();
    await backend.write('data', name, data);
    expect(server.seen[0]?.headers).toMatchObject({
      'content-length': String(data.length),
      'content-type': 'application/octet-stream',
    });
    expect(server.seen[0]?.headers['transfer-encoding']).toBeUndefined();
    await backend.read('data', name, { offset: 10, length: 5 });
    expect(server.seen[1]?.headers.range).toBe('bytes=10-14');
  });

  it('reuse one connection', async () => {
    const ports = new Set<number | undefined>();
    server.scripts.push(({ request }) => {
      ports.add(request.socket.remotePort);
      return false;
    });
    const backend = open();
    await backend.write('data', name, data);
    for (let i = 0; i < 5; i++) await backend.read('data', name);
    expect(await backend.list('data')).toHaveLength(1);
    expect(ports.size).toBe(1);
  });

  it('are at most `connections` at once', async () => {
    let running = 0;
    let most = 0;
    server.scripts.push(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running--;
      return false;
    });
    const backend = open({ connections: 3 });
    await Promise.all(Array.from({ length: 12 }, () => backend.stat('data', name)));
    expect(most).toBe(3);
  });

  it('refuse a user name with a colon', () => {
    expect(() => open({ username: 'a:b' })).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('lists', () => {
  it('leave out temporary files, and take null and a missing folder for empty', async () => {
    const type = { 'content-type': 'application/vnd.x.restic.rest.v2' };
    const temporary = `${name}.rest-server-temp123456`;
    server.scripts = [
      always(
        200,
        JSON.stringify([
          { name: temporary, size: 3 },
          { name, size: 5 },
        ]),
        type,
      ),
    ];
    expect(await open().list('data')).toEqual([{ name, size: 5 }]);
    server.scripts = [always(200, 'null', type)];
    expect(await open().list('data')).toEqual([]);
    server.scripts = [always(404, 'Not Found', { 'content-type': 'text/plain' })];
    expect(await open().list('data')).toEqual([]);
  });

  it('of version 1 get their sizes one by one, in parallel but bounded; what has gone is left out', async () => {
    server.version = 1;
    const files = Array.from({ length: 12 }, (_, i) => patternBytes(100 + i, i + 1));
    for (const file of files) server.files.set(`data/${sha256(file)}`, Buffer.from(file));
    const gone = sha256(files[5] ?? data);
    let running = 0;
    let most = 0;
    server.scripts.push(async ({ method, path }) => {
      if (method !== 'HEAD') return false;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      if (path.endsWith(gone)) server.files.delete(path);
      return false;
    });
    const found = await open({ connections: 4 }).list('data');
    expect(found.map((info) => info.size).sort((a, b) => a - b)).toEqual([
      100, 101, 102, 103, 104, 106, 107, 108, 109, 110, 111,
    ]);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('of packs tell their bytes in one request; those of version 1 tell none', async () => {
    for (const file of [patternBytes(100, 1), patternBytes(23, 2)]) {
      server.files.set(`data/${sha256(file)}`, Buffer.from(file));
    }
    const before = server.seen.length;
    expect(await open().packBytes()).toBe(123);
    server.version = 1;
    expect(await open().packBytes()).toBeUndefined();
    expect(server.seen.length - before).toBe(2);
  });

  it.each([
    '',
    '{',
    '{"a":1}',
    '3',
    '[3]',
    '[{"name":"x"}]',
    '[{"name":1,"size":2}]',
    '[{"name":"x","size":-1}]',
    '[{"name":"x","size":1.5}]',
  ])("that are garbage (%s) are 'server'", async (body) => {
    server.scripts = [always(200, body, { 'content-type': 'application/vnd.x.restic.rest.v2' })];
    await expect(open().list('data')).rejects.toMatchObject({ code: 'server', retryable: true });
  });
});

describe('statuses', () => {
  it.each([
    [400, 'server', false],
    [401, 'unauthorized', false],
    [403, 'forbidden', false],
    [405, 'server', false],
    [408, 'server', true],
    [413, 'server', false],
    [416, 'damaged', false],
    [418, 'server', false],
    [429, 'server', true],
    [500, 'server', true],
    [501, 'server', false],
    [502, 'server', true],
    [503, 'server', true],
    [507, 'no-space', false],
    [511, 'server', false],
  ])('%i of a read is %s, retryable: %s', async (status, code, retryable) => {
    server.scripts = [always(status, 'why not', { 'content-type': 'text/plain' })];
    const message = expect.stringMatching(new RegExp(`reading data/${name.slice(0, 8)} from http.*${status}.*why not`));
    await expect(open().read('data', name)).rejects.toMatchObject({ code, retryable, message, details: { status } });
  });

  it.each([
    [400, 'server', true],
    [401, 'unauthorized', false],
    [403, 'forbidden', false],
    [404, 'not-found', false],
    [411, 'server', false],
    [413, 'server', false],
    [500, 'server', true],
    [507, 'no-space', false],
  ])('%i of an upload is %s, retryable: %s', async (status, code, retryable) => {
    server.scripts = [({ method, ...rest }) => method === 'POST' && always(status)({ method, ...rest })];
    await expect(open().write('data', name, data)).rejects.toMatchObject({ code, retryable });
  });

  it.each([403, 405, 501])("%i of a removal is 'forbidden'", async (status) => {
    server.scripts = [always(status)];
    await expect(open().remove('data', name)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('404 of a removal is success, 403 of an upload of a known name is exists', async () => {
    server.scripts = [always(404)];
    await open().remove('data', name);
    server.scripts = [];
    server.files.set(`data/${name}`, Buffer.from(data));
    await expect(open().write('data', name, data)).rejects.toMatchObject({ code: 'exists' });
  });

  it('says whether credentials were sent with a 401, and never shows them', async () => {
    server.scripts = [always(401)];
    await expect(open().list('keys')).rejects.toMatchObject({ message: expect.stringContaining('none are set') });
    const backend = open({ url: server.url.replace('//', '//ann:hunter2@') });
    const message = expect.stringMatching(/^(?!.*hunter2).*password is wrong/);
    await expect(backend.list('keys')).rejects.toMatchObject({ message });
  });

  it('keeps the connection after an error, and survives a long error page', async () => {
    server.scripts = [always(500, 'x'.repeat(5_000_000))];
    const backend = open();
    await expect(backend.read('data', name)).rejects.toMatchObject({ code: 'server' });
    await expect(backend.read('data', name)).rejects.toMatchObject({ code: 'server' });
  });

  it.each([301, 302, 307, 308])('%i, a redirect, is refused with its target', async (status) => {
    server.scripts = [always(status, '', { location: 'https://u:hunter2@elsewhere.example/x/' })];
    const message = expect.stringMatching(/^(?!.*hunter2).*redirect to https:\/\/\*\*\*@elsewhere\.example\/x\//);
    const calls = [open().list('data'), open().read('data', name), open().write('data', name, data), open().create()];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'server', retryable: false, message } });
    }
  });

  it('tells a web page (of a captive portal) from an answer, for every call', async () => {
    server.scripts = [
      always(200, '\n<!DOCTYPE html><html>Welcome</html>', { 'content-type': 'text/html; charset=utf-8' }),
    ];
    const backend = open();
    const calls = [
      backend.list('data'),
      backend.read('data', name),
      backend.read('config', ''),
      backend.create(),
      backend.write('data', name, data),
      backend.remove('data', name),
      backend.read('data', name, { offset: 0, length: 9 }),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ reason: { code: 'server', message: expect.stringContaining('web page') } });
    }
    server.scripts = [always(404, '<html>no such page', { 'content-type': 'text/html' })];
    await expect(backend.list('data')).rejects.toMatchObject({ code: 'server' });
  });

  it('reads a pack that a server takes for a web page', async () => {
    const body = Buffer.concat([Buffer.from('<A >'), patternBytes(100)]);
    server.scripts = [always(200, body, { 'content-type': 'text/html; charset=utf-8' })];
    expect(await open().read('data', name)).toEqual(new Uint8Array(body));
  });
});

describe('bodies', () => {
  const range = { offset: 100, length: 1000 };

  it('of a server without ranges are cut out of the whole', async () => {
    server.scripts = [always(200, Buffer.from(data))];
    expect(await open().read('data', name, range)).toEqual(data.slice(100, 1100));
    await expect(open().read('data', name, { offset: 299_999, length: 2 })).rejects.toMatchObject({ code: 'damaged' });
  });

  it('that are shorter or longer than the range are errors', async () => {
    const headers = { 'content-range': 'bytes 100-1099/300000' };
    server.scripts = [always(206, Buffer.from(data.subarray(100, 1000)), headers)];
    await expect(open().read('data', name, range)).rejects.toMatchObject({ code: 'server', retryable: true });
    server.scripts = [always(206, Buffer.from(data.subarray(100, 1000)), { 'content-range': 'bytes 100-999/1000' })];
    await expect(open().read('data', name, range)).rejects.toMatchObject({ code: 'damaged', retryable: false });
    server.scripts = [always(206, Buffer.from(data.subarray(100, 1200)), headers)];
    await expect(open().read('data', name, range)).rejects.toMatchObject({ code: 'server' });
  });

  it('that never end are cut off', async () => {
    let sent = 0;
    server.scripts = [
      async ({ response }) => {
        response.writeHead(206, { 'content-range': 'bytes 100-1099/300000' });
        while (!response.destroyed && sent < 500) {
          await new Promise((resolve) => response.write(Buffer.alloc(65_536), resolve));
          sent++;
        }
        response.end();
        return true;
      },
    ];
    const error = { code: 'server', retryable: false, message: expect.stringContaining('longer than the 1000 bytes') };
    await expect(open().read('data', name, range)).rejects.toMatchObject(error);
    expect(sent).toBeLessThan(500);
  });

  it.each([0, 1, 65_536, 299_999])(
    'that are cut after %i bytes are unreachable, never a short result',
    async (length) => {
      server.scripts = [
        ({ response }) => {
          response.writeHead(200, { 'content-length': data.length });
          response.write(data.subarray(0, length), () => setTimeout(() => response.destroy(), 5));
          return true;
        },
      ];
      await expect(open().read('data', name)).rejects.toMatchObject({ code: 'unreachable', retryable: true });
    },
  );

  it('that stand still are given up by the watchdog, those that only crawl are not', async () => {
    let pieces = 3; // of 8, one every 150 ms: more than the limit in all
    server.scripts = [
      async ({ response }) => {
        response.writeHead(200, { 'content-length': 8000 });
        for (let i = 0; i < pieces; i++) {
          response.write(data.subarray(i * 1000, i * 1000 + 1000));
          await new Promise((resolve) => setTimeout(resolve, 150));
        }
        return true;
      },
    ];
    const backend = open({ stallTimeoutMs: 1000 });
    const message = expect.stringContaining('stood still');
    await expect(backend.read('data', name)).rejects.toMatchObject({ code: 'unreachable', retryable: true, message });
    pieces = 8;
    expect(await backend.read('data', name)).toEqual(data.slice(0, 8000));
  });

  it('of uploads that the server stops reading are given up, slow ones are not', async () => {
    const large = patternBytes(24_000_000);
    let stop = true;
    server.scripts = [
      async ({ request, response }) => {
        let [received, pauseAt] = [0, 0];
        for await (const chunk of request) {
          received += chunk.length;
          if (stop) await new Promise(() => {});
          if (received < pauseAt) continue;
          pauseAt += 4_000_000;
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        response.end();
        return true;
      },
    ];
    const backend = open({ stallTimeoutMs: 1000 });
    const error = { code: 'unreachable', retryable: true, message: expect.stringContaining('no progress') };
    await expect(backend.write('data', sha256(large), large)).rejects.toMatchObject(error);
    stop = false;
    await backend.write('data', sha256(large), large);
  });

  it('may be refused before they were sent whole', async () => {
    const large = patternBytes(24_000_000);
    server.scripts = [
      ({ response, method }) => {
        if (method === 'POST') response.writeHead(507, { connection: 'close' }).end();
        return method === 'POST';
      },
    ];
    await expect(open().write('data', sha256(large), large)).rejects.toMatchObject({ code: 'no-space' });
  });
});

describe('servers that cannot be reached', () => {
  it('refuse the connection', async () => {
    const backend = open({ url: `http://127.0.0.1:${await freePort()}/` });
    const message = expect.stringContaining('connection refused');
    await expect(backend.list('keys')).rejects.toMatchObject({ code: 'unreachable', retryable: true, message });
  });

  it('have no name', async () => {
    const backend = open({ url: 'http://no-such-host.invalid/' });
    await expect(backend.list('keys')).rejects.toMatchObject({ code: 'unreachable', retryable: true });
  });

  it('never answer, or only begin to', async () => {
    const silent = createTcpServer((socket) => socket.on('error', () => {}).write('HTTP/1.1 200 OK\r\ncontent-le'));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const begun = performance.now();
    const limits = { headersTimeoutMs: 300, stallTimeoutMs: 300 };
    const backend = open({ url: `http://127.0.0.1:${port}/`, ...limits });
    await expect(backend.list('keys')).rejects.toMatchObject({ code: 'unreachable', retryable: true });
    await expect(backend.write('data', name, data)).rejects.toMatchObject({ code: 'unreachable', retryable: true });
    expect(performance.now() - begun).toBeLessThan(8000);
    await backend.close();
    silent.close();
  });

  it('cut the connection instead of answering', async () => {
    server.scripts = [({ response }) => response.destroy() !== undefined];
    await expect(open().list('keys')).rejects.toMatchObject({ code: 'unreachable', retryable: true });
    await expect(open().write('data', name, data)).rejects.toMatchObject({ code: 'unreachable', retryable: true });
  });

  it('do not speak HTTP', async () => {
    const other = createTcpServer((socket) => socket.on('error', () => {}).end('220 mail.example ESMTP\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const backend = open({ url: `http://127.0.0.1:${port}/` });
    await expect(backend.list('keys')).rejects.toMatchObject({
      code: 'server',
      message: expect.stringContaining('not HTTP'),
    });
    other.close();
  });
});

describe('the signal', () => {
  it('ends every kind of call at once: waiting for an answer, in a body, in the queue', async () => {
    server.scripts = [
      ({ method, path, response }) => {
        if (method === 'GET' && path.startsWith('data/')) {
          response.writeHead(200, { 'content-length': 1000 });
          response.write('x');
        }
        return true;
      },
    ];
    const backend = open({ connections: 6, headersTimeoutMs: 60_000, stallTimeoutMs: 60_000 });
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const calls = [
      backend.create(options),
      backend.list('keys', options),
      backend.stat('keys', name, options),
      backend.read('data', name, undefined, options),
      backend.write('data', name, data, options),
      backend.remove('data', name, options),
      backend.list('index', options),
      backend.list('locks', options),
    ];
    const settled = Promise.allSettled(calls);
    setTimeout(() => controller.abort(), 100);
    const begun = performance.now();
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'aborted', retryable: false } });
    }
    expect(performance.now() - begun).toBeLessThan(5000);
    server.scripts = [];
    expect(await backend.list('keys')).toEqual([]);
  });
});

describe('the clock', () => {
  it('is compared with the Date of the last answer', async () => {
    server.scripts = [always(200, '[]', { date: 'Sun, 22 Nov 2026 08:00:00 GMT' })];
    const backend = open({ now: () => Date.UTC(2026, 10, 22, 7, 50, 0) });
    expect(backend.clockSkewMs()).toBeUndefined();
    await backend.list('keys');
    expect(backend.clockSkewMs()).toBe(10 * 60_000 + 500);
  });
});

describe('close', () => {
  it('ends what is running, and forbids what follows', async () => {
    server.scripts = [() => true];
    const backend = open({ headersTimeoutMs: 60_000 });
    const running = expect(backend.list('keys')).rejects.toMatchObject({ code: 'internal' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await backend.close();
    await running;
    await expect(backend.list('keys')).rejects.toMatchObject({ code: 'internal' });
    await backend.close();
  });

  it('stores nothing twice when a server answers the same path with another file', async () => {
    server.files.set('config', Buffer.from('theirs'));
    const backend = open();
    await expect(backend.write('config', '', utf8('ours'))).rejects.toMatchObject({ code: 'exists' });
    expect(await backend.read('config', '')).toEqual(utf8('theirs'));
  });
});
