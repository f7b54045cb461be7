/** How it ended, and what to do with the window. */
import type { EndView } from '../protocol.js';
import type { PlainKey } from '../strings.js';
import type { Context, Screen } from './context.js';
import { type Child, h } from './dom.js';
import { type IconName, icon } from './icons.js';
import { path } from './names.js';
import { button, heading, notice } from './parts.js';
import { problemBox } from './problems.js';

const LOOKS: Readonly<Record<EndView['outcome'], readonly [IconName, string]>> = {
  done: ['done', 'good'],
  failed: ['failed', 'failed'],
  cancelled: ['off', ''],
  skipped: ['next', ''],
  gone: ['done', ''],
};

export function endScreen(context: Context, view: EndView): Screen {
  const { speech, home } = context;
  const [drawn, kind] = LOOKS[view.outcome];
  const title = speech.text(titleKey(view, home !== undefined));
  const node = h(
    'section',
    { class: 'narrow card calm' },
    h('div', { class: `emblem ${kind}` }, icon(drawn)),
    heading(title),
    h('p', { class: 'lead' }, summary(context, view)),
    view.error !== undefined && problemBox(speech, view.error),
    view.warnings.length > 0 &&
      notice(
        'warning',
        h('p', {}, speech.text('warnings')),
        h('ul', {}, ...view.warnings.map((text) => h('li', {}, path(text)))),
      ),
    home === undefined
      ? h('p', { class: 'hint' }, speech.text('closeWindow'))
      : h(
          'div',
          { class: 'actions' },
          button(speech.text('toOverview'), () => context.go('#/'), { kind: 'primary' }),
        ),
  );
  return { title, node };
}

function titleKey({ outcome, task }: EndView, home: boolean): PlainKey {
  if (outcome === 'done') return task === 'push' ? 'endSent' : task === 'pull' ? 'endGot' : 'endDone';
  if (outcome === 'failed') return 'endFailed';
  if (outcome === 'gone') return 'endGone';
  if (home) return 'endStopped';
  if (outcome === 'skipped') return task === 'push' ? 'endLater' : 'endSkipped';
  return task === 'push' ? 'endStopped' : 'endCancelled';
}

function summary({ speech, home }: Context, view: EndView): Child {
  const { files, bytes, outcome, task } = view;
  if (outcome === 'gone') return speech.text('endGoneHint');
  if (outcome === 'skipped')
    return task === 'push' || home !== undefined ? speech.text('endLaterHint') : speech.text('endSkippedHint');
  if (outcome === 'cancelled') return speech.text('endCancelledHint');
  if (outcome === 'failed') return speech.text('endFailedHint');
  const total = files === undefined ? 0 : files.added + files.changed + files.removed;
  if (total === 0) return speech.text('nothingChanged');
  const parts = [speech.count('files', total), ...(bytes === undefined || bytes === 0 ? [] : [speech.bytes(bytes)])];
  return parts.join(' · ');
}
