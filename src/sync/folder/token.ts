/**
 * The token, one line `ID:PASSWORD`: ID is the user's name at the server and in the repository's address, PASSWORD
 * the HTTP password and the repository's passphrase. It lies in `.cloud-sync/token`, readable by its owner only. No
 * message of this file ever holds the password.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { fromUtf8 } from '../../base/bytes.js';
import { ioError, isMissing, SyncError } from '../../base/errors.js';
import { toFsPath } from '../../base/raw-string.js';
import { writeFileAtomic } from '../swap/atomic-write.js';
import { nodeFs } from '../swap/fs-ops.js';
import { badSettings } from './json-file.js';

export const TOKEN_FILE = 'token';
const LARGEST = 4096;
const FORM = 'it must be one line ID:PASSWORD';

export interface Token {
  /** Letters, digits and @ . _ - */
  readonly id: string;
  readonly password: string;
}

export interface ReadTokenOptions {
  /**
   * What to do when other users of this computer may read the file (POSIX only): 'refuse' throws 'bad-settings' and
   * says chmod 600; 'tighten' does that itself and warns. Default: 'refuse'.
   */
  readonly loose?: 'refuse' | 'tighten';
}

/** `where` names the source in messages. Throws 'no-token' if the text is empty, 'bad-settings' if it is no token. */
export function parseToken(text: string, where: string): Token {
  const line = text.replace(/^\ufeff/, '').replace(/[\r\n]+$/, '');
  if (line.trim() === '') throw new SyncError('no-token', `${where} is empty; ${FORM}`);
  if (/[\r\n]/.test(line)) throw badSettings(where, 'has more than one line', FORM);
  const colon = line.indexOf(':');
  if (colon < 0) throw badSettings(where, 'has no colon', FORM);
  const id = line.slice(0, colon);
  const password = line.slice(colon + 1);
  if (!/^[A-Za-z0-9@._-]+$/.test(id) || id === '.' || id === '..') {
    throw badSettings(where, 'has an ID that is empty or has other characters than letters, digits and @ . _ -', FORM);
  }
  if (password === '') throw badSettings(where, 'has no password after the colon', FORM);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these cannot be sent in an HTTP password (RFC 7617)
  if (/[\u0000-\u001f\u007f]/.test(password)) throw badSettings(where, 'has a control character in the password', FORM);
  return { id, password };
}

/** Throws 'no-token' if the file is missing or empty, 'bad-settings' if it is no token or open to other users. */
export async function readToken(
  path: string,
  options: ReadTokenOptions = {},
): Promise<{ token: Token; warnings: string[] }> {
  const handle = await openToken(path);
  try {
    const warnings = await checkMode(handle, path, options.loose ?? 'refuse');
    const buffer = new Uint8Array(LARGEST + 1);
    const length = await readUpTo(handle, buffer);
    if (length > LARGEST) throw badSettings(`the token file ${path}`, `is longer than ${LARGEST} bytes`, FORM);
    return { token: parseToken(fromUtf8(buffer.subarray(0, length)), `the token file ${path}`), warnings };
  } catch (error) {
    throw ioError(error, 'cannot read the token file', path);
  } finally {
    await handle.close();
  }
}

/** Stores the token of an instance, mode 0600 from its first byte on. Checks it first. */
export async function writeToken(cloudFolder: string, token: Token): Promise<void> {
  const line = `${token.id}:${token.password}`;
  parseToken(line, 'the token');
  await writeFileAtomic(nodeFs, join(cloudFolder, TOKEN_FILE), `${line}\n`, 0o600);
}

async function openToken(path: string): Promise<FileHandle> {
  try {
    return await open(toFsPath(path), constants.O_RDONLY);
  } catch (error) {
    if (!isMissing(error)) throw ioError(error, 'cannot read the token file', path);
    const todo = 'give one with --token-file, or run "instance-sync init" again';
    throw new SyncError('no-token', `there is no token file ${path}; ${todo}`, { cause: error });
  }
}

/** On the open file, so that it is the one that is read. Windows has no such mode bits: nothing to check there. */
async function checkMode(handle: FileHandle, path: string, loose: 'refuse' | 'tighten'): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const stats = await handle.stat();
  if (stats.isDirectory()) throw badSettings(`the token file ${path}`, 'is a folder', FORM);
  if (!stats.isFile() || (stats.mode & 0o077) === 0) return [];
  const found = `could be read by other users of this computer (mode 0${(stats.mode & 0o777).toString(8)})`;
  if (loose === 'refuse') throw badSettings(`the token file ${path}`, found, `run: chmod 600 "${path}"`);
  await handle.chmod(0o600);
  return [`the token file ${path} ${found}; it is closed to them now`];
}

async function readUpTo(handle: FileHandle, buffer: Uint8Array): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
