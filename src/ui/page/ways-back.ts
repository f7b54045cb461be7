/** What brings back or throws away: each says first what it would do, with numbers. */
import { read, write } from './api.js';
import { changeCounts } from './changes.js';
import type { Context } from './context.js';
import { confirm } from './dialog.js';
import { type Child, fill, h } from './dom.js';
import { name } from './names.js';
import { notice, since } from './parts.js';
import { attempt } from './problems.js';

interface Named {
  readonly id: string;
  readonly label: string;
}

export function undoPull(context: Context, instance: Named, slot: HTMLElement): void {
  const { speech, signal } = context;
  void attempt(speech, slot, [], async () => {
    const plan = await write('plan-undo', { instance: instance.id }, signal);
    if (!plan.possible) {
      fill(slot, h('div', { role: 'status' }, notice('info', h('p', {}, speech.text('nothingToUndo')))));
      return;
    }
    confirm(context, {
      title: speech.pieces('undoTitle', { name: name(instance.label) }),
      body: [
        h('p', {}, speech.text('undoBody')),
        plan.time !== undefined && h('p', {}, speech.text('undoOf'), ' ', since(context, plan.time)),
        nameList(plan.worlds),
        h('p', {}, speech.count('filesComeBack', plan.files)),
        plan.changedSince > 0 && notice('warning', h('p', {}, speech.count('changedSinceThen', plan.changedSince))),
      ],
      act: speech.text('undoNow'),
      work: async () => void (await write('undo', { instance: instance.id })),
    });
  });
}

export function emptyTrash(context: Context, instance: Named, slot: HTMLElement): void {
  const { speech, signal } = context;
  void attempt(speech, slot, [], async () => {
    const { generations, bytes } = await read('trash', { instance: instance.id }, signal);
    confirm(context, {
      title: speech.pieces('trashTitle', { name: name(instance.label) }),
      body: [
        h('p', {}, speech.text('trashBody', { size: speech.bytes(bytes) })),
        nameList([...new Set(generations.flatMap(({ worlds }) => worlds))]),
      ],
      act: speech.text('emptyTrash'),
      danger: true,
      work: async () => {
        await write('empty-trash', { instance: instance.id });
        context.redraw();
      },
    });
  });
}

export interface RestoreWish {
  readonly instance: string;
  readonly version: string;
  readonly time?: string;
  /** Of a world or a file; all if missing. */
  readonly path?: string;
}

export function restore(context: Context, wish: RestoreWish, slot: HTMLElement): void {
  const { speech, signal } = context;
  const what = {
    instance: wish.instance,
    version: wish.version,
    ...(wish.path === undefined ? {} : { path: wish.path }),
  };
  void attempt(speech, slot, [], async () => {
    const plan = await write('plan-restore', what, signal);
    const counts = changeCounts(context, plan);
    confirm(context, {
      title:
        wish.path === undefined
          ? speech.text('restoreAllTitle')
          : speech.pieces('restoreTitle', { name: name(shortPath(wish.path)) }),
      body: [
        wish.time !== undefined && h('p', {}, speech.text('versionOf', { time: speech.moment(wish.time) })),
        h(
          'p',
          {},
          counts === undefined ? speech.text('restoreNothing') : speech.text('restoreBody', { changes: counts }),
        ),
        plan.bytes > 0 && h('p', {}, speech.text('restoreBytes', { size: speech.bytes(plan.bytes) })),
        h('p', { class: 'hint' }, speech.text('restoreSafe')),
      ],
      act: speech.text('restoreNow'),
      work: async () => void (await write('restore', what)),
    });
  });
}

function shortPath(file: string): string {
  return file.replace(/^saves\//, '');
}

function nameList(names: readonly string[]): Child {
  if (names.length === 0) return undefined;
  return h('ul', {}, ...names.map((world) => h('li', {}, name(shortPath(world)))));
}
