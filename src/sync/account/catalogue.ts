/**
 * The catalogue of a player's instances: a repository like any other, at `<url>/<ID>/catalogue/`, that restic can open
 * and check. Each change is a snapshot of one file (catalogue-file.ts) that follows the one before, so nothing is ever
 * removed, and `forget --keep-last 1` loses nothing. Opening it derives a key: only for setup, `instances`, a first
 * push, and what changes passwords.
 */
import { hostname } from 'node:os';
import type { ManifestEntry } from '../../archive/manifest.js';
import { savePortableTrees } from '../../archive/portable-tree.js';
import type { Bytes } from '../../base/bytes.js';
import { concatBytes } from '../../base/bytes.js';
import { forEachLimit } from '../../base/concurrency.js';
import { isSyncError, SyncError } from '../../base/errors.js';
import type { SnapshotId } from '../../base/ids.js';
import { shortId } from '../../base/ids.js';
import { blobId, sealBlob } from '../../repo/codec.js';
import type { Remote } from '../../repo/remote.js';
import type { Repository } from '../../repo/repository.js';
import type { WriteSession } from '../../repo/session.js';
import type { KnownSnapshot } from '../merge/heads.js';
import { FOLLOWS_TAG, followedBy, namesOf, PROGRAM } from '../merge/heads.js';
import type { Account } from './account.js';
import { connectTo, openAndAdd } from './account.js';
import type { CatalogueContent } from './catalogue-file.js';
import { decodeCatalogue, encodeCatalogue, uniteCatalogues } from './catalogue-file.js';

/** No instance's id is such a word. */
export const CATALOGUE = 'catalogue';
const FILE = 'catalogue.json';
/** Thousands of instances. */
const LARGEST = 4 * 1024 * 1024;
const CONNECTIONS = 5;
const LOCK_WAIT_MS = 10_000;

/** What a change makes of the content; undefined: it is as it should be. */
export type CatalogueEdit = (content: CatalogueContent) => CatalogueContent | undefined;

export interface OpenCatalogue {
  readonly repo: Repository;
  readonly content: CatalogueContent;
  /** The token's password has become a key of it just now. */
  readonly keyAdded: boolean;
  /** `edit` may be called twice. Returns the content after it. */
  change(edit: CatalogueEdit): Promise<CatalogueContent>;
}

/** Runs `work` on the catalogue; undefined if there is none. Throws 'wrong-password' and what a server throws. */
export async function withCatalogue<T>(
  account: Account,
  work: (catalogue: OpenCatalogue) => Promise<T>,
): Promise<T | undefined> {
  return withRemote(account, async (remote) => {
    const catalogue = await openCatalogue(account, remote);
    return catalogue && work(catalogue);
  });
}

/** As withCatalogue, but makes it if there is none. */
export async function withNewCatalogue<T>(
  account: Account,
  work: (catalogue: OpenCatalogue) => Promise<T>,
): Promise<T> {
  return withRemote(account, async (remote) => {
    const known = await openCatalogue(account, remote);
    return work(known ?? (await makeCatalogue(account, remote)));
  });
}

async function withRemote<T>(account: Account, work: (remote: Remote) => Promise<T>): Promise<T> {
  const remote = await connectTo(account, CATALOGUE);
  try {
    return await work(remote);
  } finally {
    await remote.close();
  }
}

/** undefined: there is none. */
async function openCatalogue(account: Account, remote: Remote): Promise<OpenCatalogue | undefined> {
  try {
    const { repo, added } = await openAndAdd(account, remote);
    const { content } = await readCatalogue(repo, account.signal);
    return catalogueOf(account, repo, content, added);
  } catch (error) {
    if (isSyncError(error, 'no-repository')) return undefined;
    throw error;
  }
}

/** Two PCs may make it at the same moment: the slower one takes the other's. */
async function makeCatalogue(account: Account, remote: Remote): Promise<OpenCatalogue> {
  try {
    const repo = await remote.init(account.token.password, account.signal);
    return catalogueOf(account, repo, uniteCatalogues([]), false);
  } catch (error) {
    const made = isSyncError(error, 'exists') ? await openCatalogue(account, remote) : undefined;
    if (made === undefined) throw error;
    return made;
  }
}

