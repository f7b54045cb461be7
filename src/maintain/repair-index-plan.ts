/** What the index files there are say about packs, put together, and whether it can be right. */
import type { IndexId, PackId } from '../base/ids.js';
import type { PackedBlob } from '../pack/header.js';
import { isGapless } from '../pack/layout.js';
import type { IndexPack } from '../repo/index-file.js';

export interface OldIndex {
  /** Which packs each readable file names. */
  readonly files: Map<IndexId, readonly PackId[]>;
  /** In order of their offsets. */
  readonly packs: Map<PackId, PackedBlob[]>;
  /** Packs whose entries cannot be right, as blobs lie in each other or leave gaps. */
  readonly unsure: Set<PackId>;
  /** Files that cannot be read, or are not to be trusted. */
  readonly bad: IndexId[];
}

/** Adds what one file says of a pack; another file may have said the same, or the rest of it. */
export function mergePack({ packs, unsure }: Pick<OldIndex, 'packs' | 'unsure'>, { id, blobs }: IndexPack): void {
  const known = packs.get(id);
  const merged = known === undefined ? [...blobs] : withoutRepeats([...known, ...blobs]);
  merged.sort((a, b) => a.offset - b.offset);
  packs.set(id, merged);
  if (isGapless(merged)) unsure.delete(id);
  else unsure.add(id);
}

function withoutRepeats(blobs: readonly PackedBlob[]): PackedBlob[] {
  const seen = new Map(blobs.map((blob) => [`${blob.offset} ${blob.type} ${blob.id} ${blob.length}`, blob]));
  return [...seen.values()];
}
