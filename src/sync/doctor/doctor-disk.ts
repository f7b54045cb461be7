/** doctor's look at this PC's disk: what is in scope and how large, what lies in the way, what was left behind. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scan } from '../../archive/scan.js';
import { ioError, isSyncError } from '../../base/errors.js';
import type { Instance } from '../folder/instance.js';
import { scanInstance } from '../local.js';
import type { Scope } from '../scope/scope.js';
import { nodeFs } from '../swap/fs-ops.js';
import { journalPath } from '../swap/journal.js';
import { listTrash } from '../swap/trash.js';
import { type Checkup, problemOf } from './checkup.js';

/** A pull needs room for what is new; below this not even small files are safe. */
const LEAST_FREE = 200_000_000;
const LARGEST_SHOWN = 3;
/** A holder renews its lock every few seconds. */
const LOCK_SILENT_MS = 60_000;

/** `scope`: undefined if it could not be read. */
export async function checkDisk(
  instance: Instance,
  scope: Scope | undefined,
  signal: AbortSignal | undefined,
): Promise<Checkup[]> {
  const checkups: Checkup[] = [];
  let bytes = 0;
  try {
    if (scope !== undefined) {
      const scan = await scanInstance(instance, scope, signal);
      for (const entry of scan.entries.values()) bytes += entry.size;
      checkups.push(...describeScan(scan, scope, bytes));
    }
    checkups.push(await checkSpace(instance, bytes));
    checkups.push(...(await checkLeftovers(instance)), await checkTrash(instance));
  } catch (error) {
    if (isSyncError(error, 'aborted')) throw error;
    checkups.push(problemOf('folder', ioError(error, 'cannot look at', instance.packFolder)));
  }
  return checkups;
}

function describeScan(scan: Scan, scope: Scope, bytes: number): Checkup[] {
  const checkups: Checkup[] = [];
  const sizes = [...sizesOf(scan)].sort(([, a], [, b]) => b - a).slice(0, LARGEST_SHOWN);
  const largest = sizes.map(([name, size]) => `${name} ${formatSize(size)}`).join(', ');
  const told = largest === '' ? '' : `; largest: ${largest}`;
  const files = [...scan.entries.values()].filter(({ type }) => type === 'file').length;
  const message = `preset ${scope.preset}: ${files} file${files === 1 ? '' : 's'}, ${formatSize(bytes)}${told}`;
  checkups.push({ id: 'scope', level: 'ok', message });
  for (const { path, reason } of scan.skipped) {
    const todo = `move it into the game folder, or add it to "exclude" in .cloud-sync/scope.json`;
    checkups.push({ id: 'skipped', level: 'warning', message: `${path} is not synchronised: ${reason}`, todo });
  }
  for (const { path, error } of scan.unreadable) {
    const message = `${path} cannot be read: ${error.message}`;
    checkups.push({ id: 'unreadable', level: 'warning', message, todo: 'make it readable for this user' });
  }
  return checkups;
}

/** Each world, and each other folder or file at the top. */
function sizesOf(scan: Scan): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [path, { size }] of scan.entries) {
    const steps = path.split('/');
    const name = steps.slice(0, steps[0] === 'saves' ? 2 : 1).join('/');
    if (size > 0) sizes.set(name, (sizes.get(name) ?? 0) + size);
  }
  return sizes;
}

async function checkSpace(instance: Instance, bytes: number): Promise<Checkup> {
  const free = await nodeFs.freeSpace(instance.cloudFolder);
  // Some file systems tell no number.
  if (free === 0) return { id: 'space', level: 'ok', message: 'the disk does not tell how much is free' };
  const message = `${formatSize(free)} free`;
  if (free < LEAST_FREE) return { id: 'space', level: 'problem', message, todo: 'make room on the disk' };
  if (free >= bytes * 1.05) return { id: 'space', level: 'ok', message };
  const todo = 'make room: a pull puts new files beside the old ones before it swaps them';
  return { id: 'space', level: 'warning', message: `${message}, less than what is in scope`, todo };
}

async function checkLeftovers({ cloudFolder }: Instance): Promise<Checkup[]> {
  const checkups: Checkup[] = [];
  if ((await nodeFs.lstat(journalPath(cloudFolder))) !== undefined) {
    const todo = 'run "instance-sync pull": it completes or undoes it';
    checkups.push({ id: 'journal', level: 'warning', message: 'a pull was interrupted half way', todo });
  }
  const holders = (await nodeFs.readdir(join(cloudFolder, 'lock'))).filter((name) => !name.startsWith('.'));
  for (const name of holders) {
    const age = Date.now() - ((await modified(join(cloudFolder, 'lock', name))) ?? 0);
    if (age > LOCK_SILENT_MS) {
      const todo = 'nothing: the next command removes it';
      checkups.push({ id: 'lock', level: 'warning', message: 'a command ended without removing its lock', todo });
    } else {
      const todo = 'wait until it ends';
      checkups.push({ id: 'lock', level: 'warning', message: 'a command is at work on this instance', todo });
    }
  }
  if (checkups.length > 0) return checkups;
  return [{ id: 'lock', level: 'ok', message: 'no command is at work, and none was interrupted' }];
}

async function modified(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    // Gone meanwhile.
    return undefined;
  }
}

async function checkTrash({ cloudFolder }: Instance): Promise<Checkup> {
  const generations = await listTrash(cloudFolder);
  const bytes = generations.reduce((sum, generation) => sum + generation.bytes, 0);
  const count = `${generations.length} generation${generations.length === 1 ? '' : 's'}`;
  const message = generations.length === 0 ? 'the trash is empty' : `the trash holds ${count}, ${formatSize(bytes)}`;
  return { id: 'trash', level: 'ok', message };
}

function formatSize(bytes: number): string {
  if (bytes < 999_500) return `${Math.ceil(bytes / 1000)} KB`;
  return bytes < 999_500_000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
