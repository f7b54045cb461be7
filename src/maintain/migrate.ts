/**
 * Brings a repository from an older form to a newer one. There is one such step: version 2 of the format, which may compress.
 * Only the config changes; what is stored stays as it is, and is read by its own marks.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../backend/backend.js';
import type { Bytes } from '../base/bytes.js';
import { ioError, SyncError } from '../base/errors.js';
import { seal } from '../crypto/box.js';
import { encodeConfig } from '../repo/config.js';
import type { HeldLock, LockOptions } from '../repo/lock.js';
import type { Repository } from '../repo/repository.js';

export interface Migration {
  readonly name: string;
  readonly description: string;
  /** Why it cannot be applied; undefined if it can. */
  reason(repo: Repository): string | undefined;
}

const UPGRADE_V2: Migration = {
  name: 'upgrade_repo_v2',
  description: 'upgrade a repository to version 2',
  reason: ({ config }) => (config.version === 1 ? undefined : 'repository is already upgraded to version 2'),
};

export const MIGRATIONS: readonly Migration[] = [UPGRADE_V2];

export interface MigrateOptions {
  /**
   * Looks for damage first, under the lock that is held, and throws or says false where there is some: a damaged repository
   * is repaired before it is changed.
   */
  readonly check: (lock: HeldLock, signal: AbortSignal) => Promise<boolean>;
  readonly lock?: Omit<LockOptions, 'signal'> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after the check, before anything is changed. */
  readonly onApply?: (() => void) | undefined;
}

/** Tidying up waits no longer for a server that is away. */
const RESTORE_MS = 60_000;

/**
 * Holds the repository exclusively. The repository must be opened again afterwards.
 * Throws 'usage' for one that is of version 2, 'damaged' if the check says so, 'forbidden' on an append-only server.
 */
export async function upgradeToVersion2(repo: Repository, options: MigrateOptions): Promise<void> {
  const { lock } = options;
  await repo.exclusively({ signal: options.signal, ...(lock === undefined ? {} : { lock }) }, async (held) => {
    const signal = AbortSignal.any(options.signal === undefined ? [held.lost] : [held.lost, options.signal]);
    if (!(await options.check(held, signal))) throw new SyncError('damaged', 'repository contains errors');
    options.onApply?.();
    const { version } = repo.config;
    if (version !== 1) {
      throw new SyncError('usage', `repository has version ${version}, only upgrades from version 1 are supported`);
    }
    const plain = encodeConfig({ ...repo.config, version: 2 });
    await held.ensureFresh();
    await replaceConfig(repo.backend, seal(repo.codec.crypto, repo.codec.key, plain), signal);
  });
}

/**
 * In one step where the backend has one. A REST server has not: there the old config is kept on this machine until the new
 * one is stored, and is put back if that fails.
 */
async function replaceConfig(backend: Backend, config: Bytes, signal: AbortSignal): Promise<void> {
  if (backend.replaceConfig !== undefined) return backend.replaceConfig(config, { signal });
  const old = await backend.read('config', '', undefined, { signal });
  const folder = await keepCopy(old);
  try {
    await backend.remove('config', '', { signal });
    await backend.write('config', '', config, { signal });
  } catch (error) {
    await putBack(backend, old, join(folder, 'config'), error);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  await rm(folder, { recursive: true, force: true });
}

async function keepCopy(config: Bytes): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'restic-ts-upgrade-repo-v2-'));
  try {
    await writeFile(join(folder, 'config'), config, { mode: 0o600, flush: true });
  } catch (error) {
    throw ioError(error, 'keeping a copy of the config in', folder);
  }
  return folder;
}

/** The signal may be what ended the other call, so that it does not count here. */
async function putBack(backend: Backend, old: Bytes, copy: string, cause: unknown): Promise<void> {
  const signal = AbortSignal.timeout(RESTORE_MS);
  try {
    if ((await backend.stat('config', '', { signal })) !== undefined) return;
    await backend.write('config', '', old, { signal });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the new config could not be stored, and the old one not be put back (${why}): a copy of it is ${copy}`;
    throw new SyncError('io', message, { cause, details: { copy } });
  }
}
