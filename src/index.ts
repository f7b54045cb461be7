/**
 * instance-sync as a library. Nothing here prints, exits, or stays behind: every call takes an AbortSignal, reports
 * through `onProgress`, and throws a SyncError whose `code` says what to do.
 */
import { services } from './open.js';
import { pull as pullWith } from './sync/pull.js';
import { push as pushWith } from './sync/push.js';
import type { NotConfigured, PullResult, PushResult } from './sync/results.js';
import type { SyncOptions } from './sync/session.js';
import type { StatusResult } from './sync/status.js';
import { status as statusWith } from './sync/status.js';

export type { ErrorCode } from './base/errors.js';
export { isSyncError, SyncError } from './base/errors.js';
export type { OnEvent, Phase, ProgressEvent, SyncEvent, WarningEvent } from './base/events.js';
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

/** Sends what this PC has and the cloud has not. Throws 'conflict' if the cloud has news that this PC has not seen. */
export function push(options: SyncOptions = {}): Promise<PushResult> {
  return pushWith(options, services);
}

/** Brings the cloud's state into the game folder. Throws 'conflict', touching nothing, if both sides changed. */
export function pull(options: SyncOptions = {}): Promise<PullResult> {
  return pullWith(options, services);
}

/** Looks at both sides without changing anything. */
export function status(options: SyncOptions = {}): Promise<StatusResult | NotConfigured> {
  return statusWith(options, services);
}
