// The same from a CommonJS module.
const { mkdtemp, rm, writeFile } = require('node:fs/promises');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { backup, Repository } = require('instance-sync');

async function main() {
  const folder = await mkdtemp(join(tmpdir(), 'example-'));
  await writeFile(join(folder, 'level.dat'), 'day one');
  const repo = await Repository.init({ repository: join(folder, 'repository'), password: 'correct horse' });
  try {
    const { summary } = await backup(repo, { cwd: folder, paths: ['level.dat'] });
    console.log('saved', summary.filesNew, 'file');
  } finally {
    await repo.close();
    await rm(folder, { recursive: true });
  }
}

void main();

// Prints:
// saved 1 file
