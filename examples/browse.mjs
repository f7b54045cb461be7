// Looks into a snapshot: everything below a folder, one folder alone, and the blobs that it is made of.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, Repository } from 'instance-sync';

const folder = await mkdtemp(join(tmpdir(), 'example-'));
await mkdir(join(folder, 'game', 'saves', 'Home'), { recursive: true });
await writeFile(join(folder, 'game', 'options.txt'), 'fov:90');
await writeFile(join(folder, 'game', 'saves', 'Home', 'level.dat'), 'day one');

const repo = await Repository.init({ repository: join(folder, 'repository'), password: 'correct horse' });
try {
  await backup(repo, { cwd: folder, paths: ['game'] });

  for await (const { path, node } of repo.walk('latest', { folder: '/game' })) {
    console.log(node.type, path);
  }

  const { tree } = await repo.snapshot('latest');
  const [game] = await repo.tree(tree);
  const inside = await repo.tree(game.subtree);
  console.log(inside.map((node) => node.name));

  const [options] = inside;
  const [blob] = options.content;
  console.log(Buffer.from(await repo.blob('data', blob)).toString());

  const count = { data: 0, tree: 0 };
  for await (const { type } of repo.blobs()) count[type] += 1;
  console.log(count);
} finally {
  await repo.close();
  await rm(folder, { recursive: true });
}

// Prints:
// file /game/options.txt
// dir /game/saves
// dir /game/saves/Home
// file /game/saves/Home/level.dat
// [ 'options.txt', 'saves' ]
// fov:90
// { data: 2, tree: 4 }
