/**
 * A repository in a folder, in restic's layout:
 *   config   data/<first 2 hex>/<id>   index/<id>   keys/<id>   locks/<id>   snapshots/<id>
 * Packs directly under data/ (the layout of REST addresses) are read too. A file is written under a temporary name
 * beside its place, fsynced, made read-only and renamed; restic ignores such leftovers, as does `list`.
 */
import { randomBytes } from 'node:crypto';
import { chmod, open, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { ioError, isMissing, isSyncError, throwIfAborted } from '../base/errors.js';
import { isId } from '../base/ids.js';
import { whileBusy } from '../disk/busy.js';
import { makeFolders } from '../disk/make-folders.js';
import { syncFolder } from '../disk/sync-folder.js';
import type { Backend, ByteRange, CallOptions, FileInfo, FileType, ReadOptions } from './backend.js';
import { LISTED_TYPES } from './backend.js';
import { alreadyExists, checkName, fileLabel, notFound, shorterThanRange } from './file-name.js';
import type { Modes } from './local-file.js';
import { exists, fileSize, linkExclusive, namesIn, PRIVATE, readFully, SHARED, writeTemporary } from './local-file.js';

/** Parallel calls while listing: enough to hide the latency of a network share. */
const LIST_PARALLEL = 16;

class LocalBackend implements Backend {
  readonly location: string;
  #modes: Promise<Modes> | undefined;

  constructor(path: string) {
    this.location = resolve(path);
  }

  async create(options: CallOptions = {}): Promise<void> {
    throwIfAborted(options.signal);
    const { folder: mode } = await this.#deriveModes();
    try {
      for (const type of LISTED_TYPES) await makeFolders(join(this.location, type), mode);
      // All 256 now, as restic does: the first pack of a folder then needs no new directory entry to be made durable.
      const packs = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
      await forEachLimit(packs, LIST_PARALLEL, async (two) => {
        await makeFolders(join(this.location, 'data', two), mode);
      });
      await syncFolder(join(this.location, 'data'));
      await syncFolder(this.location);
    } catch (error) {
      throw ioError(error, 'making the folders of the repository', this.location);
    }
  }

  async list(type: Exclude<FileType, 'config'>, options: CallOptions = {}): Promise<FileInfo[]> {
    const folder = join(this.location, type);
    const found = new Map<string, FileInfo>();
    const collect = async (at: string, names: readonly string[]): Promise<void> => {
      await forEachLimit(
        names.filter(isId),
        LIST_PARALLEL,
        async (name) => {
          const size = await fileSize(join(at, name));
          if (size !== undefined) found.set(name, { name, size });
        },
        options.signal,
      );
    };
    try {
      throwIfAborted(options.signal);
      const names = await namesIn(folder);
      await collect(folder, names);
      if (type === 'data') {
        for (const two of names.filter((name) => /^[0-9a-f]{2}$/.test(name))) {
          await collect(join(folder, two), await namesIn(join(folder, two)));
        }
      }
    } catch (error) {
      throw ioError(error, 'listing', folder);
    }
    return [...found.values()];
  }

  async stat(type: FileType, name: string, options: CallOptions = {}): Promise<number | undefined> {
    throwIfAborted(options.signal);
    for (const path of this.#places(type, name)) {
      try {
        return (await whileBusy(() => stat(path), options)).size;
      } catch (error) {
        if (!isMissing(error)) throw ioError(error, 'looking for', path);
      }
    }
    return undefined;
  }

  async read(type: FileType, name: string, range?: ByteRange, options: ReadOptions = {}): Promise<Bytes> {
    throwIfAborted(options.signal);
    let missing: unknown;
    for (const path of this.#places(type, name)) {
      try {
        const handle = await whileBusy(() => open(path, 'r'), options);
        try {
          const { size } = await handle.stat();
          const { offset, length } = range ?? { offset: 0, length: size };
          if (offset + length > size) throw shorterThanRange(type, name, this.location, size, offset + length);
          const data = await readFully(
            handle,
            offset,
            length,
            range === undefined ? { signal: options.signal } : options,
          );
          if (!data) throw shorterThanRange(type, name, this.location, (await handle.stat()).size, offset + length);
          return data;
        } finally {
          await handle.close();
        }
      } catch (error) {
        if (!isMissing(error)) throw ioError(error, 'reading', path);
        missing = error;
      }
    }
    throw notFound(type, name, this.location, missing);
  }

  async write(type: FileType, name: string, data: Bytes, options: CallOptions = {}): Promise<void> {
    if ((await this.stat(type, name, options)) !== undefined) throw alreadyExists(type, name, this.location);
    const [target = ''] = this.#places(type, name);
    const temporary = `${target}-tmp-${randomBytes(6).toString('hex')}`;
    const modes = await this.#deriveModes();
    try {
      try {
        await writeTemporary(temporary, data, modes, options.signal);
        await this.#moveIntoPlace(type, name, temporary, target, options);
      } catch (error) {
        // Only the reason of the failure matters to the caller; a leftover is never taken for a file of the repository.
        await rm(temporary, { force: true }).catch(() => {});
        throwIfAborted(options.signal);
        throw error;
      }
      await syncFolder(dirname(target));
    } catch (error) {
      throw ioError(error, `storing ${fileLabel(type, name)} as`, target);
    }
    if (type === 'config') this.#modes = undefined;
  }

  async replaceConfig(data: Bytes, options: CallOptions = {}): Promise<void> {
    const target = join(this.location, 'config');
    const temporary = `${target}-tmp-${randomBytes(6).toString('hex')}`;
    try {
      await writeTemporary(temporary, data, await this.#deriveModes(), options.signal);
      // Windows puts nothing in the place of a file that is read-only.
      if (process.platform === 'win32') await chmod(target, 0o600);
      await whileBusy(() => rename(temporary, target), options);
      await syncFolder(this.location);
    } catch (error) {
      // The old config is still there, or the new one is: only the reason of the failure matters.
      await rm(temporary, { force: true }).catch(() => {});
      throwIfAborted(options.signal);
      throw ioError(error, 'storing config as', target);
    }
  }

  async remove(type: FileType, name: string, options: CallOptions = {}): Promise<void> {
    throwIfAborted(options.signal);
    for (const path of this.#places(type, name)) {
      try {
        await whileBusy(() => unlink(path), options);
      } catch (error) {
        if (!isMissing(error)) throw ioError(error, 'removing', path);
      }
    }
  }

  async close(): Promise<void> {}

  /** Where the file is or may be; it is written at the first. */
  #places(type: FileType, name: string): string[] {
    checkName(type, name);
    if (type === 'config') return [join(this.location, 'config')];
    if (type !== 'data') return [join(this.location, type, name)];
    return [join(this.location, 'data', name.slice(0, 2), name), join(this.location, 'data', name)];
  }

  /**
   * Two writers of one content-addressed name write equal bytes, so that losing the race against another rename is
   * harmless. `config` has no such name: a hard link, unlike a rename, fails if another has come first.
   */
  async #moveIntoPlace(type: FileType, name: string, from: string, to: string, options: CallOptions): Promise<void> {
    try {
      if (type === 'config' && (await linkExclusive(from, to))) {
        await whileBusy(() => unlink(from));
        return;
      }
      await whileBusy(() => rename(from, to), options);
    } catch (error) {
      // Windows refuses (EPERM) to rename over a file that another writer has just put there and holds open.
      if (isSyncError(error) || !(await exists(to))) throw error;
      throw alreadyExists(type, name, this.location, error);
    }
  }

  /** restic's rule: a repository whose `config` the group may read is shared, and so is everything added to it. */
  #deriveModes(): Promise<Modes> {
    this.#modes ??= stat(join(this.location, 'config')).then(
      (config) => ((config.mode & 0o040) === 0 ? PRIVATE : SHARED),
      () => PRIVATE, // no config yet, or an unreadable one: the call that needs it will say so
    );
    return this.#modes;
  }
}

/** A repository in a local (or mounted) folder. Nothing is touched before the first call. */
export function localBackend(path: string): Backend {
  return new LocalBackend(path);
}
