/** Empties the trash by hand, before its time. After it there is nothing that undo could go back to. */
import { readInstance } from '../folder/instance.js';
import { acquireInstanceLock } from '../folder/instance-lock.js';
import type { NotConfigured } from '../results.js';
import { NOT_CONFIGURED } from '../results.js';
import type { SyncOptions } from '../session.js';
import { packFolderOf } from '../session.js';
import { recoverSwap } from '../swap/stage.js';
import { emptyTrashFolder } from '../swap/trash.js';

export interface TrashEmptied {
  readonly outcome: 'emptied';
  /** How many generations are gone, and the bytes of the old files in them. */
  readonly generations: number;
  readonly bytes: number;
}

export type EmptyTrashResult = NotConfigured | TrashEmptied;

/** Milliseconds. */
const LOCK_WAIT_MS = 10_000;

/**
 * Asks no server and needs no token. A swap that was interrupted is completed or undone first, as by every command.
 * Throws 'in-use' if another command works on the folder for longer than `waitMs` (10 s by default), 'io'.
 */
export async function emptyTrash(
  options: Pick<SyncOptions, 'packFolder' | 'waitMs' | 'signal'> = {},
): Promise<EmptyTrashResult> {
  const instance = await readInstance(packFolderOf(options));
  if (instance === undefined) return NOT_CONFIGURED;
  const { waitMs = LOCK_WAIT_MS, signal } = options;
  const lock = await acquireInstanceLock(instance.cloudFolder, { command: 'trash', waitMs, signal });
  try {
    await recoverSwap(instance);
    await lock.check();
    return { outcome: 'emptied', ...(await emptyTrashFolder(instance.cloudFolder)) };
  } finally {
    await lock.release();
  }
}
