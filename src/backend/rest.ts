/**
 * A repository on a REST server, in restic's REST protocol, versions 1 and 2 (they differ in lists only):
 *   HEAD|GET|POST|DELETE {path}{type}/{id} and {path}config, GET {path}{type}/, POST {path}?create=true
 * The version of a list is told by its content. Redirects are refused, and answers of captive portals are told apart.
 */
import type { Dispatcher } from 'undici';
import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { Backend, ByteRange, CallOptions, FileInfo, FileType, ReadOptions } from './backend.js';
import { alreadyExists, checkName, fileLabel, notFound, shorterThanRange } from './file-name.js';
import { statusError } from './rest-error.js';
import { decodeList, type ListEntry } from './rest-list.js';
import { isHtml, isPage, printable } from './rest-page.js';
import type { Answer, Exchange } from './rest-transport.js';
import { RestTransport } from './rest-transport.js';
import { parseRestUrl } from './rest-url.js';

export interface RestOptions {
  /** `[rest:]http(s)://[user:password@]host[:port]/path/` */
  readonly url: string;
  /** Win over those in the address. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Milliseconds until a connection stands; 5000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds until the answer begins, connecting included; 15000. */
  readonly headersTimeoutMs?: number | undefined;
  /** Milliseconds without a byte sent or received within a body; 60000. */
  readonly stallTimeoutMs?: number | undefined;
  /** Connections at once; 5. */
  readonly connections?: number | undefined;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** PEM with the certificate and the key that the server asks for. */
  readonly clientCert?: string | undefined;
  /** Take any certificate: what is sent is sealed, but who reads the password of the user is not known. */
  readonly insecureTls?: boolean | undefined;
  /** Bytes per second; unlimited by default. */
  readonly limitUpload?: number | undefined;
  readonly limitDownload?: number | undefined;
  /** The embedder's HTTP client; connect time limit, proxy and `ca` are then its own, and `close` leaves it open. */
  readonly dispatcher?: Dispatcher | undefined;
  readonly userAgent?: string | undefined;
  /** Milliseconds since 1970, for the clock comparison. */
  readonly now?: (() => number) | undefined;
}

export interface RestBackend extends Backend {
  /** The server's clock minus ours at the last answer, exact to about a second; undefined before. */
  clockSkewMs(): number | undefined;
  /** Bytes of all packs, in one request; undefined if the server's lists have no sizes (protocol version 1). */
  packBytes(options?: CallOptions): Promise<number | undefined>;
}

const LIST_V2 = 'application/vnd.x.restic.rest.v2';
/** No file of a repository comes near (packs: 128 MiB); it bounds what a broken or hostile server can make us hold. */
const MAX_BYTES = 512 * 1024 * 1024;

type Wanted = Pick<Exchange, 'method' | 'path' | 'action' | 'headers' | 'body' | 'maxPartBytes'>;

class RestBackendImpl implements RestBackend {
  readonly location: string;
  readonly #transport: RestTransport;
  readonly #connections: number;
  readonly #hasCredentials: boolean;

