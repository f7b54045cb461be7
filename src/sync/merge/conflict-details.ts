/** What a dialog shows of a conflict: what each side did since both had the same, when, and to which worlds. */
import { join } from 'node:path';
import type { Manifest, ManifestEntry } from '../../archive/manifest.js';
import { sameEntry } from '../../archive/manifest.js';
import type { Bytes } from '../../base/bytes.js';
import { concatBytes } from '../../base/bytes.js';
import { isSyncError } from '../../base/errors.js';
import type { Repository } from '../../repo/repository.js';
import { minecraftOf, readGameVersion } from '../folder/game-version.js';
import { LARGEST_ICON, pngOf } from '../folder/world-picture.js';
import type { SyncSession } from '../session.js';
import { nodeFs } from '../swap/fs-ops.js';
import type { ConflictDetails, SideDetails, UnitDetails, UnitStand } from './decisions.js';
import type { KnownSnapshot } from './heads.js';
import { type LevelInfo, readLevel } from './level-name.js';
import type { Clash, Merge } from './merge.js';
import { changesOf, largestFirst } from './unit-changes.js';
import { groupByUnit, isWorld, sizeOf, type Unit } from './units.js';

export interface ConflictBackground {
  readonly session: SyncSession;
  readonly repo: Repository;
  /** What both had last, and the snapshot of it; undefined at first contact. */
  readonly base: Manifest | undefined;
  readonly common: KnownSnapshot | undefined;
  readonly merge: Merge;
  /** Undefined for what lies here. */
  readonly one: KnownSnapshot | undefined;
  readonly other: KnownSnapshot | undefined;
}

/** Of one side of one unit. */
const CHANGES_SHOWN = 200;
/** Bytes of one blob or two; in the cloud they cost a request. */
const LARGEST_LEVEL = 4 * 1024 * 1024;

export async function explainConflict(
  clashes: readonly Clash[],
  background: ConflictBackground,
): Promise<ConflictDetails> {
  return new Explanation(background).run(clashes);
}

class Explanation {
  readonly #background: ConflictBackground;
  readonly #before: ReadonlyMap<string, Unit>;
  /** Of the merge, without what clashes. */
  readonly #merged: ReadonlyMap<string, Unit>;

  constructor(background: ConflictBackground) {
    this.#background = background;
    this.#before = groupByUnit(background.base ?? new Map());
    this.#merged = groupByUnit(background.merge.manifest);
  }

