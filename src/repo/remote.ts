/**
 * A repository that is not opened yet. What needs no key (is anything new?) is asked here, without deriving one.
 */
import type { SnapshotId } from '../base/ids.js';
import type { Repository } from './repository.js';
import type { HeldKey } from './unlock.js';

export interface UnlockOptions {
  readonly passwords: readonly string[];
  readonly keyHint?: string | undefined;
  readonly heldKey?: HeldKey | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Remote {
  /** The address, without a password. */
  readonly location: string;
  /** One request; empty also if there is no repository. */
  listSnapshots(signal?: AbortSignal): Promise<SnapshotId[]>;
  /** Bytes of all packs, in one request; undefined if the server tells no sizes. */
  packBytes?(signal?: AbortSignal): Promise<number | undefined>;
  /** Throws 'no-repository', 'wrong-password', and what Repository.open throws. */
  open(options: UnlockOptions): Promise<Repository>;
  /** Makes the repository. Throws 'exists'. */
  init(password: string, signal?: AbortSignal): Promise<Repository>;
  /** How far the server's clock is from ours, in ms, once it has answered. */
  clockSkewMs(): number | undefined;
  close(): Promise<void>;
}
