/** An instance as a card: first what is known at once, then what its files and the cloud say. */
import type { InstanceCard, InstanceStand } from '../protocol.js';
import { read, write } from './api.js';
import { changeCounts } from './changes.js';
import type { Context } from './context.js';
import { type Confirmation, confirm } from './dialog.js';
import { append, type Child, h, newId } from './dom.js';
import { icon } from './icons.js';
import { name, path, plainName } from './names.js';
import { badge, button, facts, loading, notice, picture, since } from './parts.js';
import { placeOf } from './place.js';
import { attempt, load, problemBox } from './problems.js';
import { emptyTrash, undoPull } from './ways-back.js';

export function instanceCard(context: Context, card: InstanceCard): HTMLElement {
  const { speech, signal } = context;
  const titleId = newId('instance');
  const stand = h('div', { class: 'stand' });
  if (card.state === 'ready') {
    stand.append(loading(context, 'lookingAtFiles'));
    void load(speech, stand, async () => standOf(context, card, await read('stand', { instance: card.id }, signal)));
  } else append(stand, [whyNot(context, card), takeOff(context, card)]);
  return h(
    'article',
    { class: 'card instance', 'aria-labelledby': titleId },
    h(
      'header',
      {},
      picture(card.icon, 'world', 'large'),
      h('div', {}, h('h2', { id: titleId }, name(card.label)), h('p', { class: 'hint' }, subtitle(context, card))),
      card.here && badge(speech.text('thisFolder')),
    ),
    stand,
  );
}

function subtitle(context: Context, card: InstanceCard): Child {
  const { speech } = context;
  return [
    card.minecraft !== undefined && ['Minecraft ', name(card.minecraft), ' · '],
    card.lastSync === undefined
      ? speech.text('neverSynced')
      : [`${speech.text('lastSync')} `, since(context, card.lastSync)],
  ];
}

function whyNot({ speech }: Context, card: InstanceCard): Child {
  const where = facts([[speech.text('folder'), path(card.packFolder)]]);
  if (card.problem !== undefined) return [problemBox(speech, card.problem), where];
  const words = { off: 'stateOff', missing: 'stateMissing', broken: 'stateBroken', ready: 'stateOff' } as const;
  return [notice(card.state === 'off' ? 'info' : 'warning', h('p', {}, speech.text(words[card.state]))), where];
}

/** What is not synchronised any more needs no place here. */
function takeOff(context: Context, card: InstanceCard): Child {
  const { speech } = context;
  const words = speech.text('takeOff');
  const ask = {
    title: speech.pieces('takeOffTitle', { name: name(card.label) }),
    body: [h('p', {}, speech.text('disableBody'))],
    act: words,
  };
  const act = button(words, () => disable(context, card, ask), {
    icon: 'off',
    label: `${words}: ${plainName(card.label)}`,
  });
  return h('div', { class: 'actions start minor' }, act);
}

function standOf(context: Context, card: InstanceCard, stand: InstanceStand): Child {
  return [state(context, stand), worlds(context, stand), numbers(context, card, stand), actions(context, card, stand)];
}

/** The one line that matters: is everything where it should be? */
function state(context: Context, stand: InstanceStand): Child {
  const { speech } = context;
  const unsent = changeCounts(context, stand.unsent);
  const lines: Child[] = [];
  if (stand.openConflict) lines.push(notice('warning', h('p', {}, speech.text('openQuestion'))));
  if (stand.cloud === 'unreachable') {
    lines.push(problemBox(speech, stand.problem ?? { code: 'unreachable', message: '' }));
  }
  if (stand.cloud === 'new') lines.push(notice('info', h('p', {}, speech.text('cloudIsNewer'))));
  if (stand.cloud === 'empty') lines.push(notice('info', h('p', {}, speech.text('cloudIsEmpty'))));
  if (unsent !== undefined) lines.push(notice('info', h('p', {}, speech.text('unsent', { changes: unsent }))));
  if (lines.length === 0) lines.push(notice('good', h('p', {}, speech.text('allSynced'))));
  return lines;
}

