/** Ten chunks were rewritten in their places in each of 20 region files. Both programs send the same changes. */
import { play } from '../data.mjs';

export const title = 'push after chunks were rewritten in place';
export const ours = 'push';
export const against = 'backup';
export const data = 'game';
export const targets = { time: 0.5, timeOnNode20: 1, bytes: 0.3 };

export async function prepare(bench) {
  await bench.ensurePushed('restic', 'instance-sync');
}

/** Before each round; returns what has changed. */
export async function change(bench, round) {
  return `${(play(bench.game, round) / 1e6).toFixed(1)} MB rewritten in place`;
}

export async function run(_bench, client) {
  const before = client.stored();
  const measured = await client.push('sent');
  return { ...measured, uploaded: client.stored() - before };
}
