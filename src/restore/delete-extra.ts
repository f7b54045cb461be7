/**
 * What the snapshot has not goes: of the folders that were restored, and only what the filter selects. A folder whose
 * tree could not be read keeps all it has.
 */
import { errnoOf, ioError, throwIfAborted } from '../base/errors.js';
import { foldName } from './local-names.js';
import type { RestoreProgress } from './restore-progress.js';
import type { RestoreOptions } from './restore-types.js';
import type { SelectedFolder, SelectedItems } from './select-items.js';
import type { TargetFolder } from './target-folder.js';
import { removeTree } from './target-folder.js';

export interface DeleteOptions {
  readonly target: TargetFolder;
  readonly select: NonNullable<RestoreOptions['select']>;
  readonly dryRun: boolean;
  readonly progress: RestoreProgress;
  readonly signal?: AbortSignal | undefined;
}

export async function deleteExtra({ folders }: SelectedItems, options: DeleteOptions): Promise<void> {
  for (const folder of folders) {
    throwIfAborted(options.signal);
    if (folder.names === undefined || !(await options.target.ensure(folder))) continue;
    for (const name of await extraNames(folder, options)) {
      const path = `${folder.path}/${name}`;
      if (options.select(path, false).selected) await remove(path, options);
    }
  }
}

async function extraNames(folder: SelectedFolder, { target, progress }: DeleteOptions): Promise<string[]> {
  // Under another spelling it may be what was just restored.
  const wanted = new Set(folder.names?.map((name) => foldName(name)));
  try {
    return (await target.namesIn(folder)).filter((name) => !wanted.has(foldName(name)));
  } catch (error) {
    // A dry run has not made the target.
    if (errnoOf(error) === 'ENOENT') return [];
    progress.failed(folder.path || '/', ioError(error, 'cannot read folder', target.pathOf(folder.path)));
    return [];
  }
}

async function remove(path: string, { target, dryRun, progress }: DeleteOptions): Promise<void> {
  const full = target.pathOf(path);
  try {
    await removeTree(full, (gone) => progress.deleted(gone), dryRun);
  } catch (error) {
    progress.failed(path, ioError(error, 'cannot delete', full));
  }
}