  async run(clashes: readonly Clash[]): Promise<ConflictDetails> {
    const { merge, one, other } = this.#background;
    const units: UnitDetails[] = [];
    for (const clash of clashes) units.push(await this.#unit(clash));
    const alone = { mine: [...merge.fromMine], theirs: [...merge.fromTheirs] };
    const mine = clashes.map(({ mine }) => mine);
    const theirs = clashes.map(({ theirs }) => theirs);
    const ofMine = [...mine, ...alone.mine.map((id) => this.#merged.get(id))];
    const ofTheirs = [...theirs, ...alone.theirs.map((id) => this.#merged.get(id))];
    return {
      local: await this.#side(one, alone.mine, ofMine),
      cloud: await this.#side(other, alone.theirs, ofTheirs),
      units,
    };
  }

  async #side(
    version: KnownSnapshot | undefined,
    alone: readonly string[],
    touched: readonly (Unit | undefined)[],
  ): Promise<SideDetails> {
    const { session, common } = this.#background;
    const isAWorld = (id: string): boolean => isWorld(id, this.#merged.get(id), this.#before.get(id));
    const aloneWorlds = alone.filter(isAWorld).sort();
    const folder = session.instance.packFolder;
    const minecraft = version ? minecraftOf(version.snapshot.tags ?? []) : (await readGameVersion(folder))?.minecraft;
    const time = version ? version.snapshot.time : isoTime(this.#newestChange(touched));
    const since = common?.snapshot.time;
    return {
      ...(time === undefined ? {} : { time }),
      ...(since === undefined ? {} : { since }),
      ...(minecraft === undefined ? {} : { minecraft }),
      aloneWorlds,
      aloneFiles: alone.length - aloneWorlds.length,
    };
  }

  /** Milliseconds since 1970; 0 if nothing new is there. */
  #newestChange(units: readonly (Unit | undefined)[]): number {
    const { base } = this.#background;
    let newest = 0;
    for (const unit of units) {
      for (const [path, entry] of unit ?? []) {
        const old = base?.get(path);
        if (old === undefined || !sameEntry(old, entry)) newest = Math.max(newest, entry.mtimeMs);
      }
    }
    return newest;
  }

  async #unit({ id, kind, mine, theirs }: Clash): Promise<UnitDetails> {
    const { one, other } = this.#background;
    const before = this.#before.get(id);
    const levels =
      kind === 'world' ? await Promise.all([this.#level(id, mine, one), this.#level(id, theirs, other)]) : [];
    const [here, there] = levels;
    const icon = this.#icon(id, mine, one) ?? this.#icon(id, theirs, other);
    const last = id.slice(id.lastIndexOf('/') + 1);
    return {
      id,
      name: kind === 'world' ? (nameOf(here) ?? nameOf(there) ?? last) : id,
      local: standOf(before, mine, here),
      cloud: standOf(before, theirs, there),
      ...(icon === undefined ? {} : { icon }),
    };
  }

  async #level(id: string, unit: Unit | undefined, version: KnownSnapshot | undefined): Promise<LevelInfo | undefined> {
    const bytes = await this.#read(`${id}/level.dat`, unit, version, LARGEST_LEVEL);
    return bytes && readLevel(bytes);
  }

  #icon(
    id: string,
    unit: Unit | undefined,
    version: KnownSnapshot | undefined,
  ): (() => Promise<Bytes | undefined>) | undefined {
    const path = `${id}/icon.png`;
    if (!isReadable(unit?.get(path), LARGEST_ICON)) return undefined;
    return async () => pngOf(await this.#read(path, unit, version, LARGEST_ICON));
  }

  /** From this disk, or from the cloud. Undefined if it is not there, is larger, or cannot be read now. */
  async #read(
    path: string,
    unit: Unit | undefined,
    version: KnownSnapshot | undefined,
    largest: number,
  ): Promise<Bytes | undefined> {
    const entry = unit?.get(path);
    if (!isReadable(entry, largest)) return undefined;
    const { session, repo } = this.#background;
    try {
      if (version === undefined) return await readBriefly(join(session.instance.packFolder, path), largest);
      const blobs: Bytes[] = [];
      for (const id of entry.content) blobs.push(await repo.loadBlob('data', id, session.signal));
      return concatBytes(blobs);
    } catch (error) {
      // Only a name or a picture: the question can be asked without. Not if the command is being stopped.
      if (isSyncError(error, 'aborted')) throw error;
      return undefined;
    }
  }
}

function isReadable(entry: ManifestEntry | undefined, largest: number): entry is ManifestEntry {
  return entry?.type === 'file' && entry.size <= largest;
}

async function readBriefly(path: string, largest: number): Promise<Bytes | undefined> {
  const entry = await nodeFs.lstat(path);
  return entry?.type === 'file' && entry.size <= largest ? nodeFs.readFile(path) : undefined;
}

function standOf(
  before: Unit | undefined,
  unit: Unit | undefined,
  level: LevelInfo | undefined,
): UnitStand | undefined {
  const size = sizeOf(unit);
  if (unit === undefined || size === undefined) return undefined;
  const changes = changesOf(before, unit).sort(largestFirst);
  const count = (kind: string): number => changes.filter(({ change }) => change === kind).length;
  const newest = [...unit.values()].reduce((ms, { mtimeMs }) => Math.max(ms, mtimeMs), 0);
  const lastPlayed = isoTime(level?.lastPlayedMs ?? newest);
  return {
    ...size,
    ...(lastPlayed === undefined ? {} : { lastPlayed }),
    added: count('added'),
    changed: count('changed'),
    removed: count('removed'),
    changes: changes.slice(0, CHANGES_SHOWN),
  };
}

function nameOf(level: LevelInfo | undefined): string | undefined {
  return level?.name === undefined || level.name.trim() === '' ? undefined : level.name;
}

/** Undefined for what is no time that a calendar knows. */
function isoTime(ms: number): string | undefined {
  const date = new Date(ms);
  return ms > 0 && !Number.isNaN(date.getTime()) ? date.toISOString() : undefined;
}
