/**
 * The name under which the cloud's version is put beside this PC's: "World (cloud 2026-11-22)". It can exist on every
 * system, except that bytes which are no UTF-8 stay in it as they are.
 */
import { SyncError } from '../../base/errors.js';
import { isRaw, rawToBytes } from '../../base/raw-string.js';
import { checkPortableName } from '../swap/windows-names.js';

/** Bytes: the longest name that the common file systems allow. */
const LONGEST = 255;
const TRIES = 100_000;
/** What an earlier call has added. */
const ENDING = / ?\(cloud(?: \d{4}-\d{2}-\d{2})?\)(?: \d+)?$/;
/** Longer ones are no ending but a name with a dot in it. */
const EXTENSION = /(?<=.)\.[^. ]{1,16}$/su;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that Windows forbids
const FORBIDDEN = /[\u0000-\u001f<>:"|?*\\]/g;

/**
 * A free id beside `id`, in the same folder. `when`: ISO 8601, of which the day is shown; without one the name says
 * "(cloud)". `isTaken` is asked with whole ids and decides about letter case. An old ending is replaced, not piled up.
 */
export function secondName(id: string, kind: 'world' | 'file', when: string, isTaken: (id: string) => boolean): string {
  const slash = id.lastIndexOf('/') + 1;
  const name = id.slice(slash).replace(FORBIDDEN, '_');
  const extension = kind === 'file' ? (EXTENSION.exec(name)?.[0] ?? '') : '';
  const stem = name.slice(0, name.length - extension.length).replace(ENDING, '');
  const day = /^\d{4}-\d{2}-\d{2}/.exec(when)?.[0];
  const label = day === undefined ? '(cloud)' : `(cloud ${day})`;
  for (let n = 1; n <= TRIES; n++) {
    const candidate = id.slice(0, slash) + compose(stem, n === 1 ? label : `${label} ${n}`, extension);
    if (!isTaken(candidate)) return candidate;
  }
  throw new SyncError('internal', `no free name beside ${JSON.stringify(id)} after ${TRIES} tries`);
}

/** The title that the game shows for a world whose folder got the name `id`: with the same ending. */
export function secondTitle(title: string, id: string): string {
  const ending = ENDING.exec(id)?.[0].trimStart();
  return ending === undefined ? title : withLabel(title.replace(ENDING, ''), ending);
}

function compose(stem: string, label: string, extension: string): string {
  const whole = withLabel(cut(stem, LONGEST - byteLength(` ${label}${extension}_`)), label) + extension;
  return isRaw(whole) || checkPortableName(whole) === undefined ? whole : `_${whole}`;
}

function withLabel(stem: string, label: string): string {
  const trimmed = stem.replace(/ +$/, '');
  return trimmed === '' ? label : `${trimmed} ${label}`;
}

/** By whole characters. */
function cut(text: string, bytes: number): string {
  if (byteLength(text) <= bytes) return text;
  let kept = '';
  let room = bytes;
  for (const char of text) {
    room -= byteLength(char);
    if (room < 0) break;
    kept += char;
  }
  return kept;
}

function byteLength(text: string): number {
  return rawToBytes(text).length;
}
