// Copies the snapshots of one repository into another one, which has another password.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, copy, Repository } from 'instance-sync';

const folder = await mkdtemp(join(tmpdir(), 'example-'));
await writeFile(join(folder, 'level.dat'), 'day one');
const disk = await Repository.init({ repository: join(folder, 'disk'), password: 'correct horse' });
const stick = await Repository.init({ repository: join(folder, 'stick'), password: 'battery staple' });
try {
  await backup(disk, { cwd: folder, paths: ['level.dat'] });

  const { copied, dataBlobs } = await copy(disk, stick);
  console.log('copied', copied.size, 'snapshot,', dataBlobs, 'blob of data');

  // What is there already is not copied again.
  const again = await copy(disk, stick);
  console.log('copied', again.copied.size, 'and skipped', again.skipped.size);
} finally {
  await disk.close();
  await stick.close();
  await rm(folder, { recursive: true });
}

// Prints:
// copied 1 snapshot, 1 blob of data
// copied 0 and skipped 1
