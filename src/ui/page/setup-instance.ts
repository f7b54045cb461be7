/** Second step: is this one of the instances that the cloud knows, or a new one? */
import type { FoundInstance } from '../protocol.js';
import { type Child, h } from './dom.js';
import { name } from './names.js';
import { type Option, options } from './options.js';
import { button, heading, notice, since } from './parts.js';
import { NEW, type Wizard } from './wizard.js';

export function instanceStep(wizard: Wizard): Child {
  const { context, state, draft } = wizard;
  const { speech } = context;
  const next = button(speech.text('continue'), () => wizard.go('scope'), {
    kind: 'primary',
    disabled: draft.instanceId === undefined,
  });
  const kept = draft.token === '' && state.instanceId !== undefined;
  const list: Option<string>[] = kept
    ? [
        {
          value: state.instanceId ?? NEW,
          icon: 'world',
          title: name(state.label),
          lines: [speech.text('instanceKept')],
        },
      ]
    : [
        ...draft.found.map((found) => optionOf(wizard, found)),
        {
          value: NEW,
          icon: 'add',
          title: speech.text('newInstance'),
          lines: [speech.pieces('newInstanceLine', { name: name(state.label) })],
        },
      ];
  const tiles = options(list, draft.instanceId, (id) => {
    draft.instanceId = id;
    next.disabled = false;
  });
  return [
    heading(speech.text('instanceTitle')),
    notice('good', h('p', {}, speech.text(draft.isNewAccount ? 'checkedNew' : 'checked'))),
    h(
      'fieldset',
      { class: 'card unit' },
      h('legend', {}, speech.text(list.length > 1 ? 'instanceLead' : 'instanceLeadOne')),
      tiles.node,
    ),
    h(
      'div',
      { class: 'actions' },
      button(speech.text('back'), () => wizard.go('server'), { kind: 'quiet' }),
      next,
    ),
  ];
}

function optionOf({ context }: Wizard, found: FoundInstance): Option<string> {
  const { speech } = context;
  const { id, label, minecraft, host, changed } = found;
  return {
    value: id,
    icon: 'world',
    title: name(label),
    lines: [
      minecraft !== undefined && ['Minecraft ', name(minecraft)],
      changed !== undefined && [`${speech.text('lastChange')}: `, since(context, changed)],
      host !== undefined && [`${speech.text('sentFrom')}: `, name(host)],
    ],
  };
}
