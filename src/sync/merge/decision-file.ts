/**
 * Answers of a player's that are being carried out, in `.cloud-sync/decision.json`:
 *   {"schema":1, "decisions":[{"question", "time", "heads", "conflict":{"units"}}, …]}
 * or with "deletion":"send" in the place of "conflict". Written before anything moves; a command that died in between is
 * followed by one that meets the same question, and takes the answer from here. Removed when all is done.
 */
import { join } from 'node:path';
import { isSyncError } from '../../base/errors.js';
import { isJsonObject, type JsonObject, readJsonFile, show } from '../folder/json-file.js';
import { writeFileAtomic } from '../swap/atomic-write.js';
import { type FsOps, nodeFs } from '../swap/fs-ops.js';
import { rmWithRetry } from '../swap/fs-retry.js';
import type { Choice } from './decisions.js';

const FILE = 'decision.json';
const SCHEMA = 1;
const ASKED_AGAIN = 'it is passed over, and what it settled is asked again';
/** Of one command; more heads at a time than that, nobody has. */
const MOST = 32;

/** What was chosen, for every unit that was asked for. */
export interface StoredChoices {
  readonly units: Readonly<Record<string, Choice>>;
}

export interface Decision {
  /** Of question-id.ts. */
  readonly question: string;
  /** ISO 8601; for showing only. */
  readonly time: string;
  /** Snapshots that met. */
  readonly heads: readonly string[];
  readonly conflict?: StoredChoices;
  readonly deletion?: 'send' | 'restore';
}

export class DecisionFile {
  readonly #fs: FsOps;
  readonly #path: string;
  readonly #warn: (code: string, message: string) => void;
  #decisions: readonly Decision[] | undefined;

  constructor(cloudFolder: string, warn: (code: string, message: string) => void, fs: FsOps = nodeFs) {
    this.#fs = fs;
    this.#path = join(cloudFolder, FILE);
    this.#warn = warn;
  }

  /** The answer to this very question, if one was written down. */
  async find(question: string): Promise<Decision | undefined> {
    this.#decisions ??= await this.#read();
    return this.#decisions.find((one) => one.question === question);
  }

  /** Durable when it returns. */
  async keep(decision: Decision): Promise<void> {
    const others = (this.#decisions ?? []).filter(({ question }) => question !== decision.question);
    const decisions = [...others, decision].slice(-MOST);
    await writeFileAtomic(this.#fs, this.#path, `${JSON.stringify({ schema: SCHEMA, decisions })}\n`);
    this.#decisions = decisions;
  }

  /** They have been carried out. */
  async forget(): Promise<void> {
    this.#decisions = [];
    await rmWithRetry(this.#fs, this.#path).catch(() => {
      // The work is done: it answers a question that is no longer asked.
    });
  }

  async #read(): Promise<readonly Decision[]> {
    try {
      const object = await readJsonFile(this.#fs, this.#path, ASKED_AGAIN);
      if (object === undefined) return [];
      const decisions = decode(object);
      if (decisions !== undefined) return decisions;
      this.#warn('settings', `${this.#path} is damaged (schema ${show(object['schema'])}); ${ASKED_AGAIN}`);
    } catch (error) {
      if (!isSyncError(error, 'bad-settings')) throw error;
      this.#warn('settings', error.message);
    }
    return [];
  }
}

/** Undefined if it is not all as it was written. */
function decode({ schema, decisions }: JsonObject): readonly Decision[] | undefined {
  if (schema !== SCHEMA || !Array.isArray(decisions)) return undefined;
  return decisions.every(isDecision) ? decisions : undefined;
}

function isDecision(value: unknown): value is Decision {
  if (!isJsonObject(value)) return false;
  const { question, time, heads, conflict, deletion } = value;
  if (typeof question !== 'string' || typeof time !== 'string' || !Array.isArray(heads)) return false;
  if (conflict === undefined) return deletion === 'send' || deletion === 'restore';
  if (deletion !== undefined || !isJsonObject(conflict) || !isJsonObject(conflict['units'])) return false;
  return Object.keys(conflict).length === 1 && Object.values(conflict['units']).every(isChoice);
}

function isChoice(value: unknown): value is Choice {
  return value === 'local' || value === 'cloud' || value === 'keep-both';
}
