/**
 * The password file: one `user:hash` a line, `#` starts a comment line. Hashes are bcrypt ($2a$, $2b$, $2y$) or
 * {SHA} + base64 of SHA-1, which is what `htpasswd -B` and `htpasswd -s` write. Other schemes never match.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { SyncError } from '../base/errors.js';

export interface Htpasswd {
  /** User to hash. */
  readonly users: ReadonlyMap<string, string>;
  /** One line each about what was left out. */
  readonly warnings: readonly string[];
}

const USER = /^[\p{L}\d@._-]+$/u;
const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;
const SHA_PREFIX = '{SHA}';
/** 2^10 rounds: 80 ms on the first request of a minute (bcryptjs 3, Node 20, one core of a small server). */
const BCRYPT_COST = 10;

/** The last of several lines for one user counts. Throws 'bad-settings' for a line that is not `user:hash`. */
export function parseHtpasswd(text: string, file: string): Htpasswd {
  const users = new Map<string, string>();
  const warnings: string[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const line = raw.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const [user = '', hash, ...more] = line.split(':');
    if (hash === undefined || more.length > 0) {
      throw new SyncError('bad-settings', `${file}, line ${index + 1}: not of the form user:hash`);
    }
    if (USER.test(user)) users.set(user, hash.trim());
    else warnings.push(`${file}, line ${index + 1}: ignored, user names are letters, digits, '@', '.', '_' and '-'`);
  }
  return { users, warnings };
}

/** Names that a file system without upper and lower case would give one folder; each pair as found. */
export function collidingUsers(users: Iterable<string>): [string, string][] {
  const seen = new Map<string, string>();
  const pairs: [string, string][] = [];
  for (const user of users) {
    const folded = user.normalize('NFKC').toUpperCase().toLowerCase();
    const other = seen.get(folded);
    if (other === undefined) seen.set(folded, user);
    else pairs.push([other, user]);
  }
  return pairs;
}

/** Whether the password belongs to the hash. Takes as long as the hash's cost says, without blocking other requests. */
export async function matchesHash(password: string, hash: string): Promise<boolean> {
  if (BCRYPT.test(hash)) return bcrypt.compare(password, hash);
  if (!hash.startsWith(SHA_PREFIX)) return false;
  const stored = Buffer.from(hash.slice(SHA_PREFIX.length), 'base64');
  const computed = createHash('sha1').update(password).digest();
  return stored.length === computed.length && timingSafeEqual(stored, computed);
}

/**
 * A line (without line end) for the password file of this server or of rest-server. Throws 'usage' for a user name
 * that they ignore, and for a password of more than 72 bytes, of which bcrypt would see the beginning only.
 */
export function createHtpasswdLine(user: string, password: string): string {
  if (!USER.test(user)) {
    throw new SyncError('usage', `${JSON.stringify(user)}: user names are letters, digits, '@', '.', '_' and '-'`);
  }
  if (password === '' || bcrypt.truncates(password)) {
    throw new SyncError('usage', `the password of ${user} must have 1 to 72 bytes`);
  }
  return `${user}:${bcrypt.hashSync(password, BCRYPT_COST)}`;
}
