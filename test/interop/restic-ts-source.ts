/** A small folder of everything, to be backed up, and what happens to it between two backups. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { noise } from '../helpers/repository.js';
import { type Facts, factsOf } from './folder-facts.js';
import { isThere } from './odd-files.js';

/** What the first backup finds: both names of the hard link count. */
export const AT_FIRST = { files_unmodified: 0, files_new: 12, files_changed: 0, total_files_processed: 12 };
/** What a backup after `changeSource` finds, with the one before as its parent: a new mode is a change. */
export const AFTER_CHANGE = { files_unmodified: 8, files_new: 2, files_changed: 2, total_files_processed: 12 };

export function makeSource(folder: string): void {
  mkdirSync(join(folder, 'deep/er/st'), { recursive: true });
  mkdirSync(join(folder, 'empty folder'));
  writeFileSync(join(folder, 'large'), noise(3_000_000, 7));
  writeFileSync(join(folder, 'deep/twice'), noise(3_000_000, 7).subarray(0, 2_999_000));
  writeFileSync(join(folder, 'text.txt'), 'all work and no play\n'.repeat(3_000));
  writeFileSync(join(folder, 'deep/log'), 'started\n');
  writeFileSync(join(folder, 'deep/er/st/old'), 'old');
  linkSync(join(folder, 'deep/er/st/old'), join(folder, 'deep/other name'));
  writeFileSync(join(folder, 'empty'), '');
  writeFileSync(join(folder, 'run.sh'), '#!/bin/sh\n');
  chmodSync(join(folder, 'run.sh'), 0o4755);
  for (const name of ['"quo<t>ed"\\', 'new\nline ü 😀\u00a0', '*?[a]']) writeFileSync(join(folder, 'deep', name), name);
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/deep/`), Buffer.from([0x61, 0xff, 0xfe])]), 'not UTF-8');
  utimesSync(join(folder, 'empty'), 1.5, -1000);
  symlinkSync('text.txt', join(folder, 'link'));
  symlinkSync('/no/where', join(folder, 'deep/dangling'));
  if (isThere('mkfifo')) execFileSync('mkfifo', [join(folder, 'pipe')]);
}

export function changeSource(folder: string): void {
  appendFileSync(join(folder, 'deep/log'), 'more\n');
  writeFileSync(join(folder, 'new.txt'), 'new');
  mkdirSync(join(folder, 'deep/new folder'));
  renameSync(join(folder, 'run.sh'), join(folder, 'deep/new folder/run.sh'));
  rmSync(join(folder, 'deep/dangling'));
  rmSync(join(folder, 'empty folder'), { recursive: true });
  rmSync(join(folder, 'deep/*?[a]'));
  chmodSync(join(folder, 'text.txt'), 0o600);
}

/** What lies in a folder, without times of access, which reading changes. */
export function lastingFacts(folder: string): Facts {
  return Object.fromEntries(Object.entries(factsOf(folder)).map(([name, { atimeNs: _, ...rest }]) => [name, rest]));
}
