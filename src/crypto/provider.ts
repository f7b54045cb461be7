/** The primitives that the repository format needs, behind one interface with two implementations. */
import type { Bytes } from '../base/bytes.js';

export interface ScryptParams {
  /** Cost, a power of two. */
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

export interface CryptoProvider {
  readonly name: 'native' | 'portable';
  /** 32 bytes. */
  sha256(data: Bytes): Bytes;
  /**
   * AES-256 in counter mode; the whole 16-byte `iv` is the big-endian counter. Encrypts and decrypts.
   * Writes into `into` (as long as `data`, not overlapping it) where given, and returns it; else into new bytes.
   */
  aes256Ctr(key: Bytes, iv: Bytes, data: Bytes, into?: Bytes): Bytes;
  /** Whether `data` decrypts to exactly `plain`, which is as long. */
  aes256CtrGives(key: Bytes, iv: Bytes, data: Bytes, plain: Bytes): boolean;
  /** One AES-128 block, for Poly1305-AES. */
  aes128Block(key: Bytes, block: Bytes): Bytes;
  /** Poly1305 (RFC 8439, 2.5) of `data` under the one-time key `key` of 32 bytes; 16 bytes. Clamps r itself. */
  poly1305(key: Bytes, data: Bytes): Bytes;
  /** Does not check that the parameters are sane: see checkScryptParams. */
  scrypt(password: Bytes, salt: Bytes, params: ScryptParams, length: number): Promise<Bytes>;
  randomBytes(length: number): Bytes;
}
