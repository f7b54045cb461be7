/**
 * The repository's key, kept beside the token that opens it, so that not every push after a game derives it anew: that is
 * half a second of one core by design (scrypt), and more on a small PC. In `.cloud-sync/key.json`:
 *   {"schema":1, "key_id", "salt", "sealed"}   base64; sealed = nonce (12) | AES-256-GCM of the 64 bytes | tag (16)
 * under HKDF-SHA256 of the token's password. It is no way around the token: without that the file is worth nothing, and
 * whoever has both could derive the key as well. Only for a token that is stored in `.cloud-sync`. A file that does not
 * open (another token, another instance, damaged) counts as none.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Bytes } from '../../base/bytes.js';
import { concatBytes } from '../../base/bytes.js';
import { isSyncError } from '../../base/errors.js';
import type { KeyId } from '../../base/ids.js';
import { isId } from '../../base/ids.js';
import type { HeldKey } from '../../repo/unlock.js';
import { readJsonFile } from '../folder/json-file.js';
import type { SyncSession } from '../session.js';
import { writeFileAtomic } from '../swap/atomic-write.js';
import { nodeFs } from '../swap/fs-ops.js';

export const KEY_FILE = 'key.json';
const CIPHER = 'aes-256-gcm';
const NONCE_SIZE = 12;
const TAG_SIZE = 16;
const SALT_SIZE = 32;
const TODO = 'it is written anew';

type Place = Pick<SyncSession, 'instance' | 'token' | 'options'>;

/** Undefined if there is none, or none for this token and instance. */
export async function readHeldKey(place: Place): Promise<HeldKey | undefined> {
  if (!isStored(place)) return undefined;
  try {
    const object = await readJsonFile(nodeFs, pathOf(place), TODO);
    const { schema, key_id: keyId, salt, sealed } = object ?? {};
    if (schema !== 1 || typeof keyId !== 'string' || !isId(keyId)) return undefined;
    if (typeof salt !== 'string' || typeof sealed !== 'string') return undefined;
    const plain = unseal(place, keyId as KeyId, Buffer.from(salt, 'base64'), Buffer.from(sealed, 'base64'));
    return plain && { keyId: keyId as KeyId, key: splitKey(plain) };
  } catch (error) {
    // It only saves time.
    if (isSyncError(error, 'bad-settings', 'io')) return undefined;
    throw error;
  }
}

/** Keeps the key for the next command; where it cannot be written, that one derives it again. */
export async function writeHeldKey(place: Place, { key, keyId }: HeldKey): Promise<void> {
  if (!isStored(place)) return;
  const salt = randomBytes(SALT_SIZE);
  const sealed = seal(place, keyId, salt, concatBytes([key.encrypt, key.macK, key.macR]));
  const object = { schema: 1, key_id: keyId, salt: salt.toString('base64'), sealed: sealed.toString('base64') };
  try {
    await writeFileAtomic(nodeFs, pathOf(place), `${JSON.stringify(object)}\n`, 0o600);
  } catch (error) {
    if (!isSyncError(error, 'io', 'no-space')) throw error;
  }
}

function isStored({ options }: Place): boolean {
  return options.token === undefined && options.tokenFile === undefined;
}

function pathOf({ instance }: Place): string {
  return join(instance.cloudFolder, KEY_FILE);
}

/** What else the box is bound to. */
function contextOf({ instance }: Place, keyId: KeyId): Buffer {
  return Buffer.from(`instance-sync held key 1 ${instance.settings.instanceId} ${keyId}`);
}

function sealingKey({ token }: Place, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', token.password, salt, 'instance-sync held key 1', 32));
}

function seal(place: Place, keyId: KeyId, salt: Uint8Array, plain: Bytes): Buffer {
  const nonce = randomBytes(NONCE_SIZE);
  const cipher = createCipheriv(CIPHER, sealingKey(place, salt), nonce, { authTagLength: TAG_SIZE });
  cipher.setAAD(contextOf(place, keyId));
  const body = [cipher.update(plain), cipher.final()];
  return Buffer.concat([nonce, ...body, cipher.getAuthTag()]);
}

function unseal(place: Place, keyId: KeyId, salt: Uint8Array, sealed: Uint8Array): Bytes | undefined {
  if (salt.length !== SALT_SIZE || sealed.length !== NONCE_SIZE + 64 + TAG_SIZE) return undefined;
  const end = sealed.length - TAG_SIZE;
  const nonce = sealed.subarray(0, NONCE_SIZE);
  const decipher = createDecipheriv(CIPHER, sealingKey(place, salt), nonce, { authTagLength: TAG_SIZE });
  decipher.setAAD(contextOf(place, keyId));
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(NONCE_SIZE, end));
  try {
    decipher.final();
  } catch {
    // Node has one kind of error here: the tag does not fit, for whatever reason.
    return undefined;
  }
  return new Uint8Array(plain);
}

function splitKey(plain: Bytes): HeldKey['key'] {
  return { encrypt: plain.slice(0, 32), macK: plain.slice(32, 48), macR: plain.slice(48, 64) };
}
