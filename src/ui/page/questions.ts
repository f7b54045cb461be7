/** The other two questions: worlds are gone, and the game folder is somewhere else. */
import type { Answer, DeletionView, RelocationView } from '../protocol.js';
import { askScreen } from './ask.js';
import type { Context, Screen } from './context.js';
import { type Child, h } from './dom.js';
import { name, path, plainName } from './names.js';
import { type Option, options } from './options.js';
import { facts } from './parts.js';

export function deletionScreen(context: Context, view: DeletionView): Screen {
  const { speech } = context;
  const gone = [
    ...(view.worlds.length === 0
      ? []
      : [h('ul', { class: 'gone' }, ...view.worlds.map((world) => h('li', {}, name(world))))]),
    h('p', {}, speech.text('goneFiles', { files: speech.number(view.files), all: speech.number(view.ofFiles) })),
  ];
  return twoWays(context, view, {
    title: view.worlds.length > 0 ? 'deletionWorldsTitle' : 'deletionFilesTitle',
    lead: [h('p', {}, speech.text('deletionLead')), ...gone],
    list: [
      {
        value: 'restore',
        icon: 'undo',
        title: speech.text('deletionRestore'),
        lines: [speech.text('deletionRestoreLine')],
      },
      { value: 'send', icon: 'trash', title: speech.text('deletionSend'), lines: [speech.text('deletionSendLine')] },
    ],
    answer: (deletion) => ({ kind: 'deletion', deletion }),
  });
}

export function relocationScreen(context: Context, view: RelocationView): Screen {
  const { speech } = context;
  return twoWays(context, view, {
    title: 'relocationTitle',
    lead: [
      h('p', {}, speech.text('relocationLead')),
      facts([
        [speech.text('folderBefore'), path(view.from)],
        [speech.text('folderNow'), path(view.to)],
      ]),
      h('p', {}, speech.text(view.stillThere ? 'folderStillThere' : 'folderGone')),
    ],
    list: [
      { value: 'moved', icon: 'next', title: speech.text('wasMoved'), lines: [speech.text('wasMovedLine')] },
      { value: 'copied', icon: 'both', title: speech.text('wasCopied'), lines: [speech.text('wasCopiedLine')] },
    ],
    answer: (relocation) => ({ kind: 'relocation', relocation }),
  });
}

interface TwoWays<Value extends string> {
  readonly title: 'deletionWorldsTitle' | 'deletionFilesTitle' | 'relocationTitle';
  readonly lead: readonly Child[];
  readonly list: readonly Option<Value>[];
  readonly answer: (value: Value) => Answer;
}

function twoWays<Value extends string>(
  context: Context,
  view: DeletionView | RelocationView,
  ask: TwoWays<Value>,
): Screen {
  const { speech } = context;
  let chosen: Value | undefined;
  const tiles = options(ask.list, undefined, (value) => {
    chosen = value;
    screen.changed();
  });
  const screen = askScreen(context, {
    question: view.question,
    task: view.task,
    title: speech.pieces(ask.title, { name: name(view.label) }),
    plainTitle: speech.text(ask.title, { name: plainName(view.label) }),
    lead: ask.lead,
    body: [h('fieldset', { class: 'card unit' }, h('legend', {}, speech.text('whatHappened')), tiles.node)],
    answer: () => (chosen === undefined ? undefined : ask.answer(chosen)),
    missing: () => speech.text('chooseOne'),
  });
  return screen;
}
