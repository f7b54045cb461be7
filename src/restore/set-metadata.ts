/**
 * Owner, extended attributes, times and mode of what was restored, in this order: a change of owner takes bits from the
 * mode and capabilities from the attributes, and a mode may forbid all the rest. Done in batches for the sake of the
 * system's tools; folders come last, each behind what is in it.
 */
import { chmod, lchown, lutimes } from 'node:fs/promises';
import { forEachLimit } from '../base/concurrency.js';
import { errnoOf, ioError, SyncError } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';
import { parseGoTime } from '../repo/go-time.js';
import type { TreeNode } from '../repo/tree.js';
import type { KernelCall, KernelCalls } from './kernel-calls.js';
import type { OwnerIds } from './owner-ids.js';
import { mtimeOf } from './plan-files.js';
import type { RestoreProgress } from './restore-progress.js';
import { systemError } from './restore-progress.js';
import type { AttributeSetter } from './set-attributes.js';
import { lookAt } from './target-folder.js';
import { unixMode, unixType } from './unix-mode.js';

export interface MetadataOptions {
  readonly kernel: KernelCalls;
  readonly attributes: AttributeSetter;
  /** Set for owners by name. */
  readonly ownerIds?: OwnerIds | undefined;
  readonly progress: RestoreProgress;
  readonly signal?: AbortSignal | undefined;
}

export interface Restored {
  /** In the snapshot. */
  readonly path: string;
  /** Absolute. */
  readonly full: string;
  readonly node: TreeNode;
  /** Set for a new file that a worker has made. */
  readonly made?: MadeFile | undefined;
}

export interface MadeFile {
  /** Where it was made. What a new file is given by the system (owner, list of access) depends on its folder alone. */
  readonly folder: object;
  /** Permissions that it has; undefined if they are not known. */
  readonly mode: number | undefined;
}

/** As it is before anything is set. */
interface Look {
  readonly uid: bigint;
  readonly gid: bigint;
  /** Permissions. */
  readonly mode: number | undefined;
}

const BATCH = 512;
/** Batches of files and links at once: while the tools work on one, another is looked at. */
const BATCHES = 3;
const PARALLEL = 16;
const SECOND = 1_000_000_000n;
const TYPE = 0o170000n;

/** Returns those for which all went well. */
export async function setMetadata(all: readonly Restored[], options: MetadataOptions): Promise<Set<Restored>> {
  const good = new Set<Restored>();
  const samples = new Map<object, Look>();
  const batches: (readonly Restored[])[] = [];
  for (let from = 0; from < all.length; from += BATCH) batches.push(all.slice(from, from + BATCH));
  const run = async (batch: readonly Restored[]): Promise<void> => {
    for (const one of await new Batch(options, samples).run(batch)) good.add(one);
  };
  const hasFolders = all.some(({ node }) => node.type === 'dir');
  await forEachLimit(batches, hasFolders ? 1 : BATCHES, run, options.signal);
  return good;
}

class Batch {
  readonly #options: MetadataOptions;
  /** By folder: a new file in it that has no attributes, as all others there. */
  readonly #samples: Map<object, Look>;
  readonly #there = new Map<Restored, Look>();
  /** Their mode may be another one than when it was looked at. */
  readonly #changed = new Set<Restored>();
  readonly #failed = new Set<Restored>();

  constructor(options: MetadataOptions, samples: Map<object, Look>) {
    this.#options = options;
    this.#samples = samples;
  }

