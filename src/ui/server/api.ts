/** `/api/…`: the session, the stream of views, pictures, and the handlers by their names. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readJson } from './body.js';
import { pictureReply } from './icon.js';
import type { Pages } from './pages.js';
import { jsonReply, type Reply, refusal, replyToError } from './reply.js';
import type { Session } from './session.js';
import { hasShape, READS, WRITES } from './shapes.js';
import type { WindowOptions } from './window-types.js';

export interface Api {
  readonly options: WindowOptions;
  readonly session: Session;
  readonly pages: Pages;
  /** Fires when the window closes. */
  readonly signal: AbortSignal;
}

const MAX_BODY = 64 * 1024;
/** Choices for thousands of files that differ at a first contact. */
const MAX_ANSWER = 8 * 1024 * 1024;

type Handler = (input: unknown, signal: AbortSignal) => Promise<unknown>;

/** `undefined`: the response is a stream, and stays open. */
export async function answerApi(
  api: Api,
  request: IncomingMessage,
  response: ServerResponse,
  { pathname, searchParams }: URL,
): Promise<Reply | undefined> {
  const name = pathname.slice('/api/'.length);
  if (name === 'session') return openSession(api.session, request);
  if (!api.session.knows(request.headers.cookie)) {
    return refusal(401, 'no-session', 'this page is not known (any more); close it and start the command again');
  }
  if (name === 'ping' || name === 'events' || name === 'icon' || Object.hasOwn(READS, name)) {
    if (request.method !== 'GET') return wrongMethod('GET');
    // Whether the page has a session: a stream that is refused does not say why.
    if (name === 'ping') return jsonReply({});
    if (name === 'events') return openStream(api.pages, response);
    const gone = signalOf(response, api.signal);
    return name === 'icon' ? pictureReply(api.options.icon, searchParams, gone) : read(api, name, searchParams, gone);
  }
  if (!Object.hasOwn(WRITES, name)) return notFound();
  return request.method === 'POST' ? write(api, name, request) : wrongMethod('POST');
}

async function openSession(session: Session, request: IncomingMessage): Promise<Reply> {
  if (request.method !== 'POST') return wrongMethod('POST');
  const body = await readJson(request, MAX_BODY);
  if ('refused' in body) return body.refused;
  const { value } = body;
  const token = typeof value === 'object' && value !== null && 'token' in value ? value.token : undefined;
  const cookie = typeof token === 'string' ? session.open(token) : undefined;
  if (cookie !== undefined) return jsonReply({}, { 'Set-Cookie': cookie });
  return refusal(401, 'no-session', 'this address has been used, or is too old; start the command again');
}

function openStream(pages: Pages, response: ServerResponse): Reply | undefined {
  return pages.add(response) ? undefined : refusal(429, 'usage', 'this page is open too many times');
}

async function read(api: Api, name: string, query: URLSearchParams, signal: AbortSignal): Promise<Reply> {
  const input = Object.fromEntries(query);
  // A name that is given twice would otherwise hide what was checked behind what is used.
  if ([...query].length !== Object.keys(input).length) return misshapen();
  return hasShape(input, shapeOf(READS, name)) ? call(api, name, input, signal) : misshapen();
}

/** A write goes on if its page is closed meanwhile: what it began is not left half done. */
async function write(api: Api, name: string, request: IncomingMessage): Promise<Reply> {
  const body = await readJson(request, name === 'answer' ? MAX_ANSWER : MAX_BODY);
  if ('refused' in body) return body.refused;
  if (!hasShape(body.value, shapeOf(WRITES, name))) return misshapen();
  // A goodbye is always heard; its stream ends by itself.
  if (name === 'bye' && api.options.handlers.bye === undefined) return jsonReply({});
  return call(api, name, body.value, api.signal);
}

async function call({ options }: Api, name: string, input: unknown, signal: AbortSignal): Promise<Reply> {
  const handler = new Map(Object.entries(options.handlers)).get(name) as Handler | undefined;
  if (handler === undefined) return notFound();
  try {
    return jsonReply(await handler(input, signal));
  } catch (error) {
    return replyToError(error);
  }
}

type Shape = Parameters<typeof hasShape>[1];

function shapeOf(table: Readonly<Record<string, Shape>>, name: string): Shape {
  return table[name] ?? {};
}

/** Fires when the page no longer waits for the answer. */
function signalOf(response: ServerResponse, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return AbortSignal.any([closing, gone.signal]);
}

export function wrongMethod(allowed: string): Reply {
  return refusal(405, 'usage', `only ${allowed} is possible here`, { Allow: allowed });
}

export function notFound(): Reply {
  return refusal(404, 'not-found', 'there is nothing here');
}

function misshapen(): Reply {
  return refusal(400, 'usage', 'the request is not as it must be');
}
