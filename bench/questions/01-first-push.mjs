/** A game folder that the server has never seen. */
export const title = 'first push of the game folder';
export const ours = 'push';
export const against = 'backup';
export const data = 'game';
export const targets = { time: 0.65, timeOnNode20: 1, bytes: 1.02, peak: 256e6 };

export async function prepare() {}

export async function run(bench, client) {
  await client.newRepository();
  await bench.settle();
  const measured = await client.push('sent');
  bench.pushed.add(client.name);
  return { ...measured, uploaded: client.stored() };
}
