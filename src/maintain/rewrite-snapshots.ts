/** All snapshots that are meant, each through one rewriter of trees: what they share is written once. */
import type { Bytes } from '../base/bytes.js';
import type { TreeId } from '../base/ids.js';
import type { NamedSnapshot } from '../browse/select.js';
import { selectSnapshots } from '../browse/select.js';
import { blobId } from '../repo/codec.js';
import type { Repository } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import type { ReplaceOptions, ReplaceResult, SnapshotOutcome } from './rewrite-snapshot.js';
import type { TreeRules } from './rewrite-tree.js';
import { TreeRewriter } from './rewrite-tree.js';

/** Without a session nothing is stored: a dry run. `rules` is asked for once the index is loaded. */
export async function rewriteEach(
  repo: Repository,
  session: WriteSession | undefined,
  options: ReplaceOptions,
  rules: () => TreeRules,
  rewriteOne: (one: NamedSnapshot, rewriter: TreeRewriter) => Promise<SnapshotOutcome>,
): Promise<ReplaceResult> {
  const signal = session?.signal ?? options.signal;
  const snapshots = await selectSnapshots(repo, options.snapshots ?? [], { ...options, signal });
  await repo.loadIndex(signal);
  const save = async (plain: Bytes): Promise<TreeId> =>
    session === undefined ? blobId(repo.codec.crypto, plain) : session.saveTree(plain);
  const rewriter = new TreeRewriter(repo, { rules: rules(), save, signal });
  const outcomes: SnapshotOutcome[] = [];
  for (const one of snapshots) {
    options.onSnapshot?.(one);
    const outcome = await rewriteOne(one, rewriter);
    outcomes.push(outcome);
    options.onOutcome?.(outcome);
  }
  return { outcomes, modified: outcomes.filter(({ kind }) => kind !== 'unchanged').length };
}
