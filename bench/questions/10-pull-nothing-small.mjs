/** Very many small files, and nobody has pushed since. */
export { prepare, run } from './09-pull-nothing.mjs';

export const title = 'pull of small files, nothing new';
export const ours = 'pull';
export const against = 'snapshots';
export const data = 'small';
export const targets = { time: 0.2 };
