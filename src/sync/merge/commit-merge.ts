/** A merge becomes a snapshot that takes the place of all heads; the worlds that got a second name show it in the game. */
import type { Manifest, ManifestEntry } from '../../archive/manifest.js';
import { savePortableTrees } from '../../archive/portable-tree.js';
import { concatBytes } from '../../base/bytes.js';
import type { SnapshotId } from '../../base/ids.js';
import { blobId, sealBlob } from '../../repo/codec.js';
import type { Repository } from '../../repo/repository.js';
import type { WriteSession } from '../../repo/session.js';
import type { SyncSession } from '../session.js';
import { describeSnapshot } from './describe-snapshot.js';
import { renameLevel } from './level-name.js';
import type { MergedHeads } from './merge-heads.js';
import { secondTitle } from './second-name.js';
import { groupByUnit, isWorld } from './units.js';

/** The game reads the second when the first is broken. */
const LEVEL_FILES = ['level.dat', 'level.dat_old'];
/** One blob and a few kilobytes in every real world; a larger one keeps its name. */
const LARGEST_LEVEL = 256 * 1024;

/** `follows`: the heads, this PC's own first. Returns the id of the new, only head. */
export async function commitMerge(
  session: SyncSession,
  repo: Repository,
  writer: WriteSession,
  merged: MergedHeads,
  follows: readonly SnapshotId[],
): Promise<SnapshotId> {
  const manifest = await withLevelNames(repo, writer, merged);
  const tree = await savePortableTrees(manifest, (plain) => writer.saveTree(plain));
  const [parent, ...others] = follows;
  const losers = [...merged.losers].map((id) => `conflict-loser:${id === 'here' ? (parent ?? '') : id}`);
  const facts = await describeSnapshot(session, { tree, parent, follows: others, marks: ['merge', ...losers] });
  return writer.commit(facts, () => session.checkLock());
}

async function withLevelNames(repo: Repository, writer: WriteSession, merged: MergedHeads): Promise<Manifest> {
  const manifest = new Map(merged.manifest);
  const units = groupByUnit(manifest);
  for (const name of merged.secondNames.values()) {
    if (!isWorld(name, units.get(name))) continue;
    for (const file of LEVEL_FILES) {
      const path = `${name}/${file}`;
      const entry = manifest.get(path);
      const renamed = entry && (await renameLevelFile(repo, writer, entry, name));
      if (renamed !== undefined) manifest.set(path, renamed);
    }
  }
  return manifest;
}

async function renameLevelFile(
  repo: Repository,
  writer: WriteSession,
  entry: ManifestEntry,
  folder: string,
): Promise<ManifestEntry | undefined> {
  if (entry.type !== 'file' || entry.size > LARGEST_LEVEL) return undefined;
  const blobs = [];
  for (const id of entry.content) blobs.push(await repo.loadBlob('data', id, writer.signal));
  const plain = renameLevel(concatBytes(blobs), (title) => secondTitle(title, folder));
  if (plain === undefined) return undefined;
  const id = blobId(repo.codec.crypto, plain);
  if (writer.claim('data', id)) await writer.add(sealBlob(repo.codec, 'data', id, plain), plain.length);
  return { ...entry, size: plain.length, content: [id] };
}
