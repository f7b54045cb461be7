/**
 * instance-sync as a library. Nothing here prints, exits, or stays behind: every call takes an AbortSignal, reports
 * through `onProgress` or `onEvent`, and throws a SyncError whose `code` says what to do.
 *
 *   push, pull, status, init, disable     an instance and its cloud side
 *   history, diffVersions, listVersion,   its versions, and the ways back
 *   bringBack, undo, readTrash, emptyTrash
 *   listKnownFolders, describeFolder,     the game folders of this PC, and what is in them
 *   measurePresets, readWorldIcon
 *   changeToken, recoverAccess,           the player's account: passwords, recovery code, catalogue of instances
 *   recoveryCode, listKnownInstances, checkAccount
 *   Repository, backup, restore, check,   restic repositories (docs/library.md)
 *   forget, prune, copy
 *   startServer                           a restic REST server (docs/server.md)
 */

export type { ErrorCode } from './base/errors.js';
export { isSyncError, SyncError } from './base/errors.js';
export type { OnEvent, Phase, ProgressEvent, SyncEvent, WarningEvent } from './base/events.js';
export type { HookCommand, HookProgram, PathHazard } from './launcher/command-line.js';
export { findHazards, hookLine, readOwnLine } from './launcher/command-line.js';
export { findGameFolders } from './launcher/find-game-folders.js';
export type { Launcher } from './launcher/find-launcher.js';
export { findLauncher } from './launcher/find-launcher.js';
export type { HookChange, HookPlan, LauncherCommands, WrittenHooks } from './launcher/hooks.js';
export { planHooks, readCommands, writeHooks } from './launcher/hooks.js';
export type { Surroundings } from './launcher/places.js';
export type { LauncherRun } from './launcher/running.js';
export { launcherRun } from './launcher/running.js';
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
export {
  bringBack,
  changeToken,
  checkAccount,
  diffVersions,
  doctor,
  history,
  listKnownInstances,
  listVersion,
  pull,
  push,
  recoverAccess,
  recoveryCode,
  status,
  undo,
} from './open.js';
export type { AccessLogEntry, RunningServer, ServerOptions } from './server/server.js';
export { createHtpasswdLine, startServer } from './server/server.js';
export type { KnownInstance } from './sync/account/catalogue-file.js';
export type {
  ChangeTokenOptions,
  PlayersRepository,
  Recovered,
  RecoverOptions,
  TokenChanged,
} from './sync/account/change-token.js';
export type { AccountCheck, CheckAccountOptions } from './sync/account/check-account.js';
export type { RecoveryCodeOptions, RecoveryCodeResult } from './sync/account/enrol.js';
export type { KnownInstances, KnownInstancesOptions, ListedInstance } from './sync/account/known-instances.js';
export type { Checkup } from './sync/doctor/checkup.js';
export type { DoctorOptions, DoctorResult } from './sync/doctor/doctor.js';
export type { FolderFacts } from './sync/folder/describe-folder.js';
export { describeFolder } from './sync/folder/describe-folder.js';
export type { DisableResult, InitOptions, InitResult } from './sync/folder/init.js';
export { disable, init } from './sync/folder/init.js';
export type { KnownFolder, UserPlaces } from './sync/folder/known-folders.js';
export { forgetFolder, listKnownFolders, rememberFolder } from './sync/folder/known-folders.js';
export type { OpenQuestion } from './sync/folder/open-question.js';
export type { OptIn } from './sync/folder/opt-in.js';
export { readOptIn } from './sync/folder/opt-in.js';
export type { WorldFacts } from './sync/folder/worlds.js';
export { readWorldIcon } from './sync/folder/worlds.js';
export type { BringBackOptions, BringBackResult, BroughtBack } from './sync/history/bring-back.js';
export type { Diff, DiffOptions, DiffResult, DiffSide } from './sync/history/diff-versions.js';
export type { EmptyTrashResult, TrashEmptied } from './sync/history/empty-trash.js';
export { emptyTrash } from './sync/history/empty-trash.js';
export type { History, HistoryEntry, HistoryOptions, HistoryResult } from './sync/history/history.js';
export type {
  ListedEntry,
  ListVersionOptions,
  ListVersionResult,
  VersionListing,
} from './sync/history/list-version.js';
export type { Trash, TrashEntry, TrashResult } from './sync/history/trash-report.js';
export { readTrash } from './sync/history/trash-report.js';
export type { NothingToUndo, Undone, UndoOptions, UndoResult } from './sync/history/undo.js';
export type { ChangeTotals, VersionChanges, WorldChanges } from './sync/history/version-changes.js';
export type { VersionFacts } from './sync/history/version-facts.js';
export type {
  Choice,
  Conflict,
  ConflictDetails,
  ConflictQuestion,
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
  SideDetails,
  UnitDetails,
  UnitSide,
  UnitStand,
} from './sync/merge/decisions.js';
export type { FileChange } from './sync/merge/unit-changes.js';
export type {
  FileCounts,
  Merged,
  NotConfigured,
  NothingNew,
  NothingSent,
  PullResult,
  PushResult,
  Sent,
  Updated,
} from './sync/results.js';
export type { PresetSize } from './sync/scope/measure-presets.js';
export { measurePresets } from './sync/scope/measure-presets.js';
export { presetNames, setPreset } from './sync/scope/preset.js';
export type { SyncOptions } from './sync/session.js';
export type { CloudStatus, StatusOptions, StatusResult } from './sync/status.js';
export type { TrashLimits } from './sync/swap/trash.js';
