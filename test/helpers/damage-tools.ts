/** What the damages of damage.ts are made of: victims, files that change in place, packs and index files by hand. */
import { chmod, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { FileType } from '../../src/backend/backend.js';
import type { Bytes } from '../../src/base/bytes.js';
import { toHex, utf8 } from '../../src/base/bytes.js';
import type { BlobId, IndexId, PackId, SnapshotId, TreeId } from '../../src/base/ids.js';
import { open, seal } from '../../src/crypto/box.js';
import type { FinishedPack } from '../../src/pack/builder.js';
import { PackBuilder } from '../../src/pack/builder.js';
import type { PackedBlob } from '../../src/pack/header.js';
import type { SealedBlob } from '../../src/repo/codec.js';
import { blobId, sealBlob } from '../../src/repo/codec.js';
import { saveUnpacked } from '../../src/repo/files.js';
import type { IndexPack } from '../../src/repo/index-file.js';
import { encodeIndexFile } from '../../src/repo/index-file.js';
import type { Repository } from '../../src/repo/repository.js';
import { encodeSnapshot } from '../../src/repo/snapshot.js';
import { at, crypto, noise } from './repository.js';
import { openFolder } from './sound-repository.js';

/** What a damage hit. */
export interface Damage {
  readonly packs: readonly PackId[];
  readonly blobs: readonly BlobId[];
  /** Below the repository's folder: `index/<id>`. */
  readonly files: readonly string[];
}

/** What there is to break: in the latest snapshot, a file's first blob and a folder. */
export interface Victims {
  readonly snapshot: SnapshotId;
  readonly root: TreeId;
  /** The first folder in the root. */
  readonly subtree: TreeId;
  /** The first blob of the first file that has some and lies in a folder. */
  readonly data: BlobId;
  readonly dataPack: PackId;
  /** Where `subtree` lies. */
  readonly treePack: PackId;
}

export type Kind = (path: string) => Promise<Damage>;

export async function victims(repo: Repository): Promise<Victims> {
  const ids = await repo.listSnapshots();
  const loaded = await Promise.all(ids.map(async (id) => ({ id, snapshot: await repo.loadSnapshot(id) })));
  loaded.sort((a, b) => (a.snapshot.time < b.snapshot.time ? -1 : 1));
  const { id, snapshot } = at(loaded, loaded.length - 1);
  let subtree: TreeId | undefined;
  for (let tree: TreeId | undefined = snapshot.tree; tree !== undefined; ) {
    const nodes = await repo.loadTree(tree);
    const data = nodes.find((node) => (node.content?.length ?? 0) > 0)?.content?.[0];
    if (data !== undefined && subtree !== undefined) {
      const dataPack = at(repo.index.locate('data', data), 0).pack;
      const treePack = at(repo.index.locate('tree', subtree), 0).pack;
      return { snapshot: id, root: snapshot.tree, subtree, data, dataPack, treePack };
    }
    tree = nodes.find((node) => node.subtree !== undefined)?.subtree;
    subtree ??= tree;
  }
  throw new Error('the repository has no folder with a file in it');
}

export const NOTHING: Damage = { packs: [], blobs: [], files: [] };

/** Where a file of the repository lies. */
export function fileOf(path: string, type: FileType, name: string): string {
  if (type === 'config') return join(path, 'config');
  return type === 'data' ? join(path, 'data', name.slice(0, 2), name) : join(path, type, name);
}

/** Replaces a stored file, which restic makes read-only. */
export async function overwrite(file: string, change: (bytes: Bytes) => Bytes): Promise<void> {
  const bytes = new Uint8Array(await readFile(file));
  await chmod(file, 0o600);
  await writeFile(file, change(bytes));
}

export function flip(offset: number): (bytes: Bytes) => Bytes {
  return (bytes) => {
    const index = offset < 0 ? bytes.length + offset : offset;
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    return bytes;
  };
}

export const halve = (bytes: Bytes): Bytes => bytes.subarray(0, bytes.length >> 1);
export const nothing = (): Bytes => new Uint8Array();

// ---- packs

export function onPack(which: 'dataPack' | 'treePack', change: ((bytes: Bytes) => Bytes) | undefined): Kind {
  return async (path) => {
    const pack = (await victims(await openFolder(path)))[which];
    const file = fileOf(path, 'data', pack);
    if (change) await overwrite(file, change);
    else await unlink(file);
    return { ...NOTHING, packs: [pack], files: [`data/${pack.slice(0, 2)}/${pack}`] };
  };
}

/** Flips a bit inside the stored form of a blob. */
export function onBlob(type: 'data' | 'tree', victim: 'data' | 'subtree' | 'root'): Kind {
  return async (path) => {
    const repo = await openFolder(path);
    const id = (await victims(repo))[victim];
    const { pack, offset, length } = at(repo.index.locate(type, id), 0);
    await overwrite(fileOf(path, 'data', pack), flip(offset + (length >> 1)));
    return { packs: [pack], blobs: [id], files: [`data/${pack.slice(0, 2)}/${pack}`] };
  };
}

/** Puts a pack into the repository, and into an index file unless that is not wanted. */
export async function storePack(
  repo: Repository,
  blobs: readonly SealedBlob[],
  options: { index?: boolean | ((blobs: readonly PackedBlob[]) => PackedBlob[]) } = {},
): Promise<PackId> {
  const builder = new PackBuilder(new Uint8Array(60));
  for (const blob of blobs) builder.add(blob);
  return storeFinished(repo, builder.finish(headerBox(repo)), options.index ?? true);
}

export function headerBox(repo: Repository): { seal(plain: Bytes): Bytes; open(sealed: Bytes): Bytes } {
  const { codec } = repo;
  return {
    seal: (plain) => seal(codec.crypto, codec.key, plain),
    open: (sealed) => open(codec.crypto, codec.key, sealed, 'header'),
  };
}

export async function storeFinished(
  repo: Repository,
  pack: FinishedPack,
  index: boolean | ((blobs: readonly PackedBlob[]) => PackedBlob[]),
): Promise<PackId> {
  const id = toHex(crypto.sha256(pack.bytes)) as PackId;
  const folder = dirname(fileOf(repo.backend.location, 'data', id));
  // A copy that was made to be read lacks it (copyToRead); a repository in memory has no folders.
  if (isAbsolute(folder)) await mkdir(folder, { recursive: true });
  await repo.backend.write('data', id, pack.bytes);
  const blobs = typeof index === 'function' ? index(pack.blobs) : [...pack.blobs];
  if (index !== false) await saveIndex(repo, [{ id, blobs }]);
  return id;
}

export function saveIndex(repo: Repository, packs: readonly IndexPack[]): Promise<IndexId> {
  return saveUnpacked<IndexId>(repo.backend, repo.codec, 'index', encodeIndexFile(packs));
}

export function dataBlob(repo: Repository, plain: Bytes): SealedBlob {
  return sealBlob(repo.codec, 'data', blobId(crypto, plain), plain);
}

/** Replaces all index files by one that `change` made of them. */
export async function rewriteIndex(repo: Repository, change: (packs: IndexPack[]) => IndexPack[]): Promise<string[]> {
  const packs: IndexPack[] = [];
  const ids = await repo.listIndexFiles();
  for (const id of ids) packs.push(...(await repo.readIndexFile(id)).packs);
  for (const id of ids) await repo.backend.remove('index', id);
  return [`index/${await saveIndex(repo, change(packs))}`];
}

/** Changes (or, by undefined, takes out) the index entry of a blob. */
export function onEntry(
  type: 'data' | 'tree',
  victim: 'data' | 'subtree' | 'root',
  change: (blob: PackedBlob) => PackedBlob | undefined,
): Kind {
  return async (path) => {
    const repo = await openFolder(path);
    const id = (await victims(repo))[victim];
    const packs = repo.index.locate(type, id).map(({ pack }) => pack);
    const changed = (blob: PackedBlob): PackedBlob[] => {
      const other = blob.id === id && blob.type === type ? change(blob) : blob;
      return other === undefined ? [] : [other];
    };
    const files = await rewriteIndex(repo, (all) =>
      all.map((pack) => ({ id: pack.id, blobs: pack.blobs.flatMap(changed) })),
    );
    return { packs, blobs: [id], files };
  };
}

export async function headerDisagrees(path: string, rename: boolean): Promise<Damage> {
  const repo = await openFolder(path);
  const [one, two] = [dataBlob(repo, noise(900, 91)), dataBlob(repo, noise(900, 92))];
  const index = (blobs: readonly PackedBlob[]): PackedBlob[] =>
    rename ? blobs.map((blob, i) => ({ ...blob, id: at([two.id, one.id], i) })) : [at(blobs, 0)];
  const pack = await storePack(repo, [one, two], { index });
  return { ...NOTHING, packs: [pack], blobs: [one.id, two.id] };
}

// ---- small files

export function onFile(type: FileType, change: ((bytes: Bytes) => Bytes) | undefined): Kind {
  return async (path) => {
    const repo = await openFolder(path, { index: false });
    const name = type === 'config' ? '' : await firstOf(repo, type);
    const file = fileOf(path, type, name);
    if (change) await overwrite(file, change);
    else await unlink(file);
    return { ...NOTHING, files: [type === 'config' ? 'config' : `${type}/${name}`] };
  };
}

/** The latest snapshot, the index file that knows the victims, the first of all others. */
export async function firstOf(repo: Repository, type: Exclude<FileType, 'config'>): Promise<string> {
  if (type === 'snapshots' || type === 'index') await repo.loadIndex();
  if (type === 'snapshots') return (await victims(repo)).snapshot;
  if (type === 'index') return indexOf(repo, (await victims(repo)).treePack);
  return at((await repo.backend.list(type)).map((file) => file.name).sort(), 0);
}

async function indexOf(repo: Repository, pack: PackId): Promise<IndexId> {
  for (const id of await repo.listIndexFiles()) {
    if ((await repo.readIndexFile(id)).packs.some((one) => one.id === pack)) return id;
  }
  throw new Error('no index file names the pack');
}

export async function sealedFile(path: string, type: 'index' | 'snapshots', text: string): Promise<Damage> {
  const repo = await openFolder(path);
  const id = await saveUnpacked(repo.backend, repo.codec, type, utf8(text));
  return { ...NOTHING, files: [`${type}/${id}`] };
}

// ---- trees

export const ABSENT = 'e'.repeat(64) as BlobId;

/** JSON of a node, for trees that the engine refuses to write. */
export function nodeText(name: string, type: string, members: Readonly<Record<string, unknown>>): string {
  const time = '2026-11-22T10:00:00Z';
  return JSON.stringify({ name, type, mode: 420, mtime: time, atime: time, ctime: time, uid: 0, gid: 0, ...members });
}

/** Stores the text as a tree, and a snapshot of it later than all others. */
export async function snapshotOfTree(path: string, text: string | Bytes): Promise<Damage> {
  const repo = await openFolder(path);
  const plain = typeof text === 'string' ? utf8(text) : text;
  const id = blobId(crypto, plain);
  await storePack(repo, [sealBlob(repo.codec, 'tree', id, plain)]);
  const time = '2026-11-24T10:00:00Z';
  const snapshot = await repo.saveSnapshot({ time, tree: id, paths: ['/game'], hostname: 'gamma' });
  return { ...NOTHING, blobs: [id], files: [`snapshots/${snapshot}`] };
}

export function badNodes(...nodes: readonly string[]): Kind {
  return (path) => snapshotOfTree(path, `{"nodes":[${nodes.join(',')}]}\n`);
}

export const emptyFile = (name: string): string => nodeText(name, 'file', { content: [] });

// ---- copies of blobs

/** Stores the victim a second time; `which` copy, in the order of the index, is then broken. */
export async function duplicateBlob(path: string, broken?: 'first' | 'second' | 'both'): Promise<Damage> {
  const repo = await openFolder(path);
  const { data } = await victims(repo);
  const plain = await repo.loadBlob('data', data);
  await storePack(repo, [sealBlob(repo.codec, 'data', data, plain), dataBlob(repo, noise(500, 93))]);
  const copies = (await openFolder(path)).index.locate('data', data);
  const hit = broken === undefined ? [] : broken === 'both' ? copies : [at(copies, broken === 'first' ? 0 : 1)];
  for (const { pack, offset } of hit) await overwrite(fileOf(path, 'data', pack), flip(offset + 20));
  return { ...NOTHING, packs: hit.map(({ pack }) => pack), blobs: [data] };
}

/** Writes snapshots and index files in the form of version 1, and returns the packs with compressed blobs. */
export async function plainIndexFiles(repo: Repository): Promise<PackId[]> {
  const plain = { ...repo.codec, version: 1 as const };
  const packs: PackId[] = [];
  for (const id of await repo.listIndexFiles()) {
    const file = await repo.readIndexFile(id);
    await repo.backend.remove('index', id);
    await saveUnpacked(repo.backend, plain, 'index', encodeIndexFile(file.packs));
    for (const pack of file.packs) {
      if (pack.blobs.some((blob) => blob.uncompressedLength !== undefined)) packs.push(pack.id);
    }
  }
  for (const id of await repo.listSnapshots()) {
    const snapshot = await repo.loadSnapshot(id);
    await repo.removeSnapshot(id);
    await saveUnpacked(repo.backend, plain, 'snapshots', encodeSnapshot(snapshot));
  }
  return packs;
}
