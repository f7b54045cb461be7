/**
 * Reads many blobs with few requests: wanted blobs are grouped by pack, neighbours are merged into one ranged
 * request, and every blob is opened and hashed. A blob whose copy is damaged or gone is taken from another pack.
 * While parts are worked on, others are on their way: neither waits for the other, and few are in memory.
 */
import type { Backend } from '../backend/backend.js';
import type { Bytes } from '../base/bytes.js';
import { forEachLimit, Semaphore } from '../base/concurrency.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { BlobId, PackId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { BlobType } from '../pack/header.js';
import type { Codec } from './codec.js';
import { openBlob } from './codec.js';
import type { BlobIndex, BlobLocation } from './index.js';
import { PartMemory } from './part-memory.js';

/** One ranged request and what is in it. */
export interface PackPart {
  readonly pack: PackId;
  readonly offset: number;
  readonly length: number;
  readonly blobs: readonly BlobLocation[];
}

/** A gap smaller than this is cheaper to download than another request (a round trip of 40 ms at 50 Mbit/s). */
const MAX_GAP = 256 * 1024;
/** Five of these are on their way at once; 16 MiB cost 100 MB more memory and were no faster. */
const MAX_PART = 4 * 1024 * 1024;
const CONNECTIONS = 5;
/** Parts that are worked on meanwhile, or wait for it: two for each of two threads. */
const AHEAD = 4;

/** Decrypts and verifies; either here or on other threads. */
export interface BlobOpener {
  openPart(part: PackPart, bytes: Bytes): Promise<(Bytes | SyncError)[]>;
}

/** What was done with a part. */
export interface PartOutcome {
  /** Blobs that could not be opened, by their number in the part: other copies of them follow. */
  readonly damaged: ReadonlyMap<number, SyncError>;
  /** The part's memory, in which another one may be put. */
  readonly bytes?: Bytes | undefined;
}

/** Takes the bytes over, and all of their buffer. */
export type PartUser = (part: PackPart, bytes: Bytes) => Promise<PartOutcome>;

export interface ReadPartsOptions {
  readonly signal?: AbortSignal | undefined;
  /** A blob of which no copy can be read: told here, and the others go on; thrown without it. */
  readonly onDamaged?: ((id: BlobId, error: SyncError) => void | Promise<void>) | undefined;
}

export interface LoadManyOptions extends ReadPartsOptions {
  readonly opener?: BlobOpener | undefined;
}

/** Opens on the calling thread. */
export function inlineOpener(codec: Codec): BlobOpener {
  return { openPart: async (part, bytes) => openPartNow(codec, part, bytes) };
}

/** Opens each blob of a part; a damaged one gives its error in its place, so that the others are still of use. */
export function openPartNow(codec: Codec, part: PackPart, bytes: Bytes): (Bytes | SyncError)[] {
  return part.blobs.map((blob) => {
    const from = blob.offset - part.offset;
    try {
      return openBlob(codec, blob, bytes.subarray(from, from + blob.length), `pack ${shortId(part.pack)}`);
    } catch (error) {
      if (isSyncError(error, 'damaged')) return error;
      throw error;
    }
  });
}

interface UseOptions {
  readonly signal?: AbortSignal | undefined;
  readonly memory?: PartMemory | undefined;
  /** The download has ended, one way or the other. */
  readonly onRead?: () => void;
}

export class BlobLoader {
  readonly #backend: Backend;
  readonly #index: BlobIndex;
  readonly #inline: BlobOpener;

  constructor(backend: Backend, index: BlobIndex, codec: Codec) {
    this.#backend = backend;
    this.#index = index;
    this.#inline = inlineOpener(codec);
  }

