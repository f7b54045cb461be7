/** The game was closed and nothing changed in very many files. */
export { prepare, run } from './03-push-nothing.mjs';

export const title = 'push of small files, nothing changed';
export const ours = 'push';
export const against = 'backup';
export const data = 'small';
export const targets = { time: 0.25 };
