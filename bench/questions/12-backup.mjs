/** The first backup by restic's command line: cut and stored as restic does it. */
export { prepare, run } from './01-first-push.mjs';

export const title = 'restic-ts backup of the game folder, the first';
export const ours = 'restic-ts backup';
export const program = 'restic-ts';
export const against = 'backup';
export const data = 'game';
export const targets = { bytes: 1.02 };
