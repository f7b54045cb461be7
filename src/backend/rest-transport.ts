/**
 * One HTTP exchange at a time slot: connection pool, proxy, credentials, time limits, bounded bodies. It knows nothing
 * of repositories. The HTTP client is loaded by the first exchange: it is heavy, and many programs never make one.
 */
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Bytes } from '../base/bytes.js';
import { concatBytes, discard, toBase64, utf8 } from '../base/bytes.js';
import { Semaphore } from '../base/concurrency.js';
import { SyncError, throwIfAborted } from '../base/errors.js';
import { acquireSlot } from './abort.js';
import type { ClientOptions } from './rest-client.js';
import { openClient } from './rest-client.js';
import { transportError } from './rest-error.js';
import { Throttle } from './throttle.js';
import { Watchdog } from './watchdog.js';

export interface TransportOptions extends ClientOptions {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly headersTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly userAgent: string;
  /** Bytes per second. */
  readonly limitUpload: number | undefined;
  readonly limitDownload: number | undefined;
  readonly now: () => number;
}

export interface Exchange {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Appended to the base address. */
  readonly path: string;
  /** For messages: "reading data/0123abcd from https://host/path/". */
  readonly action: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
  /** More bytes than this in a 2xx answer are an error; `maxPartBytes` holds for a 206. */
  readonly maxBytes: number;
  readonly maxPartBytes?: number;
  /** Memory for the body of a 206, of at least `maxPartBytes`. */
  readonly into?: Bytes | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** Whole for a 2xx; else only its beginning. */
  readonly body: Bytes;
}

/** Upload pieces: half the cost of 64 KiB (2026-11), and passed within the stall limit by any line of 5 kB/s or more. */
const PIECE = 256 * 1024;
/** Of an error's body, so much is read for the message. */
const ERROR_BYTES = 4096;

