/**
 * Asks for what a program must not decide: what becomes of a unit that both sides changed, and whether a mass deletion
 * was meant. A value is an answer at once; to ask a callback the work is left first (PendingQuestion), for nothing is locked
 * on a server while a player thinks. The answer is written down, and the work begins anew and meets it.
 */
import type { Manifest } from '../../archive/manifest.js';
import { SyncError, throwIfAborted } from '../../base/errors.js';
import type { State } from '../folder/state.js';
import type { SyncSession } from '../session.js';
import { DecisionFile, type StoredChoices } from './decision-file.js';
import type {
  Choice,
  Conflict,
  ConflictDetails,
  ConflictQuestion,
  ConflictSide,
  ConflictUnit,
  DeletionAnswer,
  Resolution,
} from './decisions.js';
import { findDeletion } from './deletion.js';
import type { Clash } from './merge.js';
import { conflictId, deletionId } from './question-id.js';
import { sizeOf } from './units.js';

export interface Sides {
  readonly reason: Conflict['reason'];
  readonly local: ConflictSide;
  readonly cloud: ConflictSide;
}

/** Thrown out of the work; `ask` keeps the answer for when the work is begun anew. */
export class PendingQuestion extends Error {
  readonly ask: () => Promise<void>;

  constructor(ask: () => Promise<void>) {
    super('a question is open');
    this.ask = ask;
  }
}

/** Of one command: more often than that nobody is asked, whatever goes on meanwhile. */
const MOST_QUESTIONS = 20;

export class Arbiter {
  readonly #session: Pick<SyncSession, 'options' | 'signal'>;
  readonly #decisions: DecisionFile;
  /** Of this run of the work: what was settled by its content holds by its name. */
  readonly #choices = new Map<string, Choice>();
  #deletion: 'send' | 'restore' | undefined;
  #met = false;
  #hasMetQuestions = false;

  constructor(session: Pick<SyncSession, 'options' | 'signal' | 'instance' | 'warn'>) {
    this.#session = session;
    this.#decisions = new DecisionFile(session.instance.cloudFolder, (code, message) => session.warn(code, message));
  }

