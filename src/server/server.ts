/**
 * The embedded REST server: the protocol of rest-server 0.14 on a folder, for restic, rustic and this project's own
 * client. A request goes: target, redirect to a clean path, who is it (401), whose is it (401), what is there, reply.
 *
 * Unlike rest-server it listens on loopback unless told otherwise, counts files only for `maxSize`, answers 507 (not
 * 500) when a chunked upload meets that limit, and never lists or leaves behind the part of a broken upload.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, ioError, SyncError, throwIfAborted } from '../base/errors.js';
import { makeFolders } from '../disk/make-folders.js';
import { openHtpasswd } from './auth.js';
import { type AccessLogEntry, type Service, serve } from './exchange.js';
import { createServer, DEFAULT_LISTEN, listen, parseListen, type TlsFiles, urlOf } from './listen.js';
import { countBytes, createQuota, unlimited } from './quota.js';
import { Storage } from './storage.js';

export type { AccessLogEntry } from './exchange.js';
export { createHtpasswdLine } from './htpasswd.js';
export type { TlsFiles } from './listen.js';

export interface ServerOptions {
  /** Folder of the repositories; made if it is missing. */
  readonly path: string;
  /** `host:port`, default 127.0.0.1:8000. Port 0: any free one. `:8000` means every interface, as for rest-server. */
  readonly listen?: string;
  /** Files can be added but not removed, except locks. */
  readonly appendOnly?: boolean;
  /** The first folder of a path must be the user's name. */
  readonly privateRepos?: boolean;
  /** Default: `.htpasswd` in `path`. */
  readonly htpasswdFile?: string;
  /** Serve everybody; must be said, as an open server is rarely meant. */
  readonly noAuth?: boolean;
  /** Bytes of all files under `path` together. */
  readonly maxSize?: number;
  readonly tls?: TlsFiles;
  /** Cut a connection on which nothing moved for this long, in either direction. Default five minutes. */
  readonly idleTimeoutMs?: number;
  /** How long `close` lets running requests go on. Default five seconds. */
  readonly closeGraceMs?: number;
  readonly onRequest?: (entry: AccessLogEntry) => void;
  /** One line about something an operator should know. */
  readonly onWarning?: (message: string) => void;
  /** Closes the server. */
  readonly signal?: AbortSignal;
}

export interface RunningServer {
  /** As a program on this machine reaches it, with a slash at the end. */
  readonly url: string;
  readonly address: { readonly host: string; readonly port: number };
  /** Refuses new connections, lets running requests end within the grace time, cuts the rest. */
  close(): Promise<void>;
}

const IDLE_MS = 5 * 60_000;
const HEADERS_MS = 30_000;
const KEEP_ALIVE_MS = 120_000;
const CLOSE_GRACE_MS = 5_000;
/** For handlers to notice that their connection is gone and to clean up. */
const CLEAN_UP_MS = 2_000;

/**
 * Starts to serve. Throws 'usage' (no password file, address in use, path is not a folder), 'bad-settings' (password
 * file), 'tls', 'io', 'aborted'.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  throwIfAborted(options.signal);
  const where = parseListen(options.listen ?? DEFAULT_LISTEN);
  const service = await openService(options);
  const server = await createServer(options.tls);
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = 0; // the body of a large pack over a thin line takes its time; `timeout` ends a silent one
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.timeout = options.idleTimeoutMs ?? IDLE_MS;
  const running = new Set<Promise<void>>();
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const work: Promise<void> = serve(service, request, response).finally(() => running.delete(work));
    running.add(work);
    // Once closed to new connections, a client's old one must not keep the server alive.
    response.once('finish', () => {
      if (!server.listening) request.socket.destroySoon();
    });
  };
  server.on('request', onRequest);
  // Without this Node would invite a body ("100 Continue") that is going to be refused.
  server.on('checkContinue', onRequest);
  const address = await listen(server, where);
  // Such as too many open files when a connection arrives: that one is lost, the server goes on.
  server.on('error', (error) => options.onWarning?.(`the server could not take a connection: ${error.message}`));
  return runningServer(server, address, running, options);
}

function runningServer(
  server: Server,
  { address, port, family }: AddressInfo,
  running: ReadonlySet<Promise<void>>,
  { tls, signal, closeGraceMs = CLOSE_GRACE_MS }: ServerOptions,
): RunningServer {
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    closing ??= closeServer(server, running, closeGraceMs);
    return closing;
  };
  const onAbort = (): void => void close();
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  const url = urlOf({ address, port, family }, tls !== undefined);
  return { url, address: { host: address, port }, close };
}

async function closeServer(server: Server, running: ReadonlySet<Promise<void>>, graceMs: number): Promise<void> {
  const closed = new Promise<void>((done) => void server.close(() => done()));
  server.closeIdleConnections();
  await within(graceMs, closed);
  server.closeAllConnections();
  await closed;
  await within(CLEAN_UP_MS, Promise.allSettled(running));
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const timer = sleep(ms, undefined, { signal: done.signal }).catch(() => undefined); // the work was faster
  await Promise.race([work, timer]);
  done.abort();
}

async function openService(options: ServerOptions): Promise<Service> {
  const { noAuth = false, privateRepos = false, maxSize, signal, onWarning } = options;
  if (noAuth && privateRepos) {
    throw new SyncError('usage', 'private repositories need authentication: give a password file instead of no-auth');
  }
  if (maxSize !== undefined && !(Number.isSafeInteger(maxSize) && maxSize > 0)) {
    throw new SyncError('usage', `the maximum size must be a positive number of bytes, not ${maxSize}`);
  }
  const root = resolve(options.path);
  await openRoot(root);
  const foldCase = process.platform === 'win32' || process.platform === 'darwin';
  const file = resolve(options.htpasswdFile ?? join(root, '.htpasswd'));
  const authOptions = {
    refuseFoldedTwins: foldCase && privateRepos,
    ...(onWarning === undefined ? {} : { onWarning }),
  };
  const auth = noAuth ? undefined : await openHtpasswd(file, authOptions);
  const quota = maxSize === undefined ? unlimited : createQuota(maxSize, await countBytes(root, signal));
  return {
    storage: new Storage(root, quota),
    appendOnly: options.appendOnly ?? false,
    auth,
    privateRepos,
    routing: { windowsNames: process.platform === 'win32', foldCase },
    onRequest: options.onRequest,
  };
}

async function openRoot(root: string): Promise<void> {
  try {
    await makeFolders(root, 0o700);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST' && errnoOf(error) !== 'ENOTDIR') throw ioError(error, 'cannot serve', root);
    throw new SyncError('usage', `cannot serve ${root}: it is not a folder`, { cause: error });
  }
}
