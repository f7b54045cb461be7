/**
 * A cloud in memory and the PCs of a player, all in this process: each PC has a real game folder and its own way to
 * the shared files, which can fail or wait at every call. No network, no threads, keys that cost nothing.
 *   newCloud()  ->  cloud.pc()  ->  pc.put(…), pc.push(), pc.pull()
 * A test file replaces base/sleep.js by no-wait.ts, or every push waits 200 ms for its lock to settle.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Manifest, ManifestEntry } from '../../src/archive/manifest.js';
import { savePortableTrees } from '../../src/archive/portable-tree.js';
import type { Backend } from '../../src/backend/backend.js';
import { memoryBackend } from '../../src/backend/memory.js';
import { utf8 } from '../../src/base/bytes.js';
import { isSyncError } from '../../src/base/errors.js';
import type { SnapshotId } from '../../src/base/ids.js';
import { loadZstd } from '../../src/compress/zstd.js';
import type { Remote } from '../../src/repo/remote.js';
import { Repository } from '../../src/repo/repository.js';
import type { Snapshot } from '../../src/repo/snapshot.js';
import { readManifest } from '../../src/restore/read-manifest.js';
import { init } from '../../src/sync/folder/init.js';
import type { KnownSnapshot } from '../../src/sync/merge/heads.js';
import { pull } from '../../src/sync/pull.js';
import { push } from '../../src/sync/push.js';
import type { PullResult, PushResult } from '../../src/sync/results.js';
import type { Services, SyncOptions } from '../../src/sync/session.js';
import { type Executor, inlineExecutor } from '../../src/worker/executor.js';
import { fileTools } from '../../src/worker/split.js';
import { addData, CHEAP, crypto, PASSWORD, POLYNOMIAL } from './repository.js';
import { tempFolder } from './temp.js';

/** "read snapshots", "write config", …; what it throws is the answer, what it waits for delays the call. */
export type Hook = (call: string) => Promise<void> | void;

export interface Hooks {
  before: Hook;
  /** After the call was carried out: what it throws is a lost answer. */
  after: Hook;
  /** With the path of each file that is about to be read; what it throws is the system's answer. */
  read: Hook;
}

export interface TestPc {
  readonly game: string;
  readonly cloudFolder: string;
  readonly hooks: Hooks;
  /** For the commands that have no method here: `undo({ packFolder: pc.game }, pc.services)`. */
  readonly services: Services;
  push(options?: SyncOptions): Promise<PushResult>;
  pull(options?: SyncOptions): Promise<PullResult>;
  /** Makes or replaces a file; its time is well in the past unless `now`. */
  put(path: string, content: string, time?: 'now'): void;
  link(path: string, target: string): void;
  mkdir(path: string): void;
  remove(path: string): void;
  rename(from: string, to: string): void;
  /** undefined: the default. */
  setScope(scope: { include?: string[]; exclude?: string[]; preset?: string } | undefined): void;
  /** Path → content (a link: "-> target", an empty folder: "folder") of all but `.cloud-sync`. */
  files(): Map<string, string>;
  /** Contents of all files in the trash. */
  trash(): string[];
  /** What a PC does that lost its power: files of ours stay as they are, but no process holds a lock. */
  reboot(): void;
}

export interface PcOptions {
  readonly platform?: NodeJS.Platform;
}

export interface ForeignOptions {
  readonly time?: string;
  readonly hostname?: string;
  readonly paths?: readonly string[];
  readonly parent?: SnapshotId;
  readonly tags?: readonly string[];
  /** Folders above the game folder, as `restic backup /home/kim/mc` stores them. */
  readonly below?: string;
  /** Default: none, as of restic before 0.15. */
  readonly programVersion?: string;
}

export interface TestCloud {
  readonly backend: Backend;
  pc(options?: PcOptions): Promise<TestPc>;
  open(): Promise<Repository>;
  /** Makes the repository before any PC does. */
  create(): Promise<Repository>;
  snapshots(): Promise<KnownSnapshot[]>;
  /** Path → content of a snapshot, as files() has it; every blob is read. */
  content(id: SnapshotId): Promise<Map<string, string>>;
  /** A snapshot that another program made. */
  foreign(files: Record<string, string>, options?: ForeignOptions): Promise<SnapshotId>;
  /** As `restic forget`. */
  forget(...ids: SnapshotId[]): Promise<void>;
}

