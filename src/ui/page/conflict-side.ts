/** One of the two sides of a conflict as a card: which PC, when, and what it changed alone. */
import type { ConflictView, SideView } from '../protocol.js';
import type { Context } from './context.js';
import { type Child, h } from './dom.js';
import { icon } from './icons.js';
import { name } from './names.js';
import { device, deviceText, facts, when } from './parts.js';

export type Which = 'local' | 'cloud';

/** "This PC" and "the cloud"; two PCs that sent from one beginning go by their names. */
export function sideName({ speech }: Context, view: ConflictView, which: Which): string {
  const side = view[which];
  if (side.where === 'this-pc') return speech.text('thisPc');
  return view.local.where === 'cloud' ? deviceText(speech, side.device) : speech.text('cloud');
}

export function sideCard(context: Context, view: ConflictView, which: Which): HTMLElement {
  const { speech } = context;
  const side = view[which];
  return h(
    'section',
    { class: `card side ${which}` },
    h(
      'h2',
      {},
      icon(side.where === 'this-pc' ? 'pc' : 'cloud'),
      h('span', {}, side.where === 'this-pc' ? speech.text('thisPc') : speech.text('cloud')),
    ),
    facts([
      [speech.text(side.where === 'this-pc' ? 'device' : 'sentFrom'), device(context, side.device)],
      side.time === undefined ? undefined : [speech.text('lastChange'), when(context, side.time)],
      side.since === undefined ? undefined : [speech.text('changedSince'), when(context, side.since)],
      side.minecraft === undefined ? undefined : [speech.text('minecraft'), name(side.minecraft)],
      alone(context, side),
    ]),
  );
}

function alone({ speech }: Context, side: SideView): readonly [string, Child] | undefined {
  const { aloneWorlds, aloneFiles } = side;
  if (aloneWorlds.length === 0 && aloneFiles === 0) return undefined;
  const parts: Child[] = aloneWorlds.flatMap((world, index) => [index > 0 && ', ', name(world)]);
  if (aloneFiles > 0) parts.push(`${aloneWorlds.length > 0 ? ', ' : ''}${speech.count('otherFiles', aloneFiles)}`);
  return [speech.text('alone'), [...parts, h('span', { class: 'hint' }, ` ${speech.text('aloneHint')}`)]];
}
