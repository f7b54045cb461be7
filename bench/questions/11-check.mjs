/** All packs are fetched and all blobs verified, of the same repository. */
export const title = 'restic-ts check of all data';
export const ours = 'restic-ts check --read-data';
export const program = 'restic-ts';
export const against = 'check --read-data';
export const data = 'game';
export const targets = { time: 1 };

export async function prepare(bench) {
  await bench.ensurePushed('restic');
}

export async function run(bench, client) {
  await bench.settle();
  return client.check();
}
