/** --one-file-system: nothing is taken from another file system than that of the target above it. */
import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ioError, SyncError } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';
import type { Reject } from './reject.js';

/**
 * `targets` are absolute and exist. A folder on which another file system is mounted is kept, empty. Throws
 * 'unsupported' on Windows, 'io' for a target that cannot be looked at.
 */
export async function rejectOtherFileSystems(
  targets: readonly string[],
  platform: NodeJS.Platform = process.platform,
): Promise<Reject> {
  if (platform === 'win32') {
    throw new SyncError('unsupported', 'Device IDs are not supported on Windows: --one-file-system does not work here');
  }
  const devices = new Map<string, bigint>();
  for (const target of targets) devices.set(target, await deviceOf(target));
  return (path, { stats, isDirectory }) => {
    if (isAllowed(devices, path, stats.dev)) return false;
    return isDirectory ? isInsideOther(devices, path) : true;
  };
}

/** Whether the folder lies in one that is on another file system too: then it is no mount point. */
async function isInsideOther(devices: ReadonlyMap<string, bigint>, path: string): Promise<boolean> {
  const parent = dirname(path);
  try {
    return !isAllowed(devices, parent, (await lstat(toFsPath(parent), { bigint: true })).dev);
  } catch {
    // The folder above is gone or closed: what is in it will not be read either.
    return true;
  }
}

/** By the nearest target at or above the path. */
function isAllowed(devices: ReadonlyMap<string, bigint>, path: string, device: bigint): boolean {
  for (let at = path; ; at = dirname(at)) {
    const allowed = devices.get(at);
    if (allowed !== undefined) return allowed === device;
    if (dirname(at) === at) return false;
  }
}

async function deviceOf(target: string): Promise<bigint> {
  try {
    return (await lstat(toFsPath(target), { bigint: true })).dev;
  } catch (error) {
    throw ioError(error, 'cannot look at', target);
  }
}
