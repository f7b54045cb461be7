/**
 * The primitives in plain JavaScript (noble), for runtimes whose node:crypto lacks one of them, and as the oracle
 * that the native provider is tested against. 10 to 30 times slower than native: never the first choice.
 */
import { poly1305 } from '@noble/ciphers/_poly1305.js';
import { ctr, ecb } from '@noble/ciphers/aes.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { randomBytes } from '@noble/hashes/utils.js';
import { equalBytes } from '../base/bytes.js';
import type { CryptoProvider } from './provider.js';

/** noble's own limit is 1 GiB + 1 KiB; the caller has bounded the parameters (checkScryptParams). */
const SCRYPT_SLACK = 1024 * 1024;

export const portableCrypto: CryptoProvider = {
  name: 'portable',
  sha256: (data) => sha256(data),
  aes256Ctr: (key, iv, data, into) => {
    const out = ctr(key, iv).encrypt(data);
    // noble writes only to addresses that are a multiple of 4.
    into?.set(out);
    return into ?? out;
  },
  aes256CtrGives: (key, iv, data, plain) => equalBytes(ctr(key, iv).decrypt(data), plain),
  aes128Block: (key, block) => ecb(key, { disablePadding: true }).encrypt(block),
  poly1305: (key, data) => poly1305(data, key),
  scrypt: (password, salt, { N, r, p }, length) =>
    scryptAsync(password, salt, { N, r, p, dkLen: length, maxmem: 128 * r * (N + p) + SCRYPT_SLACK }),
  randomBytes: (length) => randomBytes(length),
};
