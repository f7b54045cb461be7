/** The first part of a check: the index files, each by itself, so that one that is broken does not hide the others. */
import { forEachLimit } from '../base/concurrency.js';
import type { IndexId, PackId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { PackedBlob } from '../pack/header.js';
import type { IndexPack } from '../repo/index-file.js';
import type { Repository } from '../repo/repository.js';
import type { Findings } from './check-findings.js';
import { defectOf } from './check-findings.js';

const CONNECTIONS = 5;

/**
 * Fills `repo.index` anew. False if the index cannot be relied on, so that whatever is held against it would look
 * missing.
 */
export async function checkIndexes(
  repo: Repository,
  findings: Findings,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const ids = await repo.listIndexFiles(signal);
  const namedBy = new Map<PackId, IndexId[]>();
  const compressed: IndexId[] = [];
  let [done, reliable] = [0, true];
  repo.index.clear();
  onProgress(0, ids.length);
  await forEachLimit(
    ids,
    CONNECTIONS,
    async (id) => {
      try {
        const { packs } = await repo.readIndexFile(id, signal);
        if (repo.config.version === 1 && packs.some(isCompressed)) compressed.push(id);
        for (const pack of packs) addPack(repo, findings, pack, id, namedBy);
      } catch (error) {
        reliable = false;
        findings.error('index-unreadable', `error loading index ${id}: ${defectOf(error)}`, { indexes: [id] });
      }
      onProgress(++done, ids.length);
    },
    signal,
  );
  tellSeveral(findings, namedBy);
  if (compressed.length > 0) {
    const message = `the index has compressed blobs, which a repository of version 1 cannot have (${list(compressed)})`;
    findings.error('compressed-in-version-1', message, { indexes: compressed });
  }
  return reliable && compressed.length === 0;
}

function isCompressed({ blobs }: IndexPack): boolean {
  return blobs.some((blob) => blob.uncompressedLength !== undefined);
}

function addPack(
  { index }: Repository,
  findings: Findings,
  { id, blobs }: IndexPack,
  file: IndexId,
  namedBy: Map<PackId, IndexId[]>,
): void {
  const files = namedBy.get(id);
  if (files === undefined) {
    namedBy.set(id, [file]);
  } else {
    if (!files.includes(file)) files.push(file);
    const conflict = blobs.find((blob) => index.locate(blob.type, blob.id).some((one) => contradicts(one, id, blob)));
    if (conflict !== undefined) {
      const message = `pack ${id}: the index files ${list(files)} differ about blob ${conflict.id}`;
      findings.error('index-conflict', message, { packs: [id], blobs: [conflict.id], indexes: [...files] });
    }
  }
  index.addPack(id, blobs);
}

function contradicts(known: PackedBlob & { readonly pack: PackId }, pack: PackId, blob: PackedBlob): boolean {
  if (known.pack !== pack || known.offset !== blob.offset) return false;
  return known.length !== blob.length || known.uncompressedLength !== blob.uncompressedLength;
}

function tellSeveral(findings: Findings, namedBy: ReadonlyMap<PackId, readonly IndexId[]>): void {
  for (const [pack, indexes] of namedBy) {
    if (indexes.length < 2) continue;
    const message = `pack ${pack} contained in several indexes: {${list(indexes)}}`;
    findings.hint('pack-in-several-indexes', message, { packs: [pack], indexes });
  }
}

function list(ids: readonly IndexId[]): string {
  return ids.map(shortId).sort().join(' ');
}
