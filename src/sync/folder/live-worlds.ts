/** What is done about worlds that a running game holds: a pull leaves them alone, a push sends them only when told to. */
import { SyncError } from '../../base/errors.js';
import { worldOf } from '../merge/units.js';
import type { SyncSession } from '../session.js';
import { worldsInUse } from './world-in-use.js';

/** Of the worlds that these paths lie in, those that are in use. */
export function liveWorlds(session: SyncSession, paths: Iterable<string>): Promise<string[]> {
  const worlds = new Set<string>();
  for (const path of paths) {
    const world = worldOf(path);
    if (world !== undefined) worlds.add(world);
  }
  return worldsInUse(session.instance.packFolder, [...worlds], { platform: session.services.platform });
}

/** For push: whether there are any. Throws 'in-use' unless `allowLive`. */
export async function checkLive(session: SyncSession, paths: Iterable<string>): Promise<boolean> {
  const live = await liveWorlds(session, paths);
  if (live.length === 0) return false;
  const what = `a running game holds ${quoted(live)}`;
  if (session.options.allowLive !== true) {
    const todo = 'close the game, or send the world as it is with --allow-live';
    throw new SyncError('in-use', `${what}; nothing was sent; ${todo}`, { details: { worlds: live } });
  }
  session.warn('live', `${what}; it is sent as it is on the disk at this moment`);
  return true;
}

/** For whatever changes the folder. Throws 'in-use'. */
export async function refuseLive(session: SyncSession, paths: Iterable<string>): Promise<void> {
  const live = await liveWorlds(session, paths);
  if (live.length === 0) return;
  throw new SyncError('in-use', `a running game holds ${quoted(live)}; close it first; nothing was changed`, {
    details: { worlds: live },
  });
}

function quoted(worlds: readonly string[]): string {
  return worlds.map((world) => JSON.stringify(world)).join(', ');
}
