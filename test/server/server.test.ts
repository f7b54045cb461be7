import { mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AccessLogEntry, startServer } from '../../src/server/server.js';
import { onPosix } from '../helpers/only-where.js';
import { filesBelow, startFixture, temporaryFolder, until } from './fixture.js';
import { ask, basic, sha256 } from './http.js';
import { SCENARIOS } from './request-table.js';
import { runScenario } from './table-runner.js';
import { TEST_CERT, TEST_KEY } from './tls-pair.js';

const MISSING = '0'.repeat(64);

/** A bare connection, so that a request can be left half-way. */
function dial(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.once('error', reject);
    socket.on('error', () => undefined); // cuts are what these tests are about
    onTestFinished(() => void socket.destroy());
  });
}

/** All that arrives until the connection ends. */
function drain(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}

const head = (path: string, more: string): string => `POST ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n\r\n`;

describe('the request table', () => {
  it.each(SCENARIOS)('$title', async (scenario) => {
    const { appendOnly = false, privateRepos = false, htpasswd, maxSize } = scenario;
    const limit = maxSize === undefined ? {} : { maxSize };
    const { url } = await startFixture({ appendOnly, privateRepos, htpasswd, ...limit });
    expect(await runScenario(url, scenario)).toEqual([]);
  });
});

describe('the disk', () => {
  it('has the layout of rest-server, for the owner only', async () => {
    const { url, path } = await startFixture();
    await ask(url, { method: 'POST', path: '/a/b/?create=true' });
    await ask(url, { method: 'POST', path: '/a/b/config', body: 'c' });
    for (const type of ['data', 'keys']) {
      await ask(url, { method: 'POST', path: `/a/b/${type}/${sha256('x')}`, body: 'x' });
    }
    const id = sha256('x');
    expect(await filesBelow(path)).toEqual(['a/b/config', `a/b/data/${id.slice(0, 2)}/${id}`, `a/b/keys/${id}`]);
    for (const folder of ['data/00', 'data/ff', 'index', 'keys', 'locks', 'snapshots']) {
      expect((await stat(join(path, 'a', 'b', folder))).isDirectory()).toBe(true);
    }
    if (process.platform === 'win32') return;
    expect((await stat(join(path, 'a', 'b', 'keys', id))).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, 'a', 'b', 'data'))).mode & 0o777).toBe(0o700);
  });

  it('lists no parts and nothing else that is not an object, and removes parts a day old', async () => {
    const { url, path } = await startFixture();
    await ask(url, { method: 'POST', path: '/?create=true' });
    const id = sha256('x');
    await ask(url, { method: 'POST', path: `/data/${id}`, body: 'x' });
    const shard = join(path, 'data', id.slice(0, 2));
    const [fresh, old] = [join(shard, `${id}.part-0123456789abcdef`), join(shard, `${id}.part-fedcba9876543210`)];
    for (const file of [
      fresh,
      old,
      join(shard, `${id}.rest-server-temp1`),
      join(shard, 'x'),
      join(path, 'data', 'y'),
    ]) {
      await writeFile(file, 'x');
    }
    await mkdir(join(shard, MISSING));
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    await utimes(old, yesterday, yesterday);
    expect((await ask(url, { method: 'GET', path: '/data/' })).text).toBe(`["${id}"]`);
    const left = (await filesBelow(shard)).filter((name) => name.includes('.part-'));
    expect(left).toEqual([`${id}.part-0123456789abcdef`]);
  });

  it('keeps many megabytes byte for byte, and gives any range of them', async () => {
    const { url } = await startFixture();
    const data = Buffer.alloc(9_000_001);
    for (let i = 0; i < data.length; i += 4)
      data.writeUInt32LE((i * 2_654_435_761) % 2 ** 32, Math.min(i, data.length - 4));
    const path = `/data/${sha256(data)}`;
    expect((await ask(url, { method: 'POST', path, body: data })).status).toBe(200);
    expect((await ask(url, { method: 'GET', path })).body.equals(data)).toBe(true);
    const part = await ask(url, { method: 'GET', path, headers: { Range: 'bytes=4194303-8388609' } });
    expect(part.body.equals(data.subarray(4_194_303, 8_388_610))).toBe(true);
  });
});

