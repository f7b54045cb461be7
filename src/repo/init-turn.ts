/**
 * One maker at a time for a new repository. Two PCs that push for the first time at once would each store a key, and
 * the loser's, which opens nothing, would stay for ever on an append-only server: restic stops at such a key.
 * Whoever wants to make the repository first leaves a note among the locks (the one place where files can be removed
 * again), then looks: alone, it goes on; not alone, it takes its note back and tries again after a random pause.
 *   note = {"instance-sync":"init","time":…,"nonce":…}   in plain text, as there is no key yet
 */
import type { Backend } from '../backend/backend.js';
import { fromUtf8, toHex, utf8 } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import { sleep } from '../base/sleep.js';
import type { CryptoProvider } from '../crypto/provider.js';

export interface TurnOptions {
  readonly backend: Backend;
  readonly crypto: CryptoProvider;
  readonly signal?: AbortSignal | undefined;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * Making a repository takes seconds. A note met this often, with a pause of 1 to 2 s each time, is of a PC that was
 * switched off (one that waits writes a new note each time). Counted, as the clocks of two PCs need not agree.
 */
const STALE_SIGHTINGS = 20;
const ATTEMPTS = 45;
const PAUSE_MS = 1000;

/** Runs `work` while no other PC does so. Throws 'locked' if others are at it for more than a minute. */
export async function inTurn<T>(options: TurnOptions, work: () => Promise<T>): Promise<T> {
  const { backend, crypto, signal } = options;
  const sightings = new Map<string, number>();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const text = { 'instance-sync': 'init', time: new Date().toISOString(), nonce: toHex(crypto.randomBytes(16)) };
    const note = utf8(JSON.stringify(text));
    const name = toHex(crypto.sha256(note));
    await backend.write('locks', name, note, { signal });
    try {
      if (await isAlone(options, name, sightings)) return await work();
    } finally {
      // Without the signal: a note left behind would hold the others up.
      await backend.remove('locks', name);
    }
    await (options.sleep ?? sleep)(PAUSE_MS * (1 + (crypto.randomBytes(1)[0] ?? 0) / 256), signal);
  }
  throw new SyncError('locked', `another PC is making the repository at ${backend.location}; try again in a minute`);
}

async function isAlone(options: TurnOptions, own: string, sightings: Map<string, number>): Promise<boolean> {
  const { backend, signal } = options;
  let alone = true;
  for (const { name } of await backend.list('locks', { signal })) {
    if (name === own || !(await isInitNote(backend, name, signal))) continue;
    const count = (sightings.get(name) ?? 0) + 1;
    sightings.set(name, count);
    if (count > STALE_SIGHTINGS) await backend.remove('locks', name, { signal });
    else alone = false;
  }
  return alone;
}

/**
 * Whether a file among the locks is such a note; false for what is gone, and for the locks of a repository that is there
 * already. Beside a config a note means nothing any more: its PC was switched off right after it had made the
 * repository, and whoever meets the note may clear it.
 */
export async function isInitNote(backend: Backend, name: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const note: unknown = JSON.parse(fromUtf8(await backend.read('locks', name, undefined, { signal })));
    return typeof note === 'object' && note !== null && 'instance-sync' in note;
  } catch (error) {
    if (error instanceof SyntaxError || isSyncError(error, 'not-found', 'damaged')) return false;
    throw error;
  }
}
