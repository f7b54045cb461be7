/** On an append-only server of private repositories: nothing is refused, and only locks are ever removed. */
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compareFolders, makeGameFolder, playSession, WORLD } from '../helpers/game-folder.js';
import { ALL_REST_SERVERS, describeInterop, type RestServer } from '../helpers/peers.js';
import { makeCloud, startServer } from '../helpers/sync-env.js';

interface Request {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** The server's log, in combined log format. */
function requests(server: RestServer): Request[] {
  const lines = server.log().matchAll(/"([A-Z]+) (\S+) HTTP\/[\d.]+" (\d+)/g);
  return [...lines].map(([, method = '', path = '', status = '']) => ({ method, path, status: Number(status) }));
}

describeInterop('a whole life on an append-only server', [...ALL_REST_SERVERS, 'restic-latest'], () => {
  it.each(ALL_REST_SERVERS)('%s', { timeout: 90_000 }, async (name) => {
    const server = await startServer(name);
    const cloud = makeCloud(server);
    const [a, b] = [cloud.pc(), cloud.pc()];
    makeGameFolder(a.game, 1, { size: 200_000 });
    await a.init();
    expect(await a.pull()).toMatchObject({ outcome: 'nothing-in-cloud' });
    expect(await a.push()).toMatchObject({ outcome: 'sent' });
    await cloud.cheapen();
    await b.init();
    expect(await b.pull()).toMatchObject({ outcome: 'updated' });
    playSession(b.game, 2);
    rmSync(join(b.game, 'screenshots'), { recursive: true });
    expect(await b.push()).toMatchObject({ outcome: 'sent' });
    expect((await b.run('status')).code).toBe(0);

    // A conflict, whose loser is kept; and a push that is stopped in the middle by a damaged index.
    writeFileSync(join(a.game, WORLD, 'level.dat'), 'played offline');
    expect((await a.run('push')).code).toBe(20);
    expect((await a.run('pull')).code).toBe(20);
    expect((await a.run('pull', '--on-conflict=cloud')).code).toBe(0);
    expect(compareFolders(a.game, b.game)).toEqual([]);
    writeFileSync(join(b.game, 'options.txt'), 'fov:1\n');
    rmSync(join(b.game, '.cloud-sync', 'cache'), { recursive: true });
    const healthy = damageIndexes(cloud.folder);
    expect((await b.run('push')).code).toBe(1);
    healthy();
    expect(await b.push()).toMatchObject({ outcome: 'sent' });

    const seen = requests(server);
    expect(seen.length).toBeGreaterThan(40);
    expect(seen.filter(({ status }) => status >= 400 && status !== 404)).toEqual([]);
    const isMine = (path: string, below = ''): boolean =>
      [cloud.instanceId, 'catalogue'].some((name) => path.startsWith(`/ann/${name}/${below}`));
    expect(seen.filter(({ path }) => !isMine(path))).toEqual([]);
    const removals = seen.filter(({ method }) => method === 'DELETE');
    expect(removals.filter(({ path }) => !isMine(path, 'locks/'))).toEqual([]);
    expect(removals.length).toBeGreaterThanOrEqual(3);
    const locks = seen.filter(({ method, path }) => method === 'POST' && isMine(path, 'locks/'));
    expect(removals.map(({ path }) => path).sort()).toEqual(locks.map(({ path }) => path).sort());
    // Every pushed state is still there.
    const snapshots: { id: string }[] = JSON.parse(
      await cloud.restic('restic-latest', 'snapshots', '--no-lock', '--json'),
    );
    // Two pushes, the loser and the merge, and what b sent before it had seen that, with its merge.
    expect(snapshots).toHaveLength(6);
    expect(await cloud.restic('restic-latest', 'check', '--read-data', '--no-lock')).toContain('no errors were found');
    const c = cloud.pc();
    await c.init();
    await c.pull();
    expect(compareFolders(c.game, b.game)).toEqual([]);
  });
});

/** Turns a bit in every index file on the server's disk; the function that it returns turns it back. */
function damageIndexes(folder: string): () => void {
  const turn = (): void => {
    for (const name of readdirSync(join(folder, 'index'))) {
      const file = join(folder, 'index', name);
      const bytes = readFileSync(file);
      bytes[40] = (bytes[40] ?? 0) ^ 1;
      chmodSync(file, 0o600);
      writeFileSync(file, bytes);
    }
  };
  turn();
  return turn;
}
