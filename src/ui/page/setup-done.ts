/** Last step: the recovery code to keep, and the two lines for the launcher. */
import type { SetupResult } from '../protocol.js';
import { write } from './api.js';
import { copyButton, copyField } from './copy.js';
import { type Child, fill, h } from './dom.js';
import { icon } from './icons.js';
import { path, plainName } from './names.js';
import { button, heading, notice } from './parts.js';
import { placeOf } from './place.js';
import { attempt } from './problems.js';
import { forgetDraft, type Wizard } from './wizard.js';

export function doneStep(wizard: Wizard): Child {
  const { context, draft, state } = wizard;
  const { speech } = context;
  const { result } = draft;
  if (result === undefined) return undefined;
  const code = result.recoveryCode;
  const finish = button(
    speech.text('finish'),
    () => {
      forgetDraft();
      context.go(placeOf('status'));
    },
    { kind: 'primary', disabled: code !== undefined },
  );
  const missing = h('p', { class: 'missing', role: 'status' }, code !== undefined && speech.text('keepCodeFirst'));
  const ready = (is: boolean): void => {
    finish.disabled = !is;
    fill(missing, !is && speech.text('keepCodeFirst'));
  };
  return [
    heading(speech.text('doneTitle')),
    h('p', { class: 'lead' }, speech.text(code === undefined ? 'doneLeadOne' : 'doneLead')),
    result.warnings.map((warning) => notice('warning', h('p', {}, path(warning)))),
    code !== undefined && recovery(wizard, code, state.label, ready),
    hooks(wizard, result),
    h('div', { class: 'actions' }, missing, finish),
  ];
}

function recovery({ context }: Wizard, code: string, label: string, ready: (is: boolean) => void): Child {
  const { speech, signal } = context;
  const output = h('p', { class: 'code mono', tabindex: '0' }, code);
  const text = `${speech.text('recoveryOf', { name: plainName(label) })}\n\n${code}\n`;
  // Bytes that the page has made itself: nothing is asked for, and no address keeps them.
  const file = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  signal.addEventListener('abort', () => URL.revokeObjectURL(file), { once: true });
  const keep = new AbortController();
  const warn = (event: Event): void => event.preventDefault();
  addEventListener('beforeunload', warn, { signal: keep.signal });
  const check = h('input', {
    type: 'checkbox',
    onchange: () => {
      ready(check.checked);
      if (check.checked) keep.abort();
    },
  });
  return h(
    'section',
    { class: 'card recovery' },
    h('h2', {}, speech.text('recoveryTitle')),
    h('p', {}, speech.text('recoveryLead')),
    output,
    h(
      'div',
      { class: 'actions start' },
      copyButton(speech, code, speech.text('copyRecovery'), output),
      h(
        'a',
        { class: 'button quiet', href: file, download: 'instance-sync-recovery-code.txt' },
        icon('save'),
        h('span', {}, speech.text('save')),
      ),
      button(speech.text('print'), () => window.print(), { icon: 'print', kind: 'quiet' }),
    ),
    h('label', { class: 'tick' }, check, h('span', {}, speech.text('recoveryKept'))),
  );
}

function hooks(wizard: Wizard, result: SetupResult): Child {
  const { context } = wizard;
  const { speech } = context;
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, speech.text('hooksTitle')),
    result.launcher === undefined ? h('p', {}, speech.text('hooksLead')) : launcher(wizard, result, result.launcher),
    copyField(context, speech.text('preHook'), result.preHook),
    copyField(context, speech.text('postHook'), result.postHook),
  );
}

function launcher({ context }: Wizard, result: SetupResult, found: NonNullable<SetupResult['launcher']>): Child {
  const { speech } = context;
  const values = { name: found.name === '' ? 'Launcher' : plainName(found.name) };
  if (found.linesAreThere) return notice('good', h('p', {}, speech.text('linesAreThere', values)));
  const slot = h('div', {});
  const enter = button(
    speech.text('writeHooks', values),
    () => {
      void attempt(speech, slot, [enter], async () => {
        const { file } = await write('write-hooks', { instance: result.instance });
        const words = h('p', {}, speech.text('hooksWritten', values), ' ', path(file));
        fill(slot, h('div', { role: 'status' }, notice('good', words)));
      });
    },
    { kind: 'primary' },
  );
  return [
    h('p', {}, speech.text(found.running ? 'launcherRuns' : 'launcherFound', values)),
    h('div', { class: 'actions start' }, enter),
    slot,
    h('p', { class: 'hint' }, speech.text('orByHand')),
  ];
}
