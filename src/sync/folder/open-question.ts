/**
 * The question that a pull or a push ended with and that nobody has answered yet, in `.cloud-sync/question.json`:
 *   {"schema":1, "kind":"conflict"|"deletion", "time"}
 * for windows that list what waits for the player. It is gone with the next sync that records a common state; nothing is
 * decided by it.
 */
import { join } from 'node:path';
import { isSyncError } from '../../base/errors.js';
import type { SyncSession } from '../session.js';
import { writeFileAtomic } from '../swap/atomic-write.js';
import { nodeFs } from '../swap/fs-ops.js';
import { rmWithRetry } from '../swap/fs-retry.js';
import { readJsonFile } from './json-file.js';

export type OpenQuestion = 'conflict' | 'deletion';

const FILE = 'question.json';

/** The work of a command, with a note of the question if it ends with one. */
export function notingQuestion<T>(work: (session: SyncSession) => Promise<T>): (session: SyncSession) => Promise<T> {
  return async (session) => {
    try {
      return await work(session);
    } catch (error) {
      const kind = questionOf(error);
      if (kind !== undefined) await writeQuestion(session.instance.cloudFolder, kind);
      throw error;
    }
  };
}

function questionOf(error: unknown): OpenQuestion | undefined {
  if (!isSyncError(error, 'conflict')) return undefined;
  if (error.details['conflict'] !== undefined) return 'conflict';
  return error.details['deletion'] === undefined ? undefined : 'deletion';
}

async function writeQuestion(cloudFolder: string, kind: OpenQuestion): Promise<void> {
  const text = JSON.stringify({ schema: 1, kind, time: new Date().toISOString() });
  await writeFileAtomic(nodeFs, join(cloudFolder, FILE), `${text}\n`).catch(() => {
    // The question itself is what must be told; the next command asks it again.
  });
}

export async function clearQuestion(cloudFolder: string): Promise<void> {
  await rmWithRetry(nodeFs, join(cloudFolder, FILE)).catch(() => {
    // It would be shown until the next sync; no reason to fail.
  });
}

/** Undefined if there is none, or none that can be understood. */
export async function readQuestion(cloudFolder: string): Promise<OpenQuestion | undefined> {
  try {
    const kind = (await readJsonFile(nodeFs, join(cloudFolder, FILE), 'delete it'))?.['kind'];
    return kind === 'conflict' || kind === 'deletion' ? kind : undefined;
  } catch (error) {
    if (isSyncError(error)) return undefined;
    throw error;
  }
}
