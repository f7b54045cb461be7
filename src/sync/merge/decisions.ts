/**
 * What a player is asked, and what can be answered. A launcher draws its own dialog by giving callbacks; a value instead
 * of a callback is the answer to every question of that kind, and the default is to stop and to change nothing.
 */
import type { Bytes } from '../../base/bytes.js';
import type { SnapshotId } from '../../base/ids.js';
import type { FileChange } from './unit-changes.js';

/** 'local': what is here; 'cloud': what the cloud has; 'keep-both': the cloud's under a second name beside it. */
export type Choice = 'local' | 'cloud' | 'keep-both';

/** One answer for all units, or one for each by its id, and `default` for the others. */
export type Resolution =
  | 'abort'
  | Choice
  | { readonly default: 'abort' | Choice; readonly units: Readonly<Record<string, Choice>> };

export interface ConflictSide {
  /** Two PCs may have pushed from one base: then both sides are in the cloud. */
  readonly where: 'this-pc' | 'cloud';
  readonly hostname: string;
  /** ISO 8601, of the snapshot; for showing only, clocks are wrong. Missing for what is not a snapshot yet. */
  readonly time?: string;
  readonly snapshot?: SnapshotId;
}

export interface UnitSide {
  readonly files: number;
  readonly bytes: number;
}

/** A world, or a single file outside of the worlds: what is decided as a whole. */
export interface ConflictUnit {
  /** Path of the world's folder or of the file, relative to the game folder, with '/'. */
  readonly id: string;
  readonly kind: 'world' | 'file';
  /** Undefined where that side has deleted it. */
  readonly local: UnitSide | undefined;
  readonly cloud: UnitSide | undefined;
}

export interface Conflict {
  /**
   * 'both-changed': since they last had the same; 'first-contact': worlds here and in the cloud that never met, then
   * `units` are those that both have, and it may be empty.
   */
  readonly reason: 'both-changed' | 'first-contact';
  readonly local: ConflictSide;
  readonly cloud: ConflictSide;
  readonly units: readonly ConflictUnit[];
}

/** What one side did to a unit since both last had the same; at first contact: what it has. */
export interface UnitStand extends UnitSide {
  /** When the world was last played, or the file last saved: ISO 8601, by the clock of the PC that did it. */
  readonly lastPlayed?: string;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** The first of them (at most 200), the largest first. */
  readonly changes: readonly FileChange[];
}

export interface UnitDetails {
  /** Of the ConflictUnit. */
  readonly id: string;
  /** The world's name in the game, or the file's path. */
  readonly name: string;
  readonly local: UnitStand | undefined;
  readonly cloud: UnitStand | undefined;
  /** The world's icon.png, this PC's if it has one; undefined if it cannot be read. Missing where there is none. */
  readonly icon?: () => Promise<Bytes | undefined>;
}

export interface SideDetails {
  /** Of the version, or of the newest file that changed here. ISO 8601. */
  readonly time?: string;
  /** When that side was last the same as the other. */
  readonly since?: string;
  /** Version of the game. */
  readonly minecraft?: string;
  /** Units that changed on this side alone, which are merged whatever is chosen: worlds by id, and how many files. */
  readonly aloneWorlds: readonly string[];
  readonly aloneFiles: number;
}

export interface ConflictDetails {
  readonly local: SideDetails;
  readonly cloud: SideDetails;
  /** In the order of the conflict's units. */
  readonly units: readonly UnitDetails[];
}

/** A conflict as a callback is told of it. */
export interface ConflictQuestion extends Conflict {
  /** What a dialog shows; worked out when it is called, which may take some requests. Good until the answer is given. */
  details(): Promise<ConflictDetails>;
}

/**
 * Nothing is locked on the server while a callback thinks. `signal` fires when the answer no longer counts. Before the
 * answer is carried out, both sides are looked at anew: it is asked again if they changed meanwhile.
 */
export type OnConflict =
  | Resolution
  | ((conflict: ConflictQuestion, signal: AbortSignal | undefined) => Resolution | Promise<Resolution>);

/** More than half of the files, or a whole world, gone from this PC since the last sync. */
export interface Deletion {
  readonly files: number;
  /** Files that there were. */
  readonly ofFiles: number;
  /** Folders of worlds that are gone as a whole, as "saves/World". */
  readonly worlds: readonly string[];
}

/** 'send': it was meant, the cloud's next version lacks them too; 'restore': bring them back from the cloud. */
export type DeletionAnswer = 'abort' | 'send' | 'restore';
export type OnDeletion =
  | DeletionAnswer
  | ((deletion: Deletion, signal: AbortSignal | undefined) => DeletionAnswer | Promise<DeletionAnswer>);

/** The game folder's settings say that it is another folder's, which may be there still. */
export interface Relocation {
  /** Where the instance was at its last sync. */
  readonly from: string;
  readonly to: string;
  /** Whether a folder with the same instance is still at the old place. */
  readonly stillThere: boolean;
}

/** 'moved': it is the same instance; 'copied': it becomes an instance of its own, with a new id. */
export type RelocationAnswer = 'abort' | 'moved' | 'copied';
export type OnRelocation = RelocationAnswer | ((r: Relocation) => RelocationAnswer | Promise<RelocationAnswer>);
