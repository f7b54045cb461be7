/** What a command is given: its flags, its output, and the way to its repository. */
import { openRepository } from '../../open.js';
import type { LockOptions } from '../../repo/lock.js';
import type { Repository } from '../../repo/repository.js';
import type { Context, LockMode, OpenSettings } from './command.js';
import { cleanUp } from './commands/cache.js';
import { MAX_AGE_DAYS } from './commands/cache-folders.js';
import type { Output } from './output.js';
import { parseDuration } from './parse.js';
import type { ParsedLine } from './parse-flags.js';
import { flagError, messageOf } from './plain-error.js';
import { repositorySettings } from './repository-settings.js';

export interface ContextOptions extends ParsedLine {
  readonly out: Output;
  readonly signal: AbortSignal;
  readonly env: Context['env'];
  readonly cwd: string;
  readonly commands: Context['commands'];
}

/** `close` frees the repositories that were opened. */
export function createContext(options: ContextOptions): Context & { close(): Promise<void> } {
  const { args, flags, out, signal, env, cwd, commands } = options;
  const opened: Repository[] = [];

  const open = async (settings: OpenSettings = {}): Promise<Repository> => {
    const found = await repositorySettings(options, settings.from ?? false);
    const repo = await openRepository(settings.cache === false ? { ...found, cacheFolder: undefined } : found);
    opened.push(repo);
    if (found.cacheFolder !== undefined && flags.bool('cleanup-cache')) {
      await cleanUp({ out }, found.cacheFolder, MAX_AGE_DAYS);
    }
    const { version, id } = repo.config;
    const level = version === 2 ? `, compression level ${flags.text('compression') ?? 'auto'}` : '';
    out.infoOnTerminal(`repository ${id.slice(0, 8)} opened (version ${version}${level})`);
    return repo;
  };

  const lock = lockOptions(options);
  const withRepository = async <T>(
    mode: LockMode,
    work: (repo: Repository, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const repo = await open();
    if (mode === 'none' || flags.bool('no-lock')) return work(repo, signal);
    if (mode === 'shared') return repo.read({ signal, lock }, () => work(repo, signal));
    return repo.exclusively({ signal, lock }, (held) => work(repo, AbortSignal.any([signal, held.lost])));
  };

  const close = async (): Promise<void> => {
    await Promise.all(opened.map((repo) => repo.backend.close()));
  };
  return { args, flags, out, signal, env, cwd, commands, lock, open, withRepository, close };
}

/** --retry-lock, and what is told while it waits. */
function lockOptions({ flags, out }: ContextOptions): Omit<LockOptions, 'signal'> {
  const text = flags.text('retry-lock');
  if (!text) return {};
  let told = false;
  const onWait = (holder: string): void => {
    if (!told) out.info(`repo already locked, waiting up to ${text} for the lock (${holder})`);
    told = true;
  };
  return { waitMs: durationOf(text), onWait };
}

function durationOf(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw flagError(text, '--retry-lock', messageOf(error));
  }
}
