/**
 * A synchronised game folder and its settings:
 *   <game folder>/.cloud-sync/sync.json   {"schema":1,"url":"https://…","instance_id":"01J…", …}   0644
 * The file is the opt-in marker: without it every command leaves the folder alone. Keys that this program does not
 * know are kept when it is written again. `.cloud-sync` itself never enters a snapshot.
 */
import { randomInt } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ulid } from 'ulid';
import { ioError, isMissing, isSyncError, SyncError } from '../../base/errors.js';
import { writeFileAtomic } from '../swap/atomic-write.js';
import { nodeFs } from '../swap/fs-ops.js';
import { renameWithRetry } from '../swap/fs-retry.js';
import { badSettings, checkSchema, type JsonObject, readJsonFile, show } from './json-file.js';

export const CLOUD_FOLDER = '.cloud-sync';
const SETTINGS_FILE = 'sync.json';
const DISABLED_FILE = 'sync.json.disabled';
const SET_UP_AGAIN = 'run "instance-sync init" again, or restore the file';

/** Crockford's base 32 (no I, L, O, U), 26 digits of 5 bits for 128 bits: the first is at most 7. */
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i;

export interface InstanceSettings {
  readonly schema: 1;
  /** Address of the server, http or https. The repository lies below it. */
  readonly url: string;
  /** ULID, the same on every PC that shares this instance. */
  readonly instanceId: string;
  /** Keys of sync.json that this program does not know. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface Instance {
  /** The game folder, absolute. */
  readonly packFolder: string;
  /** `<packFolder>/.cloud-sync`. */
  readonly cloudFolder: string;
  readonly settings: InstanceSettings;
}

/**
 * Undefined if the folder is not set up. Throws 'usage' if there is no such folder, 'bad-settings' if sync.json is
 * broken or newer than this program.
 */
export async function readInstance(packFolder: string): Promise<Instance | undefined> {
  return readSettings(packFolder, SETTINGS_FILE);
}

/** What `disableInstance` put aside, so that the folder can take part in the same instance again. */
export async function readDisabledInstance(packFolder: string): Promise<Instance | undefined> {
  try {
    return await readSettings(packFolder, DISABLED_FILE);
  } catch (error) {
    // A broken one is of no use, and nothing depends on it.
    if (isSyncError(error, 'bad-settings')) return undefined;
    throw error;
  }
}

async function readSettings(packFolder: string, name: string): Promise<Instance | undefined> {
  const folder = resolve(packFolder);
  const cloudFolder = join(folder, CLOUD_FOLDER);
  const path = join(cloudFolder, name);
  const object = await readJsonFile(nodeFs, path, SET_UP_AGAIN);
  if (object === undefined) {
    await checkPackFolder(folder);
    return undefined;
  }
  return { packFolder: folder, cloudFolder, settings: decodeSettings(object, path) };
}

/** Makes `.cloud-sync` when it is missing, and returns its path. */
export async function makeCloudFolder(packFolder: string): Promise<string> {
  const folder = resolve(packFolder);
  await checkPackFolder(folder);
  const cloudFolder = join(folder, CLOUD_FOLDER);
  await mkdir(cloudFolder, { recursive: true }).catch((error: unknown) => {
    throw ioError(error, 'cannot make the folder', cloudFolder);
  });
  return cloudFolder;
}

/** Sets the folder up, or changes its settings: from here on it is synchronised. */
export async function writeInstance(packFolder: string, settings: InstanceSettings): Promise<Instance> {
  const folder = resolve(packFolder);
  const cloudFolder = await makeCloudFolder(folder);
  const { schema, url, instanceId, extra } = settings;
  const object = { ...extra, schema, url, instance_id: instanceId };
  const path = join(cloudFolder, SETTINGS_FILE);
  const checked = decodeSettings(object, path);
  await writeFileAtomic(nodeFs, path, `${JSON.stringify(object, null, 2)}\n`);
  return { packFolder: folder, cloudFolder, settings: checked };
}

/**
 * Stops the synchronisation and loses nothing: sync.json is renamed to sync.json.disabled (replacing an older one);
 * token, state and trash stay, and the cloud is not touched. False if the folder was not set up.
 */
export async function disableInstance(packFolder: string): Promise<boolean> {
  const folder = resolve(packFolder);
  const path = join(folder, CLOUD_FOLDER, SETTINGS_FILE);
  if ((await nodeFs.lstat(path)) === undefined) {
    await checkPackFolder(folder);
    return false;
  }
  await renameWithRetry(nodeFs, path, join(folder, CLOUD_FOLDER, DISABLED_FILE));
  return true;
}

/** A fresh id: 48 bits of time, 80 random bits. */
export function newInstanceId(): string {
  return ulid(Date.now(), () => randomInt(2 ** 32) / 2 ** 32);
}

/** Checks an id that a person gave, and returns it in upper case (a stored one is used as it is). Throws 'usage'. */
export function checkInstanceId(text: string): string {
  const id = text.trim();
  if (ULID.test(id)) return id.toUpperCase();
  throw new SyncError('usage', `${show(id)} is not an instance id: it has 26 digits and letters, without I, L, O, U`);
}

/** Checks the address of a server, given by a person or stored. `where` starts the message. Throws 'bad-settings'. */
export function checkServerUrl(text: string, where: string): string {
  const todo = 'give an address such as https://sync.example.org/';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw badSettings(where, `has the address ${show(withoutUser(text))}, which is no URL`, todo);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw badSettings(where, `has an address of the scheme ${show(url.protocol)}, only http and https work`, todo);
  }
  if (url.username !== '' || url.password !== '') {
    throw badSettings(where, 'has a user name or password in the address', 'leave it out, the token holds it');
  }
  if (url.search !== '' || url.hash !== '') throw badSettings(where, 'has an address with "?" or "#"', todo);
  return text;
}

/** `<url>/<token id>/<instance id>/` */
export function repositoryUrl(settings: InstanceSettings, tokenId: string): string {
  return `${settings.url.replace(/\/+$/, '')}/${tokenId}/${settings.instanceId}/`;
}

function decodeSettings(object: JsonObject, path: string): InstanceSettings {
  checkSchema(object, 1, path, SET_UP_AGAIN);
  const { schema: _, url, instance_id: instanceId, ...extra } = object;
  if (typeof url !== 'string') throw badSettings(path, `has no text as "url" (${show(url)})`, SET_UP_AGAIN);
  if (typeof instanceId !== 'string' || !ULID.test(instanceId)) {
    throw badSettings(path, `has no ULID as "instance_id" (${show(instanceId)})`, SET_UP_AGAIN);
  }
  return { schema: 1, url: checkServerUrl(url, path), instanceId, extra };
}

function withoutUser(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//');
}

async function checkPackFolder(folder: string): Promise<void> {
  const todo = 'give the game folder with --pack-folder';
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (error) {
    if (!isMissing(error)) throw ioError(error, 'cannot read the game folder', folder);
    throw new SyncError('usage', `the game folder ${folder} does not exist; ${todo}`, { cause: error });
  }
  throw new SyncError('usage', `the game folder ${folder} is not a folder; ${todo}`);
}
