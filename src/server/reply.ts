/** What a request is answered with, and how it goes over the wire: streaming, and never more or less than announced. */
import type { FileHandle } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, isSyncError } from '../base/errors.js';

export type Headers = Readonly<Record<string, string>>;

export interface FileBody {
  /** Closed by `sendReply`. */
  readonly handle: FileHandle;
  readonly start: number;
  readonly length: number;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Headers;
  readonly body?: string | FileBody;
  /** Why a request failed on our side; for the log, never for the client. */
  readonly failure?: string;
}

const READ_STEP = 256 * 1024;
/** A refused upload of at most this is read to its end, so that the connection stays usable. */
const DRAIN_BYTES = 256 * 1024;
const DISK_FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);
const CLIENT_GONE = 499;
const NOTHING = Buffer.alloc(0);
const CUT_BY_CLIENT: ReadonlySet<string | undefined> = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);
/** Time for a client to read the refusal before the connection is cut under its upload. */
const LINGER_MS = 1_000;

/** A status with its name as text, as Go's http.Error words it. */
export function statusReply(status: number, headers: Headers = {}): Reply {
  return {
    status,
    headers: { ...headers, 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' },
    body: `${STATUS_CODES[status] ?? 'Error'}\n`,
  };
}

export const OK: Reply = { status: 200 };

/** The status that an error stands for, without telling the client anything about this machine. */
export function errorReply(error: unknown): Reply {
  if (isSyncError(error, 'exists', 'forbidden')) return statusReply(403);
  if (isSyncError(error, 'damaged')) return statusReply(400);
  if (isSyncError(error, 'not-found')) return statusReply(404);
  const failure = error instanceof Error ? error.message : String(error);
  const full = isSyncError(error, 'no-space') || DISK_FULL.has(errnoOf(error));
  return { ...statusReply(full ? 507 : 500), failure };
}

export interface SentReply {
  /** 499 if the client was gone before the answer. */
  readonly status: number;
  /** Body bytes handed over. */
  readonly bytes: number;
  readonly failure?: string;
}

/** Resolves when all is sent or the connection is gone. Never throws. */
export async function sendReply(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<SentReply> {
  const file = typeof reply.body === 'object' ? reply.body : undefined;
  const { status } = reply;
  try {
    if (response.destroyed || (request.destroyed && !request.complete)) return { status: CLIENT_GONE, bytes: 0 };
    const text = typeof reply.body === 'string' ? Buffer.from(reply.body) : NOTHING;
    const length = reply.headers?.['Content-Length'] ?? String(file?.length ?? text.length);
    const unread = !request.complete && !isSmall(request);
    if (unread) response.setHeader('Connection', 'close');
    response.writeHead(status, { ...reply.headers, 'Content-Length': length });
    let bytes = 0;
    if (file !== undefined) {
      bytes = await sendFile(response, file);
    } else if (request.method !== 'HEAD') {
      response.write(text);
      bytes = text.length;
    }
    if (unread) await sayGoodbye(request, response);
    response.end();
    return { status, bytes };
  } catch (error) {
    response.destroy();
    return { status, bytes: 0, failure: error instanceof Error ? error.message : String(error) };
  } finally {
    await file?.handle.close();
  }
}

/** Resolves with the bytes handed over; fewer than announced end with the connection cut, so that the client sees it. */
async function sendFile(response: ServerResponse, { handle, start, length }: FileBody): Promise<number> {
  if (length === 0) return 0;
  const options = { start, end: start + length - 1, autoClose: false, highWaterMark: READ_STEP };
  const stream = handle.createReadStream(options);
  try {
    await pipeline(stream, response, { end: false });
  } catch (error) {
    if (!CUT_BY_CLIENT.has(errnoOf(error))) throw error;
  }
  if (stream.bytesRead < length) response.destroy();
  return stream.bytesRead;
}

function isSmall(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return encoding === undefined && Number(length ?? 0) <= DRAIN_BYTES;
}

/** Cutting a connection with unread bytes in it would throw away the answer too, so read on for a moment. */
async function sayGoodbye(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.flushHeaders();
  const over = new AbortController();
  const ended = new Promise<void>((resolve) => {
    request.once('end', resolve).once('close', resolve);
  });
  request.resume();
  const timer = sleep(LINGER_MS, undefined, { signal: over.signal }).catch(() => undefined); // ended first
  await Promise.race([ended, timer]);
  over.abort();
}
