/** TLS and proxies. The certificates come from fixtures/tls (see make.sh there). */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Agent } from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RestBackend, RestOptions } from '../../src/backend/rest.js';
import { restBackend } from '../../src/backend/rest.js';
import { utf8 } from '../../src/base/bytes.js';
import type { ScriptedServer } from './scripted-server.js';
import { scriptedServer } from './scripted-server.js';

const pem = (name: string): string => readFileSync(join('fixtures', 'tls', `${name}.pem`), 'utf8');
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function tlsServer(certificate: string): Promise<ScriptedServer> {
  const options = { cert: pem(`${certificate}.cert`), key: pem(`${certificate}.key`) };
  const server = await scriptedServer((listener) => createHttpsServer(options, listener));
  cleanups.push(() => server.close());
  return server;
}

function open(options: RestOptions): RestBackend {
  const backend = restBackend({ headersTimeoutMs: 2000, connectTimeoutMs: 2000, ...options });
  cleanups.push(() => backend.close());
  return backend;
}

describe('TLS', () => {
  it('works with the authority that was given', async () => {
    const { port } = await tlsServer('good');
    const backend = open({ url: `https://localhost:${port}/repo/`, ca: pem('good.cert') });
    await backend.write('config', '', utf8('hello'));
    expect(await backend.read('config', '')).toEqual(utf8('hello'));
  });

  it.each([
    ['good', undefined, 'signed by itself'],
    ['expired', 'expired', 'expired'],
    ['other-host', 'other-host', 'other host names'],
  ])('refuses the certificate %s and says why', async (certificate, ca, reason) => {
    const { port } = await tlsServer(certificate);
    const backend = open({ url: `https://127.0.0.1:${port}/repo/`, ca: ca && pem(`${ca}.cert`) });
    const error = { code: 'tls', retryable: false, message: expect.stringContaining(reason) };
    await expect(backend.list('keys')).rejects.toMatchObject(error);
  });

  it('takes any certificate where it is told to', async () => {
    const { port } = await tlsServer('expired');
    const backend = open({ url: `https://127.0.0.1:${port}/repo/`, insecureTls: true });
    expect(await backend.list('keys')).toEqual([]);
  });

  it('shows the client certificate that it was given', async () => {
    const names: string[] = [];
    const ask = { cert: pem('good.cert'), key: pem('good.key'), requestCert: true, rejectUnauthorized: false };
    const server = await scriptedServer((listener) => {
      const https = createHttpsServer(ask, listener);
      return https.on('secureConnection', (socket) => names.push(socket.getPeerCertificate().fingerprint256 ?? 'none'));
    });
    cleanups.push(() => server.close());
    const url = `https://localhost:${server.port}/repo/`;
    const ca = pem('good.cert');
    await open({ url, ca }).list('keys');
    await open({ url, ca, clientCert: `${pem('good.cert')}\n${pem('good.key')}` }).list('keys');
    expect(names).toEqual(['none', new X509Certificate(pem('good.cert')).fingerprint256]);
  });

  it('to a plain port, and plain HTTP to a TLS port, say what is wrong', async () => {
    const plain = await scriptedServer();
    cleanups.push(() => plain.close());
    const tls = open({ url: `https://127.0.0.1:${plain.port}/repo/` });
    const message = expect.stringContaining('http://');
    await expect(tls.list('keys')).rejects.toMatchObject({ code: 'tls', retryable: false, message });
    const { port } = await tlsServer('good');
    const code = expect.stringMatching(/^(server|unreachable)$/);
    await expect(open({ url: `http://127.0.0.1:${port}/repo/` }).list('keys')).rejects.toMatchObject({ code });
  });
});

/** A proxy that counts what it passes on: requests with whole addresses, and tunnels, all led to one port. */
async function proxy(target: number): Promise<{ url: string; passed: string[] }> {
  const passed: string[] = [];
  const server = createHttpServer((request, response) => {
    passed.push(`${request.method} ${request.url}`);
    response.end('[]');
  });
  server.on('connect', (request, client) => {
    passed.push(`CONNECT ${request.url}`);
    const upstream = connect(target, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, passed };
}

function proxyEnv(url: string): void {
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'NO_PROXY']) vi.stubEnv(name, undefined);
  vi.stubEnv('HTTP_PROXY', url);
  vi.stubEnv('HTTPS_PROXY', url);
}

describe('proxies', () => {
  it('get plain requests with the whole address', async () => {
    const { url, passed } = await proxy(1);
    proxyEnv(url);
    expect(await open({ url: 'http://mine.example:8000/repo/' }).list('keys')).toEqual([]);
    expect(passed).toEqual(['GET http://mine.example:8000/repo/keys/']);
  });

  it('tunnel TLS, which still checks the name of the server', async () => {
    const { port } = await tlsServer('other-host');
    const { url, passed } = await proxy(port);
    proxyEnv(url);
    const ca = pem('other-host.cert');
    expect(await open({ url: 'https://other.example/repo/', ca }).list('keys')).toEqual([]);
    expect(passed).toEqual(['CONNECT other.example:443']);
    await expect(open({ url: 'https://mine.example/repo/', ca }).list('keys')).rejects.toMatchObject({ code: 'tls' });
  });

  it('are not used for this computer, nor for a host in NO_PROXY, nor with a dispatcher of the embedder', async () => {
    const server = await scriptedServer();
    cleanups.push(() => server.close());
    const { url, passed } = await proxy(server.port);
    proxyEnv(url);
    expect(await open({ url: server.url }).list('keys')).toEqual([]);
    vi.stubEnv('NO_PROXY', '.invalid');
    await expect(open({ url: 'http://mine.invalid/' }).list('keys')).rejects.toMatchObject({ code: 'unreachable' });
    const dispatcher = new Agent();
    cleanups.push(() => dispatcher.close());
    const backend = open({ url: 'http://mine.invalid/', dispatcher });
    await expect(backend.list('keys')).rejects.toMatchObject({ code: 'unreachable' });
    await backend.close();
    expect(dispatcher.closed).toBe(false);
    expect(passed).toEqual([]);
  });
});
