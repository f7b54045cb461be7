/**
 * bringBack: an earlier version of a world, of a path, or of all that is in scope, put back into the game folder
 * through the same staging, journal and trash as a pull:
 *   version -> scan, hash the chosen part -> plan -> fetch into staging -> swap
 * Nothing outside the chosen part is touched. The state stays as it is: the files now differ from the last sync, so
 * that the next push sends them as the newest version.
 */
import type { Manifest } from '../../archive/manifest.js';
import { sameEntry } from '../../archive/manifest.js';
import { SyncError } from '../../base/errors.js';
import type { SnapshotId } from '../../base/ids.js';
import { shortId } from '../../base/ids.js';
import type { Repository } from '../../repo/repository.js';
import type { Executor } from '../../worker/executor.js';
import { Application } from '../apply.js';
import { refuseLive } from '../folder/live-worlds.js';
import type { LocalVersion } from '../local-version.js';
import { readLocal, scanLocal, unreadEntry } from '../local-version.js';
import type { KnownSnapshot } from '../merge/heads.js';
import type { PullPlan } from '../plan.js';
import { planPull } from '../plan.js';
import { warnOfNewerGame } from '../pull-head.js';
import { baseManifest, manifestOf } from '../remote-side.js';
import type { FileCounts, NotConfigured } from '../results.js';
import { NOT_CONFIGURED } from '../results.js';
import type { Services, SyncOptions, SyncSession } from '../session.js';
import { withInstance } from '../session.js';
import { canMakeLinks } from '../swap/link-probe.js';
import { tidyTrash } from '../tidy-trash.js';
import type { Chosen } from './chosen-part.js';
import { choosePart } from './chosen-part.js';
import { noteMeantDeletion } from './next-push.js';
import { findVersion, nothingInCloud, readVersions } from './versions.js';

export interface BringBackOptions
  extends Pick<
    SyncOptions,
    'packFolder' | 'tokenFile' | 'token' | 'waitMs' | 'signal' | 'onProgress' | 'onRelocation'
  > {
  /** An id, its beginning, or 'latest'. */
  readonly snapshot: string;
  /** Only this world: the name of its folder in saves. */
  readonly world?: string | undefined;
  /** Only this file, or this folder with all below it; relative to the game folder. Not together with `world`. */
  readonly path?: string | undefined;
  /** Find out what would be done, and change nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface BroughtBack {
  /** 'same': what lies here is that version already. */
  readonly outcome: 'restored' | 'would-restore' | 'same';
  readonly snapshot: SnapshotId;
  /** Of the version: RFC 3339, and the PC that made it. */
  readonly time: string;
  readonly hostname?: string;
  /** What was chosen, as a path in the game folder; missing for everything in scope. */
  readonly part?: string;
  readonly files: FileCounts;
  /** Plain bytes of the files that were, or would be, written. */
  readonly bytesWritten: number;
  /** Of the changed and removed files, those that the cloud has never had like this: the trash alone holds them. */
  readonly unsent: number;
  readonly trash?: string;
  readonly warnings: readonly string[];
}

export type BringBackResult = NotConfigured | BroughtBack;

/** Throws 'not-found' for a version, world or path that is not there, 'usage', and what a pull throws. */
export async function bringBack(options: BringBackOptions, services: Services): Promise<BringBackResult> {
  if (options.world !== undefined && options.path !== undefined) {
    throw new SyncError('usage', 'give a world or a path, not both');
  }
  const result = await withInstance('restore', options, services, async (session) => {
    const done = await readVersions(session, async (repo, ids) => {
      const known = await findVersion(session, repo, ids, options.snapshot);
      return new BringBack(session, repo, known, options).run();
    });
    if (done === undefined) throw nothingInCloud();
    return done;
  });
  return result ?? NOT_CONFIGURED;
}

class BringBack {
  readonly #given: SyncSession;
  readonly #repo: Repository;
  readonly #known: KnownSnapshot;
  readonly #options: BringBackOptions;

  constructor(session: SyncSession, repo: Repository, known: KnownSnapshot, options: BringBackOptions) {
    this.#given = session;
    this.#repo = repo;
    this.#known = known;
    this.#options = options;
  }

