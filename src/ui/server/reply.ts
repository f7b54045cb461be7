/** What the page server answers with, and the headers that every answer has. */
import type { ServerResponse } from 'node:http';
import { type ErrorCode, isSyncError } from '../../base/errors.js';

export interface Reply {
  readonly status: number;
  /** Media type of the body; without a body there is none. */
  readonly type?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Nothing of another origin may run in the page, show it in a frame, read from it, or learn its address. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

export function jsonReply(value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 200, type: 'application/json', body: JSON.stringify(value ?? {}), headers };
}

export function refusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, type: 'application/json', body: JSON.stringify({ error: { code, message } }), headers };
}

/** Those that say more than "it could not be done as things are" (422). 401 and 403 are the server's own words. */
const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  usage: 400,
  'not-found': 404,
  exists: 409,
  conflict: 409,
  locked: 409,
  'in-use': 409,
  relocated: 409,
  server: 502,
  tls: 502,
  unreachable: 502,
  aborted: 503,
  'no-space': 507,
  damaged: 500,
  io: 500,
  internal: 500,
};

/** Of an error that a handler threw. What is none of ours is a fault in the program: no word of its inside leaves it. */
export function replyToError(error: unknown): Reply {
  if (isSyncError(error)) return refusal(STATUS[error.code] ?? 422, error.code, error.message);
  return refusal(500, 'internal', 'this should not happen; the command in the terminal may tell more');
}

export function sendReply(response: ServerResponse, reply: Reply): void {
  // The player has closed the page meanwhile.
  if (response.destroyed || response.headersSent) return;
  const body = reply.body === undefined ? Buffer.alloc(0) : Buffer.from(reply.body);
  response.writeHead(reply.status, {
    ...SAFE_HEADERS,
    ...(reply.type === undefined ? {} : { 'Content-Type': reply.type }),
    'Content-Length': body.length,
    ...reply.headers,
  });
  response.end(body);
}
