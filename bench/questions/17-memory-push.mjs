/** How much memory a first push takes at 20 times the size. Only where it is asked for: it takes long. */
export { prepare } from './01-first-push.mjs';

export const title = 'first push of a huge game folder';
export const ours = 'push';
export const against = 'backup';
export const data = 'huge';
export const targets = { peak: 256e6 };
export const pairs = 1;
export const onlyAsked = true;

/** Of the repositories only the hook's is kept, for what comes next: there may be no room for both. */
export async function run(bench, client) {
  await client.newRepository();
  await bench.settle();
  const measured = await client.push('sent');
  const uploaded = client.stored();
  if (client.name === 'restic') client.discard();
  else bench.pushed.add(client.name);
  return { ...measured, uploaded };
}
