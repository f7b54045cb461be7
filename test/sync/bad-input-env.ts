/**
 * A cloud in this process (the embedded server over a repository whose key costs no time) and the PCs of a player,
 * and what a failed call says: its code, the exit code of the command line, and its one line.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { localBackend } from '../../src/backend/local.js';
import { parseId, type SnapshotId } from '../../src/base/ids.js';
import { formatPolynomial, randomPolynomial } from '../../src/chunker/polynomial.js';
import { exitCodeOf } from '../../src/cli/exit-code.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { defaultCrypto } from '../../src/crypto/select.js';
import { init, isSyncError, pull, push, type SyncOptions, startServer } from '../../src/index.js';
import { Repository } from '../../src/repo/repository.js';
import type { Services } from '../../src/sync/session.js';
import { inlineExecutor } from '../../src/worker/executor.js';
import { fileTools } from '../../src/worker/split.js';
import { describeFolder, fingerprint, Noise } from '../helpers/game-folder.js';
import { tempFolder } from '../helpers/temp.js';

export const USER = 'ann';
export const PASSWORD = 'correct-horse/battery%staple';
const crypto = defaultCrypto();

const CHEAP = { N: 16, r: 1, p: 1 };

export interface Cloud {
  readonly url: string;
  readonly instanceId: string;
  /** The repository's folder on the server's disk. */
  readonly folder: string;
  /** `<url>ann/<instance id>/`, as messages name it. */
  readonly location: string;
  pc(options?: PcOptions): Promise<Pc>;
  open(): Promise<Repository>;
  /** The commands' services without server and threads, as on another platform. */
  services(platform: NodeJS.Platform): Services;
  /** Makes the repository, as the first push would. */
  create(): Promise<Repository>;
}

export interface PcOptions {
  /** Of the server; default: the cloud's own. */
  readonly url?: string;
  readonly password?: string;
  /** Whether there is something to send; default true. */
  readonly filled?: boolean;
}

export interface Pc {
  readonly game: string;
  readonly cloudFolder: string;
  readonly options: SyncOptions;
  push(options?: SyncOptions): ReturnType<typeof push>;
  pull(options?: SyncOptions): ReturnType<typeof pull>;
  /** Path to description, of everything that a sync may touch. */
  files(): ReadonlyMap<string, unknown>;
  put(path: string, content: string | Buffer): void;
}

let count = 0;
let serving: Promise<{ url: string; path: string }> | undefined;

async function serve(): Promise<{ url: string; path: string }> {
  const path = tempFolder();
  const server = await startServer({ path, listen: '127.0.0.1:0', noAuth: true, appendOnly: true });
  return { url: server.url, path };
}

export async function makeCloud(): Promise<Cloud> {
  serving ??= serve();
  const { url, path } = await serving;
  count += 1;
  const instanceId = `01KAT7${String(count).padStart(20, '0')}`;
  const folder = join(path, USER, instanceId);
  const common = { backend: localBackend(folder), crypto, zstd: await loadZstd() };
  return {
    url,
    instanceId,
    folder,
    location: `${url}${USER}/${instanceId}/`,
    pc: (options = {}) => makePc(options.url ?? url, instanceId, options),
    open: () => Repository.open({ ...common, passwords: [PASSWORD] }),
    services: (platform) => ({
      platform,
      version: '0',
      connect: async () => {
        const { backend } = common;
        return {
          location: backend.location,
          listSnapshots: async () =>
            (await backend.list('snapshots')).map((file) => parseId<SnapshotId>(file.name, 'x')),
          open: (options) => Repository.open({ ...common, ...options }),
          init: () => Promise.reject(new Error('not here')),
          clockSkewMs: () => undefined,
          close: () => backend.close(),
        };
      },
      createExecutor: async ({ codec, config }) => {
        return inlineExecutor(fileTools(codec, config.chunkerPolynomial));
      },
    }),
    create: () => {
      mkdirSync(folder, { recursive: true });
      const chunkerPolynomial = formatPolynomial(randomPolynomial((length) => crypto.randomBytes(length)));
      return Repository.init({ ...common, password: PASSWORD, chunkerPolynomial, scrypt: CHEAP });
    },
  };
}

async function makePc(url: string, instanceId: string, options: PcOptions): Promise<Pc> {
  const home = tempFolder();
  const game = join(home, 'minecraft');
  mkdirSync(game);
  await init({ packFolder: game, url, instanceId, token: `${USER}:${options.password ?? PASSWORD}` });
  const own: SyncOptions = { packFolder: game };
  const pc: Pc = {
    game,
    cloudFolder: join(game, '.cloud-sync'),
    options: own,
    push: (more = {}) => push({ ...own, ...more }),
    pull: (more = {}) => pull({ ...own, ...more }),
    files: () => describeFolder(game),
    put: (path, content) => {
      mkdirSync(join(game, path, '..'), { recursive: true });
      writeFileSync(join(game, path), content);
    },
  };
  if (options.filled !== false) fill(pc);
  return pc;
}

function fill(pc: Pc): void {
  pc.put('options.txt', 'fov:70\n'.repeat(50));
  pc.put('saves/World/level.dat', new Noise(1).bytes(2000));
  pc.put('saves/World/region/r.0.0.mca', new Noise(2).bytes(40_000));
}

/** A cloud to which PC A has pushed once. */
export async function filledCloud(): Promise<{ cloud: Cloud; a: Pc }> {
  const cloud = await makeCloud();
  await cloud.create();
  const a = await cloud.pc();
  expect((await a.push()).outcome).toBe('sent');
  return { cloud, a };
}

export interface Told {
  readonly code: string;
  readonly exit: number;
  readonly line: string;
}

/** What a call that must fail tells, once it is sure that this is one plain line without secrets. */
export async function told(work: Promise<unknown>): Promise<Told> {
  const error = await work.then(
    (value) => {
      throw new Error(`this should have failed: ${JSON.stringify(value)}`);
    },
    (reason: unknown) => reason,
  );
  if (!isSyncError(error)) throw error;
  expectPlain(error.message);
  return { code: error.code, exit: exitCodeOf(error), line: error.message };
}

/** One line of ASCII, of a length that can be read, without a stack and without the password. */
export function expectPlain(line: string): void {
  expect(line).toMatch(/^[\x20-\x7e]{10,500}$/);
  expect(line).not.toMatch(/\bat \S+ ?\(?\S*:\d+:\d+|node:internal|undefined|\[object/);
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), 'battery', 'staple'])
    expect(line).not.toContain(secret);
}

/** As `told`, and nothing on this PC has changed by it: not a file, and no staging is left. */
export async function toldUntouched(pc: Pc, work: () => Promise<unknown>): Promise<Told> {
  const before = fingerprint(pc.game, [/^\.cloud-sync(\/|$)/]);
  const result = await told(work());
  expect(fingerprint(pc.game, [/^\.cloud-sync(\/|$)/])).toEqual(before);
  expect(leftovers(pc)).toEqual([]);
  return result;
}

/** What an unfinished command would leave behind in `.cloud-sync`. */
export function leftovers(pc: Pc): string[] {
  const names = readdirSync(pc.cloudFolder, { recursive: true, encoding: 'utf8' }).map((name) =>
    name.replaceAll('\\', '/'),
  );
  return names.filter((name) => /^(staging|lock)\/|\.tmp$|journal/.test(name));
}
