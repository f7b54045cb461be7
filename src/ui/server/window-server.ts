/**
 * The page server: shows one window's page to the player's browser, on loopback and to nobody else. Every request passes
 * the guard (host, origin), then the session (cookie), then the shape of its input; only then a handler sees it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { html, script, style } from 'virtual:page-assets';
import { SyncError } from '../../base/errors.js';
import { type Api, answerApi, notFound, wrongMethod } from './api.js';
import { refuseStranger } from './guard.js';
import { createPages } from './pages.js';
import { type Reply, sendReply } from './reply.js';
import { createSession } from './session.js';
import type { PageWindow, WindowOptions } from './window-types.js';

const HOST = '127.0.0.1';
const REQUEST_MS = 20_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 200;
/** How long `close` lets answers under way go on. */
const CLOSE_MS = 1_000;

const FILES: ReadonlyMap<string, Reply> = new Map([
  ['/', { status: 200, type: 'text/html; charset=utf-8', body: html }],
  ['/page.js', { status: 200, type: 'text/javascript; charset=utf-8', body: script }],
  ['/page.css', { status: 200, type: 'text/css; charset=utf-8', body: style }],
  ['/favicon.ico', { status: 204 }],
]);

/** Throws 'io' if no port of loopback can be had. */
export async function startWindowServer(options: WindowOptions): Promise<PageWindow> {
  const limits = { headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS, maxHeaderSize: MAX_HEADER_BYTES };
  const server = createServer(limits);
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listen(server);
  const session = createSession(port);
  const closing = new AbortController();
  const pages = createPages(options);
  const api: Api = { options, session, pages, signal: closing.signal };
  const running = new Set<ServerResponse>();
  server.on('request', (request, response) => {
    running.add(response);
    response.once('close', () => running.delete(response));
    answer(api, port, request, response).then(
      (reply) => reply && sendReply(response, reply),
      // The connection broke while the request was read: there is nobody to tell.
      () => response.destroy(),
    );
  });
  let closed: Promise<void> | undefined;
  return {
    address: `http://${HOST}:${port}/#t=${session.token}`,
    show: pages.show,
    get isOpen() {
      return pages.count > 0;
    },
    left: pages.left,
    close: () => {
      pages.end();
      closing.abort();
      closed ??= shut(server, running);
      return closed;
    },
  };
}

async function answer(
  api: Api,
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | undefined> {
  const { url: target = '', method } = request;
  // `//host/path` and `http://host/path` name another server.
  if (!/^\/(?![/\\])/.test(target) || !URL.canParse(target, `http://${HOST}`)) return notFound();
  const url = new URL(target, `http://${HOST}`);
  const refused = refuseStranger(request, url.pathname, port);
  if (refused !== undefined) return refused;
  if (url.pathname.startsWith('/api/')) return answerApi(api, request, response, url);
  const file = FILES.get(url.pathname);
  if (file === undefined) return notFound();
  return method === 'GET' ? file : wrongMethod('GET');
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new SyncError('io', `no window can be opened: ${error.message}`, { cause: error }));
    });
    server.listen({ host: HOST, port: 0 }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** Answers under way come to their end, if they do soon; connections without one do not keep anybody waiting. */
function shut(server: Server, running: ReadonlySet<ServerResponse>): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    const look = (): void => {
      if (running.size === 0) server.closeAllConnections();
    };
    for (const response of running) response.once('close', look);
    server.close(() => {
      clearTimeout(limit);
      resolve();
    });
    look();
  });
}