/** Long before any test runs, in seconds: such a file counts as settled. */
const PAST = 1_700_000_000;
let instances = 0;

export async function newCloud(backend: Backend = memoryBackend()): Promise<TestCloud> {
  const zstd = await loadZstd();
  instances += 1;
  const instanceId = `01KAT8${String(instances).padStart(20, '0')}`;
  const base = { crypto, zstd };
  const catalogue = memoryBackend();
  const open = async (): Promise<Repository> => {
    const repo = await Repository.open({ ...base, backend, passwords: [PASSWORD] });
    await repo.loadIndex();
    return repo;
  };
  const create = (on: Backend = backend, signal?: AbortSignal): Promise<Repository> =>
    Repository.init({ ...base, backend: on, password: PASSWORD, chunkerPolynomial: POLYNOMIAL, scrypt: CHEAP, signal });
  const connect = (own: Backend): Remote => ({
    location: 'memory',
    listSnapshots: async (signal) => (await own.list('snapshots', { signal })).map(({ name }) => name as SnapshotId),
    open: (options) => Repository.open({ ...options, ...base, backend: own }),
    init: (_password, signal) => create(own, signal),
    clockSkewMs: () => undefined,
    close: async () => undefined,
  });
  return {
    backend,
    open,
    create: () => create(),
    pc: (options = {}) => makePc(instanceId, (own) => connect(own), { backend, catalogue }, options),
    snapshots: async () => {
      const repo = await open();
      const ids = await repo.listSnapshots();
      return Promise.all(ids.map(async (id) => ({ id, snapshot: await repo.loadSnapshot(id) })));
    },
    content: async (id) => contentOf(await open(), id),
    foreign: async (files, options = {}) => storeForeign(await open(), files, options),
    forget: async (...ids) => {
      for (const id of ids) await backend.remove('snapshots', id);
    },
  };
}

async function makePc(
  instanceId: string,
  connect: (own: Backend) => Remote,
  shared: { readonly backend: Backend; readonly catalogue: Backend },
  options: PcOptions,
): Promise<TestPc> {
  const game = join(tempFolder(), 'minecraft');
  mkdirSync(game);
  await init({ packFolder: game, url: 'http://127.0.0.1:1/', instanceId, token: `ann:${PASSWORD}` });
  const hooks: Hooks = { before: () => undefined, after: () => undefined, read: () => undefined };
  const services: Services = {
    connect: async ({ url }) => connect(url.endsWith('/catalogue/') ? shared.catalogue : hooked(shared.backend, hooks)),
    createExecutor: async ({ codec, config }) => {
      const executor = inlineExecutor(fileTools(codec, config.chunkerPolynomial));
      const saveFile: Executor['saveFile'] = async (path, sink, options) => {
        await hooks.read(path);
        return executor.saveFile(path, sink, options);
      };
      return { ...executor, saveFile };
    },
    version: '0.0.0',
    platform: options.platform ?? process.platform,
  };
  const cloudFolder = join(game, '.cloud-sync');
  const at = (path: string): string => join(game, ...path.split('/'));
  const inFolder = (path: string): string => {
    mkdirSync(dirname(at(path)), { recursive: true });
    return at(path);
  };
  return {
    game,
    cloudFolder,
    hooks,
    services,
    push: (more = {}) => push({ packFolder: game, ...more }, services),
    pull: (more = {}) => pull({ packFolder: game, ...more }, services),
    put: (path, content, time) => {
      writeFileSync(inFolder(path), content);
      if (time === undefined) utimesSync(at(path), PAST, PAST + 0.123);
    },
    link: (path, target) => symlinkSync(target, inFolder(path)),
    mkdir: (path) => mkdirSync(at(path), { recursive: true }),
    remove: (path) => rmSync(at(path), { recursive: true, force: true }),
    rename: (from, to) => renameSync(at(from), inFolder(to)),
    setScope: (scope) => {
      const path = join(cloudFolder, 'scope.json');
      if (scope === undefined) rmSync(path, { force: true });
      else writeFileSync(path, JSON.stringify({ schema: 1, ...scope }));
    },
    files: () => filesBelow(game, (path) => path !== '.cloud-sync'),
    trash: () => [...filesBelow(join(cloudFolder, 'trash'), () => true)].map(([, content]) => content),
    reboot: () => rmSync(join(cloudFolder, 'lock'), { recursive: true, force: true }),
  };
}

