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
  /** Files that could not be read. The last version that the cloud has of them, if any, stays in the snapshot. */
  readonly unreadable: readonly string[];
}

export type PushResult = NotConfigured | NothingSent | Sent;

export interface NothingNew extends Told {
  /** 'nothing-in-cloud': no PC has pushed yet. */
  readonly outcome: 'up-to-date' | 'nothing-in-cloud';
  readonly snapshot?: SnapshotId;
}

export interface Updated extends Told {
  readonly outcome: 'updated';
  readonly snapshot: SnapshotId;
  readonly files: FileCounts;
  /** Plain bytes of the files that were written. */
  readonly bytesWritten: number;
  /** Where what was replaced or removed lies now. */
  readonly trash?: string;
}

export type PullResult = NotConfigured | NothingNew | Updated;
