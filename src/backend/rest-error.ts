/**
 * What a failed exchange with a REST server means: HTTP statuses (rest-server 0.14) and errors of sockets, TLS and the
 * HTTP client become SyncErrors that say what to do. The address in a message never holds a password.
 */
import type { ErrorCode } from '../base/errors.js';
import { errnoOf, isSyncError, SyncError } from '../base/errors.js';
import { redactUrl } from './rest-url.js';

export interface FailedAnswer {
  /** "reading data/0123abcd from https://host/path/" */
  readonly action: string;
  readonly status: number;
  readonly method: string;
  readonly hasCredentials: boolean;
  readonly location: string | undefined;
  readonly retryAfter: string | undefined;
  /** The first bytes of a plain-text body, or ''. */
  readonly text: string;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly retryable?: boolean;
}

const NOT_ALLOWED = 'this user is not allowed to do that; check the token and the address, or ask its operator';
const NO_SUCH_PATH = 'no restic REST server is at this path; check the address';

export function statusError(answer: FailedAnswer): SyncError {
  const { code, reason, retryable = false } = meaningOf(answer);
  const said = answer.text === '' ? '' : ` (${JSON.stringify(answer.text)})`;
  const retryAfterMs = retryAfter(answer.retryAfter);
  const details = { status: answer.status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  return new SyncError(code, `${answer.action}: ${reason}${said}`, { retryable, details });
}

function meaningOf({ status, method, hasCredentials, location }: FailedAnswer): Meaning {
  const answered = `the server answered ${status}`;
  if (status >= 300 && status < 400) {
    const target = location === undefined ? 'another address' : redactUrl(location);
    const reason = `${answered}, a redirect to ${target}; redirects are not followed: put the final address into the settings`;
    return { code: 'server', reason };
  }
  switch (status) {
    case 400:
      return {
        code: 'server',
        reason: `${answered}: the request arrived damaged or is not understood`,
        retryable: method === 'POST',
      };
    case 401: {
      const reason = hasCredentials
        ? `${answered}: user name or password is wrong, or the path belongs to another user; check the token and the address`
        : `${answered}: it wants a user name and a password, and none are set`;
      return { code: 'unauthorized', reason };
    }
    case 403:
      return {
        code: 'forbidden',
        reason: method === 'DELETE' ? `${answered}: it is append-only` : `${answered}: ${NOT_ALLOWED}`,
      };
    case 404:
      return { code: 'not-found', reason: `${answered}: ${method === 'POST' ? NO_SUCH_PATH : 'not there'}` };
    case 405:
    case 501:
      if (method === 'DELETE') return { code: 'forbidden', reason: `${answered}: it removes nothing` };
      return { code: 'server', reason: `${answered}: no restic REST server seems to be at this address` };
    case 407:
      return { code: 'server', reason: 'the proxy wants a user name and a password (407): put them into HTTPS_PROXY' };
    case 413:
      return {
        code: 'server',
        reason: `${answered}: a proxy refuses files of this size; raise its limit (nginx: client_max_body_size)`,
      };
    case 416:
      return { code: 'damaged', reason: `${answered}: the stored file is shorter than it must be` };
    case 507:
      return {
        code: 'no-space',
        reason: `${answered}: its disk or quota is full; make room there, or ask its operator`,
      };
    case 511:
      return { code: 'server', reason: `${answered}: the network wants you to log in first (open a browser)` };
    default: {
      const retryable = status >= 500 || status === 408 || status === 425 || status === 429;
      return { code: 'server', reason: answered, retryable };
    }
  }
}

/** Only the form in seconds; a date would need two clocks that agree. */
function retryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: the server is not running, or address or port are wrong',
  ENOTFOUND: 'unknown host: no network, or the address is wrong',
  EAI_AGAIN: 'unknown host: no network, or the name server does not answer',
  EAI_FAIL: 'unknown host: the name server failed',
  EHOSTUNREACH: 'no way to the host',
  EHOSTDOWN: 'the host is down',
  ENETUNREACH: 'no network',
  ENETDOWN: 'no network',
  EADDRNOTAVAIL: 'no network',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the transfer stood still',
  ECONNRESET: 'the connection was cut',
  ECONNABORTED: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_ABORTED: 'the proxy gave no connection',
  UND_ERR_PRX_TLS: 'no TLS connection to the proxy',
};

const UNKNOWN_ISSUER =
  'its certificate is signed by itself or by an unknown authority: give that certificate (setting ca, or NODE_EXTRA_CA_CERTS)';
const NOT_TLS = 'it does not speak TLS: the address should perhaps begin with http://';

const TLS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_ISSUER,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
  CERT_UNTRUSTED: UNKNOWN_ISSUER,
  CERT_HAS_EXPIRED: 'its certificate has expired: renew it there, or correct the clock of this computer',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: correct the clock of this computer',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for other host names: use one of those, or give the server another certificate',
  CERT_REVOKED: 'its certificate has been revoked',
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS,
  EPROTO: NOT_TLS,
};

/** An error that came instead of an answer. SyncErrors (a watchdog's, or 'aborted') pass unchanged. */
export function transportError(error: unknown, action: string): SyncError {
  const chain = causesOf(error);
  for (const link of chain) if (isSyncError(link)) return link;
  for (const link of chain) {
    if (link instanceof Error && link.name === 'HTTPParserError') {
      const message = `${action}: the answer is not HTTP: the address should perhaps begin with https://`;
      return new SyncError('server', message, { cause: error });
    }
    const code = errnoOf(link);
    if (code === undefined) continue;
    const details = { errno: code };
    const tls = TLS[code] ?? (/^(ERR_SSL|ERR_TLS|CERT)_/.test(code) ? `TLS failed (${code})` : undefined);
    if (tls !== undefined) return new SyncError('tls', `${action}: ${tls}`, { cause: error, details });
    // Any other error of a system call is the network's, too: 'UNKNOWN' stands for what Node has no name for.
    const reason =
      UNREACHABLE[code] ?? (link instanceof Error && 'syscall' in link ? `no connection (${code})` : undefined);
    if (reason !== undefined) {
      return new SyncError('unreachable', `${action}: ${reason}`, { cause: error, details, retryable: true });
    }
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new SyncError('internal', `${action}: ${reason}`, { cause: error });
}

/** The error, what caused it, and the parts of an AggregateError (one for each address of a host). */
function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let link = error; link instanceof Error && chain.length < 8; link = link.cause) {
    chain.push(link);
    if (link instanceof AggregateError) chain.push(...link.errors);
  }
  return chain;
}
