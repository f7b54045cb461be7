/**
 * One command of ours at a time per game folder. Each command announces itself by a file of its own,
 *   .cloud-sync/lock/<id>   {"pid", "started", "host", "system", "command", "time"}
 * and then looks: if another live one is there, it takes its own away and waits. Of two that announce themselves at
 * the same moment, the one that looks last sees the other, so there are never two holders, and since every file has
 * its own name, the removal of a dead holder's file can never hit a live one's. The file's time is renewed while it is
 * held. A holder is dead if its process is gone, or if its file was not renewed for 30 s by our own steady clock, of
 * which only time counts that we were awake: wall clocks jump, and a laptop that sleeps puts both to sleep.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '../../base/bytes.js';
import { errnoOf, ioError, isSyncError, SyncError, throwIfAborted } from '../../base/errors.js';
import { isRunning } from '../../base/process.js';
import { sleep } from '../../base/sleep.js';
import { type FsOps, nodeFs } from '../swap/fs-ops.js';
import { makeDirs, renameWithRetry, rmWithRetry } from '../swap/fs-retry.js';
import { parseJsonObject } from './json-file.js';

const FOLDER = 'lock';
const RENEW_MS = 3000;
const EXPIRE_MS = 30_000;
const POLL_MS = 150;
/** The most that counts between two looks; a longer pause was a sleep, of the holder's as well. */
const LOOK_MS = 10 * POLL_MS;
const LEFT_OVER_MS = 3_600_000;

export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** "push", "pull", … */
  readonly command: string;
  /** When it was taken, ISO 8601. For showing only. */
  readonly time: string;
}

export interface InstanceLockOptions {
  readonly command: string;
  /** How long to wait for another holder, in milliseconds; 0 does not wait. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called once when the wait begins. */
  readonly onWait?: (holder: LockHolder) => void;
  /** How long a file counts that is not renewed, and how often ours is. Defaults: 30 s, 3 s. */
  readonly expireMs?: number;
  readonly renewMs?: number;
}

export interface InstanceLock {
  /** Fires if the lock was lost (this process was stopped for so long that another took over): stop writing. */
  readonly lost: AbortSignal;
  /** To be called before what another command must not meet: throws 'in-use', and `lost` has fired, if it was lost. */
  check(): Promise<void>;
  /** Can be called twice. */
  release(): Promise<void>;
}

/** Throws 'in-use', naming the holder, when the wait is over. */
export async function acquireInstanceLock(cloudFolder: string, options: InstanceLockOptions): Promise<InstanceLock> {
  const folder = join(cloudFolder, FOLDER);
  const watch = new Watch(folder, options.expireMs ?? EXPIRE_MS);
  const end = performance.now() + options.waitMs;
  let told = false;
  await makeDirs(nodeFs, folder, cloudFolder);
  for (;;) {
    throwIfAborted(options.signal);
    const before = await watch.findLive();
    const holder = before ?? (await announce(folder, options, watch));
    if (!('pid' in holder)) return holder;
    const left = end - performance.now();
    if (left <= 0) throw inUse(holder);
    if (!told && options.waitMs > 0) options.onWait?.(holder);
    told = true;
    // Not all at the same pace, or two that met once would meet again.
    await sleep(Math.min(left, POLL_MS * (0.5 + Math.random())), options.signal);
  }
}

/** Announces this command; holds the lock unless another live one is there, which is returned then. */
async function announce(
  folder: string,
  options: InstanceLockOptions,
  watch: Watch,
): Promise<InstanceLock | LockHolder> {
  const name = randomBytes(8).toString('hex');
  const path = join(folder, name);
  await writeAnnouncement(nodeFs, folder, name, options.command);
  let other: LockHolder | undefined;
  try {
    other = await watch.findLive(name);
  } catch (error) {
    await rmWithRetry(nodeFs, path);
    throw error;
  }
  if (other === undefined) return hold(path, options.renewMs ?? RENEW_MS);
  await rmWithRetry(nodeFs, path);
  return other;
}

/** Complete from the moment it has its name, so that no one reads half of it. */
async function writeAnnouncement(fs: FsOps, folder: string, name: string, command: string): Promise<void> {
  const { pid } = process;
  const started = performance.timeOrigin;
  const holder = { pid, started, host: hostname(), system: systemId(), command, time: new Date().toISOString() };
  const temporary = join(folder, `.${name}.tmp`);
  try {
    await fs.createFile(temporary, utf8(`${JSON.stringify(holder)}\n`), 0o644);
    await renameWithRetry(fs, temporary, join(folder, name));
  } catch (error) {
    throw ioError(error, 'cannot write', temporary);
  }
}