  /** Throws 'damaged' if the index knows no copy, or no copy can be read; the error of the first one is its cause. */
  async load(type: BlobType, id: BlobId, signal?: AbortSignal): Promise<Bytes> {
    let plain: Bytes | undefined;
    await this.#fromCopies(type, id, this.#index.locate(type, id), { signal }, async (part, bytes) => {
      const [opened] = await this.#inline.openPart(part, bytes);
      if (opened instanceof Uint8Array) plain = opened;
      return outcomeOf([opened]);
    });
    if (plain === undefined) throw missing(type, id);
    return plain;
  }

  /**
   * Calls `onBlob` once for each wanted id, in no order; the bytes are the callee's to keep.
   * `opener` says where the work of opening is done.
   */
  async loadMany(
    type: BlobType,
    ids: Iterable<BlobId>,
    onBlob: (id: BlobId, plain: Bytes) => void | Promise<void>,
    options: LoadManyOptions = {},
  ): Promise<void> {
    const opener = options.opener ?? this.#inline;
    const user: PartUser = async (part, bytes) => {
      const opened = await opener.openPart(part, bytes);
      for (const [i, { id }] of part.blobs.entries()) {
        const plain = opened[i];
        if (plain instanceof Uint8Array) await onBlob(id, plain);
      }
      return outcomeOf(opened);
    };
    await this.#useParts(type, ids, user, options, undefined);
  }

  /**
   * Calls `user` with parts that have all wanted blobs, in no order; a blob that it finds damaged comes again, alone, of
   * each other copy. The parts' memory is used again where it is given back.
   */
  async readParts(
    type: BlobType,
    ids: Iterable<BlobId>,
    user: PartUser,
    options: ReadPartsOptions = {},
  ): Promise<void> {
    await this.#useParts(type, ids, user, options, new PartMemory(MAX_PART));
  }

  async #useParts(
    type: BlobType,
    ids: Iterable<BlobId>,
    user: PartUser,
    options: ReadPartsOptions,
    memory: PartMemory | undefined,
  ): Promise<void> {
    const slots = new Semaphore(CONNECTIONS);
    let isOver = false;
    const usePart = async (part: PackPart): Promise<void> => {
      const release = await slots.acquire();
      if (isOver) return release();
      const damaged = await this.#usePart(part, user, { ...options, memory, onRead: release });
      for (const [number, error] of damaged) {
        const blob = part.blobs[number];
        if (blob !== undefined) await this.#fromOthers(type, blob, error, user, options);
      }
    };
    const orStop = async (part: PackPart): Promise<void> => {
      try {
        await usePart(part);
      } catch (error) {
        isOver = true;
        throw error;
      }
    };
    await forEachLimit(this.plan(type, ids), CONNECTIONS + AHEAD, orStop, options.signal);
  }

  /** The blobs that could not be had, and why. */
  async #usePart(part: PackPart, user: PartUser, options: UseOptions): Promise<ReadonlyMap<number, SyncError>> {
    const { signal, memory, onRead = () => undefined } = options;
    let bytes: Bytes;
    try {
      const range = { offset: part.offset, length: part.length };
      bytes = await this.#backend.read('data', part.pack, range, { signal, into: memory?.take(part.length) });
    } catch (error) {
      if (isSyncError(error, 'not-found', 'damaged')) return new Map(part.blobs.map((_, i) => [i, error]));
      throw error;
    } finally {
      onRead();
    }
    const done = await user(part, bytes);
    if (done.bytes !== undefined) memory?.giveBack(done.bytes);
    return done.damaged;
  }

  async #fromOthers(
    type: BlobType,
    bad: BlobLocation,
    cause: SyncError,
    user: PartUser,
    options: ReadPartsOptions,
  ): Promise<void> {
    const copies = this.#index.locate(type, bad.id);
    const others = copies.filter((one) => one.pack !== bad.pack || one.offset !== bad.offset);
    // The same copy first: a part may have been damaged on its way only.
    const tried = isSyncError(cause, 'not-found') ? others : [bad, ...others];
    try {
      await this.#fromCopies(type, bad.id, tried, options, user, cause);
    } catch (error) {
      if (options.onDamaged === undefined || !isSyncError(error, 'damaged')) throw error;
      await options.onDamaged(bad.id, error);
    }
  }

  /** Ends with the first copy that can be opened. */
  async #fromCopies(
    type: BlobType,
    id: BlobId,
    copies: readonly BlobLocation[],
    { signal }: ReadPartsOptions,
    user: PartUser,
    firstError?: SyncError,
  ): Promise<void> {
    let cause = firstError;
    for (const copy of copies) {
      const part = { pack: copy.pack, offset: copy.offset, length: copy.length, blobs: [copy] };
      const error = (await this.#usePart(part, user, { signal })).get(0);
      if (error === undefined) return;
      cause ??= error;
    }
    if (cause === undefined) throw missing(type, id);
    throw new SyncError('damaged', `${type} blob ${shortId(id)} cannot be read from any pack: ${cause.message}`, {
      cause,
      details: { type, id, packs: this.#index.locate(type, id).map((copy) => copy.pack) },
    });
  }

  /** The requests that bring these blobs, in order of pack and offset. Throws 'damaged' for a blob nobody has. */
  plan(type: BlobType, ids: Iterable<BlobId>): PackPart[] {
    const byPack = new Map<PackId, BlobLocation[]>();
    for (const id of new Set(ids)) {
      const first = this.#index.find(type, id);
      if (first === undefined) throw missing(type, id);
      const list = byPack.get(first.pack);
      if (list) list.push(first);
      else byPack.set(first.pack, [first]);
    }
    return [...byPack].flatMap(([pack, blobs]) => mergeParts(pack, blobs));
  }
}

function outcomeOf(opened: readonly (Bytes | SyncError | undefined)[]): PartOutcome {
  const damaged = new Map<number, SyncError>();
  for (const [i, one] of opened.entries()) if (one instanceof SyncError) damaged.set(i, one);
  return { damaged };
}

function missing(type: BlobType, id: BlobId): SyncError {
  const message = `${type} blob ${shortId(id)} is in no index: the repository is damaged; "restic check" shows more`;
  return new SyncError('damaged', message, { details: { type, id } });
}

/** The requests that bring these blobs of one pack, in order of their offsets. */
export function mergeParts(pack: PackId, unsorted: readonly BlobLocation[]): PackPart[] {
  const blobs = [...unsorted].sort((a, b) => a.offset - b.offset);
  const parts: { pack: PackId; offset: number; length: number; blobs: BlobLocation[] }[] = [];
  for (const blob of blobs) {
    const last = parts.at(-1);
    const end = blob.offset + blob.length;
    const near = last && blob.offset - (last.offset + last.length) <= MAX_GAP && end - last.offset <= MAX_PART;
    if (last && near) {
      last.length = Math.max(last.length, end - last.offset);
      last.blobs.push(blob);
    } else {
      parts.push({ pack, offset: blob.offset, length: blob.length, blobs: [blob] });
    }
  }
  return parts;
}
