/** A backup that finds everything as it was. */
export { run } from './03-push-nothing.mjs';

export const title = 'restic-ts backup, nothing changed';
export const ours = 'restic-ts backup';
export const program = 'restic-ts';
export const against = 'backup';
export const data = 'game';
export const targets = {};

export async function prepare(bench) {
  await bench.ensurePushed('restic', 'restic-ts');
}
