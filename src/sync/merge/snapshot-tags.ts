/**
 * The tags of a snapshot that this program makes. They hold no comma, since restic's --tag splits at commas.
 *   instance-sync             our own
 *   follows:ID                takes the place of ID, besides the parent
 *   instance:ULID device:ULID which instance, which game folder on which PC
 *   mc:1.21.1 loader:…        what the instance plays with, where the launcher tells
 *   unclean                   sent before a game, not after it: the last session ended in a crash, or without the hook
 *   live                      a running game held a world
 *   merge                     made of several heads
 *   conflict-loser[:ID]       this snapshot (or ID) lost a conflict in part or whole; it stays in the history
 *   format:N                  needs a program that knows N
 */
import type { SnapshotId } from '../../base/ids.js';
import { FOLLOWS_TAG, PROGRAM } from './heads.js';

export const FORMAT = 1;
const FORMAT_TAG = 'format:';

export interface TagFacts {
  readonly instanceId: string;
  readonly deviceId: string;
  /** Of game-version.ts. */
  readonly version: readonly string[];
  readonly follows: readonly SnapshotId[];
  /** 'unclean', 'live', 'merge', 'conflict-loser'. */
  readonly marks: readonly string[];
}

export function makeTags({ instanceId, deviceId, version, follows, marks }: TagFacts): string[] {
  const who = [`instance:${instanceId}`, `device:${deviceId}`];
  return [PROGRAM, ...follows.map((id) => FOLLOWS_TAG + id), ...who, ...version, ...marks];
}

/** What a program must know to understand a snapshot; 1 for those without the tag. */
export function formatOf(tags: readonly string[] = []): number {
  const formats = tags.filter((tag) => tag.startsWith(FORMAT_TAG)).map((tag) => Number(tag.slice(FORMAT_TAG.length)));
  return Math.max(FORMAT, ...formats.filter(Number.isSafeInteger));
}
