/** The time line of an instance, what changed in a version, and what lies in it. */
import type { HistoryEntry, ListedEntry } from '../../index.js';
import { diffVersions, history, listVersion, SyncError } from '../../index.js';
import type { FileChangeLine, VersionCard, VersionEntry } from '../protocol.js';
import type { Handlers } from '../server/window-types.js';
import { notSetUp } from './end-views.js';
import { PATIENCE_MS, type Room, textOf, versionOf } from './room.js';

const MOST_VERSIONS = 500;
const MOST_CHANGES = 1000;

export function historyHandlers(room: Room): Pick<Handlers, 'history' | 'changes' | 'folder'> {
  const reader = new VersionReader();
  return {
    history: async ({ instance, world, limit }, signal) => {
      const packFolder = room.folderOf(instance);
      const found = await readHistory(packFolder, textOf(world, 'world'), limitOf(limit), signal);
      reader.remember(packFolder, found.entries);
      const versions = found.entries.map(cardOf);
      return { versions, total: found.versions, hasMore: found.hasMore };
    },
    changes: async ({ instance, version }, signal) => {
      const changes = await reader.changes(room.folderOf(instance), versionOf(version), signal);
      return { changes: changes.slice(0, MOST_CHANGES), total: changes.length };
    },
    folder: async ({ instance, version, path }, signal) => {
      const all = await reader.files(room.folderOf(instance), versionOf(version), signal);
      return { entries: entriesIn(all, folderOf(path)) };
    },
  };
}

async function readHistory(
  packFolder: string,
  world: string | undefined,
  limit: number | undefined,
  signal: AbortSignal,
) {
  const found = await history({ packFolder, world, limit, signal, waitMs: PATIENCE_MS });
  if (found.outcome === 'history') return found;
  throw notSetUp();
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text)) throw new SyncError('usage', 'limit must be a number');
  return Math.min(Number(text), MOST_VERSIONS);
}

function cardOf(entry: HistoryEntry): VersionCard {
  const { id, time, hostname, minecraft, isHead, isHere, merge, conflictLoser, unclean, changes, problem } = entry;
  const other = changes?.other;
  return {
    id,
    time,
    device: hostname ?? '',
    ...(minecraft === undefined ? {} : { minecraft }),
    isHead,
    isHere,
    merge,
    conflictLoser,
    unclean,
    worlds: (changes?.worlds ?? []).map(({ world, state, added, changed, removed, bytes }) => ({
      id: world,
      state,
      files: added + changed + removed,
      bytes,
    })),
    otherFiles: other === undefined ? 0 : other.added + other.changed + other.removed,
    otherBytes: other?.bytes ?? 0,
    ...(problem === undefined ? {} : { problem: { code: 'damaged', message: problem } }),
  };
}

/** Versions never change: what was read of one is kept while it is looked at. */
class VersionReader {
  /** Game folder and version → the one it is compared with; undefined for the first. */
  readonly #against = new Map<string, string | undefined>();
  #listed: { readonly key: string; readonly files: Promise<readonly ListedEntry[]> } | undefined;

  remember(packFolder: string, entries: readonly HistoryEntry[]): void {
    for (const { id, against } of entries) this.#against.set(keyOf(packFolder, id), against);
  }

  async changes(packFolder: string, version: string, signal: AbortSignal): Promise<readonly FileChangeLine[]> {
    const key = keyOf(packFolder, version);
    if (!this.#against.has(key)) {
      this.remember(packFolder, (await readHistory(packFolder, undefined, MOST_VERSIONS, signal)).entries);
    }
    const from = this.#against.get(key);
    if (from === undefined) {
      const all = await this.files(packFolder, version, signal);
      return all.map(({ path, size }) => ({ path, size, change: 'added' }));
    }
    const found = await diffVersions({ packFolder, from, to: version, signal, waitMs: PATIENCE_MS });
    if (found.outcome !== 'diff') throw notSetUp();
    return found.files;
  }

  /** All files of a version, by path. */
  async files(packFolder: string, version: string, signal: AbortSignal): Promise<readonly ListedEntry[]> {
    const key = keyOf(packFolder, version);
    if (this.#listed?.key === key) return this.#listed.files;
    const listed = { key, files: listFiles(packFolder, version, signal) };
    this.#listed = listed;
    // What could not be read is asked for anew.
    listed.files.catch(() => {
      if (this.#listed === listed) this.#listed = undefined;
    });
    return listed.files;
  }
}

async function listFiles(packFolder: string, snapshot: string, signal: AbortSignal): Promise<readonly ListedEntry[]> {
  const found = await listVersion({ packFolder, snapshot, recursive: true, signal, waitMs: PATIENCE_MS });
  if (found.outcome !== 'listing') throw notSetUp();
  return found.entries;
}

function keyOf(packFolder: string, version: string): string {
  return `${version} ${packFolder}`;
}

/** '' or "saves/World". Throws 'usage' for what leads out of the game folder. */
function folderOf(path: string | undefined): string {
  const folder = textOf(path, 'path') ?? '';
  const names = folder.split('/');
  const isPlain = folder === '' || names.every((name) => name !== '' && name !== '.' && name !== '..');
  if (isPlain && !folder.includes('\0')) return folder;
  throw new SyncError('usage', `${JSON.stringify(folder)} is no folder of a version`);
}

function entriesIn(files: readonly ListedEntry[], folder: string): VersionEntry[] {
  const below = folder === '' ? '' : `${folder}/`;
  const folders = new Map<string, VersionEntry>();
  const own: VersionEntry[] = [];
  for (const { path, name, size, modified } of files) {
    if (!path.startsWith(below)) continue;
    const end = path.indexOf('/', below.length);
    if (end < 0) own.push({ path, name, type: 'file', size, ...(modified === undefined ? {} : { time: modified }) });
    else {
      const dir = path.slice(0, end);
      const sum = (folders.get(dir)?.size ?? 0) + size;
      folders.set(dir, { path: dir, name: dir.slice(below.length), type: 'dir', size: sum });
    }
  }
  if (own.length + folders.size > 0 || folder === '') return [...folders.values(), ...own];
  throw new SyncError('not-found', `that version has no folder ${JSON.stringify(folder)}`);
}
