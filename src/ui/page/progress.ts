/** The work under way. It changes in place: a screen reader hears a line every few seconds, not every number. */
import type { ProgressView, View } from '../protocol.js';
import type { PlainKey } from '../strings.js';
import { write } from './api.js';
import type { Context, Screen } from './context.js';
import { type Child, fill, h, newId } from './dom.js';
import { icon } from './icons.js';
import { name, plainName } from './names.js';
import { button, heading } from './parts.js';
import { attempt } from './problems.js';
import { createRate, type Rate } from './rate.js';

const SPOKEN_EVERY_MS = 5_000;

const TITLES = {
  pull: 'progressPull',
  push: 'progressPush',
  restore: 'progressRestore',
  undo: 'progressUndo',
} as const;
const PHASES = {
  waiting: 'phaseWaiting',
  connecting: 'phaseConnecting',
  scanning: 'phaseScanning',
  uploading: 'phaseUploading',
  comparing: 'phaseComparing',
  downloading: 'phaseDownloading',
  applying: 'phaseApplying',
} as const;

export function progressScreen(context: Context, first: ProgressView): Screen {
  const { speech } = context;
  const rate = createRate();
  const titleId = newId('progress');
  const bar = h('progress', { max: '1', 'aria-labelledby': titleId });
  const [phase, numbers, close] = [h('p', { class: 'phase' }), h('p', { class: 'numbers' }), h('p', { class: 'hint' })];
  const spoken = h('p', { class: 'only-spoken', role: 'status' });
  const actions = h('div', { class: 'actions' });
  const problem = h('div', {});
  let shown = first;
  let spokenAt = 0;
  const draw = (view: ProgressView): void => {
    const before = shown;
    shown = view;
    rate.add(view);
    drawBar(bar, view);
    fill(phase, speech.text(PHASES[view.phase]));
    fill(numbers, numbersOf(context, view, rate));
    fill(close, speech.text(closeHint(view)));
    if (actions.childElementCount === 0 || before.mayStop !== view.mayStop) {
      fill(actions, stopButton(context, view, problem));
    }
    if (Date.now() - spokenAt < SPOKEN_EVERY_MS) return;
    spokenAt = Date.now();
    fill(spoken, [phase.textContent, numbers.textContent].join(' '));
  };
  const title = speech.pieces(TITLES[first.task], { name: name(first.label) });
  const node = h(
    'section',
    { class: 'narrow card calm' },
    h('div', { class: 'emblem' }, icon(first.task === 'push' ? 'up' : first.task === 'pull' ? 'down' : 'undo')),
    h('div', { id: titleId }, heading(title)),
    phase,
    bar,
    numbers,
    problem,
    actions,
    close,
    spoken,
  );
  draw(first);
  const update = (view: View): boolean => {
    if (view.view !== 'progress' || view.task !== shown.task || view.label !== shown.label) return false;
    draw(view);
    return true;
  };
  return { title: speech.text(TITLES[first.task], { name: plainName(first.label) }), node, update };
}

/** Without a total the bar says only that something happens. */
function drawBar(bar: HTMLProgressElement, view: ProgressView): void {
  const [done, total] = view.bytesTotal
    ? [view.bytesDone, view.bytesTotal]
    : view.filesTotal
      ? [view.filesDone, view.filesTotal]
      : [0, 0];
  if (total > 0) bar.value = Math.min(1, done / total);
  else bar.removeAttribute('value');
}

function numbersOf({ speech }: Context, view: ProgressView, rate: Rate): Child {
  const { bytesDone, bytesTotal, filesDone, filesTotal } = view;
  const parts: string[] = [];
  if (bytesTotal !== undefined && bytesTotal > 0) {
    parts.push(speech.text('doneOf', { done: speech.bytes(bytesDone), total: speech.bytes(bytesTotal) }));
  } else if (filesTotal !== undefined && filesTotal > 0) {
    parts.push(speech.text('filesOf', { done: speech.number(filesDone), total: speech.number(filesTotal) }));
  } else if (bytesDone > 0) parts.push(speech.bytes(bytesDone));
  else if (filesDone > 0) parts.push(speech.count('files', filesDone));
  const moves = view.phase === 'uploading' || view.phase === 'downloading';
  if (moves && rate.bytesPerSecond !== undefined) {
    parts.push(speech.text('perSecond', { size: speech.bytes(rate.bytesPerSecond) }));
  }
  const left = moves && bytesTotal !== undefined ? rate.left(bytesTotal - bytesDone) : undefined;
  if (left !== undefined) parts.push(speech.text('timeLeft', { time: speech.duration(left) }));
  return parts.length === 0 ? '\u00a0' : parts.join(' · ');
}

function closeHint(view: ProgressView): 'mayClose' | 'keepOpenSafe' | 'keepOpenMoving' {
  if (view.mayClose) return 'mayClose';
  return view.mayStop === 'none' ? 'keepOpenMoving' : 'keepOpenSafe';
}

function stopButton(context: Context, view: ProgressView, problem: HTMLElement): Child {
  const { speech, home } = context;
  if (view.mayStop === 'none') return undefined;
  const game = view.mayStop === 'skip-and-play' && home === undefined;
  const key: PlainKey = game ? 'skipAndPlay' : home === undefined ? 'syncLater' : 'stopWork';
  const stop = button(speech.text(key), () => {
    void attempt(speech, problem, [stop], async () => void (await write('stop', {})));
  });
  return stop;
}
