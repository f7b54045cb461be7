/** What went wrong, in a player's words; the program's own stand behind "details". */
import type { Problem } from '../protocol.js';
import type { PlainKey, Speech } from '../strings.js';
import { ApiError, isAbort } from './api.js';
import { type Child, fill, h } from './dom.js';
import { icon } from './icons.js';
import { path } from './names.js';

/** SyncError's code → what happened and what to do. */
const WORDS: Readonly<Record<string, PlainKey>> = {
  unreachable: 'errUnreachable',
  tls: 'errTls',
  unauthorized: 'errUnauthorized',
  forbidden: 'errForbidden',
  'wrong-password': 'errWrongPassword',
  'not-found': 'errNotFound',
  'not-server': 'errNotServer',
  server: 'errServer',
  unsupported: 'errUnsupported',
  'no-repository': 'errNoRepository',
  'no-space': 'errNoSpace',
  locked: 'errInUse',
  'in-use': 'errInUse',
  conflict: 'errConflict',
  relocated: 'errRelocated',
  damaged: 'errDamaged',
  'unsafe-path': 'errUnsafePath',
  'no-token': 'errNoToken',
  'bad-settings': 'errBadSettings',
  usage: 'errUsage',
  io: 'errIo',
  aborted: 'errAborted',
  gone: 'errGone',
};

export function problemWords(speech: Speech, problem: Problem): string {
  return speech.text(WORDS[problem.code] ?? 'errOther');
}

/** Says it at once to a screen reader as well. */
export function problemBox(speech: Speech, problem: Problem, ...more: readonly Child[]): HTMLElement {
  return h(
    'div',
    { class: 'notice failed', role: 'alert' },
    icon('failed'),
    h(
      'div',
      {},
      h('p', {}, problemWords(speech, problem)),
      ...more,
      h(
        'details',
        { class: 'small' },
        h('summary', {}, speech.text('details')),
        h('p', {}, path(problem.message), ` (${problem.code})`),
      ),
    ),
  );
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  if (error instanceof DOMException && error.name === 'TimeoutError') return { code: 'gone', message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

/** Runs what a button starts: its errors are shown in `slot`, and `controls` wait until it is done. */
export async function attempt(
  speech: Speech,
  slot: HTMLElement,
  controls: readonly HTMLButtonElement[],
  work: () => Promise<void>,
): Promise<void> {
  const waiting = controls.filter((control) => !control.disabled);
  for (const control of waiting) control.disabled = true;
  fill(slot);
  try {
    await work();
  } catch (error) {
    if (!isAbort(error)) fill(slot, problemBox(speech, problemOf(error)));
  } finally {
    for (const control of waiting) control.disabled = false;
  }
}

/** Fills `slot` with what `work` makes, or with what went wrong. */
export async function load(speech: Speech, slot: HTMLElement, work: () => Promise<Child>): Promise<void> {
  try {
    fill(slot, await work());
  } catch (error) {
    if (!isAbort(error)) fill(slot, problemBox(speech, problemOf(error)));
  }
}
