/**
 * Spreads sealed blobs over pack files. Two packs of each type are open at once and a blob goes into either by
 * chance, so that pack sizes tell a watching server less about chunk sizes (restic does so since 0.18, against the
 * chunking attack of its issue 5291). A pack is handed on when it has reached its target size.
 */
import type { Bytes } from '../base/bytes.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { FinishedPack, HeaderBox } from '../pack/builder.js';
import { PackBuilder } from '../pack/builder.js';
import type { BlobType } from '../pack/header.js';
import type { SealedBlob } from './codec.js';

export const DEFAULT_PACK_SIZE: number = 16 * 1024 * 1024;
const OPEN_PACKS = 2;
/** What a pack begins with: a small push needs no more, and the memory of full ones is used again. */
const FIRST_MEMORY = 64 * 1024;
/** Beyond the target: the last blob, nearly always, and the header. Memory that is not written to is not there. */
const OVERHANG = 9 * 1024 * 1024;

export class Packer {
  readonly #crypto: CryptoProvider;
  readonly #box: HeaderBox;
  readonly #target: number;
  readonly #store: (pack: FinishedPack) => Promise<void>;
  readonly #open: Record<BlobType, (PackBuilder | undefined)[]> = { data: [], tree: [] };
  /** Memory of packs that are stored. */
  readonly #idle: Bytes[] = [];

  /** `store` takes a finished pack; it resolves when there is room for more, not when the pack is stored. */
  constructor(crypto: CryptoProvider, box: HeaderBox, target: number, store: (pack: FinishedPack) => Promise<void>) {
    this.#crypto = crypto;
    this.#box = box;
    this.#target = target;
    this.#store = store;
  }

  /** Copies the blob before it returns. */
  async add(blob: SealedBlob): Promise<void> {
    if (blob.sealed.length >= this.#target) {
      const own = new PackBuilder(new Uint8Array(blob.sealed.length + FIRST_MEMORY));
      own.add(blob);
      return this.#store(own.finish(this.#box));
    }
    const open = this.#open[blob.type];
    const slot = (this.#crypto.randomBytes(1)[0] ?? 0) % OPEN_PACKS;
    const builder = open[slot] ?? this.#newBuilder();
    open[slot] = builder;
    builder.add(blob);
    if (builder.size < this.#target && !builder.full) return;
    open[slot] = undefined;
    await this.#store(builder.finish(this.#box));
  }

  /** Closes all open packs; the rests of one type share a pack where they fit. */
  async flush(): Promise<void> {
    for (const type of ['data', 'tree'] as const) {
      const rests = this.#open[type].filter((builder) => builder !== undefined);
      this.#open[type] = [];
      const [first, second] = rests;
      if (first && second && first.absorb(second, this.#target)) rests.pop();
      for (const builder of rests) await this.#store(builder.finish(this.#box));
    }
  }

  /** Takes the memory of a stored pack, which must not be read any more. */
  reuse({ memory }: FinishedPack): void {
    if (memory.length <= this.#target + OVERHANG) this.#idle.push(memory);
  }

  #newBuilder(): PackBuilder {
    return new PackBuilder(this.#idle.pop() ?? new Uint8Array(FIRST_MEMORY), this.#target + OVERHANG);
  }
}