describe('uploads', () => {
  it('of one name at the same time: one is stored, the others are refused', async () => {
    const { url, path } = await startFixture();
    const data = 'p'.repeat(300_000);
    const post = { method: 'POST', path: `/data/${sha256(data)}`, body: data };
    for (const target of [post, { method: 'POST', path: '/config', body: data }]) {
      await ask(url, { method: 'POST', path: '/?create=true' });
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask(url, target)));
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([200, 403, 403, 403, 403, 403, 403, 403]);
      expect((await ask(url, { method: 'GET', path: target.path })).text).toBe(data);
      // A body where none belongs is passed over.
      expect((await ask(url, { ...target, method: 'GET' })).text).toBe(data);
    }
    expect((await filesBelow(path)).filter((name) => name.includes('.part-'))).toEqual([]);
  });

  it('that both passed the first look are decided at the end', async () => {
    const { url, path } = await startFixture();
    const id = sha256('slow');
    const first = await dial(url);
    const answer = drain(first);
    first.write(`${head(`/keys/${id}`, 'Connection: close\r\nContent-Length: 4')}slo`);
    await until(async () => (await filesBelow(path)).length === 1);
    expect((await ask(url, { method: 'POST', path: `/keys/${id}`, body: 'slow' })).status).toBe(200);
    first.write('w');
    expect(await answer).toMatch(/^HTTP\/1.1 403 /);
    expect(await filesBelow(path)).toEqual([`keys/${id}`]);
  });

  it('that break off leave nothing, and give back their share of the maximum', async () => {
    const log: AccessLogEntry[] = [];
    const { url, path } = await startFixture({ maxSize: 1000, onRequest: (entry) => log.push(entry) });
    const socket = await dial(url);
    socket.write(`${head(`/data/${sha256('x')}`, 'Content-Length: 900')}${'x'.repeat(100)}`);
    await until(async () => (await filesBelow(path)).length === 1);
    const other = { method: 'POST', path: `/keys/${sha256('y'.repeat(200))}`, body: 'y'.repeat(200) };
    expect((await ask(url, other)).status).toBe(507);
    socket.destroy();
    await until(() => log.some(({ status }) => status === 499));
    expect(await filesBelow(path)).toEqual([]);
    expect((await ask(url, other)).status).toBe(200);
  });

  it('without an announced length are stopped at the maximum, and the client is told', async () => {
    const { url, path } = await startFixture({ maxSize: 100_000 });
    const socket = await dial(url);
    const answer = drain(socket);
    socket.write(head(`/data/${MISSING}`, 'Transfer-Encoding: chunked'));
    for (let i = 0; i < 20; i++) socket.write(`2710\r\n${'z'.repeat(10_000)}\r\n`);
    expect(await answer).toMatch(/^HTTP\/1.1 507 [\s\S]*Insufficient Storage\n$/);
    expect(await filesBelow(path)).toEqual([]);
  });

  it('that are refused are not read: the answer comes at once, and the connection ends', async () => {
    const { url } = await startFixture({ htpasswd: '' });
    const socket = await dial(url);
    const answer = drain(socket);
    socket.write(head(`/data/${MISSING}`, 'Content-Length: 10000000000'));
    socket.write(Buffer.alloc(1_000_000));
    expect(await answer).toMatch(/^HTTP\/1.1 401 [\s\S]*Unauthorized\n$/);
  });

  it('that ask first are invited only if they are wanted', async () => {
    const { url } = await startFixture();
    const exchange = async (): Promise<string> => {
      const socket = await dial(url);
      const answer = drain(socket);
      const more = 'Connection: close\r\nExpect: 100-continue\r\nContent-Length: 1';
      socket.write(`${head(`/keys/${sha256('x')}`, more)}x`);
      return answer;
    };
    expect(await exchange()).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
    expect(await exchange()).toMatch(/^HTTP\/1.1 403 /);
  });
});

