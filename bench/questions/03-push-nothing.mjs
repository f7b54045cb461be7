/** The game was closed and nothing changed. */
export const title = 'push, nothing changed';
export const ours = 'push';
export const against = 'backup';
export const data = 'game';
export const targets = { time: 0.25 };

export async function prepare(bench) {
  await bench.ensurePushed('restic', 'instance-sync');
}

export async function run(_bench, client) {
  return client.push('nothing-to-send');
}
