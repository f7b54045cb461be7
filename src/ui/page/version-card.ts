/** One version on the time line: who sent it, what it changed, and the ways into it. */
import type { VersionCard } from '../protocol.js';
import { read } from './api.js';
import { changeList } from './changes.js';
import type { Context } from './context.js';
import { type Child, h } from './dom.js';
import { icon } from './icons.js';
import { name } from './names.js';
import { badge, button, device, loading, since } from './parts.js';
import { placeOf } from './place.js';
import { load, problemBox } from './problems.js';
import { restore } from './ways-back.js';

export function versionCard(context: Context, instance: string, version: VersionCard): HTMLElement {
  const { speech } = context;
  const problem = h('div', {});
  const moment = speech.moment(version.time);
  const look = speech.text('lookInside');
  return h(
    'li',
    { class: version.isHere ? 'version here' : 'version' },
    h(
      'div',
      { class: 'card' },
      h(
        'div',
        { class: 'version-head' },
        h('h2', {}, h('time', { datetime: version.time }, moment)),
        h(
          'p',
          { class: 'hint' },
          since(context, version.time),
          ' · ',
          device(context, version.device),
          minecraft(version),
        ),
        h('p', { class: 'badges' }, badges(context, version)),
      ),
      version.problem === undefined ? changed(context, version) : problemBox(speech, version.problem),
      version.problem === undefined && details(context, instance, version),
      problem,
      version.problem === undefined &&
        h(
          'div',
          { class: 'actions start minor' },
          h(
            'a',
            {
              class: 'button quiet',
              href: placeOf('inside', { instance, version: version.id, time: version.time }),
              'aria-label': `${look}: ${moment}`,
            },
            icon('folder'),
            h('span', {}, look),
          ),
          !version.isHere &&
            button(
              speech.text('restoreAll'),
              () => restore(context, { instance, version: version.id, time: version.time }, problem),
              { icon: 'undo', label: `${speech.text('restoreAll')}: ${moment}` },
            ),
        ),
    ),
  );
}

function minecraft(version: VersionCard): Child {
  return version.minecraft === undefined ? undefined : [' · Minecraft ', name(version.minecraft)];
}

function badges({ speech }: Context, version: VersionCard): Child {
  return [
    version.isHere && badge(speech.text('badgeHere'), 'good'),
    version.isHead && badge(speech.text('badgeNewest')),
    version.merge && badge(speech.text('badgeMerge')),
    version.conflictLoser && badge(speech.text('badgeLoser'), 'warning'),
    version.unclean && badge(speech.text('badgeUnclean'), 'warning'),
  ];
}

const STATES = { new: 'worldNew', gone: 'worldGone', changed: 'worldChanged' } as const;

function changed({ speech }: Context, version: VersionCard): Child {
  const rows = version.worlds.map(({ id, state, files, bytes }) => [
    icon('world'),
    h('span', {}, name(id.replace(/^saves\//, ''))),
    h('span', { class: 'hint' }, speech.text(STATES[state])),
    h('span', { class: 'size' }, state === 'gone' ? '' : `${speech.count('files', files)} · ${speech.bytes(bytes)}`),
  ]);
  if (version.otherFiles > 0) {
    rows.push([
      icon('file'),
      h('span', {}, speech.text('settingsAndOthers')),
      h('span', {}),
      h(
        'span',
        { class: 'size' },
        `${speech.count('files', version.otherFiles)} · ${speech.bytes(version.otherBytes)}`,
      ),
    ]);
  }
  if (rows.length === 0) return h('p', { class: 'hint' }, speech.text('nothingChanged'));
  return h('ul', { class: 'changed-units' }, ...rows.map((row) => h('li', {}, ...row)));
}

/** Asked for when it is opened first. */
function details(context: Context, instance: string, version: VersionCard): Child {
  const { speech, signal } = context;
  const slot = h('div', {});
  let asked = false;
  const open = (): void => {
    if (asked) return;
    asked = true;
    slot.append(loading(context));
    void load(speech, slot, async () => {
      const { changes, total } = await read('changes', { instance, version: version.id }, signal);
      return changeList(context, changes, total, speech.text('whatChanged'));
    });
  };
  return h('details', { ontoggle: open }, h('summary', {}, speech.text('whatChanged')), slot);
}