function worlds(context: Context, stand: InstanceStand): Child {
  const { speech } = context;
  if (stand.worlds.length === 0) return undefined;
  return h(
    'ul',
    { class: 'worlds', 'aria-label': speech.text('worlds') },
    stand.worlds.map((world) =>
      h(
        'li',
        {},
        picture(world.icon, 'world'),
        h(
          'span',
          {},
          name(world.name),
          h(
            'span',
            { class: 'hint' },
            speech.bytes(world.bytes),
            world.lastPlayed !== undefined && [` · ${speech.text('played')} `, since(context, world.lastPlayed)],
          ),
        ),
      ),
    ),
  );
}

const PRESETS = { worlds: 'presetWorlds', personal: 'presetPersonal', everything: 'presetEverything' } as const;

function numbers({ speech }: Context, card: InstanceCard, stand: InstanceStand): Child {
  const { cloudBytes } = stand;
  const preset = Object.entries(PRESETS).find(([key]) => key === stand.preset)?.[1];
  return h(
    'details',
    {},
    h('summary', {}, speech.text('more')),
    facts([
      [speech.text('synchronised'), preset === undefined ? name(stand.preset) : speech.text(preset)],
      [speech.text('onThisPc'), `${speech.bytes(stand.bytes)} · ${speech.count('files', stand.files)}`],
      cloudBytes === undefined ? undefined : [speech.text('inTheCloud'), speech.bytes(cloudBytes)],
      [speech.text('trash'), speech.bytes(stand.trashBytes)],
      [speech.text('folder'), path(card.packFolder)],
    ]),
  );
}

function actions(context: Context, card: InstanceCard, stand: InstanceStand): Child {
  const { speech, signal } = context;
  const problem = h('div', {});
  const of = plainName(card.label);
  const label = (words: string): string => `${words}: ${of}`;
  const sync = (task: 'pull' | 'push') => (): void => {
    void attempt(speech, problem, syncs, async () => void (await write('sync', { instance: card.id, task }, signal)));
  };
  const newer = stand.cloud === 'new' || stand.openConflict;
  const unsent = changeCounts(context, stand.unsent) !== undefined || stand.cloud === 'empty';
  const syncs = [
    button(speech.text('getNow'), sync('pull'), {
      icon: 'down',
      kind: newer ? 'primary' : 'quiet',
      label: label(speech.text('getNow')),
    }),
    button(speech.text('sendNow'), sync('push'), {
      icon: 'up',
      kind: unsent && !newer ? 'primary' : 'quiet',
      label: label(speech.text('sendNow')),
    }),
  ];
  const history = h(
    'a',
    {
      class: 'button quiet',
      href: placeOf('history', { instance: card.id }),
      'aria-label': label(speech.text('history')),
    },
    icon('history'),
    h('span', {}, speech.text('history')),
  );
  const rest = [
    button(speech.text('undoPull'), () => undoPull(context, card, problem), {
      icon: 'undo',
      label: label(speech.text('undoPull')),
    }),
    button(speech.text('emptyTrash'), () => emptyTrash(context, card, problem), {
      icon: 'trash',
      disabled: stand.trashBytes === 0,
      label: label(speech.text('emptyTrash')),
    }),
    button(speech.text('stopSync'), () => disable(context, card, stopWords(context, card)), {
      icon: 'off',
      label: label(speech.text('stopSync')),
    }),
  ];
  return [
    problem,
    h('div', { class: 'actions start' }, syncs, history),
    h('div', { class: 'actions start minor' }, rest),
  ];
}

function stopWords({ speech }: Context, card: InstanceCard): Pick<Confirmation, 'title' | 'body' | 'act'> {
  return {
    title: speech.pieces('disableTitle', { name: name(card.label) }),
    body: [h('p', {}, speech.text('disableBody'))],
    act: speech.text('stopSync'),
  };
}

function disable(context: Context, card: InstanceCard, words: Pick<Confirmation, 'title' | 'body' | 'act'>): void {
  confirm(context, {
    ...words,
    danger: true,
    work: async () => {
      await write('disable', { instance: card.id });
      context.redraw();
    },
  });
}
