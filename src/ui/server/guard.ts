/**
 * Who may ask at all. A page of the internet, opened in the player's browser, can send requests to loopback, and by a
 * name that suddenly leads there (DNS rebinding) it could even read the answers: so the Host must be ours, and whatever
 * says where a request comes from must name our own page.
 */
import type { IncomingMessage } from 'node:http';
import { type Reply, refusal } from './reply.js';

/** Every write must have it: no form and no plain link of another page can send it. */
export const OWN_HEADER = 'x-instance-sync';

/** The answer to a request that must not be looked at; undefined if it may. */
export function refuseStranger(request: IncomingMessage, path: string, port: number): Reply | undefined {
  const { headers, headersDistinct } = request;
  const host = headersDistinct['host']?.length === 1 ? headers.host : undefined;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    return refusal(421, 'wrong-host', 'this server answers to its own address only');
  }
  const origin = headers.origin;
  const isWrite = request.method !== 'GET' && request.method !== 'HEAD';
  // Browsers name the origin of every request that is no GET.
  if (origin === undefined ? isWrite : origin !== `http://${host}`) return foreign();
  if (!isOwnSite(request, path)) return foreign();
  return isWrite && headers[OWN_HEADER] === undefined ? foreign() : undefined;
}

function foreign(): Reply {
  return refusal(403, 'foreign-origin', 'this request does not come from the page of this server');
}

/** Firefox, Chromium, Edge and Safari say where a request comes from; what says nothing is judged by the rest. */
function isOwnSite({ headers }: IncomingMessage, path: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin') return true;
  if (path.startsWith('/api/')) return false;
  // Typed, opened by another program, or clicked: the page may be shown, it holds nothing yet. Not in a frame.
  return headers['sec-fetch-dest'] === 'document' || site === 'none';
}
