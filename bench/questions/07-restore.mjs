/** restic-ts and restic restore the same snapshot of the same repository, without a cache. */
export { run } from './05-pull.mjs';

export const title = 'restic-ts restore of the game folder';
export const ours = 'restic-ts restore';
export const program = 'restic-ts';
export const against = 'restore';
export const data = 'game';
export const targets = { time: 0.75, timeOnNode20: 1 };

export async function prepare(bench) {
  await bench.ensurePushed('restic');
}
