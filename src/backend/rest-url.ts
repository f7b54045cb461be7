/**
 * Addresses of REST repositories: `[rest:]http(s)://[user:password@]host[:port]/path/`. The credentials are taken out
 * at once, so that no message, log or file can show them with the address.
 */
import { SyncError } from '../base/errors.js';

export interface RestUrl {
  /** With a slash at the end, without credentials. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

/** Throws 'usage' for anything but http and https addresses with a host, and for a query or a fragment. */
export function parseRestUrl(text: string): RestUrl {
  const address = text.trim().replace(/^rest:/i, '');
  if (/^https?\+unix:/i.test(address)) throw badUrl(text, 'unix sockets are not supported');
  if (!/^https?:\/\//i.test(address)) throw badUrl(text, 'it must begin with https:// or http://');
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    // The only thing to know is that it is none; the error would repeat the text with its password.
    throw badUrl(text, 'it cannot be read as an address (https://host:port/path/ is expected)');
  }
  if (url.search !== '' || url.hash !== '') throw badUrl(text, 'it must not hold ? or #');
  const username = decodePart(url.username);
  const password = decodePart(url.password);
  url.username = '';
  url.password = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return { url: url.href, ...(username !== '' && { username }), ...(password !== '' && { password }) };
}

/** The text without anything that may be a password, for messages. */
export function redactUrl(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//***@').slice(0, 200);
}

function badUrl(text: string, reason: string): SyncError {
  return new SyncError('usage', `${JSON.stringify(redactUrl(text))} is not the address of a REST server: ${reason}`);
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a bare % that was never encoded stands for itself
  }
}