function hold(path: string, renewMs: number): InstanceLock {
  const lost = new AbortController();
  const lose = (): void => lost.abort(takenOver());
  const timer = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch((error: unknown) => {
      // Gone means that another command took us for dead. Other errors pass; the next renewal tries again.
      if (errnoOf(error) === 'ENOENT') lose();
    });
  }, renewMs);
  timer.unref();
  return {
    lost: lost.signal,
    check: async () => {
      if ((await nodeFs.lstat(path)) === undefined) lose();
      if (lost.signal.aborted) throw lost.signal.reason;
    },
    release: async () => {
      clearInterval(timer);
      await rmWithRetry(nodeFs, path);
    },
  };
}

/** What one waiter has seen of the others' files. */
class Watch {
  readonly #folder: string;
  readonly #expireMs: number;
  /** Last renewal seen of a file, when it was last looked at, and for how long we have watched it be silent. */
  readonly #seen = new Map<string, { mtimeNs: bigint; looked: number; silentMs: number }>();

  constructor(folder: string, expireMs: number) {
    this.#folder = folder;
    this.#expireMs = expireMs;
  }

  /** A live holder other than `own`; the files of dead ones are removed. */
  async findLive(own?: string): Promise<LockHolder | undefined> {
    for (const name of await nodeFs.readdir(this.#folder)) {
      if (name === own || name === `.${own}.tmp`) continue;
      const holder = await this.#examine(name);
      if (holder !== undefined) return holder;
    }
    return undefined;
  }

  async #examine(name: string): Promise<LockHolder | undefined> {
    const path = join(this.#folder, name);
    const entry = await nodeFs.lstat(path);
    if (entry === undefined) return undefined;
    const now = performance.now();
    const seen = this.#seen.get(name);
    const silentMs = seen?.mtimeNs === entry.mtimeNs ? seen.silentMs + Math.min(now - seen.looked, LOOK_MS) : 0;
    this.#seen.set(name, { mtimeNs: entry.mtimeNs, looked: now, silentMs });
    const isTemporary = name.startsWith('.');
    const renewedMs = Number(entry.mtimeNs / 1_000_000n);
    const announced = isTemporary ? undefined : await readAnnouncement(path);
    const silent = silentMs > this.#expireMs || (isTemporary && Date.now() - renewedMs > LEFT_OVER_MS);
    if (silent || (announced !== undefined && isGone(announced, renewedMs, this.#expireMs))) {
      await rmWithRetry(nodeFs, path);
      return undefined;
    }
    // A temporary file is no announcement yet: its writer will look after it has its name, and see us.
    return isTemporary ? undefined : (announced ?? UNKNOWN);
  }
}

/** For a file that cannot be read at the moment (Windows, while it is being removed) or is broken. */
const UNKNOWN: Announcement = { pid: 0, host: 'unknown', system: '', command: 'a command', time: '' };

interface Announcement extends LockHolder {
  readonly system: string;
  /** When the process began, in milliseconds since 1970 with fractions: the same in all threads of one process. */
  readonly started?: number | undefined;
}

async function readAnnouncement(path: string): Promise<Announcement | undefined> {
  try {
    const bytes = await nodeFs.readFile(path);
    const object = parseJsonObject(Buffer.from(bytes ?? []).toString(), path, 'delete it');
    const { pid, started, host, system, command, time } = object;
    if (typeof pid !== 'number' || typeof host !== 'string' || typeof system !== 'string') return undefined;
    const known = typeof started === 'number' ? started : undefined;
    return { pid, started: known, host, system, command: String(command), time: String(time) };
  } catch (error) {
    if (!isSyncError(error, 'bad-settings') && errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * Whether the holder's process is certainly not running. Process ids mean something only within one run of one system
 * (and one container of it); after a restart of this computer an old file is enough.
 */
function isGone(holder: Announcement, renewedMs: number, expireMs: number): boolean {
  if (holder.host !== hostname() || !Number.isSafeInteger(holder.pid) || holder.pid <= 0) return false;
  const system = systemId();
  if (holder.system === system) return !isRunning(holder.pid) || isOurPidReused(holder);
  const restarted = holder.system.split(' ')[0] !== system.split(' ')[0];
  return restarted && Date.now() - renewedMs > expireMs;
}

/** Windows gives the number of a process that ended to the next one soon: that may be this very process. */
function isOurPidReused({ pid, started }: Announcement): boolean {
  return pid === process.pid && started !== undefined && started !== performance.timeOrigin;
}

/** Linux: "<id of this boot> <id of this pid namespace>" (Flatpak has its own). Elsewhere the platform's name. */
function systemId(): string {
  if (process.platform !== 'linux') return process.platform;
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // No /proc: then no process id is taken for gone across systems, and 30 s of silence decide.
    return `unknown ${randomBytes(8).toString('hex')}`;
  }
}

function takenOver(): SyncError {
  const message = 'this command stood still for so long that another one took over this instance; run it again';
  return new SyncError('in-use', message, { retryable: true });
}

function inUse(holder: LockHolder): SyncError {
  const who = `${holder.command} on ${holder.host} (process ${holder.pid}, since ${holder.time})`;
  const message = `this instance is in use by ${who}; wait until it ends and try again`;
  return new SyncError('in-use', message, { retryable: true, details: { holder } });
}
