/** The game is about to start and nobody has pushed since. */
export const title = 'pull, nothing new';
export const against = 'snapshots';

export async function prepare(bench) {
  await bench.ensurePushed();
}

export async function run(_bench, client) {
  return client.ask();
}
