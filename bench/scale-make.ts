/**
 * A program: makes what the scale run measures, from one line of JSON in its first argument:
 *   {"tree": folder, "files"}                                    a folder of so many small files
 *   {"repositories": [folder, …], "files", "packs", "snapshots"}   the same repository in each; an empty one without files
 * Repositories are built in memory and written plainly: no fsync, which would take most of the time.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../src/backend/backend.js';
import { LISTED_TYPES } from '../src/backend/backend.js';
import { memoryBackend } from '../src/backend/memory.js';
import { loadZstd } from '../src/compress/zstd.js';
import { defaultCrypto } from '../src/crypto/select.js';
import { Repository } from '../src/repo/repository.js';
import { buildBigRepository } from './scale-repository.js';

interface Wanted {
  readonly tree?: string;
  readonly repositories?: readonly string[];
  readonly password?: string;
  readonly files?: number;
  readonly packs?: number;
  readonly snapshots?: number;
}

const POLYNOMIAL = '25b468838dcb75';
/** Deriving a key is no part of what is measured. */
const CHEAP = { N: 128, r: 1, p: 1 };
const FILES_PER_FOLDER = 200;
const FOLDERS_PER_FOLDER = 32;
const FILE_SIZE = 500;

/** Folders of 200 files each, 32 of them in a folder; sizes from 100 to 2,099 bytes. */
function makeTree(folder: string, files: number): void {
  for (let first = 0; first < files; first += FILES_PER_FOLDER) {
    const number = first / FILES_PER_FOLDER;
    const at = join(folder, `part ${Math.floor(number / FOLDERS_PER_FOLDER)}`, `folder ${number}`);
    mkdirSync(at, { recursive: true });
    for (let i = first; i < Math.min(files, first + FILES_PER_FOLDER); i++) {
      writeFileSync(join(at, `file ${i}.txt`), `file ${i} `.repeat(200).slice(0, 100 + ((i * 7919) % 2000)));
    }
  }
}

async function makeRepositories(folders: readonly string[], wanted: Wanted): Promise<void> {
  const backend = memoryBackend();
  const { password = '', files = 0, packs = 1, snapshots = 1 } = wanted;
  const repo = await Repository.init({
    backend,
    crypto: defaultCrypto(),
    zstd: await loadZstd(),
    password,
    chunkerPolynomial: POLYNOMIAL,
    scrypt: CHEAP,
  });
  if (files > 0) {
    // An index file for each snapshot, as if each had been made by a backup of its own.
    const indexBlobs = Math.ceil((files + snapshots) / snapshots);
    await buildBigRepository(repo, { files, packs, snapshots, fileSize: FILE_SIZE, indexBlobs });
  }
  for (const folder of folders) await writeOut(backend, folder);
}

/** In restic's layout. */
async function writeOut(backend: Backend, folder: string): Promise<void> {
  for (const type of LISTED_TYPES) mkdirSync(join(folder, type), { recursive: true });
  for (let i = 0; i < 256; i++) mkdirSync(join(folder, 'data', i.toString(16).padStart(2, '0')), { recursive: true });
  writeFileSync(join(folder, 'config'), await backend.read('config', ''));
  for (const type of LISTED_TYPES) {
    for (const { name } of await backend.list(type)) {
      const at = type === 'data' ? join(folder, type, name.slice(0, 2)) : join(folder, type);
      writeFileSync(join(at, name), await backend.read(type, name));
    }
  }
}

const wanted: Wanted = JSON.parse(process.argv[2] ?? '{}');
if (wanted.tree !== undefined) makeTree(wanted.tree, wanted.files ?? 0);
if (wanted.repositories !== undefined) await makeRepositories(wanted.repositories, wanted);
