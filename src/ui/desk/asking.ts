/** The library's callbacks for a sync whose player sits at a window: each question becomes a view, each answer a choice. */
import type {
  ConflictQuestion,
  Deletion,
  DeletionAnswer,
  Relocation,
  RelocationAnswer,
  Resolution,
} from '../../index.js';
import type { Answer } from '../protocol.js';
import type { Heading, QuestionView } from './question-views.js';
import { conflictView, deletionView, relocationView } from './question-views.js';
import type { Questions } from './questions.js';

export interface Callbacks {
  readonly onConflict: (conflict: ConflictQuestion) => Promise<Resolution>;
  readonly onDeletion: (deletion: Deletion) => Promise<DeletionAnswer>;
  readonly onRelocation: (relocation: Relocation) => Promise<RelocationAnswer>;
}

export interface Asking {
  readonly heading: Heading;
  readonly questions: Questions;
  /** Shows the question and waits. What is not an answer to it ('play', 'cancel') leaves it undecided. Never rejects. */
  readonly ask: (view: QuestionView) => Promise<Answer>;
}

export function askingCallbacks({ heading, questions, ask }: Asking): Callbacks {
  return {
    onConflict: async (conflict) => {
      const details = await conflict.details();
      const question = questions.newId();
      const view = conflictView(conflict, details, question, heading, questions.iconsOf(question));
      const answer = await ask(view);
      if (answer.kind !== 'conflict') return 'abort';
      // At a first contact there may be no unit to choose for: then the answer itself is the consent.
      return { default: view.units.length === 0 ? 'keep-both' : 'abort', units: answer.units };
    },
    onDeletion: async (deletion) => {
      const answer = await ask(deletionView(deletion, questions.newId(), heading));
      return answer.kind === 'deletion' ? answer.deletion : 'abort';
    },
    onRelocation: async (relocation) => {
      const answer = await ask(relocationView(relocation, questions.newId(), heading));
      return answer.kind === 'relocation' ? answer.relocation : 'abort';
    },
  };
}
