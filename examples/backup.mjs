// Makes two snapshots of a folder. The second one reads only what has changed.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, Repository } from 'instance-sync';

const folder = await mkdtemp(join(tmpdir(), 'example-'));
const world = join(folder, 'world');
await mkdir(join(world, 'cache'), { recursive: true });
await writeFile(join(world, 'level.dat'), 'day one');
await writeFile(join(world, 'cache', 'tiles.bin'), 'to be made again at any time');

const repo = await Repository.init({ repository: join(folder, 'repository'), password: 'correct horse' });
try {
  const first = await backup(repo, {
    paths: [world],
    exclude: ['cache'],
    tags: ['manual'],
    onEvent: (event) => {
      if (event.type === 'item' && event.kind === 'file') console.log(event.action, event.size, 'bytes');
    },
  });
  console.log('first:', first.summary.filesNew, 'new, without what was excluded');

  await writeFile(join(world, 'options.txt'), 'fov:90');
  const { summary, errors } = await backup(repo, { paths: [world], exclude: ['cache'] });
  console.log('second:', summary.filesNew, 'new,', summary.filesUnmodified, 'unmodified');
  // What could not be read is not in the snapshot; all else is.
  for (const { item, error } of errors) console.log(item, error.message);
} finally {
  await repo.close();
  await rm(folder, { recursive: true });
}

// Prints:
// new 7 bytes
// first: 1 new, without what was excluded
// second: 1 new, 1 unmodified
