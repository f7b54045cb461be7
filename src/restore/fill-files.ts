/**
 * Brings blobs to the places in files that want them: parts of packs are read, and each is opened, verified and written
 * by a worker, which also makes and finishes the files that lie in one part whole. Plain bytes never come here.
 *
 *   file in one part           made, written, finished and closed by the worker in one go
 *   file in several parts,     made ready here before its first part is given away, finished here behind its last
 *   or of which something
 *   is there
 */
import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { SyncError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import { plainLength } from '../repo/codec.js';
import type { PackPart, PartOutcome } from '../repo/loader.js';
import type { Repository } from '../repo/repository.js';
import type { PartWork } from '../worker/part-work.js';
import type { WholeFile, WriteFailure } from '../worker/placed-files.js';
import type { PartWritten } from '../worker/write-part.js';
import type { Piece } from './compare-file.js';

export interface FileToFill {
  /** Absolute. */
  readonly path: string;
  /** Those that are wanted. */
  readonly pieces: readonly Piece[];
  /** Nothing is in its place, in a folder that is there: a worker may make it, as `whole` says. */
  readonly isNew: boolean;
  readonly whole: WholeFile;
  /** Zeros at the beginning of a blob are left out; it is at its full length, and zeros, before. */
  readonly sparse?: boolean;
}

/** What the caller does, and is told. An error that it throws ends all. */
export interface FillOptions<F extends FileToFill> {
  readonly work: Pick<PartWork, 'writePart'>;
  readonly signal?: AbortSignal | undefined;
  /** Makes the file so that it can be opened for writing; what it throws counts as the file's failure. */
  prepare(file: F): Promise<void>;
  /** A worker has made the file. */
  onMade?(file: F): void;
  onWritten(file: F, bytes: number): void;
  /** All pieces are in place; `isFinished` if the worker has done all else too. */
  onWhole(file: F, isFinished: boolean): Promise<void> | void;
  /** The first reason why the file cannot be whole. What there is of it stays. */
  onFailed(file: F, error: unknown): void;
}

interface State<F> {
  readonly file: F;
  /** Pieces that are not written yet. */
  missing: number;
  /** Whether it is there, and can be written to. */
  ready: Promise<boolean> | undefined;
  /** It cannot be written to. */
  isStuck: boolean;
  hasFailed: boolean;
}

interface Use<F> {
  readonly state: State<F>;
  readonly piece: Piece;
}

/** What a part holds for one file. */
interface Share<F> {
  readonly state: State<F>;
  readonly number: number;
  uses: number;
}

interface PlacedUse<F> {
  readonly blob: number;
  readonly share: Share<F>;
  readonly piece: Piece;
}

const PARALLEL = 16;
/** Of each part that is worked on: systems allow some hundred open files. */
const PARALLEL_OF_PART = 4;

/** Throws 'aborted', what the backend throws if it cannot be reached, and what the callbacks throw. */
export async function fillFiles<F extends FileToFill>(
  repo: Repository,
  files: Iterable<F>,
  options: FillOptions<F>,
): Promise<void> {
  await new Filler(repo, files, options).run();
}

class Filler<F extends FileToFill> {
  readonly #repo: Repository;
  readonly #options: FillOptions<F>;
  readonly #uses = new Map<BlobId, Use<F>[]>();
  readonly #empty: State<F>[] = [];

  constructor(repo: Repository, files: Iterable<F>, options: FillOptions<F>) {
    this.#repo = repo;
    this.#options = options;
    for (const file of files) {
      const missing = file.pieces.length;
      const state: State<F> = { file, missing, ready: undefined, isStuck: false, hasFailed: false };
      if (missing === 0) this.#empty.push(state);
      for (const piece of file.pieces) this.#addUse(piece.id, { state, piece });
    }
  }

  #addUse(id: BlobId, use: Use<F>): void {
    const known = this.#uses.get(id);
    if (known) known.push(use);
    else this.#uses.set(id, [use]);
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    const makeEmpty = async (state: State<F>): Promise<void> => {
      if (await this.#ready(state)) await this.#options.onWhole(state.file, false);
    };
    await forEachLimit(this.#empty, PARALLEL, makeEmpty, signal);
    const onDamaged = (id: BlobId, error: SyncError): void => {
      for (const { state } of this.#uses.get(id) ?? []) this.#fail(state, error);
    };
    const use = (part: PackPart, bytes: Bytes): Promise<PartOutcome> => this.#usePart(part, bytes);
    await this.#repo.loader.readParts('data', this.#uses.keys(), use, { signal, onDamaged });
  }

  async #usePart(part: PackPart, bytes: Bytes): Promise<PartOutcome> {
    const { shares, uses } = this.#sharesOf(part);
    const isHere = ({ state, uses: here }: Share<F>): boolean =>
      state.file.isNew && state.ready === undefined && here === state.missing;
    const whole = new Set(shares.filter(isHere));
    const spread = shares.filter((share) => !whole.has(share));
    await forEachLimit(spread, PARALLEL_OF_PART, async ({ state }) => void (await this.#ready(state)));
    const placed = uses.filter(({ share }) => !share.state.isStuck);
    const files = shares.map((share) => {
      const { path, sparse, whole: how } = share.state.file;
      return whole.has(share) ? { path, sparse, whole: how } : { path, sparse };
    });
    const places = Float64Array.from(placed.flatMap(({ blob, share, piece }) => [blob, share.number, piece.offset]));
    const written = await this.#options.work.writePart(part, bytes, { files, places });
    await this.#note(shares, whole, placed, written);
    return written;
  }

  #sharesOf(part: PackPart): { shares: Share<F>[]; uses: PlacedUse<F>[] } {
    const byState = new Map<State<F>, Share<F>>();
    const uses: PlacedUse<F>[] = [];
    for (const [blob, location] of part.blobs.entries()) {
      const length = plainLength(location);
      for (const { state, piece } of this.#uses.get(location.id) ?? []) {
        if (state.isStuck) continue;
        if (piece.length !== length) {
          this.#fail(state, otherLength(state.file.path, piece, length));
          continue;
        }
        const share = byState.get(state) ?? { state, number: byState.size, uses: 0 };
        byState.set(state, share);
        share.uses += 1;
        uses.push({ blob, share, piece });
      }
    }
    return { shares: [...byState.values()], uses };
  }

  async #note(
    shares: readonly Share<F>[],
    whole: ReadonlySet<Share<F>>,
    placed: readonly PlacedUse<F>[],
    { damaged, failed, unfinished }: PartWritten,
  ): Promise<void> {
    for (const number of unfinished) {
      const state = shares[number]?.state;
      if (state === undefined) continue;
      state.ready = Promise.resolve(true);
      this.#options.onMade?.(state.file);
    }
    for (const [number, failure] of failed) {
      const state = shares[number]?.state;
      if (state !== undefined) this.#stick(state, systemError(failure));
    }
    for (const { blob, share, piece } of placed) {
      const { state } = share;
      if (state.isStuck || damaged.has(blob)) continue;
      this.#options.onWritten(state.file, piece.length);
      state.missing -= 1;
      if (state.missing > 0) continue;
      const isFinished = whole.has(share);
      if (isFinished) this.#options.onMade?.(state.file);
      await this.#options.onWhole(state.file, isFinished);
    }
  }

  /** False for a file that cannot be written, which was told. */
  #ready(state: State<F>): Promise<boolean> {
    state.ready ??= this.#options.prepare(state.file).then(
      () => true,
      (error: unknown) => {
        this.#stick(state, error);
        return false;
      },
    );
    return state.ready;
  }

  #stick(state: State<F>, error: unknown): void {
    state.isStuck = true;
    this.#fail(state, error);
  }

  #fail(state: State<F>, error: unknown): void {
    if (state.hasFailed) return;
    state.hasFailed = true;
    this.#options.onFailed(state.file, error);
  }
}

/** As node throws it. */
function systemError({ errno, message }: WriteFailure): Error {
  return Object.assign(new Error(message), { code: errno });
}

function otherLength(path: string, { id, length }: Piece, found: number): SyncError {
  const message = `${path}: by the index blob ${id} has ${found} bytes in one place and ${length} in another`;
  return new SyncError('damaged', message);
}
