/** Progress of one task as the page shows it: not more often than an eye can follow. */
import type { OnEvent, ProgressEvent } from '../../index.js';
import type { ProgressView, View } from '../protocol.js';

/** Milliseconds between two views of one phase. */
const PACE_MS = 150;

export interface ProgressOptions {
  readonly task: ProgressView['task'];
  readonly label: string;
  /** While nothing has moved: what stopping would mean. */
  readonly mayStop: 'skip-and-play' | 'later';
  readonly mayClose: boolean;
  readonly show: (view: View) => void;
}

export interface ShownProgress {
  readonly onProgress: OnEvent;
  /** Whether stopping is safe now. */
  readonly mayStop: boolean;
}

/** Shows the first view at once. */
export function showProgress({ task, label, mayStop, mayClose, show }: ProgressOptions): ShownProgress {
  const begun = performance.now();
  let shown = Number.NEGATIVE_INFINITY;
  let last: ProgressEvent = { type: 'progress', phase: 'connecting', filesDone: 0, bytesDone: 0 };
  const draw = (): void => {
    const now = performance.now();
    shown = now;
    const { type: _, ...numbers } = last;
    const stop = last.phase === 'applying' ? 'none' : mayStop;
    show({ view: 'progress', task, label, ...numbers, elapsedMs: Math.round(now - begun), mayStop: stop, mayClose });
  };
  draw();
  return {
    onProgress: (event) => {
      if (event.type !== 'progress') return;
      const isNew = event.phase !== last.phase;
      last = event;
      if (isNew || performance.now() - shown >= PACE_MS) draw();
    },
    get mayStop() {
      return last.phase !== 'applying';
    },
  };
}
