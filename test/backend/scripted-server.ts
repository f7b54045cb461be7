/**
 * A REST server in the test's own process, as small as the protocol allows, whose answers a test can bend:
 * each script sees a request first, and says with `true` that it has dealt with it.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export interface Moment {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  /** The number of this request: 1, 2, … */
  readonly count: number;
  /** The request as the server without scripts would deal with it. */
  readonly proceed: () => Promise<void>;
}

export type Script = (moment: Moment) => boolean | Promise<boolean>;

export interface ScriptedServer {
  readonly url: string;
  readonly port: number;
  /** Path under the base ("data/0123…", "config") to content. */
  readonly files: Map<string, Buffer>;
  readonly seen: Seen[];
  scripts: Script[];
  version: 1 | 2;
  appendOnly: boolean;
  close(): Promise<void>;
}

const BASE = '/repo/';

export async function scriptedServer(
  makeServer: (listener: RequestListener) => Server = (listener) => createServer(listener),
): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  const server = makeServer((request, response) => {
    void handle(request, response).catch(() => request.socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const self: ScriptedServer = {
    url: `http://127.0.0.1:${port}${BASE}`,
    port,
    files: new Map(),
    seen: [],
    scripts: [],
    version: 2,
    appendOnly: false,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    const path = (request.url ?? '').slice(BASE.length);
    self.seen.push({ method, path, headers: request.headers });
    const proceed = (): Promise<void> => serve(self, request, response, method, path);
    for (const script of self.scripts) {
      if (await script({ request, response, method, path, count: self.seen.length, proceed })) return;
    }
    await proceed();
  }
  return self;
}

async function serve(
  self: ScriptedServer,
  request: IncomingMessage,
  response: ServerResponse,
  method: string,
  path: string,
): Promise<void> {
  const answer = (status: number, body: Buffer | string = '', headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
    response.end(method === 'HEAD' ? undefined : body);
  };
  const body = await bodyOf(request);
  if (path === '?create=true') return answer(method === 'POST' ? 200 : 405);
  if (method === 'GET' && path.endsWith('/')) {
    const entries = [...self.files].filter(([name]) => name.startsWith(path));
    const list = entries.map(([name, data]) => ({ name: name.slice(path.length), size: data.length }));
    const type = { 'content-type': `application/vnd.x.restic.rest.v${self.version}` };
    return answer(200, JSON.stringify(self.version === 1 ? list.map(({ name }) => name) : list), type);
  }
  const file = self.files.get(path);
  if (method === 'POST') {
    if (file) return answer(403, 'Forbidden', { 'content-type': 'text/plain' });
    const name = path.split('/')[1];
    if (name !== undefined && createHash('sha256').update(body).digest('hex') !== name) return answer(400);
    self.files.set(path, body);
    return answer(200);
  }
  if (method === 'DELETE') {
    if (self.appendOnly && !path.startsWith('locks/')) return answer(403);
    self.files.delete(path);
    return answer(200);
  }
  if (!file) return answer(404, 'Not Found\n', { 'content-type': 'text/plain' });
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (!range || path === 'config') return answer(200, file);
  const [start, end] = [Number(range[1]), Math.min(Number(range[2]), file.length - 1)];
  if (start >= file.length) return answer(416, '', { 'content-range': `bytes */${file.length}` });
  return answer(206, file.subarray(start, end + 1), { 'content-range': `bytes ${start}-${end}/${file.length}` });
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
