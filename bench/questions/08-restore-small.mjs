/** restic-ts and restic restore very many small files from the same repository. */
export { prepare, run } from './07-restore.mjs';

export const title = 'restic-ts restore of small files';
export const ours = 'restic-ts restore';
export const program = 'restic-ts';
export const against = 'restore';
export const data = 'small';
export const targets = { time: 0.8 };
