/**
 * Who the page is. The token stands in the address that a browser is started with, where other users of this PC can see
 * it in the list of processes: so it opens one session only, and dies after two minutes. Behind the '#' it is in no
 * request, and so in no log and no referrer.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 32;
const TOKEN_MS = 2 * 60_000;

export interface Session {
  /** For the address. */
  readonly token: string;
  /** The value of `Set-Cookie` for who has the token; undefined for everybody else, and for the second who comes. */
  open(token: string): string | undefined;
  /** Whether a request has the cookie. `header` is its `Cookie`. */
  knows(header: string | undefined): boolean;
}

/** `port` makes the cookie's name: a browser sends the cookies of all servers of a PC to each of them. */
export function createSession(port: number, tokenMs: number = TOKEN_MS): Session {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const secret = randomBytes(TOKEN_BYTES).toString('base64url');
  const name = `instance-sync-${port}`;
  const until = performance.now() + tokenMs;
  let isUsed = false;
  return {
    token,
    open: (given) => {
      if (isUsed || performance.now() > until || !isSame(given, token)) return undefined;
      isUsed = true;
      // Without an age it lives as long as the browser, and means nothing once this server has ended.
      return `${name}=${secret}; HttpOnly; SameSite=Strict; Path=/`;
    },
    knows: (header = '') => {
      // Another server of this PC may have left a cookie of that name in the browser: it must not lock the page out.
      const cookies = header.split(';').map((part) => part.trim());
      return cookies.some((cookie) => isSame(cookie, `${name}=${secret}`));
    },
  };
}

/** In a time that tells nothing of how much was right. */
function isSame(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
