/** The second part of a check: the packs that there are, held against those that the index names. No pack is read. */
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError } from '../base/errors.js';
import type { PackId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { PackedBlob } from '../pack/header.js';
import { isGapless, packSizeOf } from '../pack/layout.js';
import type { BlobsByPack } from '../repo/blobs-by-pack.js';
import type { BlobLocation } from '../repo/index.js';
import type { Repository } from '../repo/repository.js';
import { haveCommonBlob } from '../worker/check-pack.js';
import type { Findings } from './check-findings.js';

/** A pack that is there and that the index names. */
export interface IndexedPack {
  readonly id: PackId;
  /** Bytes, as the list says. */
  readonly size: number;
  /** As the index has them, in the order in which they lie; made anew when it is asked for. */
  readonly blobs: readonly BlobLocation[];
}

const CONNECTIONS = 5;

export function tellMixedPacks(findings: Findings, named: BlobsByPack): void {
  for (const [id, blobs] of named) {
    if (blobs.every((blob) => blob.type === blobs[0]?.type)) continue;
    findings.hint('mixed-pack', `pack ${shortId(id)} contains a mix of tree and data blobs`, { packs: [id] });
  }
}

/** `named` is of `repo.index`. Returns the packs that can be read, whatever else is wrong with them. */
export async function checkPacks(
  repo: Repository,
  findings: Findings,
  named: BlobsByPack,
  signal: AbortSignal | undefined,
): Promise<IndexedPack[]> {
  const files = await repo.backend.list('data', { signal });
  const sizes = new Map(files.map(({ name, size }) => [name as PackId, size]));
  const packs: IndexedPack[] = [];
  const odd: IndexedPack[] = [];
  for (const [id, blobs] of named) {
    const size = sizes.get(id);
    if (size === undefined) {
      findings.error('pack-missing', `pack ${id}: does not exist`, { packs: [id] });
      continue;
    }
    const pack = newPack(id, size, named);
    packs.push(pack);
    if (size !== packSizeOf(blobs)) odd.push(pack);
    else if (!isGapless(blobs)) tellGaps(findings, id);
  }
  await forEachLimit(odd, CONNECTIONS, (pack) => tellSize(repo, findings, pack, signal), signal);
  for (const id of sizes.keys()) {
    if (named.has(id)) continue;
    findings.hint('pack-unreferenced', `pack ${id}: not referenced in any index`, { packs: [id] });
  }
  tellDuplicates(repo, findings);
  return packs;
}

function newPack(id: PackId, size: number, named: BlobsByPack): IndexedPack {
  return {
    id,
    size,
    get blobs() {
      return named.get(id) ?? [];
    },
  };
}

function tellGaps(findings: Findings, id: PackId): void {
  const message = `pack ${id}: by the index its blobs overlap or leave gaps; "repair index --read-all-packs" corrects that`;
  findings.error('index-gaps', message, { packs: [id] });
}

/** The pack's own header, if it fits the file and knows some of the blobs, says that the index is what is wrong. */
async function tellSize(
  repo: Repository,
  findings: Findings,
  { id, size, blobs }: IndexedPack,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = `pack ${id}: unexpected file size: got ${size}, expected ${packSizeOf(blobs)}`;
  const own = await ownHeader(repo, id, size, signal);
  if (own === undefined || packSizeOf(own) !== size || !haveCommonBlob(own, blobs)) {
    findings.error('pack-size', found, { packs: [id] });
    return;
  }
  const counts = `its own header, which fits, names ${own.length} blobs, the index ${blobs.length}`;
  findings.error('index-disagrees', `${found}; ${counts}: the index is wrong`, { packs: [id] });
}

async function ownHeader(
  repo: Repository,
  id: PackId,
  size: number,
  signal: AbortSignal | undefined,
): Promise<PackedBlob[] | undefined> {
  try {
    return await repo.readPackHeader(id, size, signal);
  } catch (error) {
    if (isSyncError(error, 'damaged', 'not-found', 'io', 'server')) return undefined;
    throw error;
  }
}

function tellDuplicates({ index }: Repository, findings: Findings): void {
  const { copies, bytes } = index.countDuplicates();
  if (copies === 0) return;
  findings.hint('duplicate-blobs', `${copies} blobs of ${bytes} bytes are copies of others; a prune removes them`);
}