  /** Runs `work` until no question stays open; `isAgain`: time has passed since, and both sides may be others. */
  async settle<T>(work: (isAgain: boolean) => Promise<T>): Promise<T> {
    for (let asked = 0; ; asked++) {
      this.#choices.clear();
      this.#deletion = undefined;
      this.#met = false;
      try {
        const result = await work(asked > 0);
        if (this.#hasMetQuestions) await this.#decisions.forget();
        return result;
      } catch (error) {
        if (!(error instanceof PendingQuestion)) throw error;
        if (asked === MOST_QUESTIONS) throw neverTheSame();
        await error.ask();
      }
    }
  }

  /** A choice for each clash, by unit. `explain` is called if a callback asks for it. Throws 'conflict' if there is none. */
  async choose(
    clashes: readonly Clash[],
    sides: Sides,
    explain: (clashes: readonly Clash[]) => Promise<ConflictDetails>,
  ): Promise<ReadonlyMap<string, Choice>> {
    const open = clashes.filter(({ id }) => !this.#choices.has(id));
    const isMeeting = sides.reason === 'first-contact' && !this.#met;
    if (open.length > 0 || isMeeting) {
      this.#hasMetQuestions = true;
      const question = { ...sides, units: open.map(toUnit), details: () => explain(open) };
      const { units } = await this.#resolve(question, conflictId(sides, open));
      for (const [id, choice] of Object.entries(units)) this.#choices.set(id, choice);
      this.#met = true;
    }
    return this.#choices;
  }

  async #resolve(question: ConflictQuestion, id: string): Promise<StoredChoices> {
    const { onConflict } = this.#session.options;
    if (onConflict !== undefined && typeof onConflict !== 'function') return settled(question, onConflict);
    const stored = (await this.#decisions.find(id))?.conflict;
    if (stored !== undefined) return stored;
    if (onConflict === undefined) throw unsettled(question);
    throw new PendingQuestion(async () => {
      const conflict = settled(question, await this.#untilStopped((signal) => onConflict(question, signal)));
      await this.#keep(id, { conflict }, question.local.snapshot, question.cloud.snapshot);
    });
  }

  /** What a mass deletion on this PC means; undefined if there is none. Throws 'conflict' if nobody says. */
  async judgeDeletion(
    state: State | undefined,
    base: Manifest | undefined,
    mine: Manifest,
  ): Promise<'send' | 'restore' | undefined> {
    const deletion = state?.deletionMeant === true || base === undefined ? undefined : findDeletion(base, mine);
    // Of what a pull has brought back nothing is gone any more, whatever was answered.
    if (deletion === undefined || base === undefined) return undefined;
    if (this.#deletion !== undefined) return this.#deletion;
    this.#hasMetQuestions = true;
    const judged = (answer: DeletionAnswer): 'send' | 'restore' => {
      if (answer === 'abort') throw unmeant(deletion);
      return answer;
    };
    const { onDeletion } = this.#session.options;
    if (onDeletion !== undefined && typeof onDeletion !== 'function') {
      this.#deletion = judged(onDeletion);
      return this.#deletion;
    }
    const id = deletionId(state?.base, base, mine);
    const stored = (await this.#decisions.find(id))?.deletion;
    if (stored === undefined && typeof onDeletion === 'function') {
      throw new PendingQuestion(async () => {
        const answer = judged(await this.#untilStopped((signal) => onDeletion(deletion, signal)));
        await this.#keep(id, { deletion: answer }, state?.base);
      });
    }
    this.#deletion = judged(stored ?? 'abort');
    return this.#deletion;
  }

  async #keep(
    question: string,
    answer: { readonly conflict: StoredChoices } | { readonly deletion: 'send' | 'restore' },
    ...heads: readonly (string | undefined)[]
  ): Promise<void> {
    const named = heads.filter((head) => head !== undefined);
    await this.#decisions.keep({ question, time: new Date().toISOString(), heads: named, ...answer });
  }

  /** A callback need not watch the signal: once that has fired, its answer no longer counts. */
  async #untilStopped<T>(ask: (signal: AbortSignal | undefined) => T | Promise<T>): Promise<T> {
    const { signal } = this.#session;
    throwIfAborted(signal);
    if (signal === undefined) return ask(signal);
    let stop = (): void => undefined;
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(reasonOf(signal));
      signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([ask(signal), stopped]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

/** An instance lock that was lost tells so itself. */
function reasonOf({ reason }: AbortSignal): unknown {
  return reason instanceof SyncError ? reason : new SyncError('aborted', 'cancelled', { cause: reason });
}

/** Throws 'conflict' if anything stays open. */
function settled(conflict: Conflict, resolution: Resolution): StoredChoices {
  const chosen = typeof resolution === 'string' ? { default: resolution, units: {} } : resolution;
  if (conflict.units.length === 0 && chosen.default === 'abort') throw unsettled(conflict);
  const units = conflict.units.map(({ id }) => {
    const choice = (Object.hasOwn(chosen.units, id) ? chosen.units[id] : undefined) ?? chosen.default;
    if (choice === 'abort') throw unsettled(conflict);
    return [id, choice] as const;
  });
  return { units: Object.fromEntries(units) };
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

function unmeant(deletion: { readonly files: number; readonly ofFiles: number; readonly worlds: readonly string[] }) {
  const { files, ofFiles, worlds } = deletion;
  const what = worlds.length > 0 ? `the whole of ${worlds.map(quote).join(', ')}` : `${files} of ${ofFiles} files`;
  const todo = 'if you deleted that, run push with --on-delete=send; to get it back, run pull with --on-delete=restore';
  const message = `${what} is gone from this PC since the last sync; nothing was changed; ${todo}`;
  return new SyncError('conflict', message, { details: { deletion } });
}

function neverTheSame(): SyncError {
  return new SyncError('conflict', 'both sides keep changing while it is asked what to do; run the command again');
}

function describeSide({ where, hostname, time }: ConflictSide): string {
  if (where === 'this-pc') return 'this PC';
  return time === undefined ? hostname : `${hostname} (${time})`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
