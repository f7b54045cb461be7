/**
 * The public Repository: a restic repository that is open. What is large comes as an AsyncIterable in pieces, and whoever
 * leaves the loop early frees all that is behind it. Snapshots are looked up, and the index is loaded, when they are
 * needed and under the lock that restic would take.
 */
import { posix } from 'node:path';
import { SyncError } from '../base/errors.js';
import { shortId } from '../base/ids.js';
import type { SnapshotFilter } from '../browse/select.js';
import { loadSnapshots } from '../browse/select.js';
import type { WalkEntry } from '../browse/walk.js';
import { walkTree } from '../browse/walk.js';
import type { InitRepositoryOptions, OpenRepositoryOptions } from '../open.js';
import { initRepository, openRepository } from '../open.js';
import type { BlobLocation } from '../repo/index.js';
import type { TreeNode } from '../repo/tree.js';
import { decodeTree } from '../repo/tree.js';
import { dumpFile, findDumpTarget } from '../restore/dump-file.js';
import { dumpTar } from '../restore/dump-tar.js';
import { dumpZip } from '../restore/dump-zip.js';
import type { LockWaitOptions } from './opened.js';
import { Opened, openedOf, register } from './opened.js';
import type { Tenure } from './read-lock.js';
import type { SnapshotInfo, SnapshotRef } from './snapshot-ref.js';
import { checkBlobId, findSnapshot, findTree, infoOf } from './snapshot-ref.js';

/** `signal` is for the opening alone. */
export interface RepositoryOptions extends OpenRepositoryOptions, LockWaitOptions {}

/** `signal` is for the making alone. */
export interface NewRepositoryOptions extends InitRepositoryOptions, LockWaitOptions {}

export interface CallOptions {
  /** Ends the call: it throws 'aborted', and nothing of it is left behind. */
  readonly signal?: AbortSignal | undefined;
}

export interface SnapshotsOptions extends CallOptions {
  /** A snapshot that cannot be read; the others come nevertheless. Without it, that is thrown. */
  readonly onUnreadable?: ((id: string, error: unknown) => void) | undefined;
}

export interface SnapshotOptions extends CallOptions {
  /** Among which snapshots "latest" is looked for. */
  readonly filter?: SnapshotFilter | undefined;
}

export interface WalkOptions extends CallOptions {
  /** Where the walk begins; paths still count from the root of the snapshot. "/" by default. */
  readonly folder?: string | undefined;
  /** Whether to go into a folder; into all by default. Must give equal answers to equal questions. */
  readonly enters?: ((folder: TreeNode, path: string) => boolean) | undefined;
}

export interface ArchiveOptions extends CallOptions {
  /** "/" by default, which is all. Names in the archive begin with this path. */
  readonly folder?: string | undefined;
  /** 'tar' by default, which keeps more: owners, extended attributes, names of any bytes. */
  readonly format?: 'tar' | 'zip' | undefined;
}

const ARCHIVES = { tar: dumpTar, zip: dumpZip } as const;

let make: (opened: Opened) => Repository;

export class Repository {
  /** 64 hex digits; copies of a repository have the same. */
  readonly id: string;
  /** Of the format. */
  readonly version: 1 | 2;
  /** The address, without a password. */
  readonly location: string;

  static {
    make = (opened) => new Repository(opened);
  }

  private constructor(opened: Opened) {
    const { config, backend } = opened.engine;
    this.id = config.id;
    this.version = config.version;
    this.location = backend.location;
    register(this, opened);
  }

  /** Throws 'no-repository', 'wrong-password', 'unsupported', 'unreachable', … */
  static async open(options: RepositoryOptions): Promise<Repository> {
    return new Repository(new Opened(await openRepository(options), options));
  }

  /** Makes a new, empty repository and opens it. Throws 'exists'. */
  static async init(options: NewRepositoryOptions): Promise<Repository> {
    return new Repository(new Opened(await initRepository(options), options));
  }

