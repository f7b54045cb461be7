/**
 * The primitives of node:crypto, and Poly1305 (which node:crypto has not) from the WebAssembly kernel.
 * Each part that the runtime lacks (Electron's BoringSSL leaves some out) is taken from the portable provider:
 * what counts is whether the primitive works, not which runtime it is.
 */
import * as nodeCrypto from 'node:crypto';
import type { Bytes } from '../base/bytes.js';
import { discard, equalBytes } from '../base/bytes.js';
import { wasmPoly1305 } from './poly1305.js';
import { portableCrypto } from './portable.js';
import type { CryptoProvider, ScryptParams } from './provider.js';
import { isForLanes, scryptInLanes } from './scrypt-lanes.js';

/** The part of node:crypto in use; tests pass one with primitives missing. */
export type NodePrimitives = Pick<
  typeof nodeCrypto,
  'createHash' | 'createCipheriv' | 'createSecretKey' | 'scrypt' | 'randomFillSync'
>;

/** A cipher's update allocates its output: slices of this size stay in the processor's cache until they are copied. */
const CTR_SLICE = 64 * 1024;
const RANDOM_BATCH = 4096;
/** Nonces and choices; keys and salts are drawn on their own. */
const MAX_SMALL_DRAW = 16;
/** What OpenSSL takes besides the documented 128·r·(N + p) bytes. */
const SCRYPT_SLACK = 1024 * 1024;

export function nativeCrypto(node: NodePrimitives = nodeCrypto): CryptoProvider {
  const encryptBlock = keptBlockCipher(node);
  const importKey = keptKeys(node);
  const hasCtr = works(() => aes256Ctr(node, importKey(new Uint8Array(32)), new Uint8Array(16), new Uint8Array(1)));
  return {
    name: 'native',
    sha256: works(() => sha256(node, new Uint8Array(0))) ? (data) => sha256(node, data) : portableCrypto.sha256,
    aes256Ctr: hasCtr
      ? (key, iv, data, into) => aes256Ctr(node, importKey(key), iv, data, into)
      : portableCrypto.aes256Ctr,
    aes256CtrGives: hasCtr
      ? (key, iv, data, plain) => aes256CtrGives(node, importKey(key), iv, data, plain)
      : portableCrypto.aes256CtrGives,
    aes128Block: works(() => encryptBlock(new Uint8Array(16), new Uint8Array(16)))
      ? encryptBlock
      : portableCrypto.aes128Block,
    poly1305: wasmPoly1305() ?? portableCrypto.poly1305,
    scrypt:
      typeof node.scrypt === 'function'
        ? (password, salt, params, length) => scrypt(node, password, salt, params, length)
        : portableCrypto.scrypt,
    randomBytes: drawnInBatches(node),
  };
}

/**
 * A call of the generator costs as much as a cipher (17 and 19 us on a busy machine), and each blob needs 17 bytes:
 * small draws are cut from 4 KiB. Every byte is handed out once, as a copy, and wiped where it was.
 */
function drawnInBatches(node: NodePrimitives): (length: number) => Bytes {
  const batch = new Uint8Array(RANDOM_BATCH);
  let used = RANDOM_BATCH;
  return (length) => {
    if (length > MAX_SMALL_DRAW) return node.randomFillSync(new Uint8Array(length));
    if (used + length > RANDOM_BATCH) {
      node.randomFillSync(batch);
      used = 0;
    }
    const drawn = batch.slice(used, used + length);
    batch.fill(0, used, used + length);
    used += length;
    return drawn;
  };
}

function works(probe: () => unknown): boolean {
  try {
    probe();
    return true;
  } catch {
    // The primitive is missing in this runtime: the portable one takes its place.
    return false;
  }
}

function sha256(node: NodePrimitives, data: Bytes): Bytes {
  return plain(node.createHash('sha256').update(data).digest());
}

/**
 * Keys as OpenSSL wants them, kept for as long as their bytes: a cipher made from raw bytes costs 23 us on node 24,
 * from a key object 3.3 us, and there are four for each new blob. The bytes of a key are never changed in place.
 */
function keptKeys(node: NodePrimitives): (key: Bytes) => nodeCrypto.KeyObject {
  const kept = new WeakMap<Bytes, nodeCrypto.KeyObject>();
  return (key) => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const made = node.createSecretKey(key);
    kept.set(key, made);
    return made;
  };
}

/** One cipher for each key: in ECB every block is on its own, so it goes on for ever (1.1 us a block, not 4.7). */
function keptBlockCipher(node: NodePrimitives): CryptoProvider['aes128Block'] {
  const kept = new WeakMap<Bytes, nodeCrypto.Cipher>();
  return (key, block) => {
    let cipher = kept.get(key);
    if (cipher === undefined) {
      cipher = node.createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
      kept.set(key, cipher);
    }
    return plain(cipher.update(block));
  };
}

function aes256Ctr(node: NodePrimitives, key: nodeCrypto.KeyObject, iv: Bytes, data: Bytes, into?: Bytes): Bytes {
  const cipher = node.createCipheriv('aes-256-ctr', key, iv);
  // A stream cipher holds nothing back: final() has no bytes to give, and is not called.
  if (into === undefined && data.length <= CTR_SLICE) return plain(cipher.update(data));
  const out = into ?? new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += CTR_SLICE) {
    const piece = cipher.update(data.subarray(at, at + CTR_SLICE));
    out.set(piece, at);
    discard(piece);
  }
  return out;
}

/** Slice by slice, so that nothing is copied. */
function aes256CtrGives(
  node: NodePrimitives,
  key: nodeCrypto.KeyObject,
  iv: Bytes,
  data: Bytes,
  wanted: Bytes,
): boolean {
  if (data.length !== wanted.length) return false;
  const cipher = node.createCipheriv('aes-256-ctr', key, iv);
  for (let at = 0; at < data.length; at += CTR_SLICE) {
    const end = at + CTR_SLICE;
    const piece = cipher.update(data.subarray(at, end));
    const isSame = equalBytes(piece, wanted.subarray(at, end));
    discard(piece);
    if (!isSame) return false;
  }
  return true;
}

async function scrypt(node: NodePrimitives, password: Bytes, salt: Bytes, params: ScryptParams, length: number) {
  if (isForLanes(params)) {
    try {
      return await scryptInLanes(password, salt, params, length);
    } catch {
      // No threads, no vectors or too little memory here: OpenSSL gives the same key, later.
    }
  }
  const { N, r, p } = params;
  // Without maxmem node refuses more than 32 MiB, which restic's N=32768 r=8 is just above.
  const options = { N, r, p, maxmem: 128 * r * (N + p) + SCRYPT_SLACK };
  return new Promise<Bytes>((resolve, reject) => {
    node.scrypt(password, salt, length, options, (error, key) => (error ? reject(error) : resolve(plain(key))));
  });
}

/** A Buffer as the plain array type that the other provider returns; no copy. */
function plain(buffer: Buffer): Bytes {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
