/** One set-up at a time, across processes: a folder can be made only once. */
import { mkdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

/** A holder that gave no sign of life for this long has died. */
const ABANDONED_MS = 300_000;

/** Waits for `folder`'s lock. The holder calls `alive()` at least every five minutes, and `release()` in the end. */
export async function lock(folder) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, '.lock');
  while (!make(path)) {
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > ABANDONED_MS) rmSync(path, { recursive: true, force: true });
    else await new Promise((wake) => setTimeout(wake, 200));
  }
  return {
    alive: () => utimesSync(path, new Date(), new Date()),
    release: () => rmSync(path, { recursive: true, force: true }),
  };
}

function make(path) {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}
