/**
 * restic and restic-ts as two of a kind: each takes a command line and a repository. They share a password, and the
 * cache folder of the repository, whose layout is the same.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { localBackend } from '../../src/backend/local.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { Repository } from '../../src/repo/repository.js';
import { type CommandResult, resticTs } from '../cli/restic/run-command.js';
import { cheapenKey } from './local-repository.js';
import { peer, type ResticName, type ResticOptions, restic } from './peers.js';
import { runProgram } from './process.js';
import { CHEAP, crypto, PASSWORD, POLYNOMIAL } from './repository.js';
import { tempFolder } from './temp.js';

/** Of one command: several lives of repositories share the processors. */
const TIME_LIMIT = 120_000;

/** Where a repository lies. */
export interface Place {
  /** As both programs take it: a folder or a `rest:` address. */
  readonly repo: string;
  /** The folder in which its files are, which for an address is the server's. */
  readonly folder: string;
  readonly cache: string;
}

export type Ran = Pick<CommandResult, 'code' | 'stdout' | 'stderr'>;

export interface RunSettings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly password?: string;
  readonly signal?: AbortSignal;
}

export interface Program {
  readonly name: ResticName | 'restic-ts';
  run(place: Place, args: readonly string[], settings?: RunSettings): Promise<Ran>;
  /** Runs it, expects exit code 0, and returns what it printed. */
  ok(place: Place, args: readonly string[], settings?: RunSettings): Promise<string>;
}

function program(name: Program['name'], run: Program['run']): Program {
  const ok: Program['ok'] = async (place, args, settings) => {
    const { code, stdout, stderr } = await run(place, args, settings);
    expect(code, `${name} ${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  };
  return { name, run, ok };
}

export const OURS: Program = program('restic-ts', (place, args, { env, ...settings } = {}) => {
  const { PATH, HOME } = process.env;
  const whole = { PATH, HOME, RESTIC_CACHE_DIR: place.cache, RESTIC_REPOSITORY: place.repo };
  const password = settings.password ?? PASSWORD;
  const signal = AbortSignal.timeout(TIME_LIMIT);
  return resticTs(args, { signal, ...settings, env: { ...whole, RESTIC_PASSWORD: password, ...env } });
});

export function theirs(name: ResticName): Program {
  return program(name, (place, args, { env, signal: _, ...settings } = {}) => {
    const options: ResticOptions = { password: PASSWORD, ...settings, env: { RESTIC_CACHE_DIR: place.cache, ...env } };
    return restic(name, args, { timeout: TIME_LIMIT, ...options, repo: place.repo });
  });
}

/** What `dump` writes, which is no text. */
export async function dumped({ name }: Program, place: Place, args: readonly string[]): Promise<Buffer> {
  const environment = { RESTIC_CACHE_DIR: place.cache, RESTIC_REPOSITORY: place.repo, RESTIC_PASSWORD: PASSWORD };
  const line = ['dump', '--no-lock', ...args];
  if (name === 'restic-ts') {
    const { code, bytes, stderr } = await resticTs(line, { env: environment });
    expect(code, stderr).toBe(0);
    return bytes;
  }
  const file = join(tempFolder(), 'dumped');
  const command = ['-c', '"$@" > "$FILE"', 'sh', peer(name) ?? '', ...line];
  const { code, stderr } = await runProgram('sh', command, { env: { ...environment, FILE: file } });
  expect(code, stderr).toBe(0);
  return readFileSync(file);
}

/** A place on this disk. */
export function folderPlace(): Place {
  const folder = join(tempFolder(), 'repository');
  return { repo: folder, folder, cache: tempFolder() };
}

/** A place on a server whose repositories lie in `path`. */
export function serverPlace(server: { readonly url: string; readonly path: string }, name: string): Place {
  return { repo: `rest:${server.url}${name}/`, folder: join(server.path, name), cache: tempFolder() };
}

/** `init`, and then a key that costs nothing in the place of the one that was made, which takes half a second to open. */
export async function makeRepository(maker: Program, place: Place, version: 1 | 2): Promise<void> {
  await maker.ok(place, ['init', '--repository-version', `${version}`]);
  await cheapenKey(place.folder);
}

/** The same in no time, made by the engine alone. */
export async function makeRepositoryQuickly(place: Place, version: 1 | 2): Promise<void> {
  const parts = { backend: localBackend(place.folder), crypto, zstd: await loadZstd(), chunkerPolynomial: POLYNOMIAL };
  await Repository.init({ ...parts, password: PASSWORD, scrypt: CHEAP, version });
}

/** Both read every byte and find nothing wrong, and no lock is left. Without locks they do so at the same time. */
export async function expectSound(
  programs: readonly Program[],
  place: Place,
  flags: readonly string[] = ['--no-lock'],
): Promise<void> {
  expect(readdirSync(join(place.folder, 'locks'))).toEqual([]);
  const found = programs.map((one) => one.ok(place, ['check', '--read-data', ...flags]));
  for (const text of await Promise.all(found)) expect(text).toContain('no errors were found');
}

/** Everything that is in a repository's folder, by name and size; packs, indexes and snapshots are never changed. */
export function filesOf(place: Place): string[] {
  const entries = readdirSync(place.folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(place.folder.length))
    .sort();
}
