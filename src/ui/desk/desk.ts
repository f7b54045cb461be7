/**
 * The desk: answers what the page of the `ui` and `setup` windows asks, by calling the library. It knows the page by its
 * protocol only; serving it, opening a browser and ending the command are its caller's.
 */
import type { HomeView } from '../protocol.js';
import type { Handlers } from '../server/window-types.js';
import { historyHandlers } from './history.js';
import { type DeskOptions, Room } from './room.js';
import { setupHandlers } from './setup.js';
import { describeHere, readIcon, statusHandlers } from './status.js';
import { taskHandlers } from './tasks.js';
import { trashHandlers } from './trash.js';
import { Work } from './work.js';

export type { DeskOptions } from './room.js';

export interface Desk {
  readonly handlers: Handlers;
  /** What the window shows first, and whenever no task is under way. */
  home(start: HomeView['start']): Promise<HomeView>;
  /** A picture by an id that the desk has given: PNG. Undefined if there is none. */
  icon(id: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * To be called when the window is gone: nobody is asked any more. Fulfilled when what is at work has ended, with what
   * was not decided left undecided; never rejects.
   */
  idle(): Promise<void>;
}

export function createDesk(options: DeskOptions): Desk {
  const room = new Room(options);
  const work = new Work(room);
  const home = async (start: HomeView['start']): Promise<HomeView> => {
    const here = await describeHere(room);
    return { view: 'home', start, ...(here === undefined ? {} : { instance: room.idOf(here.packFolder) }) };
  };
  const { instances, ...others } = statusHandlers(room);
  const handlers: Handlers = {
    ...others,
    ...historyHandlers(room),
    ...trashHandlers(room),
    ...taskHandlers(room, work),
    ...setupHandlers(room),
    instances: async (input, signal) => {
      if (work.backHome()) options.show(await home('status'));
      return instances(input, signal);
    },
  };
  return {
    handlers,
    home,
    icon: async (id) => (await readIcon(room, id)) ?? work.questions.icon(id),
    idle: () => work.leave(),
  };
}
