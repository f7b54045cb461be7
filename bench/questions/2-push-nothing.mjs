/** The game was closed and nothing changed. */
export const title = 'push, nothing changed';
export const against = 'backup';

export async function prepare(bench) {
  await bench.ensurePushed();
}

export async function run(_bench, client) {
  return client.push('nothing-to-send');
}
