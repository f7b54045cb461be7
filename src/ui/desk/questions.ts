/**
 * The question that a window shows, and its one answer: what a page says counts only if it names the question that is
 * open, and answers all of it with what may be chosen.
 */
import { randomBytes } from 'node:crypto';
import { SyncError } from '../../index.js';
import type { Answer } from '../protocol.js';
import { Ids } from './ids.js';
import type { QuestionView } from './question-views.js';

type ReadIcon = () => Promise<Uint8Array | undefined>;

interface Pictured {
  readonly id: string;
  readonly icon?: ReadIcon;
}

interface Open {
  readonly view: QuestionView;
  readonly settle: (answer: Answer) => void;
}

export class Questions {
  readonly #icons = new Ids<ReadIcon>();
  #open: Open | undefined;

  /** An id that no other question has. */
  newId(): string {
    return randomBytes(16).toString('base64url');
  }

  get shown(): QuestionView | undefined {
    return this.#open?.view;
  }

  /** Takes the place of one that was open. Never rejects; stays open for ever if nobody answers. */
  ask(view: QuestionView): Promise<Answer> {
    return new Promise((settle) => {
      this.#open = { view, settle };
    });
  }

  /** Nobody is asked any more. */
  drop(): void {
    this.#open = undefined;
  }

  /** For POST /api/answer. Throws 'not-found' for what is no longer asked, 'usage' for what is no answer to it. */
  answer(question: string, answer: Answer): void {
    const open = this.#open;
    if (open === undefined || open.view.question !== question) {
      throw new SyncError('not-found', 'this question is no longer open');
    }
    if (!fits(open.view, answer)) throw new SyncError('usage', 'that is no answer to the question that is open');
    this.#open = undefined;
    open.settle(answer);
  }

  /** Gives ids for GET /api/icon to the units of a question that have a picture. */
  iconsOf(question: string): (unit: Pictured) => string | undefined {
    return ({ id, icon }) => icon && this.#icons.give(JSON.stringify([question, id]), icon);
  }

  async icon(id: string): Promise<Uint8Array | undefined> {
    return this.#icons.find(id)?.();
  }
}

function fits(view: QuestionView, answer: Answer): boolean {
  if (answer.kind === 'play' || answer.kind === 'cancel') return true;
  if (answer.kind !== view.view) return false;
  if (view.view !== 'conflict' || answer.kind !== 'conflict') return true;
  const { units } = answer;
  const isChosen = view.units.every(({ id, choices }) => {
    const choice = Object.hasOwn(units, id) ? units[id] : undefined;
    return choice !== undefined && choices.includes(choice);
  });
  return isChosen && Object.keys(units).length === view.units.length;
}
