/** Makes the next state: every file that is now common with the cloud, with the stamp it has on this disk. */
import type { Manifest, ManifestEntry } from '../archive/manifest.js';
import type { FileStamp } from '../archive/scan.js';
import type { SnapshotId, TreeId } from '../base/ids.js';
import type { FileRecord } from './folder/state.js';
import { writeState } from './folder/state.js';
import { noteSync } from './note-sync.js';
import type { SyncSession } from './session.js';

export interface Common {
  readonly base: SnapshotId;
  readonly root: TreeId;
  readonly seen: Iterable<string>;
  readonly manifest: Manifest;
  /** The stamp of a file as it is known to hold this content; undefined if that is not sure. */
  readonly stampOf: (path: string) => FileStamp | undefined;
  /** In the manifest, but not on this disk. */
  readonly held: ReadonlySet<string>;
  readonly keyHint: string;
  /** Kept while what was taken away is not sent. */
  readonly deletionMeant?: boolean | undefined;
  /** Default: the present one. '' makes the next pull compare everything. */
  readonly scopeFingerprint?: string;
}

/**
 * A file changed this shortly before it was looked at may change again within the same tick of the file system's
 * clock and look the same: its stamp is not trusted, and it is read once more next time. Ticks are 16 ms at most on
 * the file systems of today; a time of whole seconds tells of one that counts in (two) seconds.
 */
const RACY_NS = 50_000_000n;
const RACY_COARSE_NS = 2_000_000_000n;
/** Equal to no stamp that a file can have: the file is read. */
export const NO_STAMP: FileStamp = { size: 0, mtimeNs: 0n, ctimeNs: 0n, inode: 0n };

export async function recordCommon(session: SyncSession, common: Common, startedMs: number): Promise<void> {
  const startedNs = BigInt(startedMs) * 1_000_000n;
  const files = new Map<string, FileRecord>();
  for (const [path, entry] of common.manifest) {
    const held = common.held.has(path);
    const stamp = held ? undefined : common.stampOf(path);
    const sure = stamp !== undefined && (entry.type !== 'file' || isSettled(stamp.mtimeNs, startedNs));
    files.set(path, toRecord(entry, sure ? stamp : NO_STAMP, held));
  }
  await session.checkLock();
  await writeState(session.instance, {
    base: common.base,
    root: common.root,
    seen: new Set(common.seen),
    scopeFingerprint: common.scopeFingerprint ?? session.scope.fingerprint,
    deviceId: session.deviceId,
    keyHint: common.keyHint,
    ...(common.deletionMeant === true ? { deletionMeant: true } : {}),
    files,
  });
  await noteSync(session);
}

function isSettled(mtimeNs: bigint, startedNs: bigint): boolean {
  const margin = mtimeNs % 1_000_000_000n === 0n ? RACY_COARSE_NS : RACY_NS;
  return mtimeNs < startedNs - margin;
}

export function toRecord(entry: ManifestEntry, stamp: FileStamp, held: boolean): FileRecord {
  const { type, executable, content, mtimeMs, linktarget, size } = entry;
  const record = { ...stamp, size, type, executable, content, mtimeMs, held };
  return linktarget === undefined ? record : { ...record, linktarget };
}
