/** All commands of restic-ts, in the order of the help: by name. */
import type { CommandSpec } from './command.js';
import { backupCommand } from './commands/backup.js';
import { cacheCommand } from './commands/cache.js';
import { catCommand } from './commands/cat.js';
import { checkCommand } from './commands/check.js';
import { copyCommand } from './commands/copy.js';
import { diffCommand } from './commands/diff.js';
import { dumpCommand } from './commands/dump.js';
import { featuresCommand } from './commands/features.js';
import { findCommand } from './commands/find.js';
import { forgetCommand } from './commands/forget.js';
import { generateCommand } from './commands/generate.js';
import { initCommand } from './commands/init.js';
import { keyAddCommand } from './commands/key-add.js';
import { keyListCommand } from './commands/key-list.js';
import { keyPasswdCommand } from './commands/key-passwd.js';
import { keyRemoveCommand } from './commands/key-remove.js';
import { listCommand } from './commands/list.js';
import { lsCommand } from './commands/ls.js';
import { migrateCommand } from './commands/migrate.js';
import { optionsCommand } from './commands/options.js';
import { pruneCommand } from './commands/prune.js';
import { recoverCommand } from './commands/recover.js';
import { repairIndexCommand } from './commands/repair-index.js';
import { repairPacksCommand } from './commands/repair-packs.js';
import { repairSnapshotsCommand } from './commands/repair-snapshots.js';
import { restoreCommand } from './commands/restore.js';
import { rewriteCommand } from './commands/rewrite.js';
import { snapshotsCommand } from './commands/snapshots.js';
import { statsCommand } from './commands/stats.js';
import { tagCommand } from './commands/tag.js';
import { unlockCommand } from './commands/unlock.js';
import { versionCommand } from './commands/version.js';

export const COMMANDS: readonly CommandSpec[] = [
  backupCommand,
  cacheCommand,
  catCommand,
  checkCommand,
  copyCommand,
  diffCommand,
  dumpCommand,
  featuresCommand,
  findCommand,
  forgetCommand,
  generateCommand,
  initCommand,
  keyAddCommand,
  keyListCommand,
  keyPasswdCommand,
  keyRemoveCommand,
  listCommand,
  lsCommand,
  migrateCommand,
  optionsCommand,
  pruneCommand,
  recoverCommand,
  repairIndexCommand,
  repairPacksCommand,
  repairSnapshotsCommand,
  restoreCommand,
  rewriteCommand,
  snapshotsCommand,
  statsCommand,
  tagCommand,
  unlockCommand,
  versionCommand,
];
