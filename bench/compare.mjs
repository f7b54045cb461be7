/** Whether two folders hold the same files with the same bytes, the sync's own folder apart. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Throws with the first path that differs. */
export function assertSame(wanted, found, name) {
  const [a, b] = [filesOf(wanted), filesOf(found)];
  const missing = a.find((path) => !b.includes(path)) ?? b.find((path) => !a.includes(path));
  if (missing !== undefined) throw new Error(`${name}: ${missing} is on one side only`);
  for (const path of a) {
    if (!readFileSync(join(wanted, path)).equals(readFileSync(join(found, path)))) {
      throw new Error(`${name}: ${path} came back with other bytes`);
    }
  }
}

function filesOf(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !/^\.cloud-sync[\\/]/.test(path))
    .sort();
}
