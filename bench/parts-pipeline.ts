/** All parts of a push and of a pull but files and network: a batch of files becomes sealed blobs, and these files again. */
import { type Bytes, toHex } from '../src/base/bytes.js';
import { type Chunker, createChunker, MIN_CHUNK } from '../src/chunker/chunker.js';
import { type PageLayout, pageLayoutOf } from '../src/chunker/pages.js';
import { parsePolynomial } from '../src/chunker/polynomial.js';
import { compressByContent, type LevelMemory, newLevelMemory } from '../src/compress/choose-level.js';
import type { Zstd } from '../src/compress/zstd.js';
import type { CryptoProvider } from '../src/crypto/provider.js';
import { type Clock, must, sum } from './parts-clock.js';
import type { GameFile } from './parts-files.js';

const POLYNOMIAL = parsePolynomial('25b468838dcb75');
/** Bytes of a file's start that tell its layout. */
const LAYOUT_START = 100;

export interface Sealed {
  readonly path: string;
  readonly plainLength: number;
  readonly id: Bytes;
  readonly iv: Bytes;
  readonly ciphertext: Bytes;
}

export class Pipeline {
  readonly #key: Bytes;
  readonly #crypto: CryptoProvider;
  readonly #zstd: Zstd;
  readonly #chunker: Chunker = createChunker(POLYNOMIAL);

  constructor(crypto: CryptoProvider, zstd: Zstd) {
    this.#crypto = crypto;
    this.#zstd = zstd;
    this.#key = crypto.randomBytes(32);
  }

  save(clock: Clock, files: readonly GameFile[]): Sealed[] {
    const [crypto, zstd, key] = [this.#crypto, this.#zstd, this.#key];
    const total = sum(files.map(({ size }) => size));
    const chunks = clock.time('cut', total, () => files.flatMap((file) => this.#cut(file)));
    const ids = clock.time('SHA-256 of blobs', total, () => chunks.map(({ plain }) => crypto.sha256(plain)));
    // A push seals right out of the codec's memory; what is kept here is made once more, beside the clock.
    clock.time('zstd, compress', total, () => {
      const levels = levelsByFile();
      for (const { path, plain } of chunks) compressByContent(zstd, plain, levels(path));
    });
    const levels = levelsByFile();
    const packed = chunks.map(({ path, plain }) => compressByContent(zstd, plain, levels(path)).slice());
    const stored = sum(packed.map(({ length }) => length));
    const ivs = chunks.map(() => crypto.randomBytes(16));
    const boxes = packed.map((bytes) => new Uint8Array(bytes.length));
    clock.time('AES-256-CTR', stored, () =>
      each(packed, ivs, (bytes, iv, i) => crypto.aes256Ctr(key, iv, bytes, boxes[i])),
    );
    clock.time('Poly1305', stored, () => boxes.map((box) => crypto.poly1305(key, box)));
    clock.time('read back: unpack, compare', total, () =>
      each(packed, chunks, (bytes, { plain }) => must(zstd.unpacksTo(bytes, plain))),
    );
    clock.time('read back: Poly1305', stored, () => boxes.map((box) => crypto.poly1305(key, box)));
    clock.time('read back: decrypt, compare', stored, () =>
      each(packed, ivs, (bytes, iv, i) => must(crypto.aes256CtrGives(key, iv, boxes[i] ?? bytes, bytes))),
    );
    const none = new Uint8Array(0);
    return chunks.map(({ path, plain }, i) => ({
      path,
      plainLength: plain.length,
      id: ids[i] ?? none,
      iv: ivs[i] ?? none,
      ciphertext: boxes[i] ?? none,
    }));
  }

  /** Returns the plain blobs. */
  open(clock: Clock, blobs: readonly Sealed[]): Bytes[] {
    const [crypto, zstd, key] = [this.#crypto, this.#zstd, this.#key];
    const stored = sum(blobs.map(({ ciphertext }) => ciphertext.length));
    const total = sum(blobs.map(({ plainLength }) => plainLength));
    clock.time('Poly1305', stored, () => blobs.map(({ ciphertext }) => crypto.poly1305(key, ciphertext)));
    const packed = clock.time('AES-256-CTR', stored, () =>
      blobs.map(({ iv, ciphertext }) => crypto.aes256Ctr(key, iv, ciphertext)),
    );
    const plains = clock.time('zstd, decompress', total, () =>
      each(packed, blobs, (bytes, { plainLength }) => zstd.decompress(bytes, plainLength, 'blob')),
    );
    clock.time('SHA-256 of blobs', total, () =>
      each(plains, blobs, (plain, { id }) => must(toHex(crypto.sha256(plain)) === toHex(id))),
    );
    return plains;
  }

  /** As a first push does it: where nothing was sent before, files that are changed in place are cut into even groups. */
  #cut({ path, size, bytes }: GameFile): { path: string; plain: Bytes }[] {
    const layout = pageLayoutOf(path, bytes.subarray(0, LAYOUT_START), size);
    if (layout !== undefined) return pieces(path, bytes, groupEnds(layout, size));
    if (size < MIN_CHUNK) return pieces(path, bytes, []);
    const ends: number[] = [];
    for (let end = 0; end !== -1; end = this.#chunker.next(bytes, end, size)) if (end > 0) ends.push(end);
    this.#chunker.reset();
    return pieces(path, bytes, ends);
  }
}

function groupEnds({ head, group }: PageLayout, size: number): number[] {
  const ends: number[] = [];
  for (let end = head; end < size; end += group) ends.push(end);
  return ends;
}

/** Between the ends, and what is left after the last; empty files have none. */
function pieces(path: string, bytes: Bytes, ends: readonly number[]): { path: string; plain: Bytes }[] {
  const starts = [0, ...ends].filter((start) => start < bytes.length);
  return starts.map((start, i) => ({ path, plain: bytes.subarray(start, starts[i + 1] ?? bytes.length) }));
}

function each<A, B, R>(as: readonly A[], bs: readonly B[], work: (a: A, b: B, i: number) => R): R[] {
  return as.flatMap((a, i) => {
    const b = bs[i];
    return b === undefined ? [] : [work(a, b, i)];
  });
}

/** As a push remembers them. */
function levelsByFile(): (path: string) => LevelMemory {
  const known = new Map<string, LevelMemory>();
  return (path) => {
    const levels = known.get(path) ?? newLevelMemory();
    known.set(path, levels);
    return levels;
  };
}