describe('stuck clients', () => {
  it('are cut when nothing moves, and what they uploaded is gone', async () => {
    const { url, path } = await startFixture({ idleTimeoutMs: 150 });
    const socket = await dial(url);
    const answer = drain(socket);
    socket.write(`${head(`/data/${MISSING}`, 'Content-Length: 10')}x`);
    await until(async () => (await filesBelow(path)).length === 1);
    expect(await answer).toBe('');
    await until(async () => (await filesBelow(path)).length === 0);
  });

  it('may take their time as long as something moves', async () => {
    const { url } = await startFixture({ idleTimeoutMs: 200 });
    const socket = await dial(url);
    const answer = drain(socket);
    socket.write(head(`/data/${sha256('a'.repeat(8))}`, 'Connection: close\r\nContent-Length: 8'));
    for (let i = 0; i < 8; i++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      socket.write('a');
    }
    expect(await answer).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('closing', () => {
  it('lets a running request end', async () => {
    const { url, close, path } = await startFixture({ closeGraceMs: 5_000 });
    const socket = await dial(url);
    const answer = drain(socket);
    socket.write(`${head(`/keys/${sha256('ab')}`, 'Content-Length: 2')}a`);
    await until(async () => (await filesBelow(path)).length === 1);
    const closed = close();
    await expect(dial(url)).rejects.toThrow();
    socket.write('b');
    await closed;
    expect(await answer).toMatch(/^HTTP\/1.1 200 /);
    expect(await filesBelow(path)).toEqual([`keys/${sha256('ab')}`]);
  });

  it('cuts what does not end, and cleans up before it is done', async () => {
    const { url, close, path } = await startFixture({ closeGraceMs: 100 });
    const socket = await dial(url);
    socket.write(`${head(`/keys/${MISSING}`, 'Content-Length: 2')}a`);
    await until(async () => (await filesBelow(path)).length === 1);
    const begun = performance.now();
    await Promise.all([close(), close()]);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(await filesBelow(path)).toEqual([]);
  });

  it('follows the signal', async () => {
    const controller = new AbortController();
    const { url } = await startFixture({ signal: controller.signal });
    controller.abort();
    await until(() =>
      ask(url, { method: 'GET', path: '/' }).then(
        () => false,
        () => true,
      ),
    );
    await expect(startFixture({ signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('startServer', () => {
  it('refuses to start without a password file, or with a contradiction', async () => {
    const path = await temporaryFolder();
    const start = startServer({ path, listen: '127.0.0.1:0' });
    await expect(start).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('.htpasswd') });
    const open = startServer({ path, noAuth: true, privateRepos: true });
    await expect(open).rejects.toMatchObject({ code: 'usage' });
    for (const maxSize of [0, -1, 1.5, Number.NaN]) {
      await expect(startServer({ path, noAuth: true, maxSize })).rejects.toMatchObject({ code: 'usage' });
    }
  });

  it('refuses a path that is a file, and makes one that is missing', async () => {
    const path = await temporaryFolder();
    await writeFile(join(path, 'file'), '');
    for (const wrong of [join(path, 'file'), join(path, 'file', 'below')]) {
      await expect(startFixture({ path: wrong })).rejects.toMatchObject({ code: 'usage' });
    }
    const made = await startFixture({ path: join(path, 'new', 'folder') });
    expect((await ask(made.url, { method: 'POST', path: '/a/?create=true' })).status).toBe(200);
  });

  it('names the address that is taken or wrong', async () => {
    const { address } = await startFixture();
    const listen = `127.0.0.1:${address.port}`;
    await expect(startFixture({ listen })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(listen),
    });
    for (const wrong of ['8000', 'localhost', '127.0.0.1:x', '127.0.0.1:70000', 'a b:1', '::1:80']) {
      await expect(startFixture({ listen: wrong })).rejects.toMatchObject({ code: 'usage' });
    }
  });

  it('counts what is there already towards the maximum', async () => {
    const first = await startFixture({ maxSize: 1000 });
    const [a, b] = ['a'.repeat(600), 'b'.repeat(600)];
    expect((await ask(first.url, { method: 'POST', path: `/keys/${sha256(a)}`, body: a })).status).toBe(200);
    await first.close();
    const second = await startFixture({ path: first.path, maxSize: 1000 });
    expect((await ask(second.url, { method: 'POST', path: `/keys/${sha256(b)}`, body: b })).status).toBe(507);
  });

  it('tells about each request, without passwords', async () => {
    const log: AccessLogEntry[] = [];
    const htpasswd = 'al:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n';
    const { url } = await startFixture({ htpasswd, onRequest: (entry) => log.push(entry) });
    const headers = basic('al', 'secret');
    const file = `/keys/${sha256('xyz')}`;
    await ask(url, { method: 'POST', path: `http://al:secret@host${file}?token=secret`, headers, body: 'xyz' });
    await until(() => log.length === 1);
    await ask(url, { method: 'GET', path: file, headers });
    await until(() => log.length === 2);
    await ask(url, { method: 'GET', path: file, headers: basic('al', 'wrong') });
    await until(() => log.length === 3);
    const common = { path: file, remoteAddress: '127.0.0.1', ms: expect.any(Number) };
    expect(log).toEqual([
      { ...common, method: 'POST', status: 200, user: 'al', bytes: 0, received: 3 },
      { ...common, method: 'GET', status: 200, user: 'al', bytes: 3, received: 0 },
      { ...common, method: 'GET', status: 401, bytes: 13, received: 0 },
    ]);
    expect(JSON.stringify(log)).not.toContain('secret');
  });

  onPosix('tells the operator, and not the client, why it failed', async () => {
    const log: AccessLogEntry[] = [];
    const { url, path } = await startFixture({ onRequest: (entry) => log.push(entry) });
    await writeFile(join(path, 'plain'), '');
    const answer = await ask(url, { method: 'GET', path: '/plain/data/' });
    expect(answer).toMatchObject({ status: 500, text: 'Internal Server Error\n' });
    await until(() => log.length === 1);
    expect(log[0]?.failure).toContain(path);
  });

  it('speaks TLS', async () => {
    const path = await temporaryFolder();
    const tls = { certFile: join(path, 'cert.pem'), keyFile: join(path, 'key.pem') };
    await writeFile(tls.certFile, TEST_CERT);
    await expect(startFixture({ path, tls })).rejects.toMatchObject({ code: 'io' });
    await writeFile(tls.keyFile, 'nonsense');
    await expect(startFixture({ path, tls })).rejects.toMatchObject({ code: 'tls' });
    await writeFile(tls.keyFile, TEST_KEY);
    const { url } = await startFixture({ path, tls });
    expect(url).toMatch(/^https:/);
    const status = await new Promise((resolve, reject) => {
      const options = { ca: TEST_CERT, servername: 'localhost', method: 'POST' };
      const sent = secureRequest(`${url}a/?create=true`, options, (response) => resolve(response.resume().statusCode));
      sent.on('error', reject).end();
    });
    expect(status).toBe(200);
  });
});

describe('a download', () => {
  it('that the client leaves does no harm', async () => {
    const { url } = await startFixture();
    const data = Buffer.alloc(8_000_000);
    const path = `/data/${sha256(data)}`;
    await ask(url, { method: 'POST', path, body: data });
    await new Promise<void>((resolve, reject) => {
      const sent = request(`${url.slice(0, -1)}${path}`, (response) => {
        response.once('data', () => {
          response.destroy();
          resolve();
        });
      });
      sent.on('error', reject).end();
    });
    expect((await ask(url, { method: 'HEAD', path })).headers['content-length']).toBe('8000000');
  });
});
