/**
 * The desk: answers what the page of the `ui` and `setup` windows asks, by calling the library. It knows the page by its
 * protocol only; serving it, opening a browser and ending the command are its caller's.
 */
import type { HookProgram, Surroundings } from '../../index.js';
import type { View } from '../protocol.js';
import type { Handlers } from '../server/window-types.js';

export interface DeskOptions {
  /** The game folder that the command was called for: shown as "here", and the one that setup works on. */
  readonly packFolder?: string | undefined;
  /** What a launcher is to run. */
  readonly program: HookProgram;
  /** Where launchers and the list of known instances are looked for. */
  readonly surroundings: Surroundings;
  /** Leads the window: the desk calls it when work begins, goes on and ends. */
  readonly show: (view: View) => void;
  /** Once it fires, all work of the desk is given up. */
  readonly signal: AbortSignal;
}

export interface Desk {
  readonly handlers: Handlers;
  /** A picture by an id that the desk has given: PNG. Undefined if there is none. */
  icon(id: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Fulfilled when no work is under way; never rejects. For whoever wants to end without cutting it off. */
  idle(): Promise<void>;
}

export function createDesk(_options: DeskOptions): Desk {
  return { handlers: {}, icon: async () => undefined, idle: async () => undefined };
}
