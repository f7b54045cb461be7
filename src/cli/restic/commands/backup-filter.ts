/** What `backup` leaves out, by its flags. */
import { resolve } from 'node:path';
import type { BackupFilter } from '../../../archive/backup-types.js';
import type { Reject } from '../../../archive/reject.js';
import { filterOf, rejectCaches, rejectIfPresent, rejectInside, rejectLargerThan } from '../../../archive/reject.js';
import { rejectOtherFileSystems } from '../../../archive/reject-device.js';
import { cacheFolder } from '../cache-folder.js';
import type { Context } from '../command.js';
import { parseSize } from '../parse.js';
import { excluderOf } from '../pattern-flags.js';

/** Throws 'usage' for what a flag does not take, 'io' for a pattern file that cannot be read, 'unsupported'. */
export async function readRejects(context: Context): Promise<Reject[]> {
  const { flags, out } = context;
  const rejects: Reject[] = [];
  const excluded = await excluderOf(context);
  if (excluded !== undefined) rejects.push((path) => excluded(path));
  const cache = flags.bool('no-cache') ? undefined : (flags.text('cache-dir') ?? cacheFolder(context.env));
  if (cache) rejects.push(rejectInside(resolve(cache)));
  const largest = flags.text('exclude-larger-than');
  if (largest) rejects.push(rejectLargerThan(parseSize(largest)));
  const onProblem = (line: string): void => out.warn(line);
  if (flags.bool('exclude-caches')) rejects.push(rejectCaches(onProblem));
  for (const spec of flags.texts('exclude-if-present')) rejects.push(rejectIfPresent(spec, onProblem));
  return rejects;
}

/** The filter of it all. `targets` as typed. */
export async function backupFilter(
  { flags, cwd }: Context,
  rejects: readonly Reject[],
  targets: readonly string[],
): Promise<BackupFilter | undefined> {
  if (!flags.bool('one-file-system')) return filterOf(rejects);
  const paths = targets.map((target) => resolve(cwd, target));
  return filterOf([...rejects, await rejectOtherFileSystems(paths)]);
}
