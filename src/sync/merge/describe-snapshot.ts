/** What stands in a snapshot that this PC makes, besides its tree. */
import type { SnapshotId, TreeId } from '../../base/ids.js';
import type { Snapshot } from '../../repo/snapshot.js';
import { readGameVersion, versionTags } from '../folder/game-version.js';
import type { SyncSession } from '../session.js';
import { PROGRAM } from './heads.js';
import { makeTags } from './snapshot-tags.js';

export interface SnapshotFacts {
  readonly tree: TreeId;
  readonly parent: SnapshotId | undefined;
  readonly follows: readonly SnapshotId[];
  readonly marks: readonly string[];
}

export async function describeSnapshot(session: SyncSession, facts: SnapshotFacts): Promise<Snapshot> {
  const { services, instance, deviceId, hostname } = session;
  const { tree, parent, follows, marks } = facts;
  const version = versionTags(await readGameVersion(instance.packFolder));
  const { instanceId } = instance.settings;
  return {
    time: new Date().toISOString(),
    tree,
    paths: [instance.packFolder],
    hostname,
    tags: makeTags({ instanceId, deviceId, version, follows, marks }),
    programVersion: `${PROGRAM} ${services.version}`,
    ...(parent === undefined ? {} : { parent }),
  };
}
