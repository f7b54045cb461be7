/**
 * Reads packs whole and holds everything in them against what it must be: the hash of the file, its header, what the
 * index says of it, and each blob's code, length and hash. Memory: the packs on their way (together MAX_BYTES, or one
 * larger pack) and the plain blobs of one part each.
 */
import type { Bytes } from '../base/bytes.js';
import { toHex } from '../base/bytes.js';
import { forEachLimit, Semaphore } from '../base/concurrency.js';
import { isSyncError } from '../base/errors.js';
import type { BlobId, PackId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { PackedBlob } from '../pack/header.js';
import type { Codec } from '../repo/codec.js';
import { plainLength } from '../repo/codec.js';
import type { BlobLocation } from '../repo/index.js';
import type { BlobOpener, PackPart } from '../repo/loader.js';
import { headerOfPack } from '../repo/pack-header.js';
import type { Repository } from '../repo/repository.js';
import type { Findings } from './check-findings.js';
import { defectOf } from './check-findings.js';
import type { IndexedPack } from './check-packs.js';
import { haveCommonBlob } from './check-packs.js';

const CONNECTIONS = 5;
const MAX_BYTES = 80 * 1024 * 1024;
/** Plain bytes of blobs opened together. */
const MAX_PART = 8 * 1024 * 1024;
/** A second look tells damage on the way from damage in the repository. */
const ATTEMPTS = 2;
/** Of a damaged pack's problems, how many its message tells. */
const MAX_TOLD = 50;

export interface ReadPacksOptions {
  readonly opener: BlobOpener;
  readonly signal: AbortSignal | undefined;
  readonly onPack: (pack: IndexedPack) => void;
}

/** Adds 'pack-damaged', 'pack-unreadable', and 'index-disagrees'. */
export async function readPacks(
  repo: Repository,
  findings: Findings,
  packs: readonly IndexedPack[],
  options: ReadPacksOptions,
): Promise<void> {
  const room = new Semaphore(MAX_BYTES);
  await forEachLimit(
    packs,
    CONNECTIONS,
    async (pack) => {
      const release = await room.acquire(pack.size);
      try {
        await readPack(repo, findings, pack, options);
      } finally {
        release();
      }
      options.onPack(pack);
    },
    options.signal,
  );
}

async function readPack(
  repo: Repository,
  findings: Findings,
  pack: IndexedPack,
  { opener, signal }: ReadPacksOptions,
): Promise<void> {
  const { id } = pack;
  let found: Problems = { ofPack: [], ofIndex: [] };
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const bytes = await repo.backend.read('data', id, undefined, { signal });
      found = await problemsOf(repo, pack, bytes, opener);
      if (found.ofPack.length === 0) break;
    }
  } catch (error) {
    findings.error('pack-unreadable', `pack ${id}: cannot be read: ${defectOf(error)}`, { packs: [id] });
    return;
  }
  tell(findings, id, found);
}

function tell(findings: Findings, id: PackId, { ofPack, ofIndex }: Problems): void {
  const problems = [...ofPack, ...ofIndex];
  if (problems.length === 0) return;
  const told = problems.length > MAX_TOLD ? [...problems.slice(0, MAX_TOLD), '…'] : problems;
  const list = `${problems.length} errors: [${told.join('; ')}]`;
  if (ofPack.length > 0) findings.error('pack-damaged', `pack ${id} contains ${list}`, { packs: [id], problems });
  else findings.error('index-disagrees', `pack ${id} is sound, but the index has ${list}`, { packs: [id], problems });
}

/** In one line each. */
interface Problems {
  readonly ofPack: string[];
  /** Where the pack is right by its own hash, header and blobs, and the index says something else. */
  readonly ofIndex: string[];
}

async function problemsOf(
  { codec }: Repository,
  pack: IndexedPack,
  bytes: Bytes,
  opener: BlobOpener,
): Promise<Problems> {
  const found: Problems = { ofPack: [], ofIndex: [] };
  const hash = toHex(codec.crypto.sha256(bytes));
  if (hash !== pack.id) found.ofPack.push(`the hash of the file is ${hash}`);
  const blobs = blobsOf(codec, pack, bytes, found);
  for (const blob of blobs) {
    if (blob.offset + blob.length > bytes.length) found.ofPack.push(`${named(blob)} lies behind the end of the file`);
  }
  for (const part of partsOf(pack.id, blobs, bytes.length)) {
    const opened = await opener.openPart(part, bytes.slice(part.offset, part.offset + part.length));
    for (const one of opened) if (!(one instanceof Uint8Array)) found.ofPack.push(one.message);
  }
  return found;
}

/** What should be in the pack: by its own header, if that can be read and is no other pack's, else by the index. */
function blobsOf(codec: Codec, pack: IndexedPack, bytes: Bytes, found: Problems): readonly BlobLocation[] {
  let header: PackedBlob[];
  try {
    header = headerOfPack(codec, bytes, `pack ${shortId(pack.id)}`);
  } catch (error) {
    if (!isSyncError(error, 'damaged')) throw error;
    found.ofPack.push(error.message);
    return pack.blobs;
  }
  if (!haveCommonBlob(header, pack.blobs)) {
    found.ofPack.push('its header has none of the blobs that the index has: it is another pack');
    return pack.blobs;
  }
  found.ofIndex.push(...compareWithIndex(header, pack.blobs));
  return header.map((blob) => ({ ...blob, pack: pack.id }));
}

function compareWithIndex(header: readonly PackedBlob[], indexed: readonly BlobLocation[]): string[] {
  const problems: string[] = [];
  const byOffset = new Map(indexed.map((blob) => [blob.offset, blob]));
  const inHeader = new Set<BlobId>();
  for (const blob of header) {
    inHeader.add(blob.id);
    const other = byOffset.get(blob.offset);
    if (other === undefined || !isSame(blob, other)) {
      problems.push(`${named(blob)} is not in the index, or not as it lies in the pack`);
    }
  }
  for (const blob of indexed) if (!inHeader.has(blob.id)) problems.push(`${named(blob)} is not in the pack's header`);
  return problems;
}

function isSame(a: PackedBlob, b: PackedBlob): boolean {
  return a.id === b.id && a.type === b.type && a.length === b.length && a.uncompressedLength === b.uncompressedLength;
}

function named({ type, id }: PackedBlob): string {
  return `${type} blob ${id}`;
}

/** Blobs one behind the other, in parts that are small when unpacked; what lies behind the end is left out. */
function* partsOf(id: PackId, blobs: readonly BlobLocation[], size: number): Generator<PackPart> {
  let part: BlobLocation[] = [];
  let plain = 0;
  for (const blob of blobs) {
    if (blob.offset + blob.length > size) continue;
    const length = plainLength(blob);
    if (part.length > 0 && plain + length > MAX_PART) {
      yield toPart(id, part);
      part = [];
      plain = 0;
    }
    part.push(blob);
    plain += length;
  }
  if (part.length > 0) yield toPart(id, part);
}

function toPart(pack: PackId, blobs: readonly BlobLocation[]): PackPart {
  const offset = blobs[0]?.offset ?? 0;
  let end = offset;
  for (const blob of blobs) end = Math.max(end, blob.offset + blob.length);
  return { pack, offset, length: end - offset, blobs };
}