export class RestTransport {
  readonly #options: TransportOptions;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #slots: Semaphore;
  readonly #up: Throttle | undefined;
  readonly #down: Throttle | undefined;
  #client: Promise<Dispatcher> | undefined;
  #closed = false;
  #clockSkewMs: number | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#slots = new Semaphore(options.connections);
    const { username, password, userAgent, limitUpload, limitDownload } = options;
    this.#up = limitUpload === undefined ? undefined : new Throttle(limitUpload);
    this.#down = limitDownload === undefined ? undefined : new Throttle(limitDownload);
    // Sent without being asked for: rest-server answers 401 without a challenge.
    const authorization = `Basic ${toBase64(utf8(`${username ?? ''}:${password ?? ''}`))}`;
    const known = username !== undefined || password !== undefined;
    this.#headers = { 'user-agent': userAgent, ...(known && { authorization }) };
  }

  /** The server's clock minus ours as of the last answer, ± 0.5 s and half a round trip. */
  get clockSkewMs(): number | undefined {
    return this.#clockSkewMs;
  }

  /** Throws 'unreachable', 'tls' or 'aborted' if no whole answer came; every status is an answer. */
  async send(exchange: Exchange): Promise<Answer> {
    throwIfAborted(exchange.signal);
    // Our own queue, not the pool's: the time limits must not run while an exchange waits for its turn.
    const release = await acquireSlot(this.#slots, exchange.signal);
    const watchdog = new Watchdog(exchange.action, exchange.signal);
    try {
      const dispatcher = await this.#connectOnce();
      const url = new URL(this.#options.url + exchange.path);
      const begun = this.#options.now();
      const response = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: exchange.method,
        headers: this.#headersOf(exchange),
        body: this.#bodyOf(exchange, watchdog),
        signal: watchdog.signal,
        // The watchdog has both: these two would also run while an upload is on its way.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      this.#noteClock(response.headers['date'], begun);
      const answer = await readAnswer(response, exchange, watchdog, {
        stallTimeoutMs: this.#options.stallTimeoutMs,
        throttle: this.#down,
        isOwn: this.#options.dispatcher === undefined,
      });
      // undici 7 marks the connection as free one turn later; asked before, it opens a second one (with its handshake).
      await new Promise((resolve) => setImmediate(resolve));
      return answer;
    } catch (error) {
      if (this.#closed) throw closedError(exchange.action, error);
      throw transportError(watchdog.signal.aborted ? watchdog.signal.reason : error, exchange.action);
    } finally {
      watchdog.close();
      release();
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#client || this.#options.dispatcher) return;
    await (await this.#client).destroy();
  }

  #headersOf({ headers, body }: Exchange): Record<string, string> {
    return { ...this.#headers, ...headers, ...(body && { 'content-length': String(body.length) }) };
  }

  /** Sets the time limit for the answer; an upload goes out in pieces, each of which is progress. */
  #bodyOf({ body }: Exchange, watchdog: Watchdog): Readable | null {
    const { headersTimeoutMs, stallTimeoutMs } = this.#options;
    if (!body || body.length === 0) {
      watchdog.expect(headersTimeoutMs, 'no answer');
      return null;
    }
    watchdog.expect(stallTimeoutMs, 'no progress');
    const throttle = this.#up;
    const piece = Math.min(PIECE, throttle?.piece ?? PIECE);
    async function* pieces(data: Bytes): AsyncGenerator<Bytes> {
      for (let at = 0; at < data.length; at += piece) {
        await throttle?.take(Math.min(piece, data.length - at), watchdog.signal);
        watchdog.beat();
        yield data.subarray(at, at + piece);
      }
      // What the system has buffered is still on its way: a slow line needs the stall limit for that, too.
      watchdog.expect(stallTimeoutMs + headersTimeoutMs, 'no answer');
    }
    return Readable.from(pieces(body), { objectMode: false, highWaterMark: PIECE });
  }

  #connectOnce(): Promise<Dispatcher> {
    if (this.#closed) throw new SyncError('internal', 'the backend has been closed');
    this.#client ??= openClient(this.#options);
    return this.#client;
  }

  #noteClock(header: string | string[] | undefined, begun: number): void {
    const server = typeof header === 'string' ? Date.parse(header) : Number.NaN;
    // The header is cut to whole seconds: half a second later is the best guess.
    if (!Number.isNaN(server)) this.#clockSkewMs = server + 500 - (begun + this.#options.now()) / 2;
  }
}

interface ReadingOptions {
  readonly stallTimeoutMs: number;
  readonly throttle: Throttle | undefined;
  /** The HTTP client is ours alone. */
  readonly isOwn: boolean;
}

async function readAnswer(
  response: Dispatcher.ResponseData,
  exchange: Exchange,
  watchdog: Watchdog,
  { stallTimeoutMs, throttle, isOwn }: ReadingOptions,
): Promise<Answer> {
  const { statusCode: status, headers } = response;
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? value : value?.[0];
  };
  watchdog.expect(stallTimeoutMs, 'the transfer stood still: nothing came');
  const good = status >= 200 && status < 300;
  const most = status === 206 ? (exchange.maxPartBytes ?? exchange.maxBytes) : exchange.maxBytes;
  const into = status === 206 ? exchange.into : undefined;
  const parts: Bytes[] = [];
  let length = 0;
  // Leaving the loop early closes the connection, which is then of no more use.
  for await (const chunk of response.body) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('the HTTP client gave a body that is not bytes');
    watchdog.beat();
    const size = chunk.length;
    length += size;
    if (good && length > most) throw tooLong(exchange, most);
    if (into === undefined) parts.push(chunk);
    else into.set(chunk, length - size);
    // Of a client of our own: nobody else has a view of what came from the socket alone.
    if (into !== undefined && isOwn) discard(chunk);
    await throttle?.take(size, watchdog.signal);
    if (!good && length >= ERROR_BYTES) break;
  }
  return { status, header, body: into?.subarray(0, length) ?? concatBytes(parts) };
}

function tooLong(exchange: Exchange, most: number): SyncError {
  const message = `${exchange.action}: the answer is longer than the ${most} bytes that were expected`;
  return new SyncError('server', message);
}

function closedError(action: string, cause: unknown): SyncError {
  return new SyncError('internal', `${action}: the backend has been closed`, { cause });
}
