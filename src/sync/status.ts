/** status: how this PC and the cloud stand, without changing or locking anything. */
import { isSyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import { scanInstance } from './local.js';
import { compareWithState } from './local-side.js';
import type { NotConfigured } from './results.js';
import { NOT_CONFIGURED } from './results.js';
import type { Services, SyncOptions, SyncSession } from './session.js';
import { openSession, recordedSpelling } from './session.js';

export interface StatusResult {
  readonly outcome: 'status';
  readonly packFolder: string;
  readonly url: string;
  readonly instanceId: string;
  readonly preset: string;
  /** Files in scope on this PC, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** The snapshot of the last sync of this PC. */
  readonly lastSync?: SnapshotId;
  /** Files that differ, or may differ, from the last sync (nothing is read to find out). */
  readonly unsent: { readonly added: number; readonly changed: number; readonly removed: number };
  readonly cloud:
    | { readonly state: 'unreachable'; readonly reason: string }
    /** Nothing pushed yet. */
    | { readonly state: 'empty' }
    | { readonly state: 'same' | 'new'; readonly snapshots: number };
  readonly warnings: readonly string[];
}

export async function status(options: SyncOptions, services: Services): Promise<StatusResult | NotConfigured> {
  return (await openSession(options, services, readStatus)) ?? NOT_CONFIGURED;
}

async function readStatus(session: SyncSession): Promise<StatusResult> {
  const { instance, scope, state, signal } = session;
  const scan = await scanInstance(instance, scope, signal, recordedSpelling(session));
  const local = compareWithState(scan, state, scope);
  const fresh = [...scan.entries.keys()].filter((path) => !state?.files.has(path)).length;
  const changed = local.unknown.filter((path) => state?.files.has(path)).length;
  let bytes = 0;
  for (const entry of scan.entries.values()) bytes += entry.size;
  const { url, instanceId } = instance.settings;
  const result: StatusResult = {
    outcome: 'status',
    packFolder: instance.packFolder,
    url,
    instanceId,
    preset: scope.preset,
    files: scan.entries.size,
    bytes,
    unsent: { added: fresh, changed, removed: local.removed.length },
    cloud: await readCloudState(session),
    warnings: session.warnings,
  };
  return state?.base === undefined ? result : { ...result, lastSync: state.base };
}

async function readCloudState(session: SyncSession): Promise<StatusResult['cloud']> {
  try {
    const remote = await session.connect();
    const ids = await remote.listSnapshots(session.signal);
    if (ids.length === 0) return { state: 'empty' };
    const seen = ids.every((id) => session.state?.seen.has(id));
    return { state: seen ? 'same' : 'new', snapshots: ids.length };
  } catch (error) {
    if (isSyncError(error, 'unreachable', 'server', 'tls')) return { state: 'unreachable', reason: error.message };
    throw error;
  }
}
