// Looks whether a repository is whole, before and after one of its files was damaged.
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, check, Repository } from 'instance-sync';

const folder = await mkdtemp(join(tmpdir(), 'example-'));
await writeFile(join(folder, 'level.dat'), randomBytes(100_000));
const repo = await Repository.init({ repository: join(folder, 'repository'), password: 'correct horse' });
try {
  await backup(repo, { cwd: folder, paths: ['level.dat'] });
  const before = await check(repo, { readData: 'all' });
  console.log('sound:', before.isSound);

  await damage(join(folder, 'repository', 'data'));
  const { isSound, findings } = await check(repo, { readData: 'all' });
  console.log('sound:', isSound);
  for (const { severity, code } of findings) console.log(severity, code);
} finally {
  await repo.close();
  await rm(folder, { recursive: true });
}

/** Flips a bit in the pack that holds the file's content. */
async function damage(data) {
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    if (bytes.length < 100_000) continue;
    bytes[50_000] ^= 1;
    await chmod(path, 0o600);
    await writeFile(path, bytes);
  }
}

// Prints:
// sound: true
// sound: false
// error pack-damaged
