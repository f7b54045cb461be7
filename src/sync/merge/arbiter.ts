/**
 * Asks for what a program must not decide: what becomes of a unit that both sides changed, and whether a mass deletion
 * was meant. Every answer is kept for the run of the command, so nothing is asked twice.
 */
import type { Manifest } from '../../archive/manifest.js';
import { SyncError } from '../../base/errors.js';
import type { State } from '../folder/state.js';
import type {
  Choice,
  Conflict,
  ConflictSide,
  ConflictUnit,
  DeletionAnswer,
  OnConflict,
  OnDeletion,
  Resolution,
} from './decisions.js';
import { findDeletion } from './deletion.js';
import type { Clash } from './merge.js';
import { sizeOf } from './units.js';

export interface Sides {
  readonly reason: Conflict['reason'];
  readonly local: ConflictSide;
  readonly cloud: ConflictSide;
}

export class Arbiter {
  readonly #onConflict: OnConflict;
  readonly #onDeletion: OnDeletion;
  readonly #choices = new Map<string, Choice>();
  #deletion: DeletionAnswer | undefined;
  #met = false;

  constructor(onConflict: OnConflict = 'abort', onDeletion: OnDeletion = 'abort') {
    this.#onConflict = onConflict;
    this.#onDeletion = onDeletion;
  }

  /** A choice for each clash, by unit. Throws 'conflict' if there is none. */
  async choose(clashes: readonly Clash[], sides: Sides): Promise<ReadonlyMap<string, Choice>> {
    const open = clashes.filter(({ id }) => !this.#choices.has(id));
    const isMeeting = sides.reason === 'first-contact' && !this.#met;
    if (open.length > 0 || isMeeting) {
      const conflict: Conflict = { ...sides, units: open.map(toUnit) };
      const resolution = typeof this.#onConflict === 'function' ? await this.#onConflict(conflict) : this.#onConflict;
      this.#keep(conflict, resolution);
      this.#met = true;
    }
    return this.#choices;
  }

  #keep(conflict: Conflict, resolution: Resolution): void {
    const chosen = typeof resolution === 'string' ? { default: resolution, units: {} } : resolution;
    if (conflict.units.length === 0 && chosen.default === 'abort') throw unsettled(conflict);
    const units: Readonly<Record<string, Choice | undefined>> = chosen.units;
    for (const { id } of conflict.units) {
      const choice = units[id] ?? chosen.default;
      if (choice === 'abort') throw unsettled(conflict);
      this.#choices.set(id, choice);
    }
  }

  /** What a mass deletion on this PC means; undefined if there is none. Throws 'conflict' if nobody says. */
  async judgeDeletion(
    state: State | undefined,
    base: Manifest | undefined,
    mine: Manifest,
  ): Promise<'send' | 'restore' | undefined> {
    const deletion = state?.deletionMeant === true || base === undefined ? undefined : findDeletion(base, mine);
    if (deletion === undefined) return undefined;
    this.#deletion ??= typeof this.#onDeletion === 'function' ? await this.#onDeletion(deletion) : this.#onDeletion;
    if (this.#deletion !== 'abort') return this.#deletion;
    const { files, ofFiles, worlds } = deletion;
    const what = worlds.length > 0 ? `the whole of ${worlds.map(quote).join(', ')}` : `${files} of ${ofFiles} files`;
    const todo =
      'if you deleted that, run push with --on-delete=send; to get it back, run pull with --on-delete=restore';
    throw new SyncError('conflict', `${what} is gone from this PC since the last sync; nothing was changed; ${todo}`, {
      details: { deletion },
    });
  }
}

function toUnit({ id, kind, mine, theirs }: Clash): ConflictUnit {
  return { id, kind, local: sizeOf(mine), cloud: sizeOf(theirs) };
}

/** The error of a conflict that nobody settled. */
export function unsettled(conflict: Conflict): SyncError {
  const { local, cloud, units, reason } = conflict;
  const names = units.slice(0, 5).map(({ id }) => quote(id));
  const more = units.length > names.length ? ` and ${units.length - names.length} more` : '';
  const both = `${describeSide(local)} and ${describeSide(cloud)}`;
  const what =
    reason === 'first-contact'
      ? `this PC has worlds, and so has the cloud (${describeSide(cloud)}), and they never met`
      : `both sides changed ${names.join(', ')}${more}: ${both}`;
  const todo = 'choose with --on-conflict=local, cloud or keep-both; nothing of either side is lost';
  return new SyncError('conflict', `${what}; ${todo}`, { details: { conflict } });
}

function describeSide({ where, hostname, time }: ConflictSide): string {
  if (where === 'this-pc') return 'this PC';
  return time === undefined ? hostname : `${hostname} (${time})`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
