/**
 * What taking a swap back has to do, from its manifest in the trash and from what lies in the game folder now. Nothing
 * is moved here.
 */
import { join } from 'node:path';
import type { FileStamp } from '../../archive/scan.js';
import { forEachLimit } from '../../base/concurrency.js';
import { SyncError } from '../../base/errors.js';
import type { SyncSession } from '../session.js';
import { type Entry, nodeFs, sameContent, stampFrom } from '../swap/fs-ops.js';
import { placeInside, placeOf } from '../swap/game-path.js';
import type { Journal } from '../swap/journal.js';
import { foldFor } from '../swap/windows-names.js';

export interface UndoneFile {
  readonly path: string;
  /** The old file or link in the trash, absolute. */
  readonly from: string;
  readonly old: Entry;
  /** What is in its place now; undefined if nothing. */
  readonly now: FileStamp | undefined;
}

export interface UndoPlan {
  readonly replace: readonly UndoneFile[];
  readonly remove: readonly { readonly path: string; readonly now: FileStamp }[];
  readonly makeDirs: readonly string[];
  readonly removeDirs: readonly string[];
  /** Files in a place of the plan that are not as the swap left them. */
  readonly changedSince: number;
}

const PARALLEL = 16;

/** A file that the swap has moved: what it put there, and what was there before. */
interface Moved {
  readonly path: string;
  readonly placed: FileStamp | undefined;
  readonly expected: FileStamp | undefined;
}

interface Found {
  readonly moved: Moved;
  readonly from: string;
  readonly old: Entry | undefined;
  readonly now: Entry | undefined;
}

/** `folder`: the trash generation. Throws 'damaged' if it is incomplete, 'conflict' if a folder is in the way. */
export async function planUndo(session: SyncSession, folder: string, manifest: Journal): Promise<UndoPlan> {
  const found = await lookAt(session, folder, movedBy(manifest));
  refuseIncomplete(found, folder);
  const back = found.filter((one) => one.old !== undefined);
  const going = found.filter(
    ({ moved, now }) => moved.expected === undefined && now !== undefined && now.type !== 'dir',
  );
  const leaving = new Set(going.map(({ moved }) => moved.path));
  // On a disk that takes two spellings for one name, what goes is not in the way of what comes.
  const fold = foldFor(session.caseBlind);
  const folded = new Set(session.caseBlind ? [...leaving].map(fold) : []);
  const replace: UndoneFile[] = [];
  const inTheWay: string[] = [];
  for (const { moved, from, old, now } of back) {
    if (old === undefined) continue;
    if (now?.type === 'dir') inTheWay.push(moved.path);
    const isThere = now !== undefined && now.type !== 'dir' && !folded.has(fold(moved.path));
    replace.push({ path: moved.path, from, old, now: isThere ? stampFrom(now) : undefined });
  }
  const emptied: string[] = [];
  for (const path of inTheWay) await listEmptied(session, path, leaving, emptied);
  return {
    replace,
    remove: going.flatMap(({ moved, now }) => (now === undefined ? [] : [{ path: moved.path, now: stampFrom(now) }])),
    makeDirs: await filterFolders(session, manifest.removeDirs, 'missing'),
    removeDirs: [...new Set([...emptied, ...(await filterFolders(session, manifest.makeDirs, 'there'))])],
    changedSince: found.filter(isChangedSince).length,
  };
}

function movedBy({ replace, remove }: Journal): Moved[] {
  const placed = replace.map(({ path, expected, stamp }) => ({ path, placed: stamp, expected }));
  return [...placed, ...remove.map(({ path, expected }) => ({ path, placed: undefined, expected }))];
}

async function lookAt(session: SyncSession, folder: string, moved: readonly Moved[]): Promise<Found[]> {
  const { instance, signal } = session;
  const found: Found[] = [];
  const look = async ([index, one]: [number, Moved]): Promise<void> => {
    const from = placeInside(join(folder, 'files'), one.path, nodeFs.platform);
    const now = await nodeFs.lstat(placeOf(instance.packFolder, one.path, nodeFs.platform));
    const trashed = one.expected === undefined ? undefined : await nodeFs.lstat(from);
    const isWhole = trashed !== undefined && one.expected !== undefined && sameContent(trashed, one.expected);
    found[index] = { moved: one, from, old: isWhole ? trashed : undefined, now };
  };
  await forEachLimit(moved.entries(), PARALLEL, look, signal);
  // What was moved back by hand is back.
  return found.filter(({ moved: { expected }, old, now }) => {
    return expected === undefined || old !== undefined || now === undefined || !sameContent(now, expected);
  });
}

function refuseIncomplete(found: readonly Found[], folder: string): void {
  const lost = found.filter(({ moved, old }) => moved.expected !== undefined && old === undefined);
  const [first] = lost;
  if (first === undefined) return;
  const what = `${lost.length} of the old files are no longer in ${folder}, such as ${first.moved.path}`;
  throw new SyncError('damaged', `${what}; nothing was changed; "history" shows the versions in the cloud`, {
    details: { folder, lost: lost.length, path: first.moved.path },
  });
}

function isChangedSince({ moved, now }: Found): boolean {
  if (now === undefined || now.type === 'dir') return false;
  return moved.placed === undefined || !sameContent(now, moved.placed);
}

/** Collects the folders of one that has to give its place to a file, deepest first. Throws 'conflict' if a file stays in it. */
async function listEmptied(
  session: SyncSession,
  path: string,
  leaving: ReadonlySet<string>,
  emptied: string[],
): Promise<void> {
  const place = placeOf(session.instance.packFolder, path, nodeFs.platform);
  for (const name of await nodeFs.readdir(place)) {
    const child = `${path}/${name}`;
    if (leaving.has(child)) continue;
    if ((await nodeFs.lstat(join(place, name)))?.type !== 'dir') throw folderInTheWay(path, child);
    await listEmptied(session, child, leaving, emptied);
  }
  emptied.push(path);
}

function folderInTheWay(path: string, child: string): SyncError {
  const message = `${path} was a file, and is a folder with ${child} in it now; move that away; nothing was changed`;
  return new SyncError('conflict', message, { details: { path: child } });
}

async function filterFolders(
  session: SyncSession,
  folders: readonly string[],
  wanted: 'there' | 'missing',
): Promise<string[]> {
  const kept: string[] = [];
  for (const folder of folders) {
    const entry = await nodeFs.lstat(placeOf(session.instance.packFolder, folder, nodeFs.platform));
    if ((entry?.type === 'dir') === (wanted === 'there')) kept.push(folder);
  }
  return kept;
}
