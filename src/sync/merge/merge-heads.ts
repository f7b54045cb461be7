/**
 * This PC's side and every head of the cloud become one manifest:
 *   heads among themselves (if this PC stands on none of them), then with what is here; each time against what the two
 *   sides last had in common.
 */
import type { Manifest, ManifestEntry } from '../../archive/manifest.js';
import type { SnapshotId } from '../../base/ids.js';
import type { Repository } from '../../repo/repository.js';
import { baseManifest, manifestOf } from '../remote-side.js';
import type { SyncSession } from '../session.js';
import { commonAncestor } from './ancestry.js';
import type { Arbiter, Sides } from './arbiter.js';
import { refuseFileAsFolder } from './conflict.js';
import type { Choice, ConflictDetails, ConflictSide } from './decisions.js';
import { isNamed, isOurs, type KnownSnapshot } from './heads.js';
import { type Clash, isBelow, joinUnits, type Merge, mergeManifests } from './merge.js';
import { secondName } from './second-name.js';
import { groupByUnit, isWorld, sameUnit, type Unit, worldsOf } from './units.js';

export interface MergeInput {
  /** With the state of the last sync. */
  readonly session: SyncSession;
  readonly repo: Repository;
  readonly snapshots: readonly KnownSnapshot[];
  /** Heads that this PC has not had. */
  readonly others: readonly KnownSnapshot[];
  /** What lies here, with what is held for other PCs. */
  readonly mine: Manifest;
  readonly arbiter: Arbiter;
}

export interface MergedHeads {
  readonly manifest: Manifest;
  /** Units that only this PC, and only the cloud, had changed. */
  readonly fromHere: readonly string[];
  readonly fromCloud: readonly string[];
  /** Second names that were given, by the unit they stand for. */
  readonly secondNames: ReadonlyMap<string, string>;
  /** What was not chosen in part: snapshots of the cloud, and whether this PC's side. */
  readonly losers: ReadonlySet<SnapshotId | 'here'>;
}

/**
 * Asks for every clash before anything is written. Throws 'conflict' if one stays open, or if the two sides have a file
 * and a folder of one name.
 */
export async function mergeHeads(input: MergeInput): Promise<MergedHeads> {
  const merged = await new HeadMerge(input).run();
  refuseFileAsFolder(merged.manifest);
  return merged;
}

/** What one side of a step is, for the question and for the record of who lost. */
interface Side {
  readonly shown: ConflictSide;
  readonly loser: SnapshotId | 'here';
  /** Undefined for what lies here. */
  readonly version?: KnownSnapshot;
}

/** Two sides of a step, and what they last had in common. */
interface Meeting {
  readonly mine: Manifest;
  readonly one: Side;
  readonly theirs: Manifest;
  readonly other: Side;
  readonly base: Manifest | undefined;
  /** Missing if it is no longer there. */
  readonly common: KnownSnapshot | undefined;
}

class HeadMerge {
  readonly #input: MergeInput;
  readonly #secondNames = new Map<string, string>();
  readonly #losers = new Set<SnapshotId | 'here'>();
  #fromHere: readonly string[] = [];
  #fromCloud: readonly string[] = [];

  constructor(input: MergeInput) {
    this.#input = input;
  }

  async run(): Promise<MergedHeads> {
    const manifest = await this.#merge();
    const [fromHere, fromCloud, secondNames, losers] = [
      this.#fromHere,
      this.#fromCloud,
      this.#secondNames,
      this.#losers,
    ];
    return { manifest, fromHere, fromCloud, secondNames, losers };
  }

  async #merge(): Promise<Manifest> {
    const { session, mine } = this.#input;
    const here: Side = { shown: { where: 'this-pc', hostname: session.hostname }, loser: 'here' };
    const { branch, others } = this.#branchOf();
    if (branch !== undefined) {
      // What is here stands on a head of its own: with each of the others, against where they parted.
      let manifest: Manifest = mine;
      for (const other of others) manifest = await this.#meet(manifest, here, other, this.#ancestor(branch, other));
      return manifest;
    }
    const [first, ...rest] = others;
    if (first === undefined) return mine;
    let theirs = await this.#load(first);
    for (const other of rest) theirs = await this.#meet(theirs, sideOf(first), other, this.#ancestor(first, other));
    const [base, common] = [baseManifest(session.state), this.#stand()];
    return this.#settle({ mine, one: here, theirs, other: sideOf(first), base, common });
  }

