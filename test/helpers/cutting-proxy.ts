/**
 * A proxy in front of a REST server that cuts connections within a request or an answer, at a given byte of the body:
 *   const proxy = await cuttingProxy(server.url)
 *   proxy.follow((exchange) => ({ of: 'answer', at: 'middle' }))
 * It takes a request as a whole before it passes it on, and an answer likewise, so that it knows where the middle is.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll } from 'vitest';

export interface Cut {
  readonly of: 'request' | 'answer';
  /** Of the body; 'lost': not even the head of the answer arrives, though the server has done what it was asked. */
  readonly at: 'first byte' | 'middle' | 'last byte' | 'lost';
}

export const CUTS: readonly Cut[] = [
  { of: 'request', at: 'first byte' },
  { of: 'request', at: 'middle' },
  { of: 'request', at: 'last byte' },
  { of: 'answer', at: 'first byte' },
  { of: 'answer', at: 'middle' },
  { of: 'answer', at: 'last byte' },
  { of: 'answer', at: 'lost' },
];

export interface Exchanged {
  /** "POST /ann/01…/data/0123…" */
  readonly request: string;
  /** How often this request has come before, since the plan was made. */
  readonly repeats: number;
}

/** May also do something to the server; a request that is to be cut waits for it. */
export type CutPlan = (exchange: Exchanged) => Promise<Cut | undefined> | Cut | undefined;

export interface CuttingProxy {
  readonly url: string;
  /** From now on; default: nothing is cut. */
  follow(plan?: CutPlan): void;
  /** To another server from now on. */
  retarget(url: string): void;
  /** Connections cut so far. */
  readonly cuts: number;
}

const closing: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Message {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export async function cuttingProxy(url: string): Promise<CuttingProxy> {
  let target = url;
  let plan: CutPlan = () => undefined;
  const seen = new Map<string, number>();
  const proxy = {
    url: '',
    cuts: 0,
    retarget: (next: string): void => {
      target = next;
    },
    follow: (next: CutPlan = () => undefined): void => {
      plan = next;
      seen.clear();
    },
  };
  const sockets = new Set<Socket>();
  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bytesOf(message);
    const name = `${message.method} ${message.url}`;
    const repeats = seen.get(name) ?? 0;
    seen.set(name, repeats + 1);
    const cut = await plan({ request: name, repeats });
    if (cut?.of === 'request' && body.length > 0) {
      proxy.cuts += 1;
      await sendPart(target, message, body.subarray(0, placeOf(cut, body.length)));
      message.socket.destroy();
      return;
    }
    const answer = await exchange(target, message, body);
    const isEmpty = answer.body.length === 0 || message.method === 'HEAD';
    if (cut?.of !== 'answer' || (isEmpty && cut.at !== 'lost')) {
      response.writeHead(answer.status, answer.headers).end(answer.body);
      return;
    }
    proxy.cuts += 1;
    if (cut.at !== 'lost') {
      const { 'transfer-encoding': _, ...headers } = answer.headers;
      response.writeHead(answer.status, { ...headers, 'content-length': String(answer.body.length) });
      const part = answer.body.subarray(0, placeOf(cut, answer.body.length));
      await new Promise<void>((done) => {
        if (part.length > 0) response.write(part, () => done());
        else {
          response.flushHeaders();
          setImmediate(done);
        }
      });
    }
    message.socket.destroy();
  };
  const server = createServer((message, response) => {
    // The server is away, or a socket broke: the client's breaks too.
    handle(message, response).catch(() => message.socket.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  proxy.url = `http://127.0.0.1:${address.port}/`;
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return proxy;
}

function placeOf({ at }: Cut, length: number): number {
  if (at === 'first byte') return 0;
  return at === 'middle' ? length >> 1 : length - 1;
}

/** The server gets this much of a request, and then the connection breaks. */
async function sendPart(target: string, message: IncomingMessage, part: Buffer): Promise<void> {
  const onward = request(new URL(message.url ?? '', target), {
    method: message.method ?? '',
    headers: message.headers,
  });
  await new Promise<void>((done) => {
    onward.once('error', () => done());
    onward.once('close', () => done());
    onward.flushHeaders();
    if (part.length === 0) onward.once('socket', (socket) => socket.once('connect', () => setTimeout(done, 5)));
    else onward.write(part, () => done());
  });
  onward.destroy();
}

function exchange(target: string, message: IncomingMessage, body: Buffer): Promise<Message> {
  const url = new URL(message.url ?? '', target);
  return new Promise((resolve, reject) => {
    const onward = request(url, { method: message.method ?? '', headers: message.headers, agent: false }, (answer) => {
      bytesOf(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }),
        reject,
      );
    });
    onward.once('error', reject);
    onward.end(body);
  });
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part);
  return Buffer.concat(parts);
}
