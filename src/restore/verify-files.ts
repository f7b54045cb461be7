/** Reads files back and holds them against the hashes of their blobs. */
import { forEachLimit } from '../base/concurrency.js';
import { ioError, SyncError } from '../base/errors.js';
import type { Repository } from '../repo/repository.js';
import { comparePieces, sizeOf } from './compare-file.js';
import type { FileJob } from './plan-files.js';
import type { RestoreProgress } from './restore-progress.js';
import { lookAt } from './target-folder.js';

const PARALLEL = 4;

/** Returns how many are as they must be. */
export async function verifyFiles(
  repo: Repository,
  jobs: readonly FileJob[],
  progress: RestoreProgress,
  signal?: AbortSignal,
): Promise<number> {
  let count = 0;
  await forEachLimit(
    jobs,
    PARALLEL,
    async (job) => {
      try {
        await verifyFile(repo, job, signal);
        count += 1;
      } catch (error) {
        progress.failed(job.item.path, ioError(error, 'cannot read back', job.path));
      }
    },
    signal,
  );
  return count;
}

async function verifyFile(repo: Repository, { path, pieces }: FileJob, signal?: AbortSignal): Promise<void> {
  const there = await lookAt(path);
  if (!there?.isFile()) throw new SyncError('io', `${path} is no file any more`);
  const size = sizeOf(pieces);
  if (there.size !== BigInt(size)) throw new SyncError('io', `${path} has ${there.size} bytes, and not ${size}`);
  const wrong = (await comparePieces(repo, path, pieces, signal)).indexOf(false);
  const offset = pieces[wrong]?.offset;
  if (offset !== undefined) throw new SyncError('io', `${path} has other content from byte ${offset} on`);
}
