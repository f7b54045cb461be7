/** Third step: what travels. The sizes are of this folder. */
import type { PresetCard } from '../protocol.js';
import { write } from './api.js';
import { type Child, h } from './dom.js';
import { options } from './options.js';
import { button, heading, loading } from './parts.js';
import { attempt, load } from './problems.js';
import { NEW, type Wizard } from './wizard.js';

const WORDS = {
  worlds: ['presetWorlds', 'presetWorldsLine'],
  personal: ['presetPersonal', 'presetPersonalLine'],
  everything: ['presetEverything', 'presetEverythingLine'],
} as const;

export function scopeStep(wizard: Wizard): Child {
  const { context, draft } = wizard;
  const { speech, signal } = context;
  const list = h('div', {}, loading(context, 'lookingAtFiles'));
  const problem = h('div', {});
  const next = button(speech.text('setUp'), () => void attempt(speech, problem, [next, back], () => finish(wizard)), {
    kind: 'primary',
    disabled: draft.preset === undefined,
  });
  const back = button(speech.text('back'), () => wizard.go('instance'), { kind: 'quiet' });
  void load(speech, list, async () => {
    const { presets } = await write('presets', {}, signal);
    return choice(wizard, presets, () => {
      next.disabled = false;
    });
  });
  return [
    heading(speech.text('scopeTitle')),
    h('p', { class: 'lead' }, speech.text('scopeLead')),
    h('fieldset', { class: 'card unit' }, h('legend', {}, speech.text('scopeLegend')), list),
    problem,
    h('div', { class: 'actions' }, back, next),
  ];
}

function choice(wizard: Wizard, presets: readonly PresetCard[], ready: () => void): Child {
  const { context, draft } = wizard;
  const { speech } = context;
  const list = presets.map(({ preset, files, bytes }) => ({
    value: preset,
    title: speech.text(WORDS[preset][0]),
    lines: [speech.text(WORDS[preset][1]), `${speech.bytes(bytes)} · ${speech.count('files', files)}`],
  }));
  return options(list, draft.preset, (preset) => {
    draft.preset = preset;
    ready();
  }).node;
}

async function finish(wizard: Wizard): Promise<void> {
  const { context, draft } = wizard;
  const { url, token, instanceId, preset } = draft;
  if (preset === undefined) return;
  const which = instanceId === undefined || instanceId === NEW ? {} : { instanceId };
  const key = token === '' ? {} : { token };
  draft.result = await write('finish-setup', { url, preset, ...key, ...which }, context.signal);
  draft.token = '';
  wizard.go('done');
}
