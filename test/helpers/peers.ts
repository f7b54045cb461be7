/**
 * The real programs of the interop tests: restic and rest-server as Debian packages them (`npm run peers`).
 * Where they are missing the tests say so and are skipped; with CI=true they fail.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import bcrypt from 'bcryptjs';
import { describe, it } from 'vitest';
import { peersFolder } from '../../scripts/peers.mjs';
import { type Finished, type RunOptions, runProgram, startProgram } from './process.js';
import { tempFolder } from './temp.js';

export type ResticName = 'restic-0.14' | 'restic-0.18' | 'restic-latest';
export type RestServerName = 'rest-server-0.13' | 'rest-server-latest';
export type PeerName = ResticName | RestServerName;

export const ALL_RESTICS: readonly ResticName[] = ['restic-0.14', 'restic-0.18', 'restic-latest'];
export const ALL_REST_SERVERS: readonly RestServerName[] = ['rest-server-0.13', 'rest-server-latest'];

/** The program's path, or undefined if it is not there. */
export function peer(name: PeerName): string | undefined {
  const path = join(peersFolder, name);
  return existsSync(path) ? path : undefined;
}

/** A `describe` for tests that need real programs. `body` gets their paths. */
export function describeInterop<N extends PeerName>(
  title: string,
  names: readonly N[],
  body: (paths: Readonly<Record<N, string>>) => void,
): void {
  const paths: Partial<Record<N, string>> = {};
  const missing: N[] = [];
  for (const name of names) {
    const path = peer(name);
    if (path === undefined) missing.push(name);
    else paths[name] = path;
  }
  if (hasAll(paths, names)) describe(title, () => body(paths));
  else describeMissing(title, `${missing.join(', ')} not found in ${peersFolder}: run \`npm run peers\``);
}

function hasAll<N extends PeerName>(
  paths: Partial<Record<N, string>>,
  names: readonly N[],
): paths is Record<N, string> {
  return names.every((name) => paths[name] !== undefined);
}

/** Stands for tests that cannot run here: skipped with a line that says why, but a failure with CI=true. */
export function describeMissing(title: string, reason: string): void {
  if (process.env['CI'] === 'true') {
    describe(title, () => {
      it('has the programs it needs', () => {
        throw new Error(reason);
      });
    });
    return;
  }
  process.stdout.write(`skipped: ${title} (${reason})\n`);
  // biome-ignore lint/suspicious/noSkippedTests: what this function is for; the line above says it to the reader
  describe.skip(title, () => {
    it(reason, () => undefined);
  });
}

export interface RestServerOptions {
  readonly appendOnly?: boolean;
  readonly privateRepos?: boolean;
  /** User → password. Without users the server asks for none. */
  readonly users?: Readonly<Record<string, string>>;
  /** Where the repositories lie; a new folder unless given. */
  readonly path?: string;
  /** More flags of the real program. */
  readonly flags?: readonly string[];
}

export interface RestServer {
  /** `http://127.0.0.1:PORT/`, without user and password. */
  readonly url: string;
  readonly path: string;
  /** Its messages and one line per request in combined log format. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts a real rest-server on a free port of 127.0.0.1, and returns when it answers. */
export async function startRestServer(name: RestServerName, options: RestServerOptions = {}): Promise<RestServer> {
  const program = peer(name);
  if (program === undefined) throw new Error(`${name} is not there: wrap the test in describeInterop`);
  const folder = tempFolder();
  const path = options.path ?? join(folder, 'data');
  mkdirSync(path, { recursive: true });
  const args = ['--path', path, '--listen', '127.0.0.1:0', '--log', '-', ...(options.flags ?? [])];
  if (options.appendOnly) args.push('--append-only');
  if (options.privateRepos) args.push('--private-repos');
  if (options.users === undefined) args.push('--no-auth');
  else args.push('--htpasswd-file', writeHtpasswd(folder, options.users));
  const server = startProgram(program, args, { cwd: folder });
  const [, address] = await server.waitFor(/start server on (127\.0\.0\.1:\d+)/);
  return { url: `http://${address}/`, path, log: server.log, stop: server.stop };
}

/** Real bcrypt at its lowest cost: the server checks it on the first request of each user. */
function writeHtpasswd(folder: string, users: Readonly<Record<string, string>>): string {
  const file = join(folder, 'htpasswd');
  const lines = Object.entries(users).map(([user, password]) => `${user}:${bcrypt.hashSync(password, 4)}\n`);
  writeFileSync(file, lines.join(''));
  return file;
}

export interface ResticOptions extends RunOptions {
  /** As restic takes it: a path, `rest:http://user:password@127.0.0.1:8000/user/`. */
  readonly repo?: string;
  readonly password?: string;
}

/** Runs a real restic to its end, with a cache of its own and none of the caller's RESTIC_ variables. */
export async function restic(
  name: ResticName,
  args: readonly string[],
  options: ResticOptions = {},
): Promise<Finished> {
  const program = peer(name);
  if (program === undefined) throw new Error(`${name} is not there: wrap the test in describeInterop`);
  const inherited = Object.keys(process.env).filter((key) => key.startsWith('RESTIC_'));
  const env = {
    ...Object.fromEntries(inherited.map((key) => [key, undefined])),
    RESTIC_CACHE_DIR: tempFolder(),
    RESTIC_REPOSITORY: options.repo,
    RESTIC_PASSWORD: options.password,
    ...options.env,
  };
  return await runProgram(program, args, { ...options, env });
}
