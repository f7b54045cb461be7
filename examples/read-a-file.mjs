// Reads single files, and whole folders as archives, out of a snapshot. Nothing is restored for it.
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { backup, Repository } from 'instance-sync';

const folder = await mkdtemp(join(tmpdir(), 'example-'));
await mkdir(join(folder, 'world'));
await writeFile(join(folder, 'world', 'level.dat'), 'day one');
await writeFile(join(folder, 'world', 'region.mca'), Buffer.alloc(20_000_000, 'stone'));

const repo = await Repository.init({ repository: join(folder, 'repository'), password: 'correct horse' });
try {
  await backup(repo, { cwd: folder, paths: ['world'] });

  let bytes = 0;
  for await (const piece of repo.readFile('latest', '/world/region.mca')) bytes += piece.length;
  console.log('region.mca:', bytes, 'bytes, in pieces');

  // Leaving the loop frees all that is behind it.
  for await (const piece of repo.readFile('latest', '/world/region.mca')) {
    console.log('it begins with', Buffer.from(piece.subarray(0, 5)).toString());
    break;
  }

  const zip = join(folder, 'world.zip');
  await pipeline(repo.archive('latest', { folder: '/world', format: 'zip' }), createWriteStream(zip));
  console.log('world.zip:', (await stat(zip)).size < 1_000_000 ? 'small' : 'large');
} finally {
  await repo.close();
  await rm(folder, { recursive: true });
}

// Prints:
// region.mca: 20000000 bytes, in pieces
// it begins with stone
// world.zip: small
