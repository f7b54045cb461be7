/** Types of other rooms that the public calls take and give, under the names by which the package exports them. */

export type {
  AddedSizes,
  BackupEvent,
  BackupFilter,
  BackupResult,
  ItemAction as BackupItemAction,
  ItemError as BackupItemError,
  ItemEvent as BackupItemEvent,
  ItemInfo as BackupItemInfo,
  LeftOut as BackupLeftOut,
  ScanTotals as BackupScanTotals,
  StdinSource as BackupStream,
} from '../archive/backup-types.js';
export type { RetryEvent } from '../backend/retry.js';
export type { BlobId, IndexId, PackId, SnapshotId, TreeId } from '../base/ids.js';
export type { GroupBy, GroupKey } from '../browse/group.js';
export type { SnapshotFilter } from '../browse/select.js';
export type { WalkEntry } from '../browse/walk.js';
export type { CompressionMode } from '../compress/level.js';
export type { CheckProgress, CheckSummary, Finding, FindingCode, ReadData } from '../maintain/check.js';
export type { CopyPlan } from '../maintain/copy-blobs.js';
export type { PruneStep } from '../maintain/prune-events.js';
export type { PruneStats, PruneTotals } from '../maintain/prune-stats.js';
export type { BlobType } from '../pack/header.js';
export type { BlobLocation } from '../repo/index.js';
export type { Snapshot, SnapshotSummary } from '../repo/snapshot.js';
export type { ExtendedAttribute, NodeType, TreeNode } from '../repo/tree.js';
export type {
  ItemError as RestoreItemError,
  ItemEvent as RestoreItemEvent,
  LeftOut as RestoreLeftOut,
  Overwrite,
  RestoreEvent,
  RestoreResult,
  RestoreTotals,
} from '../restore/restore-types.js';