  async run(): Promise<BroughtBack> {
    const theirs = await manifestOf(this.#given, this.#repo, this.#known);
    const chosen = choosePart(theirs, this.#options, this.#given.services.platform);
    if (chosen === undefined) throw this.#notInVersion();
    const version = await scanLocal(this.#given, theirs, chosen.includes);
    let bytes = version.bytesToRead;
    for (const [path, entry] of theirs) if (chosen.includes(path)) bytes += entry.size;
    const executor = await this.#given.services.createExecutor(this.#repo, bytes);
    try {
      return await this.#replace(version, executor, theirs, chosen);
    } finally {
      await executor.close();
    }
  }

  async #replace(version: LocalVersion, executor: Executor, theirs: Manifest, chosen: Chosen): Promise<BroughtBack> {
    const { session, local } = version;
    const mine = await this.#readChosen(version, executor, theirs, chosen);
    const plan = await this.#plan(version, mine, theirs, chosen);
    for (const text of plan.warnings) session.warn('left-out', text);
    const files = countFiles(plan, (path) => local.scan.entries.has(path));
    const base = baseManifest(session.state);
    const lost = [...plan.place.map(({ path }) => path), ...plan.remove];
    const unsent = lost.filter((path) => isUnsent(mine.get(path), base?.get(path), theirs.get(path))).length;
    const { id, snapshot } = this.#known;
    const result = {
      snapshot: id,
      time: snapshot.time,
      ...(snapshot.hostname === undefined ? {} : { hostname: snapshot.hostname }),
      ...(chosen.part === undefined ? {} : { part: chosen.part }),
      files,
      bytesWritten: plan.place.reduce((sum, { entry }) => sum + entry.size, 0),
      unsent,
      warnings: session.warnings,
    };
    if (this.#options.dryRun === true) {
      const isSame = plan.place.length + plan.remove.length + plan.removeDirs.length === 0;
      return { outcome: isSame && plan.makeDirs.every(version.isHere) ? 'same' : 'would-restore', ...result };
    }
    const placed = plan.place.map(({ path }) => path);
    await refuseLive(session, [...placed, ...plan.remove]);
    await warnOfNewerGame(session, this.#known);
    await noteMeantDeletion(session, plan.remove, placed);
    const note = { command: 'restore', snapshot: id };
    const { updated } = await new Application(session, this.#repo, executor, local, plan, note).run();
    await tidyTrash(session);
    if (updated === undefined) return { outcome: 'same', ...result };
    const { trash } = updated;
    return { outcome: 'restored', ...result, ...(trash === undefined ? {} : { trash }) };
  }

  /** The chosen part as it lies here. Throws 'in-use' if some of it cannot be read. */
  async #readChosen(version: LocalVersion, executor: Executor, theirs: Manifest, chosen: Chosen): Promise<Manifest> {
    const outcome = await readLocal(version, executor, this.#repo, theirs);
    const bad = outcome.unreadable.find(({ path }) => chosen.touches(path));
    if (bad === undefined) return new Map([...outcome.manifest].filter(([path]) => chosen.includes(path)));
    const message = `${bad.path} cannot be read (${bad.error.message}); is the game running? Nothing was changed`;
    throw new SyncError('in-use', message, { cause: bad.error });
  }

  /**
   * A pull's plan, for a cloud that has the chosen part of the version and, all around it, just what lies here. With
   * what lies here as the last common state too, everything that differs is replaced, and what is not there removed.
   */
  async #plan(version: LocalVersion, mine: Manifest, theirs: Manifest, chosen: Chosen): Promise<PullPlan> {
    const { session, local, isAside } = version;
    const { entries } = local.scan;
    const { platform } = session.services;
    const around = new Map(
      [...entries].filter(([path]) => !chosen.includes(path)).map(([path, entry]) => [path, unreadEntry(entry)]),
    );
    const part = [...theirs].filter(([path]) => chosen.includes(path));
    const here = new Map([...around, ...mine]);
    const newLinks = part.some(
      ([path, entry]) => entry.type === 'symlink' && entries.get(path)?.linktarget !== entry.linktarget,
    );
    return planPull({
      head: new Map([...around, ...part]),
      local: here,
      base: here,
      absent: new Set([...mine.keys()].filter((path) => !entries.has(path))),
      scope: session.scope,
      platform,
      caseBlind: session.caseBlind,
      linksWork: platform !== 'win32' || !newLinks || (await canMakeLinks(session.instance)),
      isAside,
    });
  }

  #notInVersion(): SyncError {
    const { world, path } = this.#options;
    const what = world === undefined ? `nothing at ${JSON.stringify(path)}` : `no world ${JSON.stringify(world)}`;
    const message = `version ${shortId(this.#known.id)} has ${what}; "diff" and "history" show what changed when`;
    return new SyncError('not-found', message, { details: { snapshot: this.#known.id } });
  }
}

function countFiles(plan: PullPlan, isHere: (path: string) => boolean): FileCounts {
  const changed = plan.place.filter(({ path }) => isHere(path)).length;
  return { added: plan.place.length - changed, changed, removed: plan.remove.length };
}

type Entry = ReturnType<Manifest['get']>;

function isUnsent(mine: Entry, base: Entry, theirs: Entry): boolean {
  if (mine === undefined || mine.type === 'dir') return false;
  return !(base !== undefined && sameEntry(mine, base)) && !(theirs !== undefined && sameEntry(mine, theirs));
}
