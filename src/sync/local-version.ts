/**
 * What lies in the game folder, to be held against a version of the cloud: both spelled alike, and only as much of it
 * read as is asked for.
 */
import type { Manifest, ManifestEntry } from '../archive/manifest.js';
import type { ScannedEntry } from '../archive/scan.js';
import { toMs } from '../archive/scan.js';
import type { Repository } from '../repo/repository.js';
import type { Executor } from '../worker/executor.js';
import type { ReadOutcome } from './local.js';
import { HASH_ONLY, readUnknown, scanInstance, withBitsOf } from './local.js';
import type { LocalSide } from './local-side.js';
import { bytesToRead, compareWithState, setAside } from './local-side.js';
import type { SyncSession } from './session.js';
import { recordedSpelling } from './session.js';
import { respellKeys, spellerOf } from './spelling.js';
import { foldersAbove } from './swap/game-path.js';

export interface LocalVersion {
  /** With the records of the last sync spelled as the version spells. */
  readonly session: SyncSession;
  readonly local: LocalSide;
  /** Bytes of the files that must be read to be known, of those that are asked for. */
  readonly bytesToRead: number;
  readonly isAside: (path: string) => boolean;
  /** Whether a path, of a folder too, is on this disk. */
  readonly isHere: (path: string) => boolean;
}

/** `isMeant`: the paths whose content will be asked for. Reads no file. */
export async function scanLocal(
  given: SyncSession,
  theirs: Manifest,
  isMeant: (path: string) => boolean,
): Promise<LocalVersion> {
  const session = given.caseBlind ? respelledSession(given, theirs) : given;
  const { instance, scope, state, signal } = session;
  session.phase('scanning');
  const scan = await scanInstance(instance, scope, signal, recordedSpelling(session, theirs.keys()));
  const all = compareWithState(scan, state, scope);
  const local = { ...all, unknown: all.unknown.filter(isMeant) };
  let here: Set<string> | undefined;
  const isHere = (path: string): boolean => {
    here ??= withFolders(scan.entries.keys());
    return here.has(path);
  };
  return { session, local, bytesToRead: bytesToRead(local), isAside: setAside(scan), isHere };
}

function withFolders(paths: Iterable<string>): Set<string> {
  const here = new Set(paths);
  for (const path of [...here]) for (const folder of foldersAbove(path)) here.add(folder);
  return here;
}

/** Reads what is not known. Files that were not asked for are missing in the manifest, unless they are known anyway. */
export async function readLocal(
  { session, local }: Pick<LocalVersion, 'session' | 'local'>,
  executor: Executor,
  repo: Repository,
  theirs: Manifest,
): Promise<ReadOutcome> {
  session.phase('comparing');
  const total = { filesTotal: local.unknown.length, bytesTotal: bytesToRead(local) };
  let filesDone = 0;
  let bytesDone = 0;
  const outcome = await readUnknown(local, {
    state: session.state,
    repo,
    theirs,
    executor,
    sink: HASH_ONLY,
    signal: session.signal,
    folder: session.instance.packFolder,
    onFile: (bytes) => {
      filesDone += 1;
      bytesDone += bytes;
      session.emit({ type: 'progress', phase: 'comparing', filesDone, bytesDone, ...total });
    },
  });
  return { ...outcome, manifest: withBitsOf(theirs, outcome.manifest, local, session.state) };
}

/** Stands for what lies here where its content is of no interest. */
export function unreadEntry({ type, size, linktarget, mtimeNs }: ScannedEntry): ManifestEntry {
  const entry = { type, size: type === 'file' ? size : 0, executable: false, content: [], mtimeMs: toMs(mtimeNs) };
  return linktarget === undefined ? entry : { ...entry, linktarget };
}

/** With the records of the last sync spelled as the version spells. */
export function respelledSession(session: SyncSession, theirs: Manifest): SyncSession {
  const { state } = session;
  if (state === undefined) return session;
  return {
    ...session,
    state: { ...state, files: respellKeys(state.files, spellerOf(theirs.keys(), session.caseBlind)) },
  };
}
