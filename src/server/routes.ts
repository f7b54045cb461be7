/**
 * From a request's target to what it names: pure, no file system.
 *
 *   /{folder…}/                repository (at most two folders deep; none: the repository at the root)
 *   /{folder…}/config          its config file
 *   /{folder…}/{type}/         list of the files of a type
 *   /{folder…}/{type}/{id}     one file, id = 64 lowercase hex digits
 *
 * Percent escapes are decoded before anything is split, so an escaped slash is a slash. A path with `..`, `.` or an
 * empty segment never reaches the disk: the answer is a redirect to the cleaned path.
 */

import type { FileType } from '../backend/backend.js';
import { isId } from '../base/ids.js';

export type ListedType = Exclude<FileType, 'config'>;

export type Route =
  | { readonly kind: 'repository'; readonly folder: readonly string[] }
  | { readonly kind: 'config'; readonly folder: readonly string[] }
  | { readonly kind: 'list'; readonly folder: readonly string[]; readonly type: ListedType }
  | { readonly kind: 'file'; readonly folder: readonly string[]; readonly type: ListedType; readonly name: string }
  /** The path is not clean; `location` is the clean one, with its query. */
  | { readonly kind: 'redirect'; readonly location: string }
  /** Nothing can be there. `folder` is still known, since it decides whether the user may learn that. */
  | { readonly kind: 'nothing'; readonly folder: readonly string[] }
  /** Not a target at all. */
  | { readonly kind: 'malformed' };

export interface Target {
  readonly route: Route;
  /** Decoded path without query, for the access log; '' if malformed. */
  readonly path: string;
  /** The first value of the query's `create` is `true`. */
  readonly create: boolean;
}

export interface RouteOptions {
  /** Names follow the rules of Windows: no devices, no trailing dots, no `:`. */
  readonly windowsNames?: boolean;
  /** The file system holds `Data` and `data` to be one name. */
  readonly foldCase?: boolean;
}

export const MAX_FOLDER_DEPTH = 2;

export const LISTED_TYPES: readonly ListedType[] = ['data', 'index', 'keys', 'locks', 'snapshots'];

const TYPES: ReadonlyMap<string, ListedType> = new Map(LISTED_TYPES.map((type) => [type, type]));
const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among what Windows forbids
const WINDOWS_FORBIDDEN = /[\u0000-\u001f<>:"|?*\\]|[. ]$|~[0-9]/;

/** `url` is the request target as received: origin form (`/a/b?c`) or absolute form (`http://host/a/b?c`). */
export function parseTarget(url: string, options: RouteOptions = {}): Target {
  const target = url.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = target.indexOf('?');
  const query = mark < 0 ? '' : target.slice(mark);
  const encoded = mark < 0 ? target : target.slice(0, mark);
  if (!encoded.startsWith('/') || /%(?![0-9a-fA-F]{2})/.test(encoded)) return malformed();
  const create = new URLSearchParams(query).get('create') === 'true';
  const path = decodePath(encoded);
  if (path === undefined) return { route: { kind: 'nothing', folder: [] }, path: encoded, create };
  const clean = cleanPath(path);
  if (clean !== path) {
    const location = clean.split('/').map(encodeURIComponent).join('/') + query;
    return { route: { kind: 'redirect', location }, path, create };
  }
  return { route: parsePath(path, options), path, create };
}

/** `path` is decoded and clean. */
export function parsePath(path: string, options: RouteOptions = {}): Route {
  const segments = path.split('/').slice(1);
  const folder: string[] = [];
  for (const segment of segments.slice(0, -1)) {
    if (folder.length === MAX_FOLDER_DEPTH || isReserved(segment)) break;
    folder.push(segment);
  }
  if (!folder.every((name) => isFolderName(name, options))) return { kind: 'nothing', folder };
  const [first = '', second, ...more] = segments.slice(folder.length);
  if (more.length > 0) return { kind: 'nothing', folder };
  if (second === undefined) {
    if (first === '') return { kind: 'repository', folder };
    return first === 'config' ? { kind: 'config', folder } : { kind: 'nothing', folder };
  }
  const type = TYPES.get(first);
  if (type === undefined) return { kind: 'nothing', folder };
  if (second === '') return { kind: 'list', folder, type };
  return isId(second) ? { kind: 'file', folder, type, name: second } : { kind: 'nothing', folder };
}

/** Whether a segment can be a folder on the disk that holds the repositories. */
function isFolderName(name: string, options: RouteOptions): boolean {
  if (name === '' || name === '.' || name === '..' || name.includes('\0')) return false;
  if (options.foldCase === true && isReserved(name.toLowerCase())) return false;
  return options.windowsNames !== true || !(WINDOWS_FORBIDDEN.test(name) || WINDOWS_DEVICE.test(name));
}

function isReserved(segment: string): boolean {
  return segment === 'config' || TYPES.has(segment);
}

/** Undefined if the bytes are not UTF-8: no folder of ours has such a name. */
function decodePath(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    // The escapes are well-formed (checked before), so this can only be text that is not UTF-8.
    return undefined;
  }
}

/** Resolves `.`, `..` and empty segments; a trailing slash stays. */
function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const clean = `/${kept.join('/')}`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

function malformed(): Target {
  return { route: { kind: 'malformed' }, path: '', create: false };
}
