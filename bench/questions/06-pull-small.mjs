/** A new PC that gets very many small files. */
export { prepare, run } from './05-pull.mjs';

export const title = 'pull of small files into an empty folder';
export const ours = 'pull';
export const against = 'restore';
export const data = 'small';
export const targets = { time: 0.8 };
