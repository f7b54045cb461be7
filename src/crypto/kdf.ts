/**
 * From a password to a key: scrypt (RFC 7914) over the UTF-8 password and a salt of 64 bytes gives 64 bytes,
 *
 *     encrypt (32) | k of the MAC (16) | r of the MAC (16)
 *
 * which open the key file's `data`, where the master key is. The parameters come from a file that anyone who can write
 * to the repository can write, so they are bounded before they cost memory or time.
 */
import type { Bytes } from '../base/bytes.js';
import { utf8 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { MasterKey } from './box.js';
import type { CryptoProvider, ScryptParams } from './provider.js';

/**
 * For new keys: 32 MiB of memory and about 0.4 s of one core (x86-64, Node 24). N and r are what restic's
 * calibration for 60 MiB always ends with; its p is 5 to 7 on a machine like this one.
 */
export const DEFAULT_SCRYPT: ScryptParams = { N: 32768, r: 8, p: 5 };

export const SALT_SIZE = 64;

/** Most memory one derivation may take; restic's own keys take 32 or 64 MiB. */
const MAX_MEMORY = 1024 ** 3;
/** Most bytes mixed (128·N·r·p): about 15 s of one core, 50 times what restic's calibration chooses. */
const MAX_WORK = 8 * 1024 ** 3;

/** Throws 'unsupported' for parameters that scrypt does not have, or that would take absurd memory or time. */
export function checkScryptParams(params: ScryptParams): void {
  const { N, r, p } = params;
  const wrong = wrongParams(N, r, p);
  if (wrong === undefined) return;
  const found = `N=${String(N)} r=${String(r)} p=${String(p)}`;
  throw new SyncError('unsupported', `key with scrypt parameters ${found}: ${wrong}; this key is not used`);
}

function wrongParams(N: number, r: number, p: number): string | undefined {
  if (![N, r, p].every((value) => Number.isSafeInteger(value) && value >= 1)) return 'not whole positive numbers';
  // RFC 7914, section 2: N is a power of two, larger than 1 and less than 2^(128·r/8).
  const log = Math.log2(N);
  if (N < 2 || N > 2 ** 30 || 2 ** Math.round(log) !== N) return 'N is not a power of two from 2 to 2^30';
  if (log >= 16 * r) return 'N is too large for r';
  if (r * p >= 2 ** 30) return 'r times p is 2^30 or more';
  if (128 * r * (N + p) > MAX_MEMORY) return 'more than 1 GiB of memory is needed';
  if (128 * N * r * p > MAX_WORK) return 'the derivation would take minutes';
  return undefined;
}

/** The key that opens a key file's `data`. Throws 'unsupported' (parameters) and 'damaged' (salt). */
export async function deriveKey(
  crypto: CryptoProvider,
  password: string,
  salt: Bytes,
  params: ScryptParams,
): Promise<MasterKey> {
  checkScryptParams(params);
  if (salt.length !== SALT_SIZE) {
    throw new SyncError('damaged', `key file: the salt has ${salt.length} bytes instead of ${SALT_SIZE}`);
  }
  const derived = await crypto.scrypt(utf8(password), salt, params, 64);
  return { encrypt: derived.subarray(0, 32), macK: derived.subarray(32, 48), macR: derived.subarray(48, 64) };
}
