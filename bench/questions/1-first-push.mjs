/** A game folder that the server has never seen. */
export const title = 'first push';
export const against = 'backup';

export async function prepare() {}

export async function run(bench, client) {
  await client.newRepository();
  await bench.settle();
  const measured = await client.push('sent');
  bench.pushed.add(client.name);
  return { ...measured, uploaded: client.stored() };
}
