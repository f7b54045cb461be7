/** What the topics of the desk share: its options, the ids that it has given, and which folder one of them means. */
import type { HookProgram, Surroundings } from '../../index.js';
import { SyncError } from '../../index.js';
import type { View } from '../protocol.js';
import { Ids } from './ids.js';

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

export interface Icon {
  readonly folder: string;
  /** As "saves/World". */
  readonly world: string;
}

/** Milliseconds: somebody looks at the page. */
export const PATIENCE_MS = 5000;

export class Room {
  readonly options: DeskOptions;
  readonly #folders = new Ids<string>();
  readonly #icons = new Ids<Icon>();

  constructor(options: DeskOptions) {
    this.options = options;
  }

  idOf(folder: string): string {
    return this.#folders.give(folder, folder);
  }

  /** The game folder. Throws 'not-found' for what this desk has not named. */
  folderOf(id: unknown): string {
    const folder = typeof id === 'string' ? this.#folders.find(id) : undefined;
    if (folder === undefined) throw new SyncError('not-found', 'this page knows no such instance; load it anew');
    return folder;
  }

  iconOf(folder: string, world: string): string {
    return this.#icons.give(JSON.stringify([folder, world]), { folder, world });
  }

  findIcon(id: string): Icon | undefined {
    return this.#icons.find(id);
  }
}

/** The id of a version as the page got it. Throws 'usage': words such as "latest" are not for pages. */
export function versionOf(id: unknown): string {
  if (typeof id === 'string' && /^[0-9a-f]{64}$/.test(id)) return id;
  throw new SyncError('usage', 'that is no id of a version');
}

/** A text of a request, or nothing. Throws 'usage' for anything else. */
export function textOf(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new SyncError('usage', `${name} must be a text`);
}