function catalogueOf(account: Account, repo: Repository, content: CatalogueContent, keyAdded: boolean): OpenCatalogue {
  const change = async (edit: CatalogueEdit): Promise<CatalogueContent> =>
    edit(content) === undefined ? content : writeCatalogue(account, repo, edit);
  return { repo, content, keyAdded, change };
}

interface ReadCatalogue {
  readonly content: CatalogueContent;
  /** The snapshots that it was read from: one, or as many as PCs wrote at the same moment. */
  readonly heads: readonly SnapshotId[];
}

async function readCatalogue(repo: Repository, signal: AbortSignal | undefined): Promise<ReadCatalogue> {
  const snapshots: KnownSnapshot[] = [];
  const load = async (id: SnapshotId): Promise<void> => {
    snapshots.push({ id, snapshot: await repo.loadSnapshot(id, signal) });
  };
  await forEachLimit(await repo.listSnapshots(signal), CONNECTIONS, load, signal);
  const followed = new Set(snapshots.flatMap(({ snapshot }) => followedBy(snapshot)));
  const open = snapshots.filter((one) => !namesOf(one).some((name) => followed.has(name)));
  await repo.loadIndex(signal);
  const heads: SnapshotId[] = [];
  const contents: CatalogueContent[] = [];
  for (const known of open.sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const bytes = await readFile(repo, known, signal);
    if (bytes === undefined) continue;
    heads.push(known.id);
    contents.push(decodeCatalogue(bytes, `${FILE} of snapshot ${shortId(known.id)} in ${repo.backend.location}`));
  }
  return { content: uniteCatalogues(contents), heads };
}

/** undefined: a snapshot of something else, that somebody put here. */
async function readFile(repo: Repository, known: KnownSnapshot, signal?: AbortSignal): Promise<Bytes | undefined> {
  const node = (await repo.loadTree(known.snapshot.tree, signal)).find(({ name }) => name === FILE);
  if (node?.type !== 'file') return undefined;
  if ((node.size ?? 0) > LARGEST) throw new SyncError('damaged', `${FILE} in ${repo.backend.location} is too large`);
  const parts: Bytes[] = [];
  for (const id of node.content ?? []) parts.push(await repo.loadBlob('data', id, signal));
  return concatBytes(parts);
}

/** Read once more under the lock: what another PC has written meanwhile is kept, and packs are safe from a prune. */
async function writeCatalogue(account: Account, repo: Repository, edit: CatalogueEdit): Promise<CatalogueContent> {
  const { signal, services } = account;
  return repo.write({ signal, lock: { waitMs: LOCK_WAIT_MS } }, async (writer) => {
    const { content, heads } = await readCatalogue(repo, writer.signal);
    const next = edit(content);
    if (next === undefined) return content;
    const [parent, ...others] = heads;
    const tree = await savePortableTrees(
      new Map([[FILE, await saveFile(repo, writer, encodeCatalogue(next))]]),
      (plain) => writer.saveTree(plain),
    );
    await writer.commit({
      time: new Date().toISOString(),
      tree,
      paths: [`/${CATALOGUE}`],
      hostname: hostname(),
      tags: [PROGRAM, CATALOGUE, ...others.map((id) => FOLLOWS_TAG + id)],
      programVersion: `${PROGRAM} ${services.version}`,
      ...(parent === undefined ? {} : { parent }),
    });
    return next;
  });
}

async function saveFile(repo: Repository, writer: WriteSession, plain: Bytes): Promise<ManifestEntry> {
  const id = blobId(repo.codec.crypto, plain);
  if (writer.claim('data', id)) await writer.add(sealBlob(repo.codec, 'data', id, plain), plain.length);
  return { type: 'file', size: plain.length, executable: false, content: [id], mtimeMs: Date.now() };
}
