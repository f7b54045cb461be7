/** The first part of a check: the index files, each by itself, so that one that is broken does not hide the others. */
import { forEachLimit } from '../base/concurrency.js';
import type { IndexId, PackId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { PackedBlob } from '../pack/header.js';
import { IndexTable } from '../repo/index-table.js';
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
  const named: NamedBy = { first: [], several: new Map() };
  const table = new IndexTable();
  const compressed: IndexId[] = [];
  let [done, reliable] = [0, true];
  const take = (id: IndexId): void => {
    if (repo.config.version === 1 && isCompressed(table)) compressed.push(id);
    for (let pack = 0; pack < table.packCount; pack++) addPack(repo, findings, { table, pack, file: id }, named);
  };
  repo.index.clear();
  onProgress(0, ids.length);
  await forEachLimit(
    ids,
    CONNECTIONS,
    async (id) => {
      try {
        await repo.readIndexTable(id, table, () => take(id), signal);
      } catch (error) {
        reliable = false;
        findings.error('index-unreadable', `error loading index ${id}: ${defectOf(error)}`, { indexes: [id] });
      }
      onProgress(++done, ids.length);
    },
    signal,
  );
  tellSeveral(findings, named);
  if (compressed.length > 0) {
    const message = `the index has compressed blobs, which a repository of version 1 cannot have (${list(compressed)})`;
    findings.error('compressed-in-version-1', message, { indexes: compressed });
  }
  return reliable && compressed.length === 0;
}

function isCompressed(table: IndexTable): boolean {
  for (let blob = 0; blob < table.blobCount; blob++) if (table.plain(blob) > 0) return true;
  return false;
}

/** A pack as one index file names it. */
interface FilePack {
  readonly table: IndexTable;
  readonly pack: number;
  readonly file: IndexId;
}

/** Which index files name a pack. */
interface NamedBy {
  /** By the index's number of the pack. */
  readonly first: IndexId[];
  /** Of packs that more than one file names, or one file twice. */
  readonly several: Map<PackId, IndexId[]>;
}

function addPack({ index }: Repository, findings: Findings, { table, pack, file }: FilePack, named: NamedBy): void {
  const number = index.packNumber(table, pack);
  const first = named.first[number];
  if (first !== undefined) {
    const id = table.packId(pack);
    const files = named.several.get(id) ?? [first];
    named.several.set(id, files);
    if (!files.includes(file)) files.push(file);
    const conflict = table
      .blobsOf(pack)
      .find((blob) => index.locate(blob.type, blob.id).some((one) => contradicts(one, id, blob)));
    if (conflict !== undefined) {
      const message = `pack ${id}: the index files ${list(files)} differ about blob ${conflict.id}`;
      findings.error('index-conflict', message, { packs: [id], blobs: [conflict.id], indexes: [...files] });
    }
  }
  named.first[index.addPackOf(table, pack)] ??= file;
}

function contradicts(known: PackedBlob & { readonly pack: PackId }, pack: PackId, blob: PackedBlob): boolean {
  if (known.pack !== pack || known.offset !== blob.offset) return false;
  return known.length !== blob.length || known.uncompressedLength !== blob.uncompressedLength;
}

function tellSeveral(findings: Findings, { several }: NamedBy): void {
  for (const [pack, indexes] of several) {
    if (indexes.length < 2) continue;
    const message = `pack ${pack} contained in several indexes: {${list(indexes)}}`;
    findings.hint('pack-in-several-indexes', message, { packs: [pack], indexes });
  }
}

function list(ids: readonly IndexId[]): string {
  return ids.map(shortId).sort().join(' ');
}
