/**
 * A file in `keys/`: the master key, sealed with a key that scrypt derives from one password. Plain JSON, not sealed:
 *     {"created","username","hostname","kdf":"scrypt","N","r","p","salt":base64,"data":base64}
 * `data` is a sealed box of
 *     {"mac":{"k":base64 of 16 bytes,"r":base64 of 16 bytes},"encrypt":base64 of 32 bytes}
 * A repository has one key file for each password; all hold the same master key.
 */
import type { Bytes } from '../base/bytes.js';
import { toBase64, utf8 } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { MasterKey } from '../crypto/box.js';
import { isValidKey, open, SEAL_OVERHEAD, seal } from '../crypto/box.js';
import { deriveKey, SALT_SIZE } from '../crypto/kdf.js';
import type { CryptoProvider, ScryptParams } from '../crypto/provider.js';
import { goJsonString } from './go-json.js';
import { JsonFields } from './json-fields.js';

export interface KeyFile {
  /** RFC 3339. This and the next two are absent in rustic's keys. */
  readonly created?: string;
  readonly username?: string;
  readonly hostname?: string;
  readonly kdf: 'scrypt';
  readonly N: number;
  readonly r: number;
  readonly p: number;
  /** 64 bytes. */
  readonly salt: Bytes;
  readonly data: Bytes;
}

/** Who made a key, for people who look at a list of keys. */
export interface KeyOwner {
  readonly username?: string;
  readonly hostname?: string;
  /** RFC 3339. */
  readonly created: string;
}

const MAX_PARAMETER = 2 ** 31;

export function encodeKeyFile(file: KeyFile): Bytes {
  const members: string[] = [];
  for (const name of ['created', 'username', 'hostname', 'kdf'] as const) {
    const value = file[name];
    if (value !== undefined) members.push(`"${name}":${goJsonString(value)}`);
  }
  members.push(`"N":${file.N}`, `"r":${file.r}`, `"p":${file.p}`);
  members.push(`"salt":"${toBase64(file.salt)}"`, `"data":"${toBase64(file.data)}"`);
  return utf8(`{${members.join(',')}}`);
}

/** Throws 'unsupported' for another kdf, else 'damaged'. Parameters are checked when the key is opened. */
export function decodeKeyFile(bytes: Bytes, what: string): KeyFile {
  const fields = JsonFields.parse(bytes, what);
  const kdf = fields.need('kdf', fields.string('kdf'));
  if (kdf !== 'scrypt') {
    throw new SyncError(
      'unsupported',
      `${what} uses the key derivation ${JSON.stringify(kdf.slice(0, 40))}, not scrypt`,
    );
  }
  const created = fields.time('created');
  const username = fields.string('username');
  const hostname = fields.string('hostname');
  const salt = fields.need('salt', fields.bytes('salt'));
  if (salt.length !== SALT_SIZE) throw fields.damaged('salt', `${salt.length} bytes long instead of ${SALT_SIZE}`);
  const data = fields.need('data', fields.bytes('data'));
  if (data.length <= SEAL_OVERHEAD) throw fields.damaged('data', `only ${data.length} bytes long`);
  return {
    ...(created === undefined ? {} : { created }),
    ...(username === undefined ? {} : { username }),
    ...(hostname === undefined ? {} : { hostname }),
    kdf,
    N: fields.need('N', fields.integer('N', MAX_PARAMETER)),
    r: fields.need('r', fields.integer('r', MAX_PARAMETER)),
    p: fields.need('p', fields.integer('p', MAX_PARAMETER)),
    salt,
    data,
  };
}

/** A new random master key. */
export function newMasterKey(crypto: CryptoProvider): MasterKey {
  const key = { encrypt: crypto.randomBytes(32), macK: crypto.randomBytes(16), macR: crypto.randomBytes(16) };
  if (!isValidKey(key)) {
    throw new SyncError(
      'internal',
      "the system's random generator returns only zeros; nothing can be encrypted safely",
    );
  }
  return key;
}

export async function createKeyFile(
  crypto: CryptoProvider,
  password: string,
  master: MasterKey,
  params: ScryptParams,
  who: KeyOwner,
): Promise<KeyFile> {
  const salt = crypto.randomBytes(SALT_SIZE);
  const derived = await deriveKey(crypto, password, salt, params);
  const { N, r, p } = params;
  const data = seal(crypto, derived, encodeMasterKey(master));
  const { created, username = '', hostname = '' } = who;
  return { created, username, hostname, kdf: 'scrypt', N, r, p, salt, data };
}

/**
 * The master key, or undefined if the password is not this key's. Throws 'unsupported' for scrypt parameters that
 * would take absurd memory or time, 'damaged' if the password fits but what it opens is no key.
 */
export async function openKeyFile(
  crypto: CryptoProvider,
  keyFile: KeyFile,
  password: string,
  what: string,
): Promise<MasterKey | undefined> {
  const derived = await deriveKey(crypto, password, keyFile.salt, keyFile);
  let plain: Bytes;
  try {
    plain = open(crypto, derived, keyFile.data, what);
  } catch (error) {
    // The box is long enough, so all that can be wrong is the MAC: another password made it.
    if (isSyncError(error, 'damaged')) return undefined;
    throw error;
  }
  return decodeMasterKey(plain, what);
}

function encodeMasterKey(master: MasterKey): Bytes {
  const mac = { k: toBase64(master.macK), r: toBase64(master.macR) };
  return utf8(JSON.stringify({ mac, encrypt: toBase64(master.encrypt) }));
}

function decodeMasterKey(plain: Bytes, what: string): MasterKey {
  const fields = JsonFields.parse(plain, `${what}, master key`);
  const mac = fields.need('mac', fields.object('mac'));
  const key = {
    encrypt: fields.need('encrypt', fields.bytes('encrypt')),
    macK: mac.need('k', mac.bytes('k')),
    macR: mac.need('r', mac.bytes('r')),
  };
  if (!isValidKey(key)) throw fields.damaged('the key', 'of wrong length or all zeros');
  return key;
}
