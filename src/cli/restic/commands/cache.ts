/** `cache`: which repositories have a cache on this machine, and the removal of those that nobody uses. */
import { SyncError } from '../../../base/errors.js';
import { isId } from '../../../base/ids.js';
import { formatBytesLikeRestic } from '../../../ui/bytes.js';
import { cacheFolder } from '../cache-folder.js';
import type { CommandSpec, Context } from '../command.js';
import { renderTable } from '../table.js';
import type { RepositoryCache } from './cache-folders.js';
import { ageInDays, cacheSize, isOld, listCaches, MAX_AGE_DAYS, removeCache } from './cache-folders.js';

export const cacheCommand: CommandSpec = {
  name: 'cache',
  summary: 'Operate on local cache directories',
  description: `Lists the caches on this machine, one for each repository, with their size and when they were
used last; or removes those that were not used for some time. restic uses the same ones.`,
  flags: [
    { name: 'cleanup', kind: 'bool', help: 'remove old caches' },
    {
      name: 'max-age',
      kind: 'number',
      value: 'days',
      default: String(MAX_AGE_DAYS),
      help: 'days without use after which a cache is old',
    },
    { name: 'no-size', kind: 'bool', help: 'do not tell sizes' },
  ],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  const { args, flags } = context;
  if (args.length > 0) {
    const hint = 'please see `restic-ts help cache` for usage and flags';
    throw new SyncError('usage', `the cache command expects no arguments, only options - ${hint}`);
  }
  if (flags.bool('no-cache')) throw new SyncError('usage', 'Refusing to do anything, the cache is disabled');
  const folder = flags.text('cache-dir') || cacheFolder(context.env);
  if (folder === undefined) throw new SyncError('usage', 'this system names no place for caches; give --cache-dir');
  const maxAge = flags.number('max-age') ?? MAX_AGE_DAYS;
  if (flags.bool('cleanup')) await cleanUp(context, folder, maxAge);
  else await list(context, folder, maxAge);
  return 0;
}

/** Also for --cleanup-cache. */
export async function cleanUp({ out }: Pick<Context, 'out'>, folder: string, maxAgeDays: number): Promise<void> {
  const now = Date.now();
  const old = (await listCaches(folder)).filter((cache) => isOld(cache, maxAgeDays, now));
  if (old.length === 0) {
    out.info('no old cache dirs found');
    return;
  }
  out.info(`remove ${old.length} old cache directories`);
  for (const cache of old) await removeCache(cache);
}

async function list({ flags, out }: Context, folder: string, maxAgeDays: number): Promise<void> {
  const caches = await listCaches(folder);
  if (caches.length === 0) {
    out.result(`no cache dirs found, basedir is ${folder}`);
    return;
  }
  const now = Date.now();
  const withSize = !flags.bool('no-size');
  const rows: string[][] = [];
  for (const cache of caches) rows.push(await rowOf(cache, maxAgeDays, now, withSize));
  const head = ['Repo ID', 'Last Used', 'Old', ...(withSize ? ['Size'] : [])];
  for (const line of renderTable({ head, rows })) out.result(line);
  out.result(`${caches.length} cache dirs in ${folder}`);
}

async function rowOf(cache: RepositoryCache, maxAge: number, now: number, withSize: boolean): Promise<string[]> {
  const old = isOld(cache, maxAge, now) ? 'yes' : '';
  const row = [
    isId(cache.name.toLowerCase()) ? cache.name.slice(0, 10) : cache.name,
    `${ageInDays(cache, now)} days ago`,
    old,
  ];
  return withSize ? [...row, formatBytesLikeRestic(await cacheSize(cache.path)).padStart(11)] : row;
}
