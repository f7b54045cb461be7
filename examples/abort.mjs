// Gives up a backup that is under way. What was sent so far is no waste: the next backup goes on from there.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, isSyncError, Repository } from 'instance-sync';

const folder = await mkdtemp(join(tmpdir(), 'example-'));
await writeFile(join(folder, 'region.mca'), Buffer.alloc(50_000_000, 'stone'));
const repo = await Repository.init({ repository: join(folder, 'repository'), password: 'correct horse' });

const controller = new AbortController();
try {
  await backup(repo, {
    cwd: folder,
    paths: ['region.mca'],
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === 'file-start') controller.abort();
    },
  });
} catch (error) {
  if (!isSyncError(error, 'aborted')) throw error;
  console.log('given up:', error.code);
}

// No lock is left behind, so others can use the repository at once.
const { errors } = await backup(repo, { cwd: folder, paths: ['region.mca'] });
console.log('done, with', errors.length, 'errors');
await repo.close();
await rm(folder, { recursive: true });

// Prints:
// given up: aborted
// done, with 0 errors