  async run(all: readonly Restored[]): Promise<Restored[]> {
    const { signal } = this.#options;
    const first = this.#firstOfFolders(all);
    await this.#lookAndSet(first.size === 0 ? all : [...first]);
    const others = first.size === 0 ? [] : all.filter((one) => !first.has(one));
    await this.#lookAndSet(others.filter((one) => this.#sampleFor(one) === undefined));
    await forEachLimit(others, PARALLEL, (one) => this.#trying(one, () => this.#setOwnerAlike(one)), signal);
    const there = all.filter((one) => this.#there.has(one));
    await this.#setTimes(there);
    // In their order: a folder that nobody may enter comes behind what is in it.
    for (const one of there.filter((each) => this.#needsMode(each))) {
      await this.#trying(one, () => chmod(toFsPath(one.full), modeOf(one)));
    }
    return all.filter((one) => !this.#failed.has(one));
  }

  /** New files, one of each folder of which no sample is known. */
  #firstOfFolders(all: readonly Restored[]): Set<Restored> {
    const byFolder = new Map<object, Restored>();
    for (const one of all) {
      const { made, node } = one;
      if (made === undefined || this.#samples.has(made.folder) || byFolder.has(made.folder)) continue;
      if (isPlain(node)) byFolder.set(made.folder, one);
    }
    return new Set(byFolder.values());
  }

  #sampleFor({ made, node }: Restored): Look | undefined {
    return made !== undefined && isPlain(node) ? this.#samples.get(made.folder) : undefined;
  }

  /** Owner and attributes. */
  async #lookAndSet(all: readonly Restored[]): Promise<void> {
    const { signal, attributes } = this.#options;
    await forEachLimit(all, PARALLEL, (one) => this.#trying(one, () => this.#look(one)), signal);
    const { failures, changed, bare } = await attributes.set(all.filter((one) => this.#there.has(one)));
    for (const [one, error] of failures) this.#fail(one, error);
    // An access control list has the mode in it.
    for (const one of changed) this.#changed.add(one);
    for (const one of bare) {
      const look = this.#there.get(one);
      if (one.made !== undefined && look !== undefined) this.#samples.set(one.made.folder, look);
    }
  }

  /** As one beside it that was looked at. */
  async #setOwnerAlike(one: Restored): Promise<void> {
    const sample = this.#sampleFor(one);
    if (this.#there.has(one) || this.#failed.has(one) || sample === undefined) return;
    const look = { ...sample, mode: one.made?.mode };
    this.#there.set(one, look);
    await this.#setOwner(one, look);
  }

  /** A mode that is the right one already is not set again. */
  #needsMode(one: Restored): boolean {
    if (one.node.type === 'symlink') return false;
    return this.#there.get(one)?.mode !== modeOf(one) || this.#changed.has(one);
  }

  async #trying(one: Restored, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#fail(one, ioError(error, 'cannot set metadata of', one.full));
    }
  }

  /** The first reason is told, the rest is tried all the same. */
  #fail(one: Restored, error: SyncError): void {
    if (this.#failed.has(one)) return;
    this.#failed.add(one);
    this.#options.progress.failed(one.path, error);
  }

  async #look(one: Restored): Promise<void> {
    const { full, node } = one;
    const stats = await lookAt(full);
    if (stats === undefined) throw new SyncError('io', `${full} is not there any more`);
    // A link in the place of a folder would have its target changed.
    if (process.platform !== 'win32' && (stats.mode & TYPE) !== BigInt(unixType(node.type))) {
      throw new SyncError('io', `${full} is something else than what was restored`);
    }
    const look = { uid: stats.uid, gid: stats.gid, mode: Number(stats.mode) & 0o7777 };
    this.#there.set(one, look);
    await this.#setOwner(one, look);
  }

  async #setOwner(one: Restored, there: Look): Promise<void> {
    const { full, node, path } = one;
    this.#tellForeign(one);
    if (process.platform === 'win32') return;
    const [uid, gid] = await this.#ownerOf(node);
    if (there.uid === BigInt(uid) && there.gid === BigInt(gid)) return;
    try {
      await lchown(toFsPath(full), uid, gid);
      this.#changed.add(one);
    } catch (error) {
      if (errnoOf(error) !== 'EPERM' || process.getuid?.() === 0) throw error;
      this.#options.progress.omitted('owners', 'only root can give files to others', path);
    }
  }

  #tellForeign({ node, path }: Restored): void {
    if (node.genericAttributes === undefined) return;
    const reason = process.platform === 'win32' ? 'they are not supported' : 'this is not Windows';
    this.#options.progress.omitted('attributes of Windows', reason, path);
  }

  async #ownerOf({ uid = 0, gid = 0, user = '', group = '' }: TreeNode): Promise<readonly [number, number]> {
    const { ownerIds } = this.#options;
    if (ownerIds === undefined) return [uid, gid];
    return [(await ownerIds.user(user)) ?? 0, (await ownerIds.group(group)) ?? 0];
  }

  async #setTimes(all: readonly Restored[]): Promise<void> {
    const { kernel, progress, signal } = this.#options;
    if (!kernel.kinds.has('times')) {
      await forEachLimit(all, PARALLEL, (one) => this.#trying(one, () => this.#setTimesByNode(one)), signal);
      return;
    }
    const calls = all.map(({ full, node }): KernelCall => {
      return { kind: 'times', path: full, atimeNs: atimeOf(node), mtimeNs: mtimeOf(node) };
    });
    const failures = await kernel.run(calls);
    for (const [i, one] of all.entries()) {
      const errno = failures[i];
      if (errno === undefined) continue;
      if (errno === 'ENOTSUP') progress.omitted('times', 'the file system has none', one.path);
      else this.#fail(one, systemError('cannot set the times of', one.full, errno));
    }
  }

  /** As text: Node takes a negative number for "now". */
  async #setTimesByNode({ full, node, path }: Restored): Promise<void> {
    const times = [atimeOf(node), mtimeOf(node)];
    const [atime, mtime] = times.map((ns) => formatSeconds(ns));
    await lutimes(toFsPath(full), atime ?? '0', mtime ?? '0');
    if (process.platform === 'win32' || times.every((ns) => ns % SECOND === 0n)) return;
    const reason = 'neither perl nor a touch that knows them is there';
    this.#options.progress.omitted('the last digits of times', reason, path);
  }
}

/** Nothing but what every file has. */
function isPlain({ type, extendedAttributes = [] }: TreeNode): boolean {
  return type === 'file' && extendedAttributes.length === 0;
}

/** A mode of 0 is not stored. */
function modeOf({ node }: Restored): number {
  return unixMode(node.mode ?? 0);
}

function atimeOf(node: TreeNode): bigint {
  return node.atime === undefined ? mtimeOf(node) : parseGoTime(node.atime);
}

/** "-1.25". */
function formatSeconds(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  return `${ns < 0n ? '-' : ''}${size / SECOND}.${String(size % SECOND).padStart(9, '0')}`;
}