  /**
   * The snapshot that this PC stands on, if none of the other heads comes from it. Heads that do come first. Where there
   * are foreign snapshots only, which do not tell what they come from, the newer one counts as made after the older.
   */
  #branchOf(): { readonly branch: KnownSnapshot | undefined; readonly others: readonly KnownSnapshot[] } {
    const { snapshots, others } = this.#input;
    const stand = this.#stand();
    if (stand === undefined) return { branch: undefined, others };
    const comesFrom = (head: KnownSnapshot): boolean =>
      (!isOurs(head.snapshot) && !isOurs(stand.snapshot)) || commonAncestor(stand, head, snapshots) === stand;
    const later = others.filter(comesFrom);
    if (later.length === 0) return { branch: stand, others };
    return { branch: undefined, others: [...later, ...others.filter((head) => !later.includes(head))] };
  }

  /** The snapshot of this PC's last sync. */
  #stand(): KnownSnapshot | undefined {
    const base = this.#input.session.state?.base;
    return this.#input.snapshots.find((one) => base !== undefined && isNamed(one, base));
  }

  /** With another head. */
  async #meet(mine: Manifest, one: Side, head: KnownSnapshot, common: KnownSnapshot | undefined): Promise<Manifest> {
    const theirs = await this.#load(head);
    const base = common && (await this.#load(common));
    return this.#settle({ mine, one, theirs, other: sideOf(head), base, common });
  }

  async #settle(meeting: Meeting): Promise<Manifest> {
    const { mine, one, theirs, other, base } = meeting;
    const merge = mergeManifests(base, mine, theirs);
    if (one.loser === 'here') {
      this.#fromHere = [...this.#fromHere, ...merge.fromMine];
      this.#fromCloud = [...this.#fromCloud, ...merge.fromTheirs];
    }
    const { manifest, clashes } = merge;
    const isFirst = base === undefined && areStrangers(mine, theirs);
    if (clashes.length === 0 && !isFirst) return manifest;
    const sides: Sides = {
      reason: isFirst ? 'first-contact' : 'both-changed',
      local: one.shown,
      cloud: other.shown,
    };
    const choices = await this.#input.arbiter.choose(clashes, sides, (open) => this.#explain(open, meeting, merge));
    return this.#apply(merge, choices, meeting);
  }

  /** Loaded when it is asked for: most conflicts are settled without. */
  async #explain(clashes: readonly Clash[], meeting: Meeting, merge: Merge): Promise<ConflictDetails> {
    const { explainConflict } = await import('./conflict-details.js');
    const { session, repo } = this.#input;
    const { base, common, one, other } = meeting;
    return explainConflict(clashes, { session, repo, base, common, merge, one: one.version, other: other.version });
  }

  #apply(
    { manifest, clashes }: Merge,
    choices: ReadonlyMap<string, Choice>,
    { theirs, one, other }: Meeting,
  ): Manifest {
    const units = new Map<string, Unit>(groupByUnit(manifest));
    const names = new Set([...units.keys(), ...groupByUnit(theirs).keys()].map((id) => id.toLowerCase()));
    for (const { id, kind, mine: a, theirs: b } of clashes) {
      const choice = choices.get(id) ?? 'local';
      if (choice === 'local') this.#losers.add(other.loser);
      else if (choice === 'cloud') {
        this.#losers.add(one.loser);
        for (const each of [...units.keys()]) if (each === id || isBelow(each, id)) units.delete(each);
        if (b !== undefined) units.set(id, b);
      } else if (a === undefined && b !== undefined) units.set(id, b);
      else if (b !== undefined) {
        const when = other.shown.time ?? '';
        const name = secondName(id, kind, when, (wanted) => names.has(wanted.toLowerCase()));
        names.add(name.toLowerCase());
        units.set(name, moved(b, id, name));
        this.#secondNames.set(id, name);
      }
    }
    return joinUnits(units.values());
  }

  #ancestor(one: KnownSnapshot, other: KnownSnapshot): KnownSnapshot | undefined {
    return commonAncestor(one, other, this.#input.snapshots);
  }

  #load(known: KnownSnapshot): Promise<Manifest> {
    return manifestOf(this.#input.session, this.#input.repo, known);
  }
}

/** Worlds on both sides, unless all of this PC's are the cloud's too: at first contact nothing tells what they are. */
export function areStrangers(mine: Manifest, theirs: Manifest): boolean {
  if (worldsOf(theirs).size === 0) return false;
  const [here, there] = [groupByUnit(mine), groupByUnit(theirs)];
  return [...here].some(([id, unit]) => isWorld(id, unit) && !sameUnit(unit, there.get(id)));
}

function sideOf(version: KnownSnapshot): Side {
  const { id, snapshot } = version;
  const { hostname = 'another PC', time } = snapshot;
  return { shown: { where: 'cloud', hostname, time, snapshot: id }, loser: id, version };
}

function moved(unit: Unit, from: string, to: string): Unit {
  return new Map<string, ManifestEntry>([...unit].map(([path, entry]) => [to + path.slice(from.length), entry]));
}
