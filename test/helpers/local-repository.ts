/** Repositories in a folder, with keys that cost nothing to derive: for comparing this program with the real ones. */
import { join } from 'node:path';
import { localBackend } from '../../src/backend/local.js';
import { loadZstd } from '../../src/compress/zstd.js';
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
