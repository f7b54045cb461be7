/**
 * instance-sync as a library. Nothing here prints, exits, or stays behind: every call takes an AbortSignal, reports
 * through `onProgress`, and throws a SyncError whose `code` says what to do.
 */

export type { ErrorCode } from './base/errors.js';
export { isSyncError, SyncError } from './base/errors.js';
export type { OnEvent, Phase, ProgressEvent, SyncEvent, WarningEvent } from './base/events.js';
export { pull, push, status } from './open.js';
export type { AccessLogEntry, RunningServer, ServerOptions } from './server/server.js';
export { createHtpasswdLine, startServer } from './server/server.js';
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