  /** Those that the filter lets through, the oldest first. */
  snapshots(filter: SnapshotFilter = {}, options: SnapshotsOptions = {}): AsyncIterable<SnapshotInfo> {
    const { engine } = openedOf(this);
    const { onUnreadable: onProblem } = options;
    return this.#stream(options, async function* (_tenure, signal) {
      for (const one of await loadSnapshots(engine, { filter, signal, onProblem })) yield infoOf(one);
    });
  }

  /** By "latest", an id or the beginning of one. Throws 'not-found', 'usage' if several begin so. */
  async snapshot(spec: string, options: SnapshotOptions = {}): Promise<SnapshotInfo> {
    const { engine } = openedOf(this);
    const { filter } = options;
    return this.#lookUp(options, async (_tenure, signal) => infoOf(await findSnapshot(engine, spec, signal, filter)));
  }

  /** What a folder holds, in order of the bytes of the names. Throws 'damaged' for a tree that is not there. */
  async tree(id: string, options: CallOptions = {}): Promise<readonly TreeNode[]> {
    return decodeTree(await this.blob('tree', id, options), `tree ${shortId(id)}`);
  }

  /** Everything in a snapshot or in a folder of it: each folder before what is in it, names in order of their bytes. */
  walk(from: SnapshotRef, options: WalkOptions = {}): AsyncIterable<WalkEntry> {
    const { engine } = openedOf(this);
    const { folder, enters } = options;
    return this.#stream(options, async function* (tenure, signal) {
      const root = await findTree(engine, tenure, from, signal, folder);
      yield* walkTree(engine, root, { signal, enters, prefix: pathOf(folder) });
    });
  }

  /** The plain bytes of a blob, verified. Throws 'damaged' for one that is not there. */
  async blob(type: 'data' | 'tree', id: string, options: CallOptions = {}): Promise<Uint8Array> {
    const { engine } = openedOf(this);
    return this.#lookUp(options, async (tenure, signal) => {
      const blob = { type, id: checkBlobId(id) };
      await tenure.needIndex(signal, blob);
      return engine.loadBlob(type, blob.id, signal);
    });
  }

  /** Where every blob lies, by the index: each copy of each. */
  blobs(options: CallOptions = {}): AsyncIterable<BlobLocation> {
    const { engine } = openedOf(this);
    return this.#stream(options, async function* (tenure, signal) {
      await tenure.refreshIndex(signal);
      yield* engine.index.values();
    });
  }

  /** The contents of a file, piece by piece. Throws 'not-found', 'usage' for what is no file, 'damaged'. */
  readFile(from: SnapshotRef, path: string, options: CallOptions = {}): AsyncIterable<Uint8Array> {
    const { engine } = openedOf(this);
    return this.#stream(options, async function* (tenure, signal) {
      const root = await findTree(engine, tenure, from, signal);
      const found = await findDumpTarget(engine, root, path, signal);
      if (found.kind !== 'file') throw new SyncError('usage', `${found.path} is a folder: "archive" takes it`);
      yield* dumpFile(engine, found.node, { signal });
    });
  }

  /** All of a snapshot, or a folder of it, as one archive. Throws as `readFile`. */
  archive(from: SnapshotRef, options: ArchiveOptions = {}): AsyncIterable<Uint8Array> {
    const { engine } = openedOf(this);
    const { folder = '/', format = 'tar' } = options;
    return this.#stream(options, async function* (tenure, signal) {
      if (!Object.hasOwn(ARCHIVES, format))
        throw new SyncError('usage', `archives are "tar" or "zip", not "${format}"`);
      const root = await findTree(engine, tenure, from, signal);
      const found = await findDumpTarget(engine, root, pathOf(folder), signal);
      if (found.kind === 'file') throw new SyncError('usage', `${folder} is a file: "readFile" takes it`);
      yield* ARCHIVES[format](engine, found.tree, { path: found.path, signal });
    });
  }

  /** Ends what is under way with 'aborted', and gives locks and connections back. Nothing can be called afterwards. */
  async close(): Promise<void> {
    return openedOf(this).close();
  }

  #lookUp<T>(options: CallOptions, work: (tenure: Tenure, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { calls, reading } = openedOf(this);
    return calls.run(options.signal, (signal) => reading.lookUp(signal, (tenure) => work(tenure, signal)));
  }

  #stream<T>(
    options: CallOptions,
    work: (tenure: Tenure, signal: AbortSignal) => AsyncGenerator<T, void, void>,
  ): AsyncIterable<T> {
    const { calls, reading } = openedOf(this);
    return calls.stream(options.signal, async function* (signal) {
      const tenure = await reading.enter(signal);
      try {
        yield* work(tenure, signal);
      } finally {
        await reading.leave(tenure);
      }
    });
  }
}

/** Of an engine that was opened in another way. Not part of the package's face. */
export function repositoryOf(opened: Opened): Repository {
  return make(opened);
}

/** "a//b/" as "/a/b". */
function pathOf(folder = '/'): string {
  const path = posix.normalize(`/${folder}`);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
