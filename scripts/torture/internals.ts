/**
 * What the torture needs of the sources beside the hook itself: the commands in this process (a process for each would
 * take ten times as long), and a look into repositories and into what lies in `.cloud-sync`. Bundled before it is run.
 */
import { localBackend } from '../../src/backend/local.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { DEFAULT_SCRYPT } from '../../src/crypto/kdf.js';
import { defaultCrypto } from '../../src/crypto/select.js';
import { Repository } from '../../src/repo/repository.js';
import { readManifest } from '../../src/restore/read-manifest.js';

export { isSyncError } from '../../src/base/errors.js';
export { init, pull, push } from '../../src/index.js';
export { decodeFileTable, encodeFileTable } from '../../src/sync/folder/file-table.js';

/** Deriving a key is not what is tortured: also for repositories that the commands in this process make. */
const CHEAP = { N: 128, r: 1, p: 1 };
Object.assign(DEFAULT_SCRYPT, CHEAP);

async function open(folder: string, password: string): Promise<Repository> {
  const backend = localBackend(folder);
  return Repository.open({ backend, crypto: defaultCrypto(), zstd: await loadZstd(), passwords: [password] });
}

/** An empty repository as a first push makes it. */
export async function makeRepository(folder: string, password: string): Promise<void> {
  const polynomial = { chunkerPolynomial: '25b468838dcb75' };
  const parts = { backend: localBackend(folder), crypto: defaultCrypto(), zstd: await loadZstd() };
  await Repository.init({ ...parts, ...polynomial, password });
}

export interface History {
  readonly id: string;
  readonly parent: string | undefined;
  readonly tags: readonly string[];
  /** Path -> ids of the blobs of a file. All of them are in the index. */
  readonly files: ReadonlyMap<string, readonly string[]>;
}

export interface OpenHistory {
  readonly snapshots: readonly History[];
  /** The plain bytes of a blob. */
  blob(id: string): Promise<Uint8Array>;
}

/** Every snapshot of a repository that is a folder; `known` are not read again. Throws if a blob is in no pack. */
export async function readHistory(
  folder: string,
  password: string,
  known: ReadonlyMap<string, History>,
): Promise<OpenHistory> {
  const repo = await open(folder, password);
  await repo.loadIndex();
  const snapshots: History[] = [];
  for (const id of await repo.listSnapshots()) {
    snapshots.push(known.get(id) ?? (await readSnapshot(repo, id)));
  }
  return { snapshots, blob: (id) => repo.loadBlob('data', id as Parameters<typeof repo.loadBlob>[1]) };
}

async function readSnapshot(repo: Repository, id: Parameters<Repository['loadSnapshot']>[0]): Promise<History> {
  const { tree, parent, tags = [] } = await repo.loadSnapshot(id);
  const files = new Map<string, readonly string[]>();
  for (const [path, { type, content }] of (await readManifest(repo, tree)).manifest) {
    if (type !== 'file') continue;
    const lost = content.find((blob) => !repo.index.has('data', blob));
    if (lost !== undefined) throw new Error(`snapshot ${id}: ${path} has a blob that is in no pack: ${lost}`);
    files.set(path, content);
  }
  return { id, parent, tags, files };
}
