/**
 * A server in memory with the repositories of its users, each behind the user's password, and game folders that are set
 * up at it. Keys cost nothing if the test file replaces crypto/kdf.js by cheap-keys.ts, and pauses by no-wait.ts.
 *   const server = newAccountServer({ kim: 'old' });  const pc = await server.pc();  await pc.push()
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Backend } from '../../src/backend/backend.js';
import { memoryBackend } from '../../src/backend/memory.js';
import { SyncError } from '../../src/base/errors.js';
import type { SnapshotId } from '../../src/base/ids.js';
import { loadZstd } from '../../src/compress/zstd.js';
import type { Remote } from '../../src/repo/remote.js';
import { Repository } from '../../src/repo/repository.js';
import { init } from '../../src/sync/folder/init.js';
import { push } from '../../src/sync/push.js';
import type { PushResult } from '../../src/sync/results.js';
import type { Address, Services, SyncOptions, SyncSession } from '../../src/sync/session.js';
import { openSession } from '../../src/sync/session.js';
import { inlineExecutor } from '../../src/worker/executor.js';
import { fileTools } from '../../src/worker/split.js';
import { crypto, POLYNOMIAL } from './repository.js';
import { tempFolder } from './temp.js';

export const SERVER = 'http://127.0.0.1:1/';

export interface AccountPc {
  readonly game: string;
  readonly instanceId: string;
  push(options?: SyncOptions): Promise<PushResult>;
  /** Runs `work` with a session of the game folder. */
  session<T>(work: (session: SyncSession) => Promise<T>, options?: SyncOptions): Promise<T>;
  /** The lines of a file of `.cloud-sync`; none if it is not there. */
  lines(name: string): string[];
}

export interface AccountServer {
  /** User → password; to be changed as an operator does. */
  readonly users: Record<string, string>;
  readonly services: Services;
  /** "list keys kim/catalogue", … */
  readonly calls: string[];
  /** What it throws is the answer, what it waits for delays the call. */
  before: (call: string) => void | Promise<void>;
  pc(options?: { readonly token?: string; readonly instanceId?: string }): Promise<AccountPc>;
  /** The engine's view of `kim/catalogue`, opened by a password. */
  open(place: string, password: string): Promise<Repository>;
  places(): string[];
  keys(place: string): Promise<number>;
  remove(place: string): void;
}

let instances = 0;

export function newAccountServer(users: Record<string, string>): AccountServer {
  const backends = new Map<string, Backend>();
  const calls: string[] = [];
  const at = (place: string): Backend => {
    const backend = backends.get(place) ?? memoryBackend();
    backends.set(place, backend);
    return backend;
  };
  const server: AccountServer = {
    users,
    calls,
    before: () => undefined,
    services: { connect, createExecutor, version: '0.0.0', platform: process.platform },
    pc: (options = {}) => makePc(server, options),
    open: async (place, password) => {
      const repo = await Repository.open({ backend: at(place), crypto, zstd: await loadZstd(), passwords: [password] });
      await repo.loadIndex();
      return repo;
    },
    places: () => [...backends.keys()].sort(),
    keys: async (place) => (await at(place).list('keys')).length,
    remove: (place) => backends.delete(place),
  };

  async function connect({ url, username, password }: Address): Promise<Remote> {
    const place = url.slice(SERVER.length).replace(/\/$/, '');
    const backend = guarded(at(place), async (call) => {
      calls.push(`${call} ${place}`);
      await server.before(`${call} ${place}`);
      if (users[username] === password) return;
      throw new SyncError('unauthorized', `${call} at ${place}: the server answered 401`);
    });
    const base = { crypto, zstd: await loadZstd(), backend };
    return {
      location: place,
      listSnapshots: async (signal) =>
        (await backend.list('snapshots', { signal })).map(({ name }) => name as SnapshotId),
      open: (options) => Repository.open({ ...options, ...base }),
      init: (secret, signal) => Repository.init({ ...base, password: secret, chunkerPolynomial: POLYNOMIAL, signal }),
      clockSkewMs: () => undefined,
      close: async () => undefined,
    };
  }
  return server;
}

const createExecutor: Services['createExecutor'] = async ({ codec, config }) => {
  return inlineExecutor(fileTools(codec, config.chunkerPolynomial));
};

function guarded(inner: Backend, check: (call: string) => Promise<void>): Backend {
  const run = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    await check(call);
    return work();
  };
  return {
    location: inner.location,
    create: (options) => run('create', () => inner.create(options)),
    list: (type, options) => run(`list ${type}`, () => inner.list(type, options)),
    stat: (type, name, options) => run(`stat ${type}`, () => inner.stat(type, name, options)),
    read: (type, name, range, options) => run(`read ${type}`, () => inner.read(type, name, range, options)),
    write: (type, name, data, options) => run(`write ${type}`, () => inner.write(type, name, data, options)),
    remove: (type, name, options) => run(`remove ${type}`, () => inner.remove(type, name, options)),
    close: async () => undefined,
  };
}

async function makePc(
  server: AccountServer,
  options: { readonly token?: string; readonly instanceId?: string },
): Promise<AccountPc> {
  instances += 1;
  const game = join(tempFolder(), `World ${instances}`, 'minecraft');
  mkdirSync(join(game, 'saves'), { recursive: true });
  writeFileSync(join(game, 'options.txt'), `fov:${instances}\n`);
  const [[user = '', password = ''] = []] = Object.entries(server.users);
  const { instanceId = `01KAT9${String(instances).padStart(20, '0')}`, token = `${user}:${password}` } = options;
  await init({ packFolder: game, url: SERVER, instanceId, token });
  return {
    game,
    instanceId,
    push: (more = {}) => push({ packFolder: game, ...more }, server.services),
    session: async (work, more = {}) => {
      const found = await openSession({ packFolder: game, ...more }, server.services, async (session) => ({
        value: await work(session),
      }));
      if (found === undefined) throw new Error(`${basename(game)} is not set up`);
      return found.value;
    },
    lines: (name) => {
      const path = join(game, '.cloud-sync', name);
      return existsSync(path)
        ? readFileSync(path, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
        : [];
    },
  };
}
