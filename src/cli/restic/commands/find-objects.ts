/**
 * The ids that `find` looks for with --blob, --tree and --pack. An id is given whole or by its first 8 digits; a pack
 * stands for all that is in it.
 */
import { isSyncError, SyncError } from '../../../base/errors.js';
import type { BlobId, PackId } from '../../../base/ids.js';
import { isId, shortId } from '../../../base/ids.js';
import type { BlobType, PackedBlob } from '../../../pack/header.js';
import type { BlobLocation } from '../../../repo/index.js';
import type { Repository } from '../../../repo/repository.js';

export class WantedObjects {
  readonly #blobs = new Set<string>();
  readonly #trees = new Set<string>();
  readonly #endsEarly: boolean;
  #treesFound = 0;

  constructor(blobs: Iterable<string>, trees: Iterable<string>, endsEarly: boolean) {
    for (const id of blobs) this.#blobs.add(id);
    for (const id of trees) this.#trees.add(id);
    this.#endsEarly = endsEarly;
  }

  /** A blob that was given by its beginning is from then on looked for as this one. */
  wantsBlob(id: BlobId): boolean {
    if (this.#blobs.has(id)) return true;
    if (!this.#blobs.delete(shortId(id))) return false;
    this.#blobs.add(Buffer.from(id).toString());
    return true;
  }

  wantsTree(id: BlobId): boolean {
    return this.#trees.has(shortId(id)) || this.#trees.has(id);
  }

  /** Counts a tree that was found. True where restic looks no further in a snapshot: as many found as looked for. */
  foundTree(): boolean {
    this.#treesFound += 1;
    return this.#endsEarly && this.#treesFound >= this.#trees.size;
  }

  /** For --show-pack-id: where each of them is stored, in restic's words. */
  *packLines(repo: Repository): Generator<string> {
    for (const id of this.#blobs) yield packLine(repo, 'data', id);
    for (const id of this.#trees) yield packLine(repo, 'tree', id);
  }
}

function packLine(repo: Repository, type: BlobType, text: string): string {
  if (!isId(text)) {
    const why = text.length === 64 ? 'invalid ID' : 'invalid length for ID';
    return `Note: cannot find pack for object '${text}', unable to parse ID: ${why}: ${JSON.stringify(text)}`;
  }
  const location = repo.index.find(type, text as BlobId);
  // In this order restic puts the two.
  if (location === undefined) return `Object ${type} with type ${shortId(text)} not found in the index`;
  return `Object belongs to pack ${location.pack}\n ... Pack ${shortId(location.pack)}: ${describeBlob(location)}`;
}

function describeBlob({ type, id, offset, length, uncompressedLength = 0 }: BlobLocation): string {
  return `<Blob (${type}) ${shortId(id)}, offset ${offset}, length ${length}, uncompressed length ${uncompressedLength}>`;
}

export interface PackOptions {
  readonly signal: AbortSignal;
  readonly onProblem: (message: string) => void;
}

/**
 * What is in the packs: by their own headers, or by the index where there is no readable one. The index must be loaded.
 * Throws 'not-found' for packs that neither has.
 */
export async function blobsOfPacks(
  repo: Repository,
  names: readonly string[],
  { signal, onProblem }: PackOptions,
): Promise<PackedBlob[]> {
  const missing = new Set(names);
  const blobs: PackedBlob[] = [];
  for (const { name, size } of await repo.backend.list('data', { signal })) {
    const given = givenName(missing, name);
    if (given === undefined) continue;
    try {
      for (const blob of await repo.readPackHeader(name as PackId, size, signal)) blobs.push(blob);
      missing.delete(given);
    } catch (error) {
      // A pack without a readable header is looked up in the index, like one that is gone.
      if (!isSyncError(error, 'damaged', 'not-found')) throw error;
    }
  }
  if (missing.size === 0) return blobs;
  const known = new Set<string>();
  const found = new Set<string>();
  for (const location of repo.index.values()) {
    const given = known.has(location.pack) ? location.pack : givenName(missing, location.pack);
    if (given === undefined) continue;
    known.add(location.pack);
    found.add(given);
    blobs.push(location);
  }
  if (known.size > 0) {
    const what = 'some pack files are missing from the repository, getting their blobs from the repository index';
    onProblem(`${what}: [${[...known].join(' ')}]\n`);
  }
  const lost = [...missing].filter((name) => !found.has(name));
  if (lost.length > 0) throw new SyncError('not-found', `unable to find pack(s): [${lost.join(' ')}]`);
  return blobs;
}

function givenName(names: ReadonlySet<string>, id: string): string | undefined {
  return names.has(id) ? id : names.has(shortId(id)) ? shortId(id) : undefined;
}
