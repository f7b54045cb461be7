/** What `backup` is to back up: its arguments and the lists of the --files-from family. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { globPaths, pathsOfRawList } from '../../../archive/files-from.js';
import { whyMissing } from '../../../archive/targets.js';
import type { Bytes } from '../../../base/bytes.js';
import { concatBytes } from '../../../base/bytes.js';
import { SyncError } from '../../../base/errors.js';
import { entriesOf, linesOf } from '../../../pattern/pattern-file.js';
import type { Context } from '../command.js';
import { standardInput } from '../standard-input.js';

export interface Sources {
  /** As typed, without those that do not exist. */
  readonly targets: readonly string[];
  /** Some do not exist, which was told: exit code 3. */
  readonly incomplete: boolean;
}

/** Throws 'usage' where nothing is given, or nothing of it exists; 'io' for a list that cannot be read. */
export async function collectSources(context: Context): Promise<Sources> {
  const { flags, args, cwd } = context;
  const targets: string[] = [];
  for (const file of flags.texts('files-from')) {
    for (const pattern of entriesOf(await readList(context, file))) {
      const found = await globPaths(pattern, cwd);
      if (found.length === 0) {
        context.out.warn(`pattern ${JSON.stringify(pattern)} does not match any files, skipping`);
      }
      for (const path of found) targets.push(path);
    }
  }
  for (const file of flags.texts('files-from-verbatim')) {
    for (const path of linesOf(await readList(context, file))) if (path !== '') targets.push(path);
  }
  for (const file of flags.texts('files-from-raw')) {
    for (const path of pathsOfRawList(await readList(context, file), 'files-from-raw')) targets.push(path);
  }
  for (const path of args) targets.push(path);
  if (targets.length === 0) throw new SyncError('usage', 'nothing to backup, please specify source files/dirs');
  return existing(context, targets);
}

async function existing({ out, cwd }: Context, targets: readonly string[]): Promise<Sources> {
  const found: string[] = [];
  for (const target of targets) {
    const problem = target === '' ? 'does not exist' : await whyMissing(resolve(cwd, target));
    if (problem === undefined) found.push(target);
    else out.warn(`${target} ${problem}, skipping`);
  }
  if (found.length === 0) throw new SyncError('usage', 'all source directories/files do not exist');
  return { targets: found, incomplete: found.length < targets.length };
}

/** "-" is standard input, to its end; a second time it is empty. */
async function readList({ cwd, signal }: Context, file: string): Promise<Bytes> {
  if (file === '-') {
    const parts: Bytes[] = [];
    for await (const part of standardInput(signal)) parts.push(part);
    return concatBytes(parts);
  }
  try {
    return await readFile(resolve(cwd, file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyncError('io', `cannot read the list ${file}: ${reason}`, { cause: error });
  }
}
