/**
 * Names that one system allows and another does not. Windows and macOS take names that differ only in letter case for
 * the same, macOS also those that differ only in Unicode normal form. A file with such a name is left out and reported;
 * nothing else is ever overwritten.
 */

export { checkPortableName } from '../../base/portable-name.js';

/** Whether a disk takes names for one that differ in letter case, or in normal form alone (some disks of a Mac). */
export type Blindness = boolean | 'form';

/** Equal for names that a disk takes for the same. */
export function foldFor(blindness: Blindness): (name: string) => string {
  if (blindness === 'form') return toNfc;
  return blindness ? foldName : (name) => name;
}

/** Equal for names that Windows or macOS takes for the same. */
export function foldName(name: string): string {
  let ascii = true;
  for (let i = 0; i < name.length && ascii; i++) ascii = name.charCodeAt(i) < 0x80;
  if (ascii) return name.toLowerCase();
  let folded = '';
  for (const char of name.normalize('NFC')) folded += foldChar(char);
  return folded.normalize('NFC');
}

/**
 * Groups of two or more different paths that would be one on a file system without letter case and normal form. Also
 * folders: `saves/World/a` and `saves/world/b` give the group `saves/World`, `saves/world`; the paths below such
 * folders are not listed again.
 */
export function findCaseTwins(paths: Iterable<string>): string[][] {
  return findTwins(paths, foldName);
}

/** As findCaseTwins, for paths that differ in normal form only. */
export function findUnicodeTwins(paths: Iterable<string>): string[][] {
  return findTwins(paths, toNfc);
}

function toNfc(name: string): string {
  return name.normalize('NFC');
}

function findTwins(paths: Iterable<string>, fold: (name: string) => string): string[][] {
  const seen = new Set<string>();
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const part = end < 0 ? path : path.slice(0, end);
      if (!seen.has(part)) {
        seen.add(part);
        const slash = part.lastIndexOf('/');
        // Below the parent as it is written, so that twin folders do not make twins of all they hold.
        const key = part.slice(0, slash + 1) + fold(part.slice(slash + 1));
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [part]);
        else group.push(part);
      }
      if (end < 0) break;
    }
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** File systems fold one character to one: what would become longer (ß) stays. */
function foldChar(char: string): string {
  const upper = char.toUpperCase();
  const lower = (upper.length === char.length ? upper : char).toLowerCase();
  return lower.length === char.length ? lower : char;
}
