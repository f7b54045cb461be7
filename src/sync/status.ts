/** status: how this PC and the cloud stand, without changing or locking anything. */
import { isSyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import { type OpenQuestion, readQuestion } from './folder/open-question.js';
import { describeWorlds, type WorldFacts } from './folder/worlds.js';
import { scanInstance } from './local.js';
import { compareWithState } from './local-side.js';
import type { NotConfigured } from './results.js';
import { NOT_CONFIGURED } from './results.js';
import type { Services, SyncOptions, SyncSession } from './session.js';
import { openSession, recordedSpelling } from './session.js';

export interface StatusOptions extends SyncOptions {
  /** False: only this PC is looked at. */
  readonly askServer?: boolean | undefined;
  /** Also how much the repository takes up on the server: one more request, whose answer grows with the repository. */
  readonly measureCloud?: boolean | undefined;
}

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
  /** The worlds in scope on this PC. */
  readonly worlds: readonly WorldFacts[];
  /** What the last pull or push stopped for, if nobody has answered it and it can still matter. */
  readonly question?: OpenQuestion;
  readonly cloud: CloudStatus;
  readonly warnings: readonly string[];
}

export type CloudStatus =
  | { readonly state: 'not-asked' }
  /** `code` as that of a SyncError. */
  | { readonly state: 'unreachable'; readonly reason: string; readonly code: string }
  /** Nothing pushed yet. */
  | { readonly state: 'empty' }
  /** `bytes`: of all packs, where that was asked for and the server tells. */
  | { readonly state: 'same' | 'new'; readonly snapshots: number; readonly bytes?: number };

export async function status(options: StatusOptions, services: Services): Promise<StatusResult | NotConfigured> {
  return (await openSession(options, services, (session) => readStatus(session, options))) ?? NOT_CONFIGURED;
}

async function readStatus(session: SyncSession, options: StatusOptions): Promise<StatusResult> {
  const { instance, scope, state, signal } = session;
  const scan = await scanInstance(instance, scope, signal, recordedSpelling(session));
  const local = compareWithState(scan, state, scope);
  const fresh = [...scan.entries.keys()].filter((path) => !state?.files.has(path)).length;
  const changed = local.unknown.filter((path) => state?.files.has(path)).length;
  let bytes = 0;
  for (const entry of scan.entries.values()) bytes += entry.size;
  const { url, instanceId } = instance.settings;
  const unsent = { added: fresh, changed, removed: local.removed.length };
  const cloud = await readCloudState(session, options);
  const mayMatter = cloud.state !== 'same' || fresh + changed + local.removed.length > 0;
  const question = mayMatter ? await readQuestion(instance.cloudFolder) : undefined;
  const result: StatusResult = {
    outcome: 'status',
    packFolder: instance.packFolder,
    url,
    instanceId,
    preset: scope.preset,
    files: scan.entries.size,
    bytes,
    unsent,
    worlds: await describeWorlds(instance.packFolder, scan.entries),
    ...(question === undefined ? {} : { question }),
    cloud,
    warnings: session.warnings,
  };
  return state?.base === undefined ? result : { ...result, lastSync: state.base };
}

async function readCloudState(session: SyncSession, options: StatusOptions): Promise<CloudStatus> {
  if (options.askServer === false) return { state: 'not-asked' };
  try {
    const remote = await session.connect();
    const ids = await remote.listSnapshots(session.signal);
    if (ids.length === 0) return { state: 'empty' };
    const seen = ids.every((id) => session.state?.seen.has(id));
    const bytes = options.measureCloud === true ? await remote.packBytes?.(session.signal) : undefined;
    return { state: seen ? 'same' : 'new', snapshots: ids.length, ...(bytes === undefined ? {} : { bytes }) };
  } catch (error) {
    if (isSyncError(error, 'unreachable', 'server', 'tls'))
      return { state: 'unreachable', reason: error.message, code: error.code };
    throw error;
  }
}
