/**
 * A cloud (a real rest-server with one user) and the PCs of a player, each with a game folder:
 *   makeCloud(await startServer(name)).pc()  ->  pc.init(), pc.push(), pc.pull()   the library, in this process
 *                                                pc.run('push', …)                 the built hook, a process of its own
 */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { init, type PullResult, type PushResult, pull, push, type SyncOptions } from '../../src/index.js';
import { cheapenKey } from './local-repository.js';
import {
  type ResticName,
  type RestServer,
  type RestServerName,
  type RestServerOptions,
  restic,
  startRestServer,
} from './peers.js';
import { type Finished, type RunOptions, runProgram } from './process.js';
import { tempFolder } from './temp.js';

export const USER = 'ann';
/** Everything that an HTTP password and a file may hold. */
export const PASSWORD = 'pa55 wörd:with/colon%40';

const BUILT = resolve('dist/instance-sync.mjs');
let copied: string | undefined;

/** The built hook alone in an empty folder, copied once: a build that runs meanwhile does not matter. */
export function hookFile(): string {
  if (copied !== undefined) return copied;
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is not there: run \`npm run build\``);
  const file = join(tempFolder(), 'instance-sync.mjs');
  copyFileSync(BUILT, file);
  copied = file;
  return file;
}

/** Runs the hook as a launcher would, with none of a launcher's variables unless they are given. */
export async function instanceSync(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const inherited = Object.keys(process.env).filter((key) => /^INST_|^NODE_/.test(key));
  const env = { ...Object.fromEntries(inherited.map((key) => [key, undefined])), ...options.env };
  return runProgram(process.execPath, [hookFile(), ...args], { cwd: tempFolder(), ...options, env });
}

export interface Pc {
  readonly game: string;
  readonly tokenFile: string;
  /** The built hook on this PC's game folder. */
  run(command: string, ...flags: string[]): Promise<Finished>;
  /** Takes part in the cloud's instance. */
  init(): Promise<void>;
  push(options?: SyncOptions): Promise<PushResult>;
  pull(options?: SyncOptions): Promise<PullResult>;
}

export interface Cloud {
  readonly server: RestServer;
  readonly instanceId: string;
  /** The repository's folder on the server's disk. */
  readonly folder: string;
  /** For restic, through the server. */
  readonly repo: string;
  pc(): Pc;
  /** Puts a key that costs nothing to derive in the place of the one that the first push made. */
  cheapen(): Promise<void>;
  /** Expects exit code 0; returns stdout. */
  restic(name: ResticName, ...args: string[]): Promise<string>;
}

let instances = 0;

/** A ULID that no other cloud of this file has. */
export function nextInstanceId(): string {
  instances += 1;
  return `01KAT6${String(instances).padStart(20, '0')}`;
}

/** As players get it: append-only, a user's repositories private. */
export async function startServer(name: RestServerName, options: RestServerOptions = {}): Promise<RestServer> {
  return startRestServer(name, { appendOnly: true, privateRepos: true, users: { [USER]: PASSWORD }, ...options });
}

/** Another instance on a server. */
export function makeCloud(server: RestServer, instanceId: string = nextInstanceId()): Cloud {
  const login = `${USER}:${encodeURIComponent(PASSWORD)}`;
  const repo = `rest:${server.url.replace('//', `//${login}@`)}${USER}/${instanceId}/`;
  const folder = join(server.path, USER, instanceId);
  const cache = tempFolder();
  return {
    server,
    instanceId,
    folder,
    repo,
    cheapen: () => cheapenKey(folder, PASSWORD),
    pc: () => makePc(server, instanceId),
    restic: async (name, ...args) => {
      const env = { RESTIC_CACHE_DIR: join(cache, name) };
      return succeeded(await restic(name, args, { repo, password: PASSWORD, env }), `${name} ${args[0]}`);
    },
  };
}

function makePc(server: RestServer, instanceId: string): Pc {
  const home = tempFolder();
  const game = join(home, 'minecraft');
  const tokenFile = join(home, 'token');
  mkdirSync(game);
  writeFileSync(tokenFile, `${USER}:${PASSWORD}\n`, { mode: 0o600 });
  return {
    game,
    tokenFile,
    run: (command, ...flags) => instanceSync([command, '--pack-folder', game, ...flags]),
    init: async () => {
      await init({ packFolder: game, url: server.url, tokenFile, instanceId });
    },
    push: (options) => push({ packFolder: game, headless: true, ...options }),
    pull: (options) => pull({ packFolder: game, headless: true, ...options }),
  };
}

/** The output of a program that ended well; else a failure that shows what it said. */
export function succeeded(finished: Finished, what: string): string {
  const { code, stdout, stderr } = finished;
  const said = code === 0 ? '' : `${what}: ${stdout}${stderr}`;
  expect({ code, said }).toEqual({ code: 0, said: '' });
  return stdout;
}
