/**
 * One request from its head to its last byte. The order of the questions is rest-server's: is the path clean (301),
 * who is it and whose is it (401), what is there.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticator } from './auth.js';
import { type HandlerContext, handle } from './handlers.js';
import { errorReply, type Reply, sendReply, statusReply } from './reply.js';
import { parseTarget, type Route, type RouteOptions, type Target } from './routes.js';
import type { Upload } from './storage.js';

/** One finished request. Holds no password and no query. */
export interface AccessLogEntry {
  readonly method: string;
  readonly path: string;
  /** 499 when the client went away before there was an answer. */
  readonly status: number;
  /** Who was proved by the request; absent without authentication and with a wrong one. */
  readonly user?: string;
  readonly remoteAddress: string;
  /** Body bytes of the answer, and of the request as announced or received. */
  readonly bytes: number;
  readonly received: number;
  readonly ms: number;
  /** Why the server failed (5xx). */
  readonly failure?: string;
}

export interface Service extends HandlerContext {
  /** Undefined: everybody may. */
  readonly auth: Authenticator | undefined;
  /** The first folder must be the user's name. */
  readonly privateRepos: boolean;
  readonly routing: RouteOptions;
  readonly onRequest: ((entry: AccessLogEntry) => void) | undefined;
}

interface OpenUpload extends Upload {
  readonly received: number;
}

/** Never throws: what goes wrong is in the reply, or ends the connection, and is in the log. */
export async function serve(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const begun = performance.now();
  const target = parseTarget(request.url ?? '', service.routing);
  const remoteAddress = request.socket.remoteAddress ?? '';
  const upload = openUpload(request, response);
  let user: string | undefined;
  let reply: Reply;
  try {
    user = await service.auth?.authenticate(request.headers.authorization);
    reply = await answer(service, target, user, request, upload);
  } catch (error) {
    reply = errorReply(error);
  }
  const sent = await sendReply(request, response, reply);
  const failure = sent.failure ?? reply.failure;
  service.onRequest?.({
    method: request.method ?? '',
    path: target.path,
    status: sent.status,
    ...(user === undefined ? {} : { user }),
    remoteAddress,
    bytes: sent.bytes,
    received: upload.received,
    ms: performance.now() - begun,
    ...(failure === undefined ? {} : { failure }),
  });
}

async function answer(
  service: Service,
  { route, create }: Target,
  user: string | undefined,
  { method = '', headers }: IncomingMessage,
  upload: OpenUpload,
): Promise<Reply> {
  if (service.auth !== undefined && !isAllowed(route, user, service.privateRepos)) return statusReply(401);
  const range = headers['if-range'] === undefined ? headers.range : undefined;
  return handle(route, { method, create, accept: headers.accept, range, upload }, service);
}

/** A path that is only redirected or cannot be read tells nothing, so it needs no user. */
function isAllowed(route: Route, user: string | undefined, privateRepos: boolean): boolean {
  if (route.kind === 'redirect' || route.kind === 'malformed') return true;
  return user !== undefined && (!privateRepos || route.folder[0] === user);
}

/** The body, asked for only when it is read: "Expect: 100-continue" is answered then. */
function openUpload(request: IncomingMessage, response: ServerResponse): OpenUpload {
  const announced = request.headers['content-length'];
  let received = 0;
  async function* read(): AsyncGenerator<Uint8Array> {
    if (request.headers.expect !== undefined) response.writeContinue();
    // A refusal must still be sent after the reading stopped half-way, so the request is not destroyed then.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('a request body is bytes');
      received += chunk.length;
      yield chunk;
    }
  }
  return {
    body: read(),
    length: announced === undefined ? undefined : Number(announced),
    get received(): number {
      return received;
    },
  };
}
