/** A client that may lie about everything, as no browser lets a page do. */
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import type { PageWindow } from '../../../src/ui/server/window-types.js';

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** Of a refusal. */
  readonly code: string | undefined;
}

/** Origin and token of a window's address. */
export function partsOf({ address }: Pick<PageWindow, 'address'>): { readonly origin: string; readonly token: string } {
  const { origin, hash } = new URL(address);
  return { origin, token: hash.replace('#t=', '') };
}

/** The headers that the page's own script sends with a write; undefined takes one away. */
export function ownHeaders(origin: string): Record<string, string> {
  return { origin, 'content-type': 'application/json', 'x-instance-sync': '1', 'sec-fetch-site': 'same-origin' };
}

/** Sends a request and does not wait for the end of its answer. */
export function begin(address: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const sent = request(address, { method, headers: Object.fromEntries(given), agent: false }, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

export async function ask(address: string, asked: Asked = {}): Promise<Answered> {
  const response = await begin(address, asked);
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return { status: response.statusCode ?? 0, headers: response.headers, text, code: codeOf(text) };
}

function codeOf(text: string): string | undefined {
  return /^\{"error":\{"code":"([a-z-]+)"/.exec(text)?.[1];
}

/** Exchanges the token as the page does. Returns the `Cookie` header for what follows. */
export async function enter(window: Pick<PageWindow, 'address'>): Promise<string> {
  const { origin, token } = partsOf(window);
  const body = JSON.stringify({ token });
  const { status, headers } = await ask(`${origin}/api/session`, { method: 'POST', headers: ownHeaders(origin), body });
  const [cookie] = headers['set-cookie'] ?? [];
  if (status !== 200 || cookie === undefined) throw new Error(`no session: ${status}`);
  return cookie.split(';')[0] ?? '';
}

export interface Stream {
  /** The next event's data; undefined at the end of the stream. */
  next(): Promise<unknown>;
  /** Goes away, as a closed page does. */
  leave(): void;
}

export async function listen(origin: string, cookie: string): Promise<Stream> {
  const response = await begin(`${origin}/api/events`, { headers: { cookie } });
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${JSON.stringify(await json(response))}`);
  const chunks = response.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let text = '';
  const next = async (): Promise<unknown> => {
    const [, data] = /^data: ([^\n]*)\n\n/m.exec(text) ?? [];
    if (data !== undefined) {
      text = text.slice(text.indexOf(data) + data.length);
      return JSON.parse(data);
    }
    const { done, value } = await chunks.next();
    if (done) return undefined;
    text += value.toString();
    return next();
  };
  return { next, leave: () => response.destroy() };
}
