// Opens a repository and lists its snapshots.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, Repository } from 'instance-sync';

const folder = await mkdtemp(join(tmpdir(), 'example-'));
await mkdir(join(folder, 'world'));
await writeFile(join(folder, 'world', 'level.dat'), 'day one');
const address = { repository: join(folder, 'repository'), password: 'correct horse' };
const made = await Repository.init(address);
await backup(made, { cwd: folder, paths: ['world'], hostname: 'pc', tags: ['manual'] });
await backup(made, { cwd: folder, paths: ['world'], hostname: 'laptop' });
await made.close();

const repo = await Repository.open(address);
try {
  for await (const { hostname, tags, summary } of repo.snapshots()) {
    console.log(hostname, tags ?? [], `${summary?.totalFilesProcessed} file`);
  }
  const latest = await repo.snapshot('latest', { filter: { hosts: ['pc'] } });
  console.log('the latest of pc:', latest.time.length > 0, latest.id.length);
} finally {
  await repo.close();
  await rm(folder, { recursive: true });
}

// Prints:
// pc [ 'manual' ] 1 file
// laptop [] 1 file
// the latest of pc: true 64
