/** The main thread's side of a very large file (cut-task.ts): its stretches become requests as they are found. */
import { SyncError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import type { StretchToSave } from './cut-task.js';
import { asyncAccess } from './file-access.js';
import type { FileResult, FileStats } from './file-task.js';
import type { Answer, Job } from './pool-thread.js';
import { wrongAnswer } from './pool-thread.js';
import type { SaveRequest } from './save-queue.js';

type StretchRequest = Omit<SaveRequest, 'done' | 'failed'>;

export interface SpreadOptions {
  /** How many stretches may wait or be under way. */
  readonly ahead: number;
  /** Puts a stretch into the queue. */
  save(stretch: StretchRequest): Promise<FileResult>;
  /** Called when all is cut: stretches may be under way still. */
  ended(): void;
}

/** The whole file as one result; fails with 'unsupported' if it is not to be cut so. */
export function spreadJob(job: number, request: SaveRequest, { ahead, save, ended }: SpreadOptions): Job {
  const contents: Promise<readonly BlobId[]>[] = [];
  let open = 0;
  let goOn: (() => void) | undefined;
  let failure: { readonly error: unknown } | undefined;
  const add = (stretch: StretchToSave): void => {
    open += 1;
    const saved = save({ ...request, size: Number.MAX_SAFE_INTEGER, stretch })
      .then(({ content }) => content)
      .finally(() => {
        open -= 1;
        goOn?.();
      });
    saved.catch((error: unknown) => {
      failure ??= { error };
    });
    contents.push(saved);
  };
  const wait = async (): Promise<Answer> => {
    if (open >= ahead) {
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    }
    if (failure !== undefined) throw failure.error;
    return { message: { kind: 'more', job } };
  };
  const finish = async (size: number, stats: FileStats): Promise<void> => {
    const parts = await Promise.all(contents);
    const after = request.lookAfter ? await asyncAccess.look(request.path) : undefined;
    request.done({ content: parts.flat(), size, stats, ...(after && { after }) });
  };
  return {
    hear: (message) => {
      if (message.kind === 'stretch') {
        add({ ...message.stretch, path: request.path, stats: message.stats });
        return wait();
      }
      ended();
      if (message.kind === 'cut-done') finish(message.size, message.stats).catch(request.failed);
      else if (message.kind === 'not-cut')
        request.failed(new SyncError('unsupported', `${request.path} is cut by pages`));
      else request.failed(wrongAnswer());
      return undefined;
    },
    failed: request.failed,
  };
}
