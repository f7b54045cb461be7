/**
 * Salvages what can still be read of damaged packs: good blobs go into new packs, the index forgets the old ones, and they
 * are removed, in this order. What a pack holds is told by the index, and by its own header where that can be read.
 */
import type { Bytes } from '../base/bytes.js';
import { toHex } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { PackId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { PackedBlob } from '../pack/header.js';
import { openBlob, sealBlob } from '../repo/codec.js';
import type { HeldLock, LockOptions } from '../repo/lock.js';
import { headerOfPack } from '../repo/pack-header.js';
import type { Repository } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import type { RepairIndexEvent } from './repair-index.js';
import { readOldIndex, replaceIndex } from './repair-index.js';

export type RepairPacksEvent =
  | { readonly type: 'saving-copies' }
  | { readonly type: 'salvaging'; readonly packs: number }
  | { readonly type: 'salvaged'; readonly id: PackId }
  | { readonly type: 'lost-blob'; readonly blob: PackedBlob; readonly pack: PackId; readonly error: unknown }
  | { readonly type: 'removing-packs'; readonly packs: number }
  | { readonly type: 'removed-pack'; readonly id: PackId }
  | RepairIndexEvent;

export interface RepairPacksOptions {
  /** Keeps a copy of a pack as it is, before anything is changed; what it throws ends the repair. */
  readonly saveCopy?: ((id: PackId, bytes: Bytes) => Promise<void>) | undefined;
  readonly lock?: Omit<LockOptions, 'signal'> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: RepairPacksEvent) => void) | undefined;
}

export interface RepairPacksResult {
  readonly salvaged: number;
  /** Blobs of which no copy can be read, neither in these packs nor elsewhere. */
  readonly lost: readonly PackedBlob[];
}

/** Holds the repository exclusively. Throws 'not-found' for a pack that is not there; then nothing has been changed. */
export async function repairPacks(
  repo: Repository,
  packs: readonly PackId[],
  options: RepairPacksOptions = {},
): Promise<RepairPacksResult> {
  const ids = [...new Set(packs)];
  if (ids.length === 0) throw new SyncError('usage', 'no ids specified');
  const { lock } = options;
  return repo.exclusively({ signal: options.signal, ...(lock === undefined ? {} : { lock }) }, async (held) => {
    const signal = AbortSignal.any(options.signal === undefined ? [held.lost] : [held.lost, options.signal]);
    const inner = { ...options, signal };
    await repo.loadIndex(signal);
    await saveCopies(repo, ids, inner);
    const result = await repo.writeUnder(held, { signal }, (session) => salvage(repo, session, ids, inner));
    await forget(repo, held, ids, inner);
    return result;
  });
}

async function saveCopies(repo: Repository, ids: readonly PackId[], options: RepairPacksOptions): Promise<void> {
  options.onEvent?.({ type: 'saving-copies' });
  for (const id of ids) {
    const bytes = await readAsItIs(repo, id, options.signal);
    await options.saveCopy?.(id, bytes);
  }
}

/** Asked for twice where the hash is wrong: it may have been damaged on its way only. */
async function readAsItIs(repo: Repository, id: PackId, signal: AbortSignal | undefined): Promise<Bytes> {
  const bytes = await repo.backend.read('data', id, undefined, { signal });
  if (toHex(repo.codec.crypto.sha256(bytes)) === id) return bytes;
  return repo.backend.read('data', id, undefined, { signal });
}

/** By type and id. */
type Failures = Map<string, { readonly blob: PackedBlob; readonly pack: PackId; readonly error: unknown }>;

async function salvage(
  repo: Repository,
  session: WriteSession,
  ids: readonly PackId[],
  options: RepairPacksOptions,
): Promise<RepairPacksResult> {
  const { signal, onEvent } = options;
  onEvent?.({ type: 'salvaging', packs: ids.length });
  const indexed = blobsOf(repo, new Set(ids));
  const saved = new Set<string>();
  const failed: Failures = new Map();
  for (const pack of ids) {
    const bytes = await readAsItIs(repo, pack, signal);
    for (const blob of withHeader(repo, pack, bytes, indexed.get(pack) ?? [])) {
      const key = blob.type + blob.id;
      if (saved.has(key)) continue;
      const error = await saveBlob(repo, session, blob, bytes, pack);
      if (error === undefined) saved.add(key);
      else failed.set(key, { blob, pack, error });
    }
    onEvent?.({ type: 'salvaged', id: pack });
  }
  await session.flush();
  const lost: PackedBlob[] = [];
  for (const [key, failure] of failed) {
    if (saved.has(key) || (await isElsewhere(repo, failure.blob, ids, signal))) continue;
    lost.push(failure.blob);
    onEvent?.({ type: 'lost-blob', ...failure });
  }
  return { salvaged: saved.size, lost };
}

/** Stores a blob anew, also where the index knows another copy: that one may be as damaged. Returns what is wrong. */
async function saveBlob(
  repo: Repository,
  session: WriteSession,
  blob: PackedBlob,
  bytes: Bytes,
  pack: PackId,
): Promise<SyncError | undefined> {
  try {
    const sealed = bytes.subarray(blob.offset, blob.offset + blob.length);
    const plain = openBlob(repo.codec, blob, sealed, `pack ${shortId(pack)}`);
    await session.add(sealBlob(repo.codec, blob.type, blob.id, plain), plain.length);
    return undefined;
  } catch (error) {
    if (isSyncError(error, 'damaged')) return error;
    throw error;
  }
}

function blobsOf(repo: Repository, packs: ReadonlySet<PackId>): Map<PackId, PackedBlob[]> {
  const found = new Map<PackId, PackedBlob[]>();
  for (const blob of repo.index.values()) {
    if (!packs.has(blob.pack)) continue;
    const list = found.get(blob.pack);
    if (list) list.push(blob);
    else found.set(blob.pack, [blob]);
  }
  return found;
}

/** The index may name less than the header does, or something else. */
function withHeader(repo: Repository, pack: PackId, bytes: Bytes, indexed: readonly PackedBlob[]): PackedBlob[] {
  const places = new Set(indexed.map(({ type, id, offset }) => `${type} ${id} ${offset}`));
  try {
    const header = headerOfPack(repo.codec, bytes, `pack ${shortId(pack)}`);
    const more = header.filter(({ type, id, offset }) => !places.has(`${type} ${id} ${offset}`));
    return [...indexed, ...more];
  } catch (error) {
    if (!isSyncError(error, 'damaged')) throw error;
    return [...indexed];
  }
}

/** Whether a copy in another pack can be read. */
async function isElsewhere(
  repo: Repository,
  { type, id }: PackedBlob,
  damaged: readonly PackId[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (repo.index.locate(type, id).every(({ pack }) => damaged.includes(pack))) return false;
  try {
    await repo.loadBlob(type, id, signal);
    return true;
  } catch (error) {
    if (!isSyncError(error, 'damaged')) throw error;
    return false;
  }
}

async function forget(
  repo: Repository,
  lock: HeldLock,
  ids: readonly PackId[],
  { signal, onEvent }: RepairPacksOptions,
): Promise<void> {
  const old = await readOldIndex(repo, { signal });
  await replaceIndex(repo, lock, { old, drop: new Set(ids), fresh: [] }, { signal, onEvent });
  await lock.ensureFresh();
  onEvent?.({ type: 'removing-packs', packs: ids.length });
  for (const id of ids) {
    await repo.backend.remove('data', id, { signal });
    onEvent?.({ type: 'removed-pack', id });
  }
  await repo.reloadIndex(signal);
}
