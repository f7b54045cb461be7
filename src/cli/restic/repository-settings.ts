/** What the global flags and the environment say about a repository: where it is, its password, how to reach it. */
import { readFile } from 'node:fs/promises';
import { errnoOf, SyncError } from '../../base/errors.js';
import type { CompressionMode } from '../../compress/level.js';
import type { OpenRepositoryOptions, RepositoryAddress } from '../../open.js';
import { cacheFolder } from './cache-folder.js';
import type { FlagValues } from './flag-values.js';
import type { Output } from './output.js';
import { parseDuration } from './parse.js';
import { readPassword } from './password.js';
import { flagError, messageOf } from './plain-error.js';
import { UNSUPPORTED_BACKENDS, unsupported } from './unsupported.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingsSource {
  readonly flags: FlagValues;
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly out: Output;
}

/** `from`: the second repository, of --from-repo and its kin. `isNew`: a password that is typed is asked for twice. */
export async function repositorySettings(
  source: SettingsSource,
  from: boolean,
  options: { readonly isNew?: boolean } = {},
): Promise<OpenRepositoryOptions> {
  const { flags, env, signal } = source;
  const address = await repositoryAddress(source, from);
  const prefix = from ? 'from-' : '';
  const password = await readPassword({
    command: flags.text(`${prefix}password-command`),
    file: flags.text(`${prefix}password-file`),
    value: env[from ? 'RESTIC_FROM_PASSWORD' : 'RESTIC_PASSWORD'],
    none: flags.bool(from ? 'from-insecure-no-password' : 'insecure-no-password'),
    prompt: from ? 'enter password for source repository: ' : 'enter password for repository: ',
    isNew: options.isNew ?? false,
    signal,
  });
  const keyHint = flags.text(`${prefix}key-hint`);
  const folder = flags.bool('no-cache') ? undefined : (flags.text('cache-dir') ?? cacheFolder(env));
  return { ...address, password, keyHint, cacheFolder: folder, compression: compressionMode(flags), signal };
}

async function repositoryAddress(source: SettingsSource, from: boolean): Promise<RepositoryAddress> {
  const { flags, env, out } = source;
  const repository = await repositoryLocation(flags, from);
  const scheme = /^([a-z0-9]+):/.exec(repository)?.[1] ?? '';
  const why = UNSUPPORTED_BACKENDS.get(scheme);
  if (why !== undefined) throw unsupported(`a repository at "${scheme}:"`, why);
  const rate = (name: string): number | undefined => (flags.number(name) || 0) * 1024 || undefined;
  const stuck = parseDuration(flags.text('stuck-request-timeout') ?? '5m');
  return {
    repository,
    serverUser: env['RESTIC_REST_USERNAME'] || undefined,
    serverPassword: env['RESTIC_REST_PASSWORD'] || undefined,
    ca: await readAll(flags.texts('cacert'), '--cacert'),
    clientCert: await readAll(flags.texts('tls-client-cert'), '--tls-client-cert'),
    insecureTls: flags.bool('insecure-tls'),
    userAgent: flags.text('http-user-agent'),
    connections: connectionsOf(flags, repository),
    limitUpload: rate('limit-upload'),
    limitDownload: rate('limit-download'),
    stallMs: stuck,
    onRetry: ({ operation, error, delayMs }) =>
      out.warn(`${operation} failed, trying again in ${(delayMs / 1000).toFixed(1)} s: ${error.message}`),
  };
}

async function repositoryLocation(flags: FlagValues, from: boolean): Promise<string> {
  const prefix = from ? 'from-' : '';
  const [repo, file] = [flags.text(`${prefix}repo`), flags.text(`${prefix}repository-file`)];
  if (repo && file) throw new SyncError('usage', `give --${prefix}repo or --${prefix}repository-file, not both`);
  if (file) {
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (error) {
      const reason = errnoOf(error) === 'ENOENT' ? 'does not exist' : `cannot be read: ${messageOf(error)}`;
      throw new SyncError('usage', `the repository file ${file} ${reason}`, { cause: error });
    }
  }
  if (repo) return repo;
  throw new SyncError(
    'usage',
    `Please specify ${from ? 'a source ' : ''}repository location (${from ? '--from-repo' : '-r'} or --${prefix}repository-file)`,
  );
}

const MODES: readonly CompressionMode[] = ['auto', 'off', 'fastest', 'better', 'max'];

function compressionMode(flags: FlagValues): CompressionMode {
  const text = flags.text('compression') ?? 'auto';
  const mode = MODES.find((one) => one === text);
  if (mode !== undefined) return mode;
  const why = `invalid compression mode "${text}", must be one of (${MODES.join('|')})`;
  throw flagError(text, '--compression', why);
}

/** Bytes of `--pack-size`; undefined for the default. */
export function packSizeOf(flags: FlagValues): number | undefined {
  const mib = flags.number('pack-size') ?? 0;
  if (mib === 0) return undefined;
  if (mib < 4) throw new SyncError('usage', 'pack size smaller than minimum of 4 MiB');
  if (mib > 128) throw new SyncError('usage', 'pack size larger than limit of 128 MiB');
  return mib * 1024 * 1024;
}

/** `-o rest.connections=10`. */
function connectionsOf(flags: FlagValues, repository: string): number | undefined {
  let connections: number | undefined;
  for (const option of flags.texts('option')) {
    const [, backend, value] = /^(rest|local)\.connections=(\d+)$/.exec(option) ?? [];
    if (value === undefined || Number(value) < 1) {
      throw new SyncError('usage', `option "${option}" is not known; "restic-ts options" lists those that are`);
    }
    if (repository.startsWith('rest:') === (backend === 'rest')) connections = Number(value);
  }
  return connections;
}

async function readAll(paths: readonly string[], flag: string): Promise<string | undefined> {
  const given = paths.filter((path) => path !== '');
  if (given.length === 0) return undefined;
  const texts = given.map(async (path) => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      throw new SyncError('usage', `${flag} ${path} cannot be read: ${String(error)}`, { cause: error });
    }
  });
  return (await Promise.all(texts)).join('\n');
}
