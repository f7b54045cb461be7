/**
 * Servers as a player meets them on a bad day, each on a free port of loopback and gone with the test file:
 *   blackHole()        takes the connection and never says a word
 *   answering(...)     one answer to everything: a portal's page, 503, a redirect
 *   between(url, bend) a proxy in front of a good server, which may bend single requests
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';
import type { Server, Socket } from 'node:net';
import { createServer as createSocketServer } from 'node:net';
import { afterAll } from 'vitest';

export interface BadServer {
  /** With a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** "GET /ann/…/snapshots/", in the order in which they came. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

const open = new Set<BadServer>();

afterAll(async () => {
  await Promise.all([...open].map((server) => server.close()));
});

export function blackHole(): Promise<BadServer> {
  return started(
    createSocketServer(() => undefined),
    [],
  );
}

/** A port on which nobody listens (any more). */
export async function closedPort(): Promise<number> {
  const server = await blackHole();
  await server.close();
  return server.port;
}

export interface FixedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly delayMs?: number;
}

export function answering({ status, headers = {}, body = '', delayMs = 0 }: FixedAnswer): Promise<BadServer> {
  return listening((message, response) => {
    message.resume();
    setTimeout(() => response.writeHead(status, headers).end(body), delayMs);
  });
}

/** Gets a request before the good server does; an answer keeps it from getting there. */
export type Bend = (method: string, path: string) => FixedAnswer | undefined;

export function between(url: string, bend: Bend): Promise<BadServer> {
  return listening((message, response) => {
    const { method = '', url: path = '' } = message;
    const bent = bend(method, path);
    if (bent === undefined) pass(new URL(path, url), message, response);
    else {
      message.resume();
      message.once('end', () => response.writeHead(bent.status, { ...bent.headers }).end(bent.body));
    }
  });
}

function pass(target: URL, message: IncomingMessage, response: ServerResponse): void {
  const { method, headers } = message;
  const onward = request(target, { method: method ?? 'GET', headers: { ...headers, host: target.host } }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.once('error', () => response.destroy());
  message.pipe(onward);
}

function listening(listener: RequestListener): Promise<BadServer> {
  const seen: string[] = [];
  const server = createServer((message, response) => {
    seen.push(`${message.method} ${message.url}`);
    listener(message, response);
  });
  return started(server, seen);
}

async function started(server: Server, seen: readonly string[]): Promise<BadServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  const bad: BadServer = {
    url: `http://127.0.0.1:${address.port}/`,
    port: address.port,
    seen,
    close: async () => {
      open.delete(bad);
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
  open.add(bad);
  return bad;
}
