/** After every command that put something into the trash. */
import type { SyncSession } from './session.js';
import { pruneTrash } from './swap/trash.js';

/** What went beyond the limits goes; that it cannot is no reason for the command to fail. */
export async function tidyTrash(session: SyncSession): Promise<void> {
  await pruneTrash(session.instance.cloudFolder, Date.now()).catch((error: unknown) => {
    session.warn('trash', `the trash could not be tidied: ${error instanceof Error ? error.message : String(error)}`);
  });
}
