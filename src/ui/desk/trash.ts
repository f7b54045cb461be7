/** The trash of an instance. */
import { emptyTrash, readTrash, type TrashEntry } from '../../index.js';
import type { TrashCard } from '../protocol.js';
import type { Handlers } from '../server/window-types.js';
import { PATIENCE_MS, type Room } from './room.js';

export function trashHandlers(room: Room): Pick<Handlers, 'trash' | 'empty-trash'> {
  return {
    trash: async ({ instance }) => {
      const found = await readTrash({ packFolder: room.folderOf(instance) });
      if (found.outcome === 'not-configured') return { generations: [], bytes: 0 };
      return { generations: found.generations.map((entry, i) => cardOf(entry, i)), bytes: found.bytes };
    },
    'empty-trash': async ({ instance }, signal) => {
      const options = { packFolder: room.folderOf(instance), waitMs: PATIENCE_MS, signal };
      const found = await emptyTrash(options);
      return { bytes: found.outcome === 'emptied' ? found.bytes : 0 };
    },
  };
}

function cardOf({ time, from, files, bytes, worlds, isNext }: TrashEntry, i: number): TrashCard {
  return {
    id: String(i),
    ...(time === undefined ? {} : { time }),
    ...(from === undefined ? {} : { from }),
    ...(files === undefined ? {} : { files }),
    bytes,
    worlds,
    isNext,
  };
}
