/**
 * Which files of a game folder are synchronised. `.cloud-sync/scope.json`, every key but schema optional:
 *   {"schema":1, "preset":"personal", "include":[globs], "exclude":[globs], "keep_options":[keys]}
 * A path is in scope if a pattern of `include` (else of the preset) covers it, none of the built-in excludes
 * (scope-rules.ts) or of `exclude` does, and packwiz does not manage it. `include` replaces the preset's list and
 * nothing else; `exclude` is added. Both directions keep to it: nothing outside is sent, changed or removed.
 * `keep_options` replaces the list of keys of options.txt that keep their values on each PC.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Instance } from '../folder/instance.js';
import { badSettings, checkSchema, isStringArray, type JsonObject, readJsonFile, show } from '../folder/json-file.js';
import { nodeFs } from '../swap/fs-ops.js';
import { checkGlob, GlobSet } from './glob.js';
import { readPackwizFiles } from './packwiz.js';
import { EXCLUDES, isNeverInScope, MACHINE_OPTIONS, PRESETS, type Preset, SIZE_CAP } from './scope-rules.js';

export type { Preset } from './scope-rules.js';

export const SCOPE_FILE = 'scope.json';
const ADVICE = 'correct it, or delete it to use the default scope';
const MAX_LIST = 1000;
const LONGEST_OPTION = 100;

export interface ScopeSettings {
  readonly preset: Preset;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly keepOptions?: readonly string[];
}

/** Paths are relative to the game folder with '/', names as raw strings. Letter case counts on every platform. */
export interface Scope {
  readonly preset: Preset;
  /** 32 hex digits of the effective rules. Another value than at the last sync: absent files mean nothing. */
  readonly fingerprint: string;
  /** Keys of options.txt whose values belong to this PC. Not in the fingerprint: they decide about no file. */
  readonly keepOptions: readonly string[];
  /**
   * Whether a file or link is synchronised. `size` in bytes: a resource pack above 256 MiB is out, and so a file can
   * leave the scope by growing; that is no deletion.
   */
  includesFile(path: string, size: number): boolean;
  /** Whether the folder itself is, so that an empty one is kept. */
  includesFolder(path: string): boolean;
  /** Whether something in this folder can be in scope; '' is the game folder. False: need not be walked. */
  mayContain(folder: string): boolean;
}

/** Throws 'bad-settings' if scope.json is broken, newer than this program or holds a bad pattern. */
export async function readScope(
  instance: Instance,
  options: { readonly metaFile?: string } = {},
): Promise<{ scope: Scope; warnings: string[] }> {
  const path = join(instance.cloudFolder, SCOPE_FILE);
  const object = await readJsonFile(nodeFs, path, ADVICE);
  const managed = await readPackwizFiles(nodeFs, instance.packFolder, options.metaFile ?? 'packwiz.json');
  const { settings, warnings } = decodeScope(object ?? { schema: 1 }, path);
  return { scope: makeScope(settings, managed.files), warnings: [...warnings, ...managed.warnings] };
}

/** `managed`: paths that belong to packwiz. Patterns must have passed `checkGlob`. */
export function makeScope(settings: ScopeSettings, managed: ReadonlySet<string> = new Set()): Scope {
  const include = settings.include ?? PRESETS[settings.preset];
  const exclude = [...EXCLUDES, ...(settings.exclude ?? [])];
  const included = new GlobSet(include);
  const excluded = new GlobSet(exclude);
  const covers = lastKept(
    (path: string): boolean => included.matches(path) && !excluded.matches(path) && !isNeverInScope(path),
  );
  // Only those that would be in scope count, or each update of a mod would look like a change of the scope.
  const withheld = new Set([...managed].filter(covers));
  return {
    preset: settings.preset,
    fingerprint: fingerprintOf([include, exclude, [...withheld], [SIZE_CAP.folder, String(SIZE_CAP.bytes)]]),
    keepOptions: settings.keepOptions ?? MACHINE_OPTIONS,
    includesFile: (path, size) =>
      !(size > SIZE_CAP.bytes && path.startsWith(SIZE_CAP.folder)) && covers(path) && !withheld.has(path),
    includesFolder: covers,
    mayContain: (folder) =>
      folder === '' || (included.mayMatchBelow(folder) && !excluded.matches(folder) && !isNeverInScope(folder)),
  };
}

/** A walk asks twice: with the name alone, and with the size. */
function lastKept(covers: (path: string) => boolean): (path: string) => boolean {
  let last: string | undefined;
  let answer = false;
  return (path) => {
    if (path !== last) answer = covers(path);
    last = path;
    return answer;
  };
}

function decodeScope(object: JsonObject, path: string): { settings: ScopeSettings; warnings: string[] } {
  checkSchema(object, 1, path, ADVICE);
  const { schema: _, preset = 'personal', include, exclude, keep_options: keep, ...unknown } = object;
  if (!isPreset(preset)) {
    const known = Object.keys(PRESETS).join(', ');
    throw badSettings(path, `has the preset ${show(preset)}, which is none of ${known}`, ADVICE);
  }
  const names = Object.keys(unknown);
  const warnings = names.length === 0 ? [] : [`${path} has unknown keys (${names.map(show).join(', ')}): not used`];
  return {
    settings: {
      preset,
      ...(include === undefined ? {} : { include: decodePatterns(include, 'include', path) }),
      ...(exclude === undefined ? {} : { exclude: decodePatterns(exclude, 'exclude', path) }),
      ...(keep === undefined ? {} : { keepOptions: decodeOptions(keep, path) }),
    },
    warnings,
  };
}

function isPreset(value: unknown): value is Preset {
  return typeof value === 'string' && Object.hasOwn(PRESETS, value);
}

function decodeList(value: unknown, key: string, path: string): readonly string[] {
  if (!isStringArray(value)) throw badSettings(path, `has something else than a list of texts as "${key}"`, ADVICE);
  if (value.length <= MAX_LIST) return value;
  throw badSettings(path, `has more than ${MAX_LIST} entries in "${key}"`, ADVICE);
}

function decodeOptions(value: unknown, path: string): readonly string[] {
  const keys = decodeList(value, 'keep_options', path);
  const wrong = keys.find((key) => key === '' || key.length > LONGEST_OPTION || /[:\r\n]/.test(key));
  if (wrong === undefined) return keys;
  throw badSettings(path, `has ${show(wrong)} in "keep_options", which is no key of options.txt`, ADVICE);
}

function decodePatterns(list: unknown, key: string, path: string): readonly string[] {
  const value = decodeList(list, key, path);
  for (const pattern of value) {
    const wrong = checkGlob(pattern);
    if (wrong !== undefined)
      throw badSettings(path, `has the pattern ${show(pattern)} in "${key}", which ${wrong}`, ADVICE);
  }
  return value;
}

/** Order and repetition of rules do not matter, so they do not count. */
function fingerprintOf(lists: readonly (readonly string[])[]): string {
  const canonical = lists.map((list) => [...new Set(list)].sort());
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex').slice(0, 32);
}
