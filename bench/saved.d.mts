import type { Question } from './questions.mjs';

/** What saved.mjs says of the file: `questions` by their names. */
export interface Found {
  readonly questions?: Readonly<Record<string, object>>;
  readonly parts?: object;
}

export declare function keep(root: string, version: string, found: Found, names: readonly string[]): string;
export declare function writePages(root: string, questions: readonly Question[]): string[];
