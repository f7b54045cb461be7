/**
 * Files that packwiz-installer put into the game folder, from the manifest that it keeps there:
 *   packwiz.json  {"cachedFiles": {"mods/x.pw.toml": {"cachedLocation": "mods/x.jar", …}, …}, …}
 * They belong to the pack, which updates them on every PC; synchronising them as well would make two owners.
 */
import { join } from 'node:path';
import { isSyncError } from '../../base/errors.js';
import { isJsonObject, readJsonFile } from '../folder/json-file.js';
import type { FsOps } from '../swap/fs-ops.js';

/** Paths relative to the game folder. A manifest that cannot be read is a warning: then nothing counts as managed. */
export async function readPackwizFiles(
  fs: FsOps,
  packFolder: string,
  manifest: string,
): Promise<{ files: ReadonlySet<string>; warnings: string[] }> {
  const path = join(packFolder, manifest);
  try {
    const object = await readJsonFile(fs, path, 'its files are taken for your own until packwiz writes it again');
    const cached = object?.['cachedFiles'];
    return { files: new Set(isJsonObject(cached) ? locations(cached) : []), warnings: [] };
  } catch (error) {
    if (!isSyncError(error)) throw error;
    return { files: new Set(), warnings: [error.message] };
  }
}

function* locations(cached: Readonly<Record<string, unknown>>): Generator<string> {
  for (const file of Object.values(cached)) {
    const location = isJsonObject(file) ? file['cachedLocation'] : undefined;
    if (typeof location === 'string') yield location.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
  }
}
