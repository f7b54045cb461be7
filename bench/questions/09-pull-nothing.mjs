/** The game is about to start and nobody has pushed since. */
export const title = 'pull, nothing new';
export const ours = 'pull';
export const against = 'snapshots';
export const data = 'game';
export const targets = { time: 0.2 };

export async function prepare(bench) {
  await bench.ensurePushed('restic', 'instance-sync');
}

export async function run(_bench, client) {
  return client.ask();
}
