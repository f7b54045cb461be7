/**
 * Reads many blobs with few requests: wanted blobs are grouped by pack, neighbours are merged into one ranged
 * request, and every blob is opened and hashed. A blob whose copy is damaged or gone is taken from another pack.
 */
import type { Backend } from '../backend/backend.js';
import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { BlobId, PackId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { BlobType } from '../pack/header.js';
import type { Codec } from './codec.js';
import { openBlob } from './codec.js';
import type { BlobIndex, BlobLocation } from './index.js';

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

/** Decrypts and verifies; either here or on other threads. */
export interface BlobOpener {
  openPart(part: PackPart, bytes: Bytes): Promise<(Bytes | SyncError)[]>;
}

export interface LoadManyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly opener?: BlobOpener | undefined;
  /** A blob of which no copy can be read: told here, and the others go on; thrown without it. */
  readonly onDamaged?: ((id: BlobId, error: SyncError) => void | Promise<void>) | undefined;
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
    return this.#loadFrom(this.#index.locate(type, id), type, id, signal);
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
    await forEachLimit(
      this.plan(type, ids),
      CONNECTIONS,
      async (part) => {
        const opened = await this.#openOrNothing(part, opener, options.signal);
        for (const [i, blob] of part.blobs.entries()) {
          const plain = opened[i];
          const bytes = plain instanceof Uint8Array ? plain : await this.#insteadOf(type, blob, plain, options);
          if (bytes !== undefined) await onBlob(blob.id, bytes);
        }
      },
      options.signal,
    );
  }

  /** undefined for a blob that cannot be had, which was told. */
  async #insteadOf(
    type: BlobType,
    bad: BlobLocation,
    cause: unknown,
    { signal, onDamaged }: LoadManyOptions,
  ): Promise<Bytes | undefined> {
    try {
      return await this.#loadFromOthers(type, bad, cause, signal);
    } catch (error) {
      if (onDamaged === undefined || !isSyncError(error, 'damaged')) throw error;
      await onDamaged(bad.id, error);
      return undefined;
    }
  }

  /** The requests that bring these blobs, in order of pack and offset. Throws 'damaged' for a blob nobody has. */
  plan(type: BlobType, ids: Iterable<BlobId>): PackPart[] {
    const byPack = new Map<PackId, BlobLocation[]>();
    for (const id of new Set(ids)) {
      const [first] = this.#index.locate(type, id);
      if (first === undefined) throw missing(type, id);
      const list = byPack.get(first.pack);
      if (list) list.push(first);
      else byPack.set(first.pack, [first]);
    }
    return [...byPack].flatMap(([pack, blobs]) => mergeParts(pack, blobs));
  }

  async #openOrNothing(part: PackPart, opener: BlobOpener, signal?: AbortSignal): Promise<(Bytes | SyncError)[]> {
    try {
      const range = { offset: part.offset, length: part.length };
      return await opener.openPart(part, await this.#backend.read('data', part.pack, range, { signal }));
    } catch (error) {
      if (isSyncError(error, 'not-found', 'damaged')) return part.blobs.map(() => error);
      throw error;
    }
  }

  async #loadFromOthers(type: BlobType, bad: BlobLocation, cause: unknown, signal?: AbortSignal): Promise<Bytes> {
    const others = this.#index.locate(type, bad.id).filter((one) => one !== bad);
    // The same copy first: a part may have been damaged on its way only.
    const copies = isSyncError(cause, 'not-found') ? others : [bad, ...others];
    return this.#loadFrom(copies, type, bad.id, signal, cause);
  }

  async #loadFrom(
    copies: readonly BlobLocation[],
    type: BlobType,
    id: BlobId,
    signal?: AbortSignal,
    firstError?: unknown,
  ): Promise<Bytes> {
    let cause = firstError;
    for (const copy of copies) {
      const part = { pack: copy.pack, offset: copy.offset, length: copy.length, blobs: [copy] };
      const [plain] = await this.#openOrNothing(part, this.#inline, signal);
      if (plain instanceof Uint8Array) return plain;
      cause ??= plain;
    }
    if (cause === undefined) throw missing(type, id);
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    throw new SyncError('damaged', `${type} blob ${shortId(id)} cannot be read from any pack${reason}`, {
      cause,
      details: { type, id, packs: this.#index.locate(type, id).map((copy) => copy.pack) },
    });
  }
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
