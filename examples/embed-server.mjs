// Runs a REST server inside this program, and uses a repository on it as restic and rustic could, too.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, createHtpasswdLine, Repository, startServer } from 'instance-sync';

const folder = await mkdtemp(join(tmpdir(), 'example-'));
const path = join(folder, 'served');
const htpasswdFile = join(folder, 'htpasswd');
await writeFile(htpasswdFile, await createHtpasswdLine('kim', 'swordfish'));
await writeFile(join(folder, 'level.dat'), 'day one');

const server = await startServer({ path, htpasswdFile, listen: '127.0.0.1:0', privateRepos: true });
try {
  const repo = await Repository.init({
    repository: `rest:${server.url}kim/worlds/`,
    serverUser: 'kim',
    serverPassword: 'swordfish',
    password: 'correct horse',
  });
  try {
    const { summary } = await backup(repo, { cwd: folder, paths: ['level.dat'] });
    console.log('sent', summary.filesNew, 'file to', new URL(repo.location.replace('rest:', '')).pathname);
  } finally {
    await repo.close();
  }
} finally {
  await server.close();
  await rm(folder, { recursive: true });
}

// Prints:
// sent 1 file to /kim/worlds/
