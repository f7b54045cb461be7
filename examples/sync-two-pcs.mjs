// One instance on two PCs that both played: what did not collide is merged, and the player is asked about the rest.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createHtpasswdLine, history, init, pull, push, startServer, undo } from 'instance-sync';

const folder = await mkdtemp(join(tmpdir(), 'example-'));
const put = async (pc, path, content) => {
  await mkdir(dirname(join(pc, path)), { recursive: true });
  await writeFile(join(pc, path), content);
};

const htpasswdFile = join(folder, 'htpasswd');
await writeFile(htpasswdFile, await createHtpasswdLine('kim', 'swordfish'));
const server = await startServer({
  path: join(folder, 'served'),
  htpasswdFile,
  listen: '127.0.0.1:0',
  privateRepos: true,
});
try {
  const [desk, couch] = [join(folder, 'desk'), join(folder, 'couch')];
  const account = { url: server.url, token: 'kim:swordfish' };
  await put(desk, 'saves/Home/level.dat', 'day 1');
  await put(desk, 'saves/Cave/level.dat', 'day 1');
  const { instanceId } = await init({ ...account, packFolder: desk });
  await push({ packFolder: desk });
  await mkdir(couch);
  await init({ ...account, packFolder: couch, instanceId });
  console.log('couch:', (await pull({ packFolder: couch })).outcome);

  await put(desk, 'saves/Home/level.dat', 'day 2, at the desk');
  await put(desk, 'saves/Cave/level.dat', 'day 2');
  await push({ packFolder: desk });
  await put(couch, 'saves/Home/level.dat', 'day 2, on the couch');
  const result = await pull({
    packFolder: couch,
    onConflict: ({ local, cloud, units }) => {
      console.log('ask:', local.where, 'or', cloud.where, units.map(({ id, kind }) => `${kind} ${id}`).join());
      return { default: 'abort', units: { 'saves/Home': 'keep-both' } };
    },
  });
  console.log('couch:', result.outcome, 'with', result.merged.fromCloud.join());
  console.log('worlds:', (await readdir(join(couch, 'saves'))).length);

  const { entries } = await history({ packFolder: couch });
  console.log('versions:', entries.length, 'of which heads:', entries.filter(({ isHead }) => isHead).length);
  console.log('undo:', (await undo({ packFolder: couch, dryRun: true })).outcome);
} finally {
  await server.close();
  await rm(folder, { recursive: true });
}

// Prints:
// couch: updated
// ask: this-pc or cloud world saves/Home
// couch: updated with saves/Cave
// worlds: 3
// versions: 4 of which heads: 1
// undo: would-undo
