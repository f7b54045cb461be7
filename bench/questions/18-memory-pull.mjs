/**
 * How much memory it takes to get a huge game folder back. Both programs read what push has stored, and the original makes
 * room for its copy.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { assertSame, fingerprint } from '../compare.mjs';

export const title = 'pull of a huge game folder into an empty one';
export const ours = 'pull';
export const against = 'restore';
export const data = 'huge';
export const targets = { peak: 256e6 };
export const pairs = 1;
export const onlyAsked = true;

export async function prepare(bench) {
  await bench.ensurePushed('instance-sync');
  bench.original = fingerprint(bench.game);
  rmSync(bench.game, { recursive: true, force: true });
  mkdirSync(bench.game);
}

export async function run(bench, client) {
  const pc = await client.newPc();
  try {
    await bench.settle();
    const measured = await client.pull(pc, bench.clients['instance-sync'].repository);
    assertSame(bench.original, pc.folder, client.name);
    return measured;
  } finally {
    rmSync(pc.folder, { recursive: true, force: true });
  }
}
