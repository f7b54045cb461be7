/** Public repositories in memory or in a folder, whose keys cost nothing to derive, and a game folder to fill them. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backup } from '../../src/library/backup.js';
import { Opened } from '../../src/library/opened.js';
import { Repository, repositoryOf } from '../../src/library/repository.js';
import type { FaultyBackend } from '../helpers/faulty-backend.js';
import { localRepository } from '../helpers/local-repository.js';
import { noise, testRepository } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

export interface MemoryRepository {
  readonly repo: Repository;
  readonly backend: FaultyBackend;
}

export async function memoryRepository(): Promise<MemoryRepository> {
  const { repo: engine, backend } = await testRepository();
  return { repo: repositoryOf(new Opened(engine, { repository: 'memory', password: '' })), backend };
}

export interface FolderRepository {
  readonly repo: Repository;
  readonly path: string;
  readonly password: string;
  /** Names of the locks that are there. */
  locks(): string[];
  /** The same repository, opened once more. */
  open(): Promise<Repository>;
}

export async function folderRepository(version: 1 | 2 = 2): Promise<FolderRepository> {
  const { path, password } = await localRepository({ version });
  const open = (): Promise<Repository> => Repository.open({ repository: path, password });
  return { repo: await open(), path, password, open, locks: () => readdirSync(join(path, 'locks')) };
}

/** A folder with the folder `game` in it: options.txt, saves/Home/level.dat, mods/big.jar (3 MB, several blobs). */
export function gameFolder(): string {
  const cwd = tempFolder();
  mkdirSync(join(cwd, 'game/saves/Home'), { recursive: true });
  mkdirSync(join(cwd, 'game/mods'));
  writeFileSync(join(cwd, 'game/options.txt'), 'fov:90\n');
  writeFileSync(join(cwd, 'game/saves/Home/level.dat'), noise(20_000, 7));
  writeFileSync(join(cwd, 'game/mods/big.jar'), noise(3_000_000, 8));
  return cwd;
}

export async function backedUp(repo: Repository, cwd: string = gameFolder()): Promise<string> {
  await backup(repo, { cwd, paths: ['game'], hostname: 'pc' });
  return cwd;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await all(pieces));
}
