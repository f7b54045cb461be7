/** Pull, push, restore and undo from a window, and what the last two would do. */
import type { BroughtBack, Deletion, DeletionAnswer, PullResult, PushResult, SyncOptions } from '../../index.js';
import { bringBack, describeFolder, isSyncError, pull, push, SyncError, undo } from '../../index.js';
import type { Handlers } from '../server/window-types.js';
import { askingCallbacks, type Callbacks } from './asking.js';
import { notSetUp } from './end-views.js';
import { PATIENCE_MS, type Room, textOf, versionOf } from './room.js';
import type { Work } from './work.js';

type Names = 'answer' | 'sync' | 'plan-restore' | 'restore' | 'plan-undo' | 'undo' | 'stop';

export function taskHandlers(room: Room, work: Work): Pick<Handlers, Names> {
  const at = async (instance: unknown): Promise<{ packFolder: string; label: string }> => {
    const packFolder = room.folderOf(instance);
    return { packFolder, label: (await describeFolder({ packFolder })).label };
  };
  return {
    sync: async ({ instance, task }) => {
      const { packFolder, label } = await at(instance);
      if (task !== 'pull' && task !== 'push') throw new SyncError('usage', 'the task must be "pull" or "push"');
      const { questions } = work;
      work.start(task, label, ({ ask, ...call }) => {
        const callbacks = askingCallbacks({ heading: { task, label }, questions, ask });
        const options = { ...call, ...callbacks, packFolder, waitMs: PATIENCE_MS };
        return task === 'pull' ? pull(options) : pushOrRestore(options);
      });
      return {};
    },
    answer: async ({ question, answer }) => {
      work.questions.answer(question, answer);
      return {};
    },
    'plan-restore': async ({ instance, version, path }, signal) => {
      const part = { snapshot: versionOf(version), path: textOf(path, 'path') };
      const found = await bringBack({ ...part, packFolder: room.folderOf(instance), ...once(signal), dryRun: true });
      if (found.outcome === 'not-configured') throw notSetUp();
      return { ...found.files, bytes: bytesOf(found) };
    },
    restore: async ({ instance, version, path }) => {
      const part = { snapshot: versionOf(version), path: textOf(path, 'path') };
      const { packFolder, label } = await at(instance);
      work.start('restore', label, ({ ask: _, ...call }) =>
        bringBack({ ...part, ...call, packFolder, waitMs: PATIENCE_MS }),
      );
      return {};
    },
    'plan-undo': async ({ instance }, signal) => {
      const found = await undo({ packFolder: room.folderOf(instance), ...once(signal), dryRun: true });
      if (found.outcome === 'not-configured') throw notSetUp();
      if (found.outcome === 'nothing-to-undo') return { possible: false };
      const { command, time, worlds, files, changedSince } = found;
      const count = files.added + files.changed + files.removed;
      return { possible: true, command, time, worlds, files: count, changedSince };
    },
    undo: async ({ instance }) => {
      const { packFolder, label } = await at(instance);
      work.start('undo', label, ({ ask: _, ...call }) => undo({ ...call, packFolder, waitMs: PATIENCE_MS }));
      return {};
    },
    stop: async () => {
      work.stop();
      return {};
    },
  };
}

/** What is gone and shall be there again comes with a pull; a push can only be told that it was not meant. */
async function pushOrRestore(options: SyncOptions & Callbacks): Promise<PushResult | PullResult> {
  let isWanted = false;
  const onDeletion = async (deletion: Deletion): Promise<DeletionAnswer> => {
    const answer = await options.onDeletion(deletion);
    isWanted = answer === 'restore';
    return isWanted ? 'abort' : answer;
  };
  try {
    return await push({ ...options, onDeletion });
  } catch (error) {
    if (!isWanted || !isSyncError(error, 'conflict')) throw error;
    return pull({ ...options, onDeletion: 'restore' });
  }
}

function once(signal: AbortSignal): { readonly signal: AbortSignal; readonly waitMs: number } {
  return { signal, waitMs: PATIENCE_MS };
}

function bytesOf({ outcome, bytesWritten }: BroughtBack): number {
  return outcome === 'same' ? 0 : bytesWritten;
}
