/**
 * A program: makes a repository that has nothing but index files, or loads the index of one, as told by one line of JSON:
 *   {"make": folder, "blobs"}    so many blobs, 20 in a pack, 50,000 in a file, as restic would have them
 *   {"load": folder}             prints what loading took, and how fast blobs are found
 */
import { randomFillSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LISTED_TYPES } from '../src/backend/backend.js';
import { localBackend } from '../src/backend/local.js';
import { memoryBackend } from '../src/backend/memory.js';
import { type Bytes, toHex } from '../src/base/bytes.js';
import type { BlobId, PackId } from '../src/base/ids.js';
import { loadZstd } from '../src/compress/zstd.js';
import { seal } from '../src/crypto/box.js';
import { defaultCrypto } from '../src/crypto/select.js';
import type { PackedBlob } from '../src/pack/header.js';
import { encodeIndexFile, type IndexPack } from '../src/repo/index-file.js';
import { Repository } from '../src/repo/repository.js';
import { encodeUnpacked } from '../src/repo/unpacked.js';

export interface LoadFigures {
  readonly blobs: number;
  readonly seconds: number;
  /** Bytes of arrays for a blob. */
  readonly arrays: number;
  /** Most resident bytes of the process. */
  readonly peak: number;
  /** Resident bytes before and after. */
  readonly before: number;
  readonly after: number;
  /** Answers in a second: to `has` for blobs that are there and for others, and to `find`. */
  readonly hits: number;
  readonly misses: number;
  readonly finds: number;
}

const PASSWORD = 'correct horse';
const POLYNOMIAL = '25b468838dcb75';
/** Deriving a key is no part of what is measured. */
const CHEAP = { N: 128, r: 1, p: 1 };
const BLOBS_IN_FILE = 50_000;
const BLOBS_IN_PACK = 20;
const ASKED = 500_000;

async function make(folder: string, blobs: number): Promise<void> {
  const backend = memoryBackend();
  const [crypto, zstd] = [defaultCrypto(), await loadZstd()];
  const options = { backend, crypto, zstd, password: PASSWORD, chunkerPolynomial: POLYNOMIAL, scrypt: CHEAP };
  const { codec } = await Repository.init(options);
  for (const type of LISTED_TYPES) mkdirSync(join(folder, type), { recursive: true });
  writeFileSync(join(folder, 'config'), await backend.read('config', ''));
  for (const { name } of await backend.list('keys')) {
    writeFileSync(join(folder, 'keys', name), await backend.read('keys', name));
  }
  for (let done = 0; done < blobs; done += BLOBS_IN_FILE) {
    const plain = encodeIndexFile(packsOf(Math.min(BLOBS_IN_FILE, blobs - done)));
    // Written plainly, without an fsync for each.
    const sealed = seal(codec.crypto, codec.key, encodeUnpacked(2, plain, codec.zstd));
    writeFileSync(join(folder, 'index', toHex(codec.crypto.sha256(sealed))), sealed);
  }
}

/** Ids and lengths by chance: compressed pieces of 0.5 to 1 MB. */
function packsOf(blobs: number): IndexPack[] {
  const count = Math.ceil(blobs / BLOBS_IN_PACK);
  const bytes = randomFillSync(new Uint8Array(32 * (count + blobs)));
  const idAt = <T extends string>(number: number): T => toHex(bytes.subarray(32 * number, 32 * number + 32)) as T;
  return Array.from({ length: count }, (_, pack) => {
    let offset = 0;
    const inPack = Math.min(BLOBS_IN_PACK, blobs - pack * BLOBS_IN_PACK);
    const entries = Array.from({ length: inPack }, (_unused, i): PackedBlob => {
      const number = count + pack * BLOBS_IN_PACK + i;
      const length = 500_000 + (bytes[32 * number] ?? 0) * 2000 + (bytes[32 * number + 1] ?? 0);
      const blob = { id: idAt<BlobId>(number), type: 'data' as const, offset, length, uncompressedLength: length * 2 };
      offset += length;
      return blob;
    });
    return { id: idAt<PackId>(pack), blobs: entries };
  });
}

async function load(folder: string): Promise<LoadFigures> {
  const [crypto, zstd] = [defaultCrypto(), await loadZstd()];
  const repo = await Repository.open({ backend: localBackend(folder), crypto, zstd, passwords: [PASSWORD] });
  const before = process.memoryUsage.rss();
  const start = performance.now();
  await repo.loadIndex();
  const seconds = (performance.now() - start) / 1000;
  const { index } = repo;
  const memory = { before, after: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 };
  const known = someOf(repo);
  const bytes: Bytes = randomFillSync(new Uint8Array(32 * known.length));
  const unknown = known.map((_, i) => toHex(bytes.subarray(32 * i, 32 * i + 32)) as BlobId);
  const speeds = {
    hits: askedInSecond(known, (id) => index.has('data', id)),
    misses: askedInSecond(unknown, (id) => !index.has('data', id)),
    finds: askedInSecond(known, (id) => index.find('data', id) !== undefined),
  };
  return { blobs: index.blobCount, seconds, arrays: index.bytes / index.blobCount, ...memory, ...speeds };
}

/** Blobs from all over the index, in no order. */
function someOf({ index }: Repository): BlobId[] {
  const count = Math.min(ASKED, index.blobCount);
  return Array.from({ length: count }, () => index.idOf(Math.floor(Math.random() * index.blobCount)));
}

function askedInSecond(ids: readonly BlobId[], ask: (id: BlobId) => boolean): number {
  const start = performance.now();
  for (const id of ids) if (!ask(id)) throw new Error(`the index gives a wrong answer about ${id}`);
  return ids.length / ((performance.now() - start) / 1000);
}

const wanted: { make?: string; load?: string; blobs?: number } = JSON.parse(process.argv[2] ?? '{}');
if (wanted.make !== undefined) await make(wanted.make, wanted.blobs ?? 0);
if (wanted.load !== undefined) console.log(JSON.stringify(await load(wanted.load)));
