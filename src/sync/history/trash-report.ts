/** What the trash holds, for a player who looks for something: which command put it there, when, how much. */

import { readInstance } from '../folder/instance.js';
import { worldOf } from '../merge/units.js';
import type { NotConfigured } from '../results.js';
import { NOT_CONFIGURED } from '../results.js';
import type { SyncOptions } from '../session.js';
import { packFolderOf } from '../session.js';
import type { Journal } from '../swap/journal.js';
import { listTrash, TRASH_LIMITS, type TrashGeneration, type TrashLimits } from '../swap/trash.js';

export interface TrashEntry {
  /** Absolute; the old files lie in `files` under their paths in the game folder. */
  readonly folder: string;
  /** ISO 8601; missing if it cannot be told. */
  readonly time?: string;
  /** The command: 'pull', 'restore', 'undo'; missing if it cannot be told. */
  readonly from?: string;
  /** Old files that lie there; missing if the list of them is damaged. */
  readonly files?: number;
  readonly bytes: number;
  /** Folders of the worlds that they belong to, as "saves/World". */
  readonly worlds: readonly string[];
  /** Whether "undo" goes back to before this one. */
  readonly isNext: boolean;
}

export interface Trash {
  readonly outcome: 'trash';
  /** Newest first. */
  readonly generations: readonly TrashEntry[];
  readonly bytes: number;
  readonly limits: TrashLimits;
}

export type TrashResult = NotConfigured | Trash;

/** Looks only; asks no server and needs no token. */
export async function readTrash(options: Pick<SyncOptions, 'packFolder'>): Promise<TrashResult> {
  const instance = await readInstance(packFolderOf(options));
  if (instance === undefined) return NOT_CONFIGURED;
  const found = await listTrash(instance.cloudFolder);
  const next = latestSwap(found);
  const generations = found.map((one) => describe(one, one === next));
  const bytes = found.reduce((sum, one) => sum + one.bytes, 0);
  return { outcome: 'trash', generations, bytes, limits: TRASH_LIMITS };
}

/**
 * The generation of the last swap that was carried out; its manifest may be unreadable. One that was given up has left
 * nothing to go back from: its trash holds only what stood in the way.
 */
export function latestSwap(generations: readonly TrashGeneration[]): TrashGeneration | undefined {
  return generations.find(({ manifest }) => manifest?.direction !== 'back');
}

/** The command that made it. */
export function commandOf({ note }: Journal): string {
  const command = note?.['command'];
  return typeof command === 'string' ? command : 'pull';
}

function describe({ folder, time, bytes, manifest }: TrashGeneration, isNext: boolean): TrashEntry {
  const when = Number.isNaN(time) ? {} : { time: new Date(time).toISOString() };
  if (manifest === undefined) return { folder, ...when, bytes, worlds: [], isNext };
  const old = [...manifest.remove, ...manifest.replace].filter((file) => file.expected !== undefined);
  const worlds = new Set(old.map(({ path }) => worldOf(path)).filter((world) => world !== undefined));
  return {
    folder,
    ...when,
    from: commandOf(manifest),
    files: manifest.direction === 'back' ? 0 : old.length,
    bytes: manifest.direction === 'back' ? 0 : bytes,
    worlds: [...worlds].sort(),
    isNext,
  };
}
