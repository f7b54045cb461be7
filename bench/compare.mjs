/** Whether two folders hold the same files with the same bytes, the sync's own folder apart. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** path → hash of its content. */
export function fingerprint(folder) {
  const paths = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !/^\.cloud-sync[\\/]/.test(path));
  const hashOf = (path) =>
    createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex');
  return new Map(paths.map((path) => [path, hashOf(path)]));
}

/** Throws with a path that differs. `wanted`: the fingerprint of what should be there. */
export function assertSame(wanted, folder, name) {
  const found = fingerprint(folder);
  for (const [path, hash] of wanted) {
    if (found.get(path) !== hash)
      throw new Error(`${name}: ${path} ${found.has(path) ? 'has other bytes' : 'is missing'}`);
  }
  const extra = [...found.keys()].find((path) => !wanted.has(path));
  if (extra !== undefined) throw new Error(`${name}: ${extra} is new`);
}
