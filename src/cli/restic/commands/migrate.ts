/** `migrate`: brings a repository to a newer form. */
import { isSyncError, SyncError } from '../../../base/errors.js';
import { check } from '../../../maintain/check.js';
import type { Migration } from '../../../maintain/migrate.js';
import { MIGRATIONS, upgradeToVersion2 } from '../../../maintain/migrate.js';
import { createExecutor } from '../../../open.js';
import type { Repository } from '../../../repo/repository.js';
import type { CommandSpec, Context } from '../command.js';
import { CheckReport } from './check-report.js';
import { messageOf } from './repair-index-text.js';

export const migrateCommand: CommandSpec = {
  name: 'migrate',
  summary: 'Apply migrations',
  args: '[migration name] [...]',
  description: `Lists the steps by which the repository can be brought to a newer form, or does those that
are named. Before a step the repository is checked, and a damaged one stays as it is.`,
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'do a step although it seems to be done already' }],
  group: 'main',
  textOnly: true,
  run,
};

async function run(context: Context): Promise<number> {
  const { args, out } = context;
  // What counts is what the repository holds, not what the cache has.
  const repo = await context.open({ cache: false });
  if (args.length === 0) {
    list(context, repo);
    return 0;
  }
  let failure: unknown;
  for (const name of args) {
    const migration = MIGRATIONS.find((one) => one.name === name);
    if (migration === undefined) out.warn(`unknown migration ${name}`);
    else failure ??= await apply(context, repo, migration);
  }
  if (failure !== undefined) throw failure;
  return 0;
}

function list({ out }: Context, repo: Repository): void {
  const possible = MIGRATIONS.filter((migration) => migration.reason(repo) === undefined);
  out.info('available migrations:');
  for (const { name, description } of possible) out.info(`  ${name}\t${description}`);
  if (possible.length === 0) out.info('no migrations found');
}

/** Returns why the step failed. Throws what stops the others too: a damaged repository, a held lock. */
async function apply(context: Context, repo: Repository, migration: Migration): Promise<unknown> {
  const { flags, out, signal, lock } = context;
  const { name } = migration;
  const reason = migration.reason(repo);
  if (reason !== undefined && !flags.bool('force')) {
    out.warn(`migration ${name} cannot be applied: ${reason}`);
    out.warn('If you want to apply this migration anyway, re-run with option --force');
    return undefined;
  }
  if (reason !== undefined) out.warn(`check for migration ${name} failed, continuing anyway`);
  let begun = false;
  try {
    await upgradeToVersion2(repo, {
      check: (_lock, inner) => isWhole(context, repo, inner),
      lock,
      signal,
      onApply: () => {
        begun = true;
        out.info(`applying migration ${name}...`);
      },
    });
  } catch (error) {
    if (!begun || isSyncError(error, 'aborted')) throw error;
    out.warn(`migration ${name} failed: ${messageOf(error)}`);
    return isSyncError(error) ? plain(error) : error;
  }
  out.info(`migration ${name}: success`);
  return undefined;
}

async function isWhole({ out }: Context, repo: Repository, signal: AbortSignal): Promise<boolean> {
  out.info('checking repository integrity...');
  const report = new CheckReport(out, { readData: undefined, filtered: false });
  const { onProgress, onFinding } = report;
  const result = await check(repo, {
    createExecutor: (bytes) => createExecutor(repo, bytes),
    onProgress,
    onFinding,
    signal,
  });
  report.end(result);
  return result.summary.numErrors === 0;
}

function plain(error: SyncError): SyncError {
  return new SyncError(error.code, error.message, { cause: error, details: { ...error.details, plain: true } });
}
