/** An evening of play: chunks were rewritten in some region files. Both programs send the same changes. */
import { play } from '../data.mjs';

export const title = 'push after a session of play';
export const against = 'backup';

export async function prepare(bench) {
  await bench.ensurePushed();
}

/** Before each round. */
export async function change(bench, round) {
  return `${(play(bench.game, round) / 1e6).toFixed(1)} MB rewritten in place`;
}

export async function run(_bench, client) {
  const before = client.stored();
  const measured = await client.push('sent');
  return { ...measured, uploaded: client.stored() - before };
}
