/**
 * An evening of play in a world that has been lived in, as the game writes it: chunks go to the first gap that is long
 * enough. Both programs send the same changes.
 */
import { EVENINGS, SavedWorld } from '../saved-world.mjs';

export { run } from './16-push-in-place.mjs';

export const title = 'push after a session of play';
export const ours = 'push';
export const against = 'backup';
export const data = 'game';
export const targets = { time: 0.5, timeOnNode20: 1, bytes: 0.3 };

/** The world is new, and sent, before the first evening. */
export async function prepare(bench) {
  await bench.ensurePushed('restic', 'instance-sync');
  if (bench.world !== undefined) return;
  bench.world = new SavedWorld(bench.game, bench.data.bytes);
  for (const name of ['restic', 'instance-sync']) await bench.clients[name].push('sent');
}

/** Before each round; returns what has changed. */
export async function change(bench, _round, evening = EVENINGS.atHome) {
  const { files, bytes } = bench.world.play(evening);
  return `${files} files of ${(bytes / 1e6).toFixed(1)} MB written to`;
}
