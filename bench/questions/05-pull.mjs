/** A new PC: everything comes from the server into an empty folder. The first of each is held against the original. */
import { rmSync } from 'node:fs';
import { assertSame, fingerprint } from '../compare.mjs';

export const title = 'pull of the game folder into an empty one';
export const ours = 'pull';
export const against = 'restore';
export const data = 'game';
export const targets = { time: 0.75, timeOnNode20: 1, peak: 256e6 };

export async function prepare(bench) {
  await bench.ensurePushed('restic', 'instance-sync');
}

export async function run(bench, client, round) {
  const pc = await client.newPc();
  try {
    await bench.settle();
    const measured = await client.pull(pc);
    if (round === 0) assertSame(fingerprint(bench.game), pc.folder, client.name);
    return measured;
  } finally {
    rmSync(pc.folder, { recursive: true, force: true });
  }
}
