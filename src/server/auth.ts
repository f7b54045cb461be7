/**
 * Who sends a request: HTTP Basic against a password file. The file is looked at again when it changed; a credential
 * that was verified is good for a minute, because bcrypt takes far longer than a request. Cached is only a salted hash
 * over user, password and stored hash, so a change of the file ends it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { Semaphore } from '../base/concurrency.js';
import { errnoOf, ioError, isSyncError, SyncError } from '../base/errors.js';
import { collidingUsers, type Htpasswd, matchesHash, parseHtpasswd } from './htpasswd.js';

export interface Authenticator {
  /** The user that an Authorization header proves, or undefined. */
  authenticate(header: string | undefined): Promise<string | undefined>;
}

export interface HtpasswdOptions {
  /** Refuse a file in which two users would share one folder on a file system that ignores case. */
  readonly refuseFoldedTwins?: boolean;
  /** About ignored lines, and about a changed file that cannot be used (the users read before stay). */
  readonly onWarning?: (message: string) => void;
  /** Milliseconds of any steady clock. */
  readonly now?: () => number;
}

const CHECK_FILE_EVERY_MS = 5_000;
const VERIFIED_FOR_MS = 60_000;
const VERIFIED_MAX = 1_000;
/** Password checks at once; the rest wait. bcryptjs shares the one thread with everything else. */
const CHECKS_AT_ONCE = 2;

/** Throws 'usage' if there is no such file, 'bad-settings' if it cannot be understood. */
export async function openHtpasswd(file: string, options: HtpasswdOptions = {}): Promise<Authenticator> {
  const auth = new HtpasswdAuthenticator(file, options);
  await auth.load();
  return auth;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** `Basic base64(user:password)`; anything else is undefined. Base64 is taken strictly, with its padding. */
export function parseBasic(header: string | undefined): Credentials | undefined {
  const encoded = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined || encoded.length % 4 !== 0) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

class HtpasswdAuthenticator implements Authenticator {
  readonly #file: string;
  readonly #options: HtpasswdOptions;
  readonly #now: () => number;
  readonly #salt = randomBytes(16);
  readonly #verified = new Map<string, number>();
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #checks = new Semaphore(CHECKS_AT_ONCE);
  #users: Htpasswd['users'] = new Map();
  #version = '';
  #nextLook = 0;

  constructor(file: string, options: HtpasswdOptions) {
    this.#file = file;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  async load(): Promise<void> {
    this.#nextLook = this.#now() + CHECK_FILE_EVERY_MS;
    try {
      const { mtimeMs, size, ino } = await stat(this.#file);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (version === this.#version) return;
      const parsed = parseHtpasswd(await readFile(this.#file, 'utf8'), this.#file);
      const [twins] = this.#options.refuseFoldedTwins === true ? collidingUsers(parsed.users.keys()) : [];
      if (twins !== undefined) {
        const message = `${this.#file}: ${twins[0]} and ${twins[1]} would share one folder here; rename one of them`;
        throw new SyncError('bad-settings', message);
      }
      for (const warning of parsed.warnings) this.#options.onWarning?.(warning);
      this.#users = parsed.users;
      this.#version = version;
    } catch (error) {
      throw loadError(error, this.#file);
    }
  }

  async authenticate(header: string | undefined): Promise<string | undefined> {
    const credentials = parseBasic(header);
    if (credentials === undefined) return undefined;
    if (this.#now() >= this.#nextLook) await this.#reload();
    const hash = this.#users.get(credentials.user);
    if (hash === undefined) return undefined;
    return (await this.#verify(credentials, hash)) ? credentials.user : undefined;
  }

  async #reload(): Promise<void> {
    try {
      await this.load();
    } catch (error) {
      // An editor may be writing the file, or it is broken: whoever could log in before still can.
      this.#options.onWarning?.(error instanceof Error ? error.message : String(error));
    }
  }

  /** Equal credentials that arrive together are checked once: restic opens five connections at a time. */
  async #verify({ user, password }: Credentials, hash: string): Promise<boolean> {
    const sum = createHash('sha256').update(this.#salt);
    const key = sum.update(JSON.stringify([user, password, hash])).digest('base64');
    if ((this.#verified.get(key) ?? Number.NEGATIVE_INFINITY) > this.#now()) return true;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const check = this.#checks.run(() => matchesHash(password, hash)).finally(() => this.#running.delete(key));
    this.#running.set(key, check);
    const matches = await check;
    if (matches) this.#remember(key);
    return matches;
  }

  #remember(key: string): void {
    const now = this.#now();
    for (const [old, until] of this.#verified) if (until <= now) this.#verified.delete(old);
    if (this.#verified.size >= VERIFIED_MAX) this.#verified.clear();
    this.#verified.set(key, now + VERIFIED_FOR_MS);
  }
}

function loadError(error: unknown, file: string): SyncError {
  if (isSyncError(error)) return error;
  if (errnoOf(error) !== 'ENOENT') return ioError(error, 'cannot read the password file', file);
  const message = `there is no password file ${file}: make one ("htpasswd -B -c" writes it), or turn authentication off`;
  return new SyncError('usage', message, { cause: error });
}
