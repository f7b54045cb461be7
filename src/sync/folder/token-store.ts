/**
 * The tokens of an instance on this disk: the present one (`token`, see token.ts) and those that it took the place of:
 *   .cloud-sync/token.old   lines ID:PASSWORD, the newest first, 0600; only while a repository may still need one
 * A repository's keys were made with the password of their day. After a rotation the old one opens it once more, the new
 * one becomes a further key, and the old one goes.
 */
import { join } from 'node:path';
import { fromUtf8 } from '../../base/bytes.js';
import { ioError, isSyncError } from '../../base/errors.js';
import { writeFileAtomic } from '../swap/atomic-write.js';
import { nodeFs } from '../swap/fs-ops.js';
import { rmWithRetry } from '../swap/fs-retry.js';
import type { Token } from './token.js';
import { parseToken, readToken, TOKEN_FILE, writeToken } from './token.js';

export const OLD_TOKENS_FILE = 'token.old';
/** Each costs a key derivation for every key of a repository. */
const MAX_OLD = 8;

/** Stores the token, and keeps one of the same ID and another password beside it. */
export async function storeToken(cloudFolder: string, token: Token): Promise<void> {
  const before = await storedToken(cloudFolder);
  const old = await readOldTokens(cloudFolder);
  const kept = withoutTwins([...(before ? [before] : []), ...old]).filter((one) => !isSame(one, token));
  const wanted = kept.filter((one) => one.id === token.id || old.some((line) => isSame(line, one)));
  // The old ones first: whatever a crash leaves, no password is lost.
  await writeOldTokens(cloudFolder, old, wanted);
  await writeToken(cloudFolder, token);
}

/** Whether a rotation is not settled yet: token.old holds passwords of this ID. */
export async function hasOldTokens(cloudFolder: string, token: Token): Promise<boolean> {
  return (await readOldTokens(cloudFolder)).some((one) => one.id === token.id && one.password !== token.password);
}

/** Passwords of this ID other than the token's own, the newest first: the stored one, and those of token.old. */
export async function otherPasswords(cloudFolder: string, token: Token): Promise<string[]> {
  const stored = await storedToken(cloudFolder);
  const all = withoutTwins([...(stored ? [stored] : []), ...(await readOldTokens(cloudFolder))]);
  return all.filter((one) => one.id === token.id && one.password !== token.password).map((one) => one.password);
}

/** Every repository opens by the present password: the older ones of this ID go. */
export async function dropOldTokens(cloudFolder: string, id: string): Promise<void> {
  const old = await readOldTokens(cloudFolder);
  await writeOldTokens(
    cloudFolder,
    old,
    old.filter((one) => one.id !== id),
  );
}

/** undefined: none that could be used. */
export async function storedToken(cloudFolder: string): Promise<Token | undefined> {
  try {
    return (await readToken(join(cloudFolder, TOKEN_FILE), { loose: 'tighten' })).token;
  } catch (error) {
    // Nothing that could be kept.
    if (isSyncError(error, 'no-token', 'bad-settings')) return undefined;
    throw error;
  }
}

/** A line that is no token is passed over: nothing can be done with it. */
async function readOldTokens(cloudFolder: string): Promise<Token[]> {
  const path = join(cloudFolder, OLD_TOKENS_FILE);
  const bytes = await nodeFs.readFile(path).catch((error: unknown) => {
    throw ioError(error, 'cannot read the old tokens', path);
  });
  return (bytes === undefined ? [] : fromUtf8(bytes).split('\n')).flatMap((line) => {
    try {
      return [parseToken(line, path)];
    } catch (error) {
      if (isSyncError(error, 'no-token', 'bad-settings')) return [];
      throw error;
    }
  });
}

async function writeOldTokens(cloudFolder: string, before: readonly Token[], tokens: readonly Token[]): Promise<void> {
  const path = join(cloudFolder, OLD_TOKENS_FILE);
  const lines = (list: readonly Token[]): string => list.map(({ id, password }) => `${id}:${password}\n`).join('');
  const kept = tokens.slice(0, MAX_OLD);
  if (lines(kept) === lines(before)) return;
  if (kept.length > 0) await writeFileAtomic(nodeFs, path, lines(kept), 0o600);
  else await rmWithRetry(nodeFs, path);
}

function withoutTwins(tokens: readonly Token[]): Token[] {
  return tokens.filter((token, i) => tokens.findIndex((one) => isSame(one, token)) === i);
}

function isSame(a: Token, b: Token): boolean {
  return a.id === b.id && a.password === b.password;
}
