/** A new PC: everything comes from the server into an empty folder. The first of each is held against the original. */
import { rmSync } from 'node:fs';
import { assertSame } from '../compare.mjs';

export const title = 'pull into an empty folder';
export const against = 'restore';

export async function prepare(bench) {
  await bench.ensurePushed();
}

export async function run(bench, client, round) {
  const pc = await client.newPc();
  try {
    await bench.settle();
    const measured = await client.pull(pc);
    if (round === 0) assertSame(bench.game, pc.folder, client.name);
    return measured;
  } finally {
    rmSync(pc.folder, { recursive: true, force: true });
  }
}
