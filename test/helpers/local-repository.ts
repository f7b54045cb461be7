/** Repositories in a folder, with keys that cost nothing to derive: for comparing this program with the real ones. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { localBackend } from '../../src/backend/local.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { addKey } from '../../src/repo/create.js';
import type { InitOptions } from '../../src/repo/repository.js';
import { Repository } from '../../src/repo/repository.js';
import { CHEAP, crypto, PASSWORD, POLYNOMIAL } from './repository.js';
import { tempFolder } from './temp.js';

export interface LocalRepository {
  /** For the real programs: `{ repo: path, password }`. */
  readonly path: string;
  readonly password: string;
  readonly repo: Repository;
  /** Opens it again, with the index loaded. */
  reopen(): Promise<Repository>;
}

export async function localRepository(options: Partial<InitOptions> = {}): Promise<LocalRepository> {
  const path = join(tempFolder(), 'repository');
  const repo = await Repository.init({
    backend: localBackend(path),
    crypto,
    zstd: await loadZstd(),
    password: PASSWORD,
    chunkerPolynomial: POLYNOMIAL,
    scrypt: CHEAP,
    ...options,
  });
  return { path, password: PASSWORD, repo, reopen: () => openLocal(path) };
}

/** One that is there already, with the index loaded. */
export async function openLocal(path: string, password: string = PASSWORD): Promise<Repository> {
  const backend = localBackend(path);
  const repo = await Repository.open({ backend, crypto, zstd: await loadZstd(), passwords: [password] });
  await repo.loadIndex();
  return repo;
}

/** Puts a key that costs nothing in the place of the one that `init` made, whose every use takes half a second. */
export async function cheapenKey(folder: string, password: string = PASSWORD): Promise<void> {
  const { backend, codec } = await openLocal(folder, password);
  const keys = join(folder, 'keys');
  const made = readdirSync(keys);
  await addKey(backend, codec, password, CHEAP);
  for (const name of made) rmSync(join(keys, name), { force: true });
}
