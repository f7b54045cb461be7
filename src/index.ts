/**
 * instance-sync as a library. Nothing here prints, exits, or stays behind: every call takes an AbortSignal, reports
 * through `onProgress` or `onEvent`, and throws a SyncError whose `code` says what to do.
 *
 *   push, pull, status, init, disable     an instance and its cloud side
 *   Repository, backup, restore, check,   restic repositories (docs/library.md)
 *   forget, prune, copy
 *   startServer                           a restic REST server (docs/server.md)
 */

export type { ErrorCode } from './base/errors.js';
export { isSyncError, SyncError } from './base/errors.js';
export type { OnEvent, Phase, ProgressEvent, SyncEvent, WarningEvent } from './base/events.js';
export type { BackupOptions } from './library/backup.js';
export { backup } from './library/backup.js';
export type { CheckEvent, CheckOptions, CheckResult } from './library/check.js';
export { check } from './library/check.js';
export type { CopyEvent, CopyOptions, CopyProblem, CopyResult } from './library/copy.js';
export { copy } from './library/copy.js';
export type {
  ForgetEvent,
  ForgetGroup,
  ForgetOptions,
  ForgetPlan,
  ForgetProblem,
  ForgetResult,
  KeepRules,
} from './library/forget.js';
export { forget } from './library/forget.js';
export type { PruneEvent, PruneOptions, PruneResult, PruneRules } from './library/prune.js';
export { prune } from './library/prune.js';
export type {
  ArchiveOptions,
  CallOptions,
  NewRepositoryOptions,
  RepositoryOptions,
  SnapshotOptions,
  SnapshotsOptions,
  WalkOptions,
} from './library/repository.js';
export { Repository } from './library/repository.js';
export type { RestoreOptions } from './library/restore.js';
export { restore } from './library/restore.js';
export type { SnapshotInfo, SnapshotRef } from './library/snapshot-ref.js';
export type {
  AddedSizes,
  BackupEvent,
  BackupFilter,
  BackupItemAction,
  BackupItemError,
  BackupItemEvent,
  BackupItemInfo,
  BackupLeftOut,
  BackupResult,
  BackupScanTotals,
  BackupStream,
  BlobId,
  BlobLocation,
  BlobType,
  CheckProgress,
  CheckSummary,
  CompressionMode,
  CopyPlan,
  ExtendedAttribute,
  Finding,
  FindingCode,
  GroupBy,
  GroupKey,
  IndexId,
  NodeType,
  Overwrite,
  PackId,
  PruneStats,
  PruneStep,
  PruneTotals,
  ReadData,
  RestoreEvent,
  RestoreItemError,
  RestoreItemEvent,
  RestoreLeftOut,
  RestoreResult,
  RestoreTotals,
  RetryEvent,
  Snapshot,
  SnapshotFilter,
  SnapshotId,
  SnapshotSummary,
  TreeId,
  TreeNode,
  WalkEntry,
} from './library/types.js';
export { pull, push, status } from './open.js';
export type { AccessLogEntry, RunningServer, ServerOptions } from './server/server.js';
export { createHtpasswdLine, startServer } from './server/server.js';
export type {
  Choice,
  Conflict,
  ConflictSide,
  ConflictUnit,
  Deletion,
  DeletionAnswer,
  OnConflict,
  OnDeletion,
  OnRelocation,
  Relocation,
  RelocationAnswer,
  Resolution,
  UnitSide,
} from './sync/decisions.js';
export type { DisableResult, InitOptions, InitResult } from './sync/init.js';
export { disable, init } from './sync/init.js';
export type {
  FileCounts,
  NotConfigured,
  NothingNew,
  NothingSent,
  PullResult,
  PushResult,
  Sent,
  Updated,
} from './sync/results.js';
export type { SyncOptions } from './sync/session.js';
export type { StatusResult } from './sync/status.js';
