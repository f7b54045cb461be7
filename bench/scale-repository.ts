/**
 * Large repositories made quickly by the engine itself: one tree of many small files, of which each snapshot changes
 * some. No pack is flushed between snapshots, so that the number of packs is what was asked for.
 */
import { type Bytes, utf8 } from '../src/base/bytes.js';
import type { BlobId, SnapshotId, TreeId } from '../src/base/ids.js';
import { SEAL_OVERHEAD, seal } from '../src/crypto/box.js';
import { blobId } from '../src/repo/codec.js';
import { formatGoTime } from '../src/repo/go-time.js';
import type { Repository } from '../src/repo/repository.js';
import type { WriteSession } from '../src/repo/session.js';
import { encodeTree, type TreeNode } from '../src/repo/tree.js';

export interface BigOptions {
  readonly files: number;
  /** About so many packs of data; a few more hold the trees. */
  readonly packs: number;
  readonly snapshots: number;
  /** Files that each snapshot has changed since the one before; 1 by default. */
  readonly changes?: number;
  /** Bytes of a file; 100 by default. */
  readonly fileSize?: number;
  /** Snapshots are this many minutes apart, the last one at 2026-01-01; 60 by default. */
  readonly minutesApart?: number;
  readonly hostname?: string;
  /** Blobs at which an index file is written; 50,000 by default. */
  readonly indexBlobs?: number;
}

export interface BigRepository {
  /** From the oldest to the newest. */
  readonly snapshots: readonly SnapshotId[];
  readonly trees: readonly TreeId[];
}

const FILES_PER_FOLDER = 50;
const FOLDERS_PER_FOLDER = 64;
const MINUTE = 60_000_000_000n;
const LAST = 1_767_225_600n * 1_000_000_000n;
const PATHS = ['/big'];

/** Fills a new repository, and loads its index on the way. */
export async function buildBigRepository(repo: Repository, options: BigOptions): Promise<BigRepository> {
  const { files, packs, fileSize = 100, changes = 1 } = options;
  const blobs = files + (options.snapshots - 1) * changes;
  const packSize = Math.max(1, Math.floor((blobs * (fileSize + SEAL_OVERHEAD)) / packs));
  const { indexBlobs } = options;
  const trees = await repo.write({ packSize, ...(indexBlobs !== undefined && { indexBlobs }) }, async (session) => {
    const folder = await Folder.create(repo, session, fileSize, files);
    const roots = [await folder.save()];
    for (let number = 1; number < options.snapshots; number++) {
      for (let i = 0; i < changes; i++) await folder.change(((number * changes + i) * 7919) % files, number);
      roots.push(await folder.save());
    }
    await session.flush();
    return roots;
  });
  return { snapshots: await saveSnapshots(repo, trees, options), trees };
}

async function saveSnapshots(
  repo: Repository,
  trees: readonly TreeId[],
  { minutesApart = 60, hostname = 'big' }: BigOptions,
): Promise<SnapshotId[]> {
  const ids: SnapshotId[] = [];
  for (const [i, tree] of trees.entries()) {
    const time = formatGoTime(LAST - BigInt((trees.length - 1 - i) * minutesApart) * MINUTE);
    ids.push(await repo.saveSnapshot({ time, tree, paths: PATHS, hostname }));
  }
  return ids;
}

/** The whole tree in memory, of which only changed folders are encoded anew. */
class Folder {
  readonly #repo: Repository;
  readonly #session: WriteSession;
  readonly #fileSize: number;
  readonly #content: BlobId[];
  /** Level 0 holds the folders of files, the next the folders of those, …; the last has one. */
  readonly #levels: (TreeId | undefined)[][] = [];

  private constructor(repo: Repository, session: WriteSession, fileSize: number, content: BlobId[]) {
    this.#repo = repo;
    this.#session = session;
    this.#fileSize = fileSize;
    this.#content = content;
    let count = Math.ceil(content.length / FILES_PER_FOLDER);
    for (;;) {
      this.#levels.push(new Array<TreeId | undefined>(count).fill(undefined));
      if (count <= 1) break;
      count = Math.ceil(count / FOLDERS_PER_FOLDER);
    }
  }

  static async create(repo: Repository, session: WriteSession, fileSize: number, files: number): Promise<Folder> {
    const content: BlobId[] = [];
    for (let i = 0; i < files; i++) content.push(await saveData(repo, session, fileContent(i, 0, fileSize)));
    return new Folder(repo, session, fileSize, content);
  }

  async change(file: number, version: number): Promise<void> {
    const plain = fileContent(file, version, this.#fileSize);
    this.#content[file] = await saveData(this.#repo, this.#session, plain);
    let at = Math.floor(file / FILES_PER_FOLDER);
    for (const level of this.#levels) {
      level[at] = undefined;
      at = Math.floor(at / FOLDERS_PER_FOLDER);
    }
  }

  async save(): Promise<TreeId> {
    let root: TreeId | undefined;
    for (const [depth, level] of this.#levels.entries()) {
      for (const [at, known] of level.entries()) {
        const tree = known ?? (await this.#session.saveTree(encodeTree(this.#nodes(depth, at))));
        level[at] = tree;
        root = tree;
      }
    }
    if (root === undefined) throw new Error('there are no files');
    return root;
  }

  #nodes(depth: number, at: number): TreeNode[] {
    const name = (i: number): string => String(i).padStart(8, '0');
    if (depth === 0) {
      const from = at * FILES_PER_FOLDER;
      const ids = this.#content.slice(from, from + FILES_PER_FOLDER);
      return ids.map((id, i) => ({
        name: name(from + i),
        type: 'file',
        mode: 420,
        size: this.#fileSize,
        content: [id],
      }));
    }
    const from = at * FOLDERS_PER_FOLDER;
    const below = this.#levels[depth - 1]?.slice(from, from + FOLDERS_PER_FOLDER) ?? [];
    return below.map((subtree, i): TreeNode => {
      if (subtree === undefined) throw new Error('a folder was saved before what is in it');
      return { name: name(from + i), type: 'dir', mode: 2147484141, subtree };
    });
  }
}

async function saveData(repo: Repository, session: WriteSession, plain: Bytes): Promise<BlobId> {
  const { codec } = repo;
  const id = blobId(codec.crypto, plain);
  // Not compressed, which would take longer than all the rest.
  const sealed = (): Bytes => seal(codec.crypto, codec.key, plain);
  if (session.claim('data', id)) await session.add({ id, type: 'data', sealed: sealed() }, plain.length);
  return id;
}

export function fileContent(file: number, version: number, size: number): Bytes {
  return utf8(`file ${file} version ${version} `.padEnd(size, 'x'));
}
