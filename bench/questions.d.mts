import type { Targets } from './summary.mjs';

export interface Question {
  readonly name: string;
  readonly title: string;
  readonly ours: string;
  readonly against: string;
  readonly data: string;
  readonly targets: Targets;
  readonly onlyAsked?: boolean;
}

export declare function loadQuestions(): Promise<Question[]>;
export declare function chooseQuestions(all: readonly Question[], words: readonly string[]): Question[];
