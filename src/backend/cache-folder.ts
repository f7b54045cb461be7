/**
 * A cache folder in restic's layout, so that both programs share it:
 *   <cache>/CACHEDIR.TAG   <cache>/<repository id>/version ("1")   <cache>/<repository id>/{snapshots,index,data}/<2 hex>/<id>
 * Everything in it can be fetched again: nothing is fsynced, and what does not hash to its name is thrown away.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open, readdir, readFile, rename, rm, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Bytes } from '../base/bytes.js';
import { errnoOf } from '../base/errors.js';
import { isId } from '../base/ids.js';
import { whileBusy } from '../disk/busy.js';
import { makeFolders } from '../disk/make-folders.js';
import type { ByteRange } from './backend.js';

export type CachedType = 'snapshots' | 'index' | 'data';

const VERSION = '1';
/** Backup programs skip a folder with this file (bford.info/cachedir). */
const TAG = 'Signature: 8a477f597d28d172789f06886806bc55\n';

/** Errors of these calls are for the caller to drop: no operation on a repository may fail for its cache. */
export class CacheFolder {
  readonly #folder: string;
  /** Files that were hashed in this process: a part of them may be read alone. */
  readonly #verified = new Set<string>();
  #usable: Promise<boolean> | undefined;

  constructor(cache: string, repositoryId: string) {
    this.#folder = join(cache, repositoryId);
  }

  /** False if the folder is of another version of the layout, which must then be left alone. */
  usable(): Promise<boolean> {
    this.#usable ??= this.#open();
    return this.#usable;
  }

  /** The file or a part of it; undefined if it is not there, too short or damaged (then it is removed). */
  async read(type: CachedType, name: string, range?: ByteRange): Promise<Bytes | undefined> {
    const path = this.#path(type, name);
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    let data: Bytes;
    try {
      if (range && this.#verified.has(path)) return await readPart(handle, range);
      data = new Uint8Array(await handle.readFile());
    } finally {
      await handle.close();
    }
    if (!hashesTo(data, name)) {
      await this.drop(type, name);
      return undefined;
    }
    this.#verified.add(path);
    if (!range) return data;
    return range.offset + range.length <= data.length
      ? data.slice(range.offset, range.offset + range.length)
      : undefined;
  }

  /** Keeps the file if it hashes to its name. */
  async store(type: CachedType, name: string, data: Bytes): Promise<void> {
    if (!hashesTo(data, name)) return;
    const path = this.#path(type, name);
    await makeFolders(dirname(path), 0o700);
    const temporary = `${path}-tmp-${randomBytes(6).toString('hex')}`;
    try {
      await writeFile(temporary, data, { flag: 'wx', mode: 0o600 });
      await whileBusy(() => rename(temporary, path));
    } catch (error) {
      // The error that matters is the one above; a leftover has no id for its name, so nothing ever reads it.
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  }

  async drop(type: CachedType, name: string): Promise<void> {
    const path = this.#path(type, name);
    this.#verified.delete(path);
    try {
      await whileBusy(() => unlink(path));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }

  /** Removes every file of the type that is not in `names`. */
  async keepOnly(type: CachedType, names: ReadonlySet<string>): Promise<void> {
    const folder = join(this.#folder, type);
    for (const two of await namesIn(folder)) {
      if (!/^[0-9a-f]{2}$/.test(two)) continue;
      for (const name of await namesIn(join(folder, two))) {
        if (isId(name) && !names.has(name)) await this.drop(type, name);
      }
    }
  }

  async #open(): Promise<boolean> {
    const found = await this.#version();
    if (found !== undefined) {
      if (found !== VERSION) return false;
      // restic removes caches of repositories that were not used for 30 days: this is the time that it looks at.
      const now = new Date();
      await utimes(this.#folder, now, now).catch(() => {}); // a read-only cache still serves what it has
      return true;
    }
    await makeFolders(this.#folder, 0o700);
    await writeNew(join(dirname(this.#folder), 'CACHEDIR.TAG'), TAG);
    await writeNew(join(this.#folder, 'version'), VERSION);
    return true;
  }

  async #version(): Promise<string | undefined> {
    try {
      return (await readFile(join(this.#folder, 'version'), 'utf8')).trim();
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #path(type: CachedType, name: string): string {
    return join(this.#folder, type, name.slice(0, 2), name);
  }
}

function hashesTo(data: Bytes, name: string): boolean {
  return createHash('sha256').update(data).digest('hex') === name;
}

async function readPart(handle: FileHandle, { offset, length }: ByteRange): Promise<Bytes | undefined> {
  if (offset + length > (await handle.stat()).size) return undefined;
  const data = new Uint8Array(length);
  const { bytesRead } = await handle.read(data, 0, length, offset);
  return bytesRead === length ? data : undefined;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}
