/**
 * The sealed box in which everything but the key files is stored:
 *
 *     IV (16, random) | AES-256-CTR ciphertext | MAC (16)
 *
 * MAC = Poly1305 of the ciphertext alone, under the one-time key r | AES-128(k, IV) (Poly1305-AES, Bernstein 2005).
 * r is stored unclamped; Poly1305 clamps it. The counter is the whole IV, big-endian.
 */
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { CryptoProvider } from './provider.js';

const IV_SIZE = 16;
const MAC_SIZE = 16;
/** How many bytes a sealed box is longer than its content. */
export const SEAL_OVERHEAD = 32;

export interface MasterKey {
  /** AES-256 key, 32 bytes. */
  readonly encrypt: Bytes;
  /** AES-128 key of the MAC, 16 bytes. */
  readonly macK: Bytes;
  /** Multiplier of the MAC, 16 bytes. */
  readonly macR: Bytes;
}

/** Right lengths and no part all zeros, which a broken key file could hold. */
export function isValidKey(key: MasterKey): boolean {
  const lengths = key.encrypt.length === 32 && key.macK.length === 16 && key.macR.length === 16;
  return lengths && !isZero(key.encrypt) && !isZero(key.macK) && !isZero(key.macR);
}

/** New bytes of `plain.length + 32`; each call draws a fresh IV, so equal contents seal to different bytes. */
export function seal(crypto: CryptoProvider, key: MasterKey, plain: Bytes): Bytes {
  const sealed = new Uint8Array(plain.length + SEAL_OVERHEAD);
  sealInto(crypto, key, plain, sealed, 0);
  return sealed;
}

/**
 * Writes the box to `out` from `at` on; returns it, a view. `plain` must lie elsewhere.
 * Throws a RangeError, and has not written anything, if it does not fit.
 */
export function sealInto(crypto: CryptoProvider, key: MasterKey, plain: Bytes, out: Bytes, at: number): Bytes {
  const length = plain.length + SEAL_OVERHEAD;
  if (at + length > out.length) {
    throw new RangeError(`a sealed box of ${length} bytes does not fit at ${at} into ${out.length} bytes`);
  }
  const sealed = out.subarray(at, at + length);
  const iv = freshIv(crypto);
  const ciphertext = sealed.subarray(IV_SIZE, length - MAC_SIZE);
  sealed.set(iv, 0);
  crypto.aes256Ctr(key.encrypt, iv, plain, ciphertext);
  sealed.set(mac(crypto, key, iv, ciphertext), length - MAC_SIZE);
  return sealed;
}

/** Whether a box that has just been made opens to exactly these bytes: authentication code and content. */
export function opensTo(crypto: CryptoProvider, key: MasterKey, sealed: Bytes, plain: Bytes): boolean {
  if (sealed.length !== plain.length + SEAL_OVERHEAD) return false;
  const iv = sealed.subarray(0, IV_SIZE);
  const end = sealed.length - MAC_SIZE;
  const ciphertext = sealed.subarray(IV_SIZE, end);
  const isRight = equalInConstantTime(mac(crypto, key, iv, ciphertext), sealed.subarray(end));
  return isRight && crypto.aes256CtrGives(key.encrypt, iv, ciphertext, plain);
}

/**
 * The content, in new bytes or in `into`, which is as long as it and lies elsewhere; `what` names the box in the error.
 * Throws 'damaged' for a box that is too short, has an IV of zeros or a wrong MAC. Nothing is decrypted before the MAC
 * has been found right. A key derived from a wrong password fails in the same way.
 */
export function open(crypto: CryptoProvider, key: MasterKey, sealed: Bytes, what: string, into?: Bytes): Bytes {
  if (sealed.length < SEAL_OVERHEAD) {
    throw new SyncError('damaged', `${what}: ${sealed.length} bytes are too few for a sealed box`);
  }
  const end = sealed.length - MAC_SIZE;
  const iv = sealed.subarray(0, IV_SIZE);
  if (isZero(iv)) throw new SyncError('damaged', `${what}: the nonce is all zeros`);
  const ciphertext = sealed.subarray(IV_SIZE, end);
  if (!equalInConstantTime(mac(crypto, key, iv, ciphertext), sealed.subarray(end))) {
    throw new SyncError('damaged', `${what}: the authentication code is wrong; the bytes have been changed`);
  }
  return crypto.aes256Ctr(key.encrypt, iv, ciphertext, into);
}

function mac(crypto: CryptoProvider, key: MasterKey, iv: Bytes, ciphertext: Bytes): Bytes {
  const oneTime = new Uint8Array(32);
  oneTime.set(key.macR, 0);
  oneTime.set(crypto.aes128Block(key.macK, iv), 16);
  return crypto.poly1305(oneTime, ciphertext);
}

function freshIv(crypto: CryptoProvider): Bytes {
  // Zeros once are a chance of 2^-128; zeros twice are a random generator that does not work.
  for (let attempt = 0; attempt < 2; attempt++) {
    const iv = crypto.randomBytes(IV_SIZE);
    if (!isZero(iv)) return iv;
  }
  throw new SyncError('internal', "the system's random generator returns only zeros; nothing can be encrypted safely");
}

function isZero(bytes: Bytes): boolean {
  return bytes.every((byte) => byte === 0);
}

function equalInConstantTime(a: Bytes, b: Bytes): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
