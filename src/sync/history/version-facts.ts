/** What a snapshot says of itself, with its tags taken apart (snapshot-tags.ts makes them). */
import type { Snapshot } from '../../repo/snapshot.js';
import { FOLLOWS_TAG, PROGRAM } from '../merge/heads.js';

export interface VersionFacts {
  /** RFC 3339, by the clock of the PC that made it: for showing only. */
  readonly time: string;
  readonly hostname?: string;
  readonly username?: string;
  /** ULID of the game folder that it came from. */
  readonly device?: string;
  readonly instance?: string;
  /** Minecraft's version, as "1.21.1". */
  readonly minecraft?: string;
  /** As "fabric-loader 0.16.9". */
  readonly loader?: string;
  /** Sent before a game instead of after it: the last one had crashed, or ran without the hook. */
  readonly unclean: boolean;
  /** A game held a world while it was saved. */
  readonly live: boolean;
  /** Made of several versions. */
  readonly merge: boolean;
  /** Lost a conflict, in part or whole. */
  readonly conflictLoser: boolean;
  /** Tags that are not this program's. */
  readonly otherTags: readonly string[];
}

const PREFIXES = { device: 'device:', instance: 'instance:', minecraft: 'mc:', loader: 'loader:' } as const;
const LOSER = 'conflict-loser';
const MARKS: readonly string[] = [PROGRAM, 'unclean', 'live', 'merge', LOSER];

/** `losers`: names of other snapshots that this one says have lost. */
export function factsOf(snapshot: Snapshot): VersionFacts & { readonly losers: readonly string[] } {
  const { time, hostname, username, tags = [] } = snapshot;
  const prefixes = [...Object.values(PREFIXES), FOLLOWS_TAG, `${LOSER}:`, 'format:'];
  const named = Object.entries(PREFIXES).flatMap(([key, prefix]) => {
    const tag = tags.find((one) => one.startsWith(prefix));
    return tag === undefined ? [] : [[key, tag.slice(prefix.length)] as const];
  });
  return {
    time,
    ...(hostname === undefined ? {} : { hostname }),
    ...(username === undefined ? {} : { username }),
    ...Object.fromEntries(named),
    unclean: tags.includes('unclean'),
    live: tags.includes('live'),
    merge: tags.includes('merge'),
    conflictLoser: tags.includes(LOSER),
    otherTags: tags.filter((tag) => !MARKS.includes(tag) && !prefixes.some((prefix) => tag.startsWith(prefix))),
    losers: tags.filter((tag) => tag.startsWith(`${LOSER}:`)).map((tag) => tag.slice(LOSER.length + 1)),
  };
}
