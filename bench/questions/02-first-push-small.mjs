/** Very many small files that the server has never seen. */
export { prepare, run } from './01-first-push.mjs';

export const title = 'first push of small files';
export const ours = 'push';
export const against = 'backup';
export const data = 'small';
export const targets = { time: 0.75, timeOnNode20: 1, bytes: 1.02 };