/** The PC's own way to the shared files. */
function hooked(inner: Backend, hooks: Hooks): Backend {
  const run = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    await hooks.before(call);
    const result = await work();
    await hooks.after(call);
    return result;
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

function filesBelow(root: string, wanted: (path: string) => boolean): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (folder: string): boolean => {
    let any = false;
    for (const name of readdirSync(join(root, folder)).sort()) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (!wanted(path)) continue;
      any = true;
      const full = join(root, path);
      const stats = lstatSync(full);
      if (stats.isSymbolicLink()) found.set(path, `-> ${readlinkSync(full)}`);
      else if (stats.isFile()) found.set(path, readFileSync(full, 'utf8'));
      else if (!visit(path)) found.set(path, 'folder');
    }
    return any;
  };
  try {
    visit('');
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('ENOENT')) throw error;
  }
  return found;
}

async function contentOf(repo: Repository, id: SnapshotId): Promise<Map<string, string>> {
  const { manifest } = await readManifest(repo, (await repo.loadSnapshot(id)).tree);
  const found = new Map<string, string>();
  for (const [path, entry] of [...manifest].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (entry.type === 'dir') found.set(path, 'folder');
    else if (entry.type === 'symlink') found.set(path, `-> ${entry.linktarget}`);
    else {
      const blobs = await Promise.all(entry.content.map((blob) => repo.loadBlob('data', blob)));
      found.set(path, Buffer.concat(blobs).toString('utf8'));
    }
  }
  return found;
}

async function storeForeign(
  repo: Repository,
  files: Record<string, string>,
  options: ForeignOptions,
): Promise<SnapshotId> {
  return repo.write({}, async (session) => {
    const manifest = new Map<string, ManifestEntry>();
    for (const [path, content] of Object.entries(files)) {
      const full = options.below === undefined ? path : `${options.below}/${path}`;
      const base = { executable: false, mtimeMs: PAST * 1000 };
      if (content.startsWith('-> ')) {
        manifest.set(full, { ...base, type: 'symlink', size: 0, content: [], linktarget: content.slice(3) });
      } else if (content === 'folder') manifest.set(full, { ...base, type: 'dir', size: 0, content: [] });
      else {
        const plain = utf8(content);
        const blobs = plain.length === 0 ? [] : [await addData(repo, session, plain)];
        manifest.set(full, { ...base, type: 'file', size: plain.length, content: blobs });
      }
    }
    const tree = await savePortableTrees(manifest, (plain) => session.saveTree(plain));
    const {
      time = '2026-01-01T00:00:00Z',
      hostname = 'other',
      paths = ['/game'],
      parent,
      tags,
      programVersion,
    } = options;
    const snapshot: Snapshot = {
      time,
      tree,
      paths,
      hostname,
      ...(parent === undefined ? {} : { parent }),
      ...(tags === undefined ? {} : { tags }),
      ...(programVersion === undefined ? {} : { programVersion }),
    };
    return session.commit(snapshot);
  });
}

/** The code with which the call failed; 'ok' if it did not. Anything but a SyncError is thrown on. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (isSyncError(error)) return error.code;
    throw error;
  }
}

/** An entry of a manifest for tests of pure decisions: equal text, equal content. */
export function fileOf(text: string): ManifestEntry {
  const id = createHash('sha256').update(text).digest('hex');
  return {
    type: 'file',
    size: text.length,
    executable: false,
    content: [id as ManifestEntry['content'][number]],
    mtimeMs: 0,
  };
}

/** {'a/b': 'text', 'l': '-> a', 'e': 'folder'} as a manifest. */
export function manifestFrom(files: Readonly<Record<string, string>>): Manifest {
  const none = { size: 0, executable: false, content: [], mtimeMs: 0 } as const;
  return new Map(
    Object.entries(files).map(([path, text]): [string, ManifestEntry] => {
      if (text === 'folder') return [path, { ...none, type: 'dir' }];
      if (text.startsWith('-> ')) return [path, { ...none, type: 'symlink', linktarget: text.slice(3) }];
      return [path, fileOf(text)];
    }),
  );
}

/** 64 hex digits, never twice the same. */
export function anyId(): SnapshotId {
  return randomBytes(32).toString('hex') as SnapshotId;
}
