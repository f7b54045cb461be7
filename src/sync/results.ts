/** What the commands return. Every outcome but an error is a success of the hook. */
import type { SnapshotId } from '../base/ids.js';

export interface FileCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

export interface NotConfigured {
  readonly outcome: 'not-configured';
}

export const NOT_CONFIGURED: NotConfigured = { outcome: 'not-configured' };

/** What a merge made of several versions. */
export interface Merged {
  readonly snapshot: SnapshotId;
  /** Worlds and files that only this PC, and only the cloud, had changed. */
  readonly fromHere: readonly string[];
  readonly fromCloud: readonly string[];
  /** What is there twice now: the cloud's copy by its second name. */
  readonly secondNames: Readonly<Record<string, string>>;
}

interface Told {
  /** Lines for the player: what was left out, and why. */
  readonly warnings: readonly string[];
}

export interface NothingSent extends Told {
  readonly outcome: 'nothing-to-send';
  /** The snapshot that holds what lies here, if there is one. */
  readonly snapshot?: SnapshotId;
  readonly unreadable: readonly string[];
}

export interface Sent extends Told {
  readonly outcome: 'sent';
  readonly snapshot: SnapshotId;
  readonly files: FileCounts;
  /** Bytes read from files that are new or may have changed. */
  readonly bytesRead: number;
  /** Of those, bytes that the repository did not have. */
  readonly bytesNew: number;
  /** Bytes of packs uploaded, after compression. */
  readonly bytesSent: number;
  /** Another PC had sent a version as well, and both became one; the next pull brings its part. */
  readonly merged?: Merged;
  /** Files that could not be read. The last version that the cloud has of them, if any, stays in the snapshot. */
  readonly unreadable: readonly string[];
}

export type PushResult = NotConfigured | NothingSent | Sent;

export interface NothingNew extends Told {
  /** 'nothing-in-cloud': no PC has pushed yet. */
  readonly outcome: 'up-to-date' | 'nothing-in-cloud';
  readonly snapshot?: SnapshotId;
  /** What the last session left unsent, and is in the cloud now. */
  readonly recovered?: Sent;
}

export interface Updated extends Told {
  readonly outcome: 'updated';
  readonly snapshot: SnapshotId;
  readonly files: FileCounts;
  /** Plain bytes of the files that were written. */
  readonly bytesWritten: number;
  /** Where what was replaced or removed lies now. */
  readonly trash?: string;
  readonly recovered?: Sent;
  readonly merged?: Merged;
}

export type PullResult = NotConfigured | NothingNew | Updated;