  constructor(options: RestOptions) {
    const parsed = parseRestUrl(options.url);
    const username = options.username ?? parsed.username;
    const password = options.password ?? parsed.password;
    if (username?.includes(':')) throw new SyncError('usage', 'a user name of a REST server cannot hold a colon');
    this.location = parsed.url;
    this.#connections = Math.max(1, options.connections ?? 5);
    this.#hasCredentials = username !== undefined || password !== undefined;
    this.#transport = new RestTransport({
      url: parsed.url,
      username,
      password,
      connectTimeoutMs: options.connectTimeoutMs ?? 5000,
      headersTimeoutMs: options.headersTimeoutMs ?? 15_000,
      stallTimeoutMs: options.stallTimeoutMs ?? 60_000,
      connections: this.#connections,
      ca: options.ca,
      clientCert: options.clientCert,
      insecureTls: options.insecureTls ?? false,
      limitUpload: options.limitUpload,
      limitDownload: options.limitDownload,
      dispatcher: options.dispatcher,
      userAgent: options.userAgent ?? 'instance-sync',
      now: options.now ?? Date.now,
    });
  }

  clockSkewMs(): number | undefined {
    return this.#transport.clockSkewMs;
  }

  async create(options: CallOptions = {}): Promise<void> {
    const action = `creating the repository at ${this.location}`;
    await this.#succeed({ method: 'POST', path: '?create=true', action }, options);
  }

  async list(type: Exclude<FileType, 'config'>, options: CallOptions = {}): Promise<FileInfo[]> {
    const entries = await this.#entries(type, options);
    const sized = entries.filter((entry) => entry.size !== undefined).map(({ name, size = 0 }) => ({ name, size }));
    const bare = entries.filter((entry) => entry.size === undefined);
    await forEachLimit(
      bare,
      this.#connections,
      async ({ name }) => {
        const size = await this.stat(type, name, options);
        if (size !== undefined) sized.push({ name, size });
      },
      options.signal,
    );
    return sized;
  }

  async packBytes(options: CallOptions = {}): Promise<number | undefined> {
    let bytes = 0;
    for (const { size } of await this.#entries('data', options)) {
      if (size === undefined) return undefined;
      bytes += size;
    }
    return bytes;
  }

  async #entries(type: FileType, options: CallOptions): Promise<ListEntry[]> {
    const action = `listing ${type} at ${this.location}`;
    const answer = await this.#send({ method: 'GET', path: `${type}/`, action }, options);
    // A proxy or web server that knows nothing of the path must not pass for an empty repository.
    if (answer.status === 404 && !isHtml(answer)) return [];
    this.#check(answer, 'GET', action);
    return decodeList(answer, action);
  }

  async stat(type: FileType, name: string, options: CallOptions = {}): Promise<number | undefined> {
    const path = pathOf(type, name);
    const action = `looking for ${fileLabel(type, name)} at ${this.location}`;
    const answer = await this.#send({ method: 'HEAD', path, action }, options);
    if (answer.status === 404) return undefined;
    this.#check(answer, 'HEAD', action);
    const size = answer.header('content-length') ?? '';
    if (/^\d{1,15}$/.test(size)) return Number(size);
    throw new SyncError('server', `${action}: the answer has no Content-Length`);
  }

  async read(type: FileType, name: string, range?: ByteRange, options: ReadOptions = {}): Promise<Bytes> {
    const path = pathOf(type, name);
    const action = `reading ${fileLabel(type, name)} from ${this.location}`;
    if (range?.length === 0) return this.#readNothing(type, name, range.offset, options);
    const part = range && {
      headers: { range: `bytes=${range.offset}-${range.offset + range.length - 1}` },
      maxPartBytes: range.length,
      into: options.into,
    };
    const answer = await this.#send({ method: 'GET', path, action, ...part }, options);
    if (answer.status === 404) throw notFound(type, name, this.location);
    this.#check(answer, 'GET', action);
    if (!range) return answer.body;
    const whole = answer.status !== 206;
    const data = whole ? answer.body.subarray(range.offset, range.offset + range.length) : answer.body;
    if (data.length === range.length) return data;
    const total = whole ? answer.body.length : Number(/\/(\d+)$/.exec(answer.header('content-range') ?? '')?.[1]);
    const end = range.offset + range.length;
    if (total < end) throw shorterThanRange(type, name, this.location, total, end);
    const message = `${action}: ${data.length} bytes came, ${range.length} were asked for`;
    throw new SyncError('server', message, { retryable: true });
  }

  async write(type: FileType, name: string, data: Bytes, options: CallOptions = {}): Promise<void> {
    const path = pathOf(type, name);
    const action = `storing ${fileLabel(type, name)} (${data.length} bytes) at ${this.location}`;
    const headers = { 'content-type': 'application/octet-stream' };
    try {
      await this.#succeed({ method: 'POST', path, action, headers, body: data }, options);
    } catch (error) {
      // 403 has two meanings: a file of that name is there, or this user may not write.
      if (!isSyncError(error, 'forbidden') || (await this.stat(type, name, options)) === undefined) throw error;
      throw alreadyExists(type, name, this.location, error);
    }
  }

  async remove(type: FileType, name: string, options: CallOptions = {}): Promise<void> {
    const path = pathOf(type, name);
    const action = `removing ${fileLabel(type, name)} at ${this.location}`;
    const answer = await this.#send({ method: 'DELETE', path, action }, options);
    if (answer.status !== 404) this.#check(answer, 'DELETE', action);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  /** HTTP has no empty range: only the file's existence and size are asked for. */
  async #readNothing(type: FileType, name: string, offset: number, options: CallOptions): Promise<Bytes> {
    const size = await this.stat(type, name, options);
    if (size === undefined) throw notFound(type, name, this.location);
    if (offset > size) throw shorterThanRange(type, name, this.location, size, offset);
    return new Uint8Array(0);
  }

  #send(wanted: Wanted, { signal }: CallOptions): Promise<Answer> {
    const headers = { accept: LIST_V2, ...wanted.headers };
    return this.#transport.send({ maxBytes: MAX_BYTES, ...wanted, headers, signal });
  }

  async #succeed(wanted: Wanted, options: CallOptions): Promise<void> {
    this.#check(await this.#send(wanted, options), wanted.method, wanted.action);
  }

  #check(answer: Answer, method: string, action: string): void {
    const { status, header } = answer;
    if (isPage(answer)) {
      const message = `${action}: a web page came instead of a REST server's answer (status ${status}): the network wants a login, or the address is that of something else`;
      throw new SyncError('server', message, { details: { status } });
    }
    if (status >= 200 && status < 300) return;
    const text = /^text\/plain/.test(header('content-type') ?? '') ? printable(answer.body) : '';
    const hasCredentials = this.#hasCredentials;
    const [location, retryAfter] = [header('location'), header('retry-after')];
    throw statusError({ action, status, method, hasCredentials, location, retryAfter, text });
  }
}

/** A repository on a REST server. Nothing is sent, and the HTTP client is not even loaded, before the first call. */
export function restBackend(options: RestOptions): RestBackend {
  return new RestBackendImpl(options);
}

function pathOf(type: FileType, name: string): string {
  checkName(type, name);
  return type === 'config' ? 'config' : `${type}/${name}`;
}
