/**
 * Which version of the game, and which mod loader, an instance has: from the mmc-pack.json that Prism and MultiMC keep
 * beside the game folder. Snapshots carry it in tags, so that a world is not opened by an older version unawares.
 */
import { join } from 'node:path';
import { isSyncError } from '../../base/errors.js';
import { nodeFs } from '../swap/fs-ops.js';
import { isJsonObject, readJsonFile } from './json-file.js';

export interface GameVersion {
  /** "1.21.1" */
  readonly minecraft?: string;
  /** "fabric-loader 0.16.9" */
  readonly loader?: string;
}

const MINECRAFT = 'net.minecraft';
const LOADERS: Readonly<Record<string, string>> = {
  'net.fabricmc.fabric-loader': 'fabric-loader',
  'org.quiltmc.quilt-loader': 'quilt-loader',
  'net.neoforged': 'neoforge',
  'net.minecraftforge': 'forge',
};
const VERSION_TAG = 'mc:';
const LOADER_TAG = 'loader:';
/** Characters. */
const LONGEST_TAG = 80;

/** Undefined if the launcher keeps no such file, or one that cannot be read: then nothing is known, and nothing wrong. */
export async function readGameVersion(packFolder: string): Promise<GameVersion | undefined> {
  try {
    const object = await readJsonFile(nodeFs, join(packFolder, '..', 'mmc-pack.json'), 'the version stays unknown');
    return object && decodeComponents(object['components']);
  } catch (error) {
    if (isSyncError(error)) return undefined;
    throw error;
  }
}

function decodeComponents(components: unknown): GameVersion | undefined {
  if (!Array.isArray(components)) return undefined;
  const versions = new Map<string, string>();
  for (const component of components) {
    if (!isJsonObject(component)) continue;
    const { uid, version, cachedVersion } = component;
    const known = [version, cachedVersion].find((one) => typeof one === 'string' && one !== '');
    if (typeof uid === 'string' && typeof known === 'string') versions.set(uid, known);
  }
  const minecraft = versions.get(MINECRAFT);
  const [loader] = Object.keys(LOADERS).filter((uid) => versions.has(uid));
  if (minecraft === undefined && loader === undefined) return undefined;
  return {
    ...(minecraft === undefined ? {} : { minecraft }),
    ...(loader === undefined ? {} : { loader: `${LOADERS[loader]} ${versions.get(loader)}` }),
  };
}

/** For a snapshot: without commas and whatever else could not be a tag, or would harm a terminal. */
export function versionTags(version: GameVersion | undefined): string[] {
  const tags: string[] = [];
  if (version?.minecraft !== undefined) tags.push(tagOf(VERSION_TAG, version.minecraft));
  if (version?.loader !== undefined) tags.push(tagOf(LOADER_TAG, version.loader));
  return tags;
}

/** The game's version that a snapshot's tags tell. */
export function minecraftOf(tags: readonly string[]): string | undefined {
  const version = tags.find((tag) => tag.startsWith(VERSION_TAG))?.slice(VERSION_TAG.length);
  return version === '' ? undefined : version;
}

function tagOf(prefix: string, text: string): string {
  return prefix + text.replace(/[^ -~]|,/g, '_').slice(0, LONGEST_TAG);
}

/** Stages on the way to a release, in order; 3 is the release. */
const STAGES: Readonly<Record<string, number>> = { snapshot: 0, pre: 1, rc: 2 };
const RELEASE = 3;

/**
 * Negative if `a` came before `b`; undefined if that cannot be told, as of a weekly snapshot and a release of those
 * years, or of names that are none of Mojang's.
 */
export function compareGameVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  const [x, y] = [parseVersion(a), parseVersion(b)];
  if (x === undefined || y === undefined) return undefined;
  if (x.weekly === y.weekly) return compareNumbers(x.order, y.order);
  // The weekly names ended before 26.1, the first version that is called after its year.
  const other = x.weekly ? y : x;
  if ((other.order[0] ?? 0) < 26) return undefined;
  return x.weekly ? -1 : 1;
}

interface ParsedVersion {
  readonly weekly: boolean;
  readonly order: readonly number[];
}

/**
 * "1.21", "1.21.1", "26.1"; "1.21-pre1", "1.21-rc1", "1.14 Pre-Release 1", "26.1-snapshot-1"; and "24w14a".
 */
function parseVersion(text: string): ParsedVersion | undefined {
  const week = /^(\d\d)w(\d\d)([a-z])$/.exec(text);
  if (week !== null) {
    const [, year = '', number = '', letter = ''] = week;
    return { weekly: true, order: [Number(year), Number(number), letter.charCodeAt(0)] };
  }
  const found = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:(?:-| )(snapshot|pre|rc|Pre-Release)(?:-| )?(\d{1,4}))?$/.exec(
    text,
  );
  if (found === null) return undefined;
  const [, major = '', minor = '', patch = '0', stage, number = '0'] = found;
  const rank = stage === undefined ? RELEASE : (STAGES[stage] ?? STAGES['pre'] ?? 0);
  return { weekly: false, order: [major, minor, patch, rank, number].map(Number) };
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
