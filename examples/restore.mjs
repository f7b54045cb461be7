// Brings a folder back to what it was.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, Repository, restore } from 'instance-sync';

const folder = await mkdtemp(join(tmpdir(), 'example-'));
const world = join(folder, 'world');
await mkdir(world);
await writeFile(join(world, 'level.dat'), 'day one');
await writeFile(join(world, 'notes.txt'), 'as they were');

const repo = await Repository.init({ repository: join(folder, 'repository'), password: 'correct horse' });
try {
  await backup(repo, { cwd: folder, paths: ['world'] });
  await writeFile(join(world, 'level.dat'), 'broken');
  await writeFile(join(world, 'notes.txt'), 'new ones, to be kept');
  await writeFile(join(world, 'junk'), 'not in the snapshot');

  const { filesRestored, filesDeleted, errors } = await restore(repo, 'latest', {
    folder: '/world',
    target: world,
    exclude: ['notes.txt'],
    delete: true,
  });
  console.log(await readFile(join(world, 'level.dat'), 'utf8'));
  console.log(await readFile(join(world, 'notes.txt'), 'utf8'));
  console.log(filesRestored, 'restored,', filesDeleted, 'deleted,', errors.length, 'errors');
} finally {
  await repo.close();
  await rm(folder, { recursive: true });
}

// Prints:
// day one
// new ones, to be kept
// 1 restored, 1 deleted, 0 errors
