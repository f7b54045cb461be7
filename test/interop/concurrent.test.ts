/** Several programs on one repository at the same moment: everything that was promised is there afterwards. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareFolders, makeGameFolder, Noise, playSession, WORLD, writeGameFile } from '../helpers/game-folder.js';
import { ALL_RESTICS, describeInterop, restic } from '../helpers/peers.js';
import { type Cloud, makeCloud, PASSWORD, type Pc, startServer, succeeded } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

const LIMIT = 90_000;

interface ResticSnapshot {
  readonly id: string;
  readonly tags?: readonly string[];
}

describeInterop('at the same moment', [...ALL_RESTICS, 'rest-server-latest'], () => {
  const server = startServer('rest-server-latest');

  const snapshotsOf = async (cloud: Cloud): Promise<ResticSnapshot[]> =>
    JSON.parse(await cloud.restic('restic-latest', 'snapshots', '--no-lock', '--json'));

  /** What a snapshot holds is one of the folders, byte for byte. */
  const restored = async (cloud: Cloud, id: string): Promise<string> => {
    const target = tempFolder();
    await cloud.restic('restic-latest', 'restore', id, '--no-lock', '--target', target);
    return target;
  };

  const expectSound = async (cloud: Cloud): Promise<void> => {
    expect(await cloud.restic('restic-latest', 'check', '--read-data', '--no-lock')).toContain('no errors were found');
    expect(readdirSync(join(cloud.folder, 'locks'))).toEqual([]);
  };

  it('a push and backups by restic', { timeout: LIMIT }, async () => {
    const cloud = makeCloud(await server);
    const pc = cloud.pc();
    makeGameFolder(pc.game, 1, { size: 100_000 });
    await pc.init();
    await pc.push();
    await cloud.cheapen();
    playSession(pc.game, 2);
    writeGameFile(join(pc.game, WORLD, 'region/r.9.9.mca'), new Noise(5).bytes(30_000_000), new Noise(6));
    const other = join(tempFolder(), 'other');
    makeGameFolder(other, 7, { size: 20_000_000 });
    const options = { repo: cloud.repo, password: PASSWORD, cwd: other };
    // The same files from both, so that blobs are stored by both as well.
    const [pushed, ...backups] = await Promise.all([
      pc.run('push'),
      restic('restic-0.14', ['backup', '--tag', 'other', '.'], options),
      restic('restic-latest', ['backup', '--tag', 'same', '.'], { ...options, cwd: pc.game }),
    ]);
    for (const done of backups) succeeded(done, 'backup');
    // Seeing a snapshot of another hand, a push tells of it; its own is there all the same.
    expect([0, 20], pushed.stdout).toContain(pushed.code);
    await expectSound(cloud);
    const snapshots = await snapshotsOf(cloud);
    expect(snapshots).toHaveLength(4);
    for (const { id, tags = [] } of snapshots.slice(1)) {
      const wanted = tags.includes('other') ? other : pc.game;
      expect(compareFolders(await restored(cloud, id), wanted)).toEqual([]);
    }
  });

  describe('two pushes', () => {
    const push = async (pcs: readonly Pc[]): Promise<void> => {
      const done = await Promise.all(pcs.map((pc) => pc.run('push')));
      for (const { code, stdout, stderr } of done) expect([0, 20], stdout + stderr).toContain(code);
    };

    /** Both are there in full, and every PC is asked before it gets the other's. */
    const expectNothingLost = async (cloud: Cloud, pcs: readonly Pc[], before: number): Promise<void> => {
      await expectSound(cloud);
      const snapshots = await snapshotsOf(cloud);
      expect(snapshots).toHaveLength(before + 2);
      const folders = await Promise.all(snapshots.slice(before).map(({ id }) => restored(cloud, id)));
      const matches = pcs.map((pc) => folders.filter((folder) => compareFolders(folder, pc.game).length === 0).length);
      expect(matches).toEqual([1, 1]);
      const third = cloud.pc();
      await third.init();
      for (const pc of [...pcs, third]) expect((await pc.run('pull')).code).toBe(20);
      for (const pc of [...pcs, third]) expect((await pc.run('pull', '--on-conflict=keep-both')).code).toBe(0);
      // Files that both made alike keep the time that each has.
      for (const pc of pcs) expect(compareFolders(pc.game, third.game, { times: false })).toEqual([]);
      await expectSound(cloud);
    };

    it('from one state', { timeout: LIMIT }, async () => {
      const cloud = makeCloud(await server);
      const pcs = [cloud.pc(), cloud.pc()] as const;
      const [a, b] = pcs;
      makeGameFolder(a.game, 1, { size: 100_000 });
      for (const pc of pcs) await pc.init();
      await a.push();
      await cloud.cheapen();
      await b.pull();
      playSession(a.game, 2);
      playSession(b.game, 3);
      await push(pcs);
      await expectNothingLost(cloud, pcs, 1);
    });

    it('the first of each, which both have to make the repository', { timeout: LIMIT }, async () => {
      const cloud = makeCloud(await server);
      const pcs = [cloud.pc(), cloud.pc()] as const;
      for (const [i, pc] of pcs.entries()) {
        makeGameFolder(pc.game, i, { size: 50_000 });
        await pc.init();
      }
      await push(pcs);
      // One key: restic would stop at a second one that does not fit the config, for ever on an append-only server.
      expect(readdirSync(join(cloud.folder, 'keys'))).toHaveLength(1);
      expect(readdirSync(join(cloud.folder, 'locks'))).toEqual([]);
      await expectNothingLost(cloud, pcs, 0);
    });
  });
});
