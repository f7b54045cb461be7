/**
 * What this PC has sent stands in the cloud beside another version, and what becomes of the two has to be asked. Nothing
 * is locked meanwhile: with the answer, all heads are looked at anew.
 */
import type { Remote } from '../repo/remote.js';
import type { Repository } from '../repo/repository.js';
import type { Arbiter } from './merge/arbiter.js';
import { baseManifest, meetCloud } from './remote-side.js';
import type { NothingSent, Sent } from './results.js';
import { mergeCloud, type SentSide, unseenHeads } from './send.js';
import type { SyncSession } from './session.js';
import { reopenState, repositoryLock } from './session.js';

/** What a push has to tell in the end. */
export async function settleSent(
  given: SyncSession,
  remote: Remote,
  repo: Repository,
  arbiter: Arbiter,
  result: NothingSent | SentSide,
): Promise<NothingSent | Sent> {
  if (!('sent' in result)) return result;
  const { sent, open } = result;
  const { merged = result.merged } = open === undefined ? {} : await mergeAnew(given, remote, repo, arbiter);
  return merged === undefined ? sent : { ...sent, merged };
}

/** `merged` is missing if another PC has merged them meanwhile. */
async function mergeAnew(
  given: SyncSession,
  remote: Remote,
  repo: Repository,
  arbiter: Arbiter,
): Promise<Pick<SentSide, 'merged'>> {
  return arbiter.settle(async () => {
    const session = await reopenState(given);
    const ids = await remote.listSnapshots(session.signal);
    return repo.write({ signal: session.signal, lock: repositoryLock(session) }, async (writer) => {
      await repo.loadIndex(writer.signal);
      const { session: whole, cloud } = await meetCloud(session, repo, ids);
      if (unseenHeads(whole, cloud).length === 0) return {};
      const mine = baseManifest(whole.state) ?? new Map();
      return { merged: await mergeCloud({ session: whole, repo, writer, cloud, arbiter }, undefined, mine) };
    });
  });
}
