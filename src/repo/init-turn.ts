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

interface NoteReader {
  readonly backend: Backend;
  readonly signal?: AbortSignal | undefined;
}

export interface TurnOptions extends NoteReader {
  readonly crypto: CryptoProvider;
}

/** Making a repository takes seconds: an older note is of a PC that was switched off. */
const STALE_MS = 2 * 60_000;
const ATTEMPTS = 20;
const PAUSE_MS = 250;

/** Runs `work` while no other PC does so. Throws 'locked' if another one is at it for too long. */
export async function inTurn<T>(options: TurnOptions, work: () => Promise<T>): Promise<T> {
  const { backend, crypto, signal } = options;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const text = { 'instance-sync': 'init', time: new Date().toISOString(), nonce: toHex(crypto.randomBytes(16)) };
    const note = utf8(JSON.stringify(text));
    const name = toHex(crypto.sha256(note));
    await backend.write('locks', name, note, { signal });
    try {
      if (await isAlone(options, name)) return await work();
    } finally {
      // Without the signal: a note left behind would hold the others up.
      await backend.remove('locks', name);
    }
    await sleep(PAUSE_MS * (1 + (crypto.randomBytes(1)[0] ?? 0) / 64), signal);
  }
  throw new SyncError('locked', `another PC is making the repository at ${backend.location}; try again in a minute`);
}

async function isAlone(options: TurnOptions, own: string): Promise<boolean> {
  const { backend, signal } = options;
  for (const { name } of await backend.list('locks', { signal })) {
    if (name === own) continue;
    const time = await timeOfNote(options, name);
    if (time === undefined) continue;
    if (Math.abs(Date.now() - time) < STALE_MS) return false;
    await backend.remove('locks', name, { signal });
  }
  return true;
}

/**
 * Whether a file among the locks is such a note. Beside a config it means nothing any more: its PC was switched off
 * right after it had made the repository, and whoever meets the note may clear it.
 */
export async function isInitNote(backend: Backend, name: string, signal?: AbortSignal): Promise<boolean> {
  return (await timeOfNote({ backend, signal }, name)) !== undefined;
}

/** undefined for what is no note, or is gone: a lock of a repository that is there already is none of our business. */
async function timeOfNote({ backend, signal }: NoteReader, name: string): Promise<number | undefined> {
  try {
    const text = fromUtf8(await backend.read('locks', name, undefined, { signal }));
    const note: unknown = JSON.parse(text);
    if (typeof note !== 'object' || note === null || !('instance-sync' in note) || !('time' in note)) return undefined;
    return Date.parse(String(note.time));
  } catch (error) {
    if (error instanceof SyntaxError || isSyncError(error, 'not-found', 'damaged')) return undefined;
    throw error;
  }
}
