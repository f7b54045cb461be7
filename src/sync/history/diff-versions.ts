/**
 * diff: what differs between two versions of the cloud, or between one and what lies in the game folder. For looking
 * only: no lock on the game folder, nothing is changed.
 */
import type { Manifest } from '../../archive/manifest.js';
import { diffManifests } from '../../archive/manifest.js';
import type { SnapshotId } from '../../base/ids.js';
import type { Repository } from '../../repo/repository.js';
import { chooseHeld } from '../held.js';
import { inScope } from '../local-side.js';
import { readLocal, scanLocal } from '../local-version.js';
import type { KnownSnapshot } from '../merge/heads.js';
import type { FileChange } from '../merge/unit-changes.js';
import { worldsOf } from '../merge/units.js';
import { manifestOf } from '../remote-side.js';
import type { NotConfigured } from '../results.js';
import { NOT_CONFIGURED } from '../results.js';
import type { Services, SyncOptions, SyncSession } from '../session.js';
import { openSession } from '../session.js';
import type { VersionChanges } from './version-changes.js';
import { tallyChanges } from './version-changes.js';
import { findVersion, nothingInCloud, readVersions } from './versions.js';

export interface DiffOptions
  extends Pick<SyncOptions, 'packFolder' | 'tokenFile' | 'token' | 'waitMs' | 'signal' | 'onProgress'> {
  /** An id, its beginning, or 'latest'. Default: 'latest', the cloud's head. */
  readonly from?: string | undefined;
  /** Default: what lies in the game folder. */
  readonly to?: string | undefined;
}

/** One of the two that were compared: a version of the cloud, or the game folder. */
export interface DiffSide {
  /** Missing for the game folder. */
  readonly snapshot?: SnapshotId;
  readonly time?: string;
  readonly hostname?: string;
}

export interface Diff {
  readonly outcome: 'diff';
  readonly from: DiffSide;
  readonly to: DiffSide;
  /** What turns `from` into `to`. */
  readonly changes: VersionChanges;
  /** Each changed file or link, by path. */
  readonly files: readonly FileChange[];
  /** Of `from`, not compared: they are out of scope, or cannot be on this PC. */
  readonly notForHere: number;
  readonly warnings: readonly string[];
}

export type DiffResult = NotConfigured | Diff;

/** Throws 'not-found' if the cloud has no such version, 'usage' if more than one can be meant. */
export async function diffVersions(options: DiffOptions, services: Services): Promise<DiffResult> {
  const result = await openSession(options, services, async (session) => {
    const found = await readVersions(session, async (repo, ids) => {
      const from = await findVersion(session, repo, ids, options.from ?? 'latest');
      if (options.to === undefined) return compareWithHere(session, repo, from);
      return compareVersions(session, repo, from, await findVersion(session, repo, ids, options.to));
    });
    if (found === undefined) throw nothingInCloud();
    return found;
  });
  return result ?? NOT_CONFIGURED;
}

async function compareVersions(
  session: SyncSession,
  repo: Repository,
  from: KnownSnapshot,
  to: KnownSnapshot,
): Promise<Diff> {
  session.phase('comparing');
  const theirs = await manifestOf(session, repo, from);
  const inScopeOf = (side: Manifest): Manifest =>
    new Map([...side].filter(([path, entry]) => inScope(session.scope, path, entry)));
  const before = inScopeOf(theirs);
  const after = inScopeOf(await manifestOf(session, repo, to));
  const sides = [
    { side: sideOf(from), manifest: before },
    { side: sideOf(to), manifest: after },
  ] as const;
  return describe(session, ...sides, theirs.size - before.size);
}

async function compareWithHere(session: SyncSession, repo: Repository, from: KnownSnapshot): Promise<Diff> {
  const theirs = await manifestOf(session, repo, from);
  const version = await scanLocal(session, theirs, () => true);
  const executor = await session.services.createExecutor(repo, version.bytesToRead);
  try {
    const outcome = await readLocal(version, executor, repo, theirs);
    const unread = new Set(outcome.unreadable.map(({ path }) => path));
    for (const { path, error } of outcome.unreadable) {
      session.warn('unreadable', `${path} could not be read and is not compared: ${error.message}`);
    }
    const { scope, caseBlind, services } = session;
    const { isHere, isAside } = version;
    const linksWork = services.platform !== 'win32';
    const held = chooseHeld({
      head: theirs,
      scope,
      platform: services.platform,
      caseBlind,
      linksWork,
      isHere,
      isAside,
    });
    const isMeant = (path: string): boolean => !held.held.has(path) && !unread.has(path);
    const onDisk = version.local.scan.entries;
    const mine = new Map([...outcome.manifest].filter(([path]) => isMeant(path) && onDisk.has(path)));
    const compared = new Map([...theirs].filter(([path]) => isMeant(path)));
    return describe(session, { side: sideOf(from), manifest: compared }, { side: {}, manifest: mine }, held.held.size);
  } finally {
    await executor.close();
  }
}

interface Side {
  readonly side: DiffSide;
  readonly manifest: Manifest;
}

function describe(session: SyncSession, from: Side, to: Side, notForHere: number): Diff {
  const files = fileChanges(from.manifest, to.manifest);
  const changes = tallyChanges(files, worldsOf(from.manifest), worldsOf(to.manifest));
  const { warnings } = session;
  return { outcome: 'diff', from: from.side, to: to.side, changes, files, notForHere, warnings };
}

function sideOf({ id, snapshot }: KnownSnapshot): DiffSide {
  const { time, hostname } = snapshot;
  return { snapshot: id, time, ...(hostname === undefined ? {} : { hostname }) };
}

/** Files and links that differ, by path. A folder that took the place of a file counts as the file's removal. */
export function fileChanges(before: Manifest, after: Manifest): FileChange[] {
  const files = (side: Manifest): Manifest => new Map([...side].filter(([, { type }]) => type !== 'dir'));
  const [old, now] = [files(before), files(after)];
  const { added, changed, removed } = diffManifests(old, now);
  const of = (change: FileChange['change'], paths: readonly string[], side: Manifest): FileChange[] =>
    paths.map((path) => ({ path, change, size: side.get(path)?.size ?? 0 }));
  const all = [...of('added', added, now), ...of('changed', changed, now), ...of('removed', removed, old)];
  return all.sort((a, b) => (a.path < b.path ? -1 : 1));
}
