/** Repositories and snapshots that restic made come to an empty PC byte for byte, and a push goes on from there. */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareFolders, makeGameFolder, OTHER_WORLD, playSession } from '../helpers/game-folder.js';
import { ALL_RESTICS, describeInterop, type ResticName, restic } from '../helpers/peers.js';
import type { Finished } from '../helpers/process.js';
import { type Cloud, makeCloud, nextInstanceId, PASSWORD, type Pc, startServer, succeeded, USER } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

const LIMIT = 90_000;

/** A repository in the server's folder that only restic has touched so far, worked on without the server. */
interface Origin {
  readonly cloud: Cloud;
  readonly game: string;
  run(name: ResticName, args: readonly string[], cwd?: string): Promise<string>;
}

interface Case {
  readonly name: ResticName;
  readonly version: 1 | 2;
  /** Flags of every backup. */
  readonly flags: readonly string[];
}

const CASES: readonly Case[] = [
  { name: 'restic-0.14', version: 1, flags: [] },
  { name: 'restic-0.14', version: 2, flags: ['--compression', 'max'] },
  { name: 'restic-0.18', version: 1, flags: ['--exclude', 'screenshots'] },
  { name: 'restic-0.18', version: 2, flags: ['--compression', 'off'] },
  { name: 'restic-latest', version: 1, flags: [] },
  { name: 'restic-latest', version: 2, flags: ['--compression', 'auto', '--exclude', '*.toml'] },
];

describeInterop('pull from what restic made', [...ALL_RESTICS, 'rest-server-latest'], () => {
  const server = startServer('rest-server-latest');

  const makeOrigin = async (seed: number): Promise<Origin> => {
    const cloud = makeCloud(await server, nextInstanceId());
    mkdirSync(join(cloud.folder, '..'), { recursive: true });
    const game = join(tempFolder(), 'minecraft');
    makeGameFolder(game, seed, { size: 300_000 });
    const cache = tempFolder();
    const run: Origin['run'] = async (name, args, cwd) => {
      const env = { RESTIC_CACHE_DIR: join(cache, name) };
      const options = { repo: cloud.folder, password: PASSWORD, env, ...(cwd === undefined ? {} : { cwd }) };
      const done: Finished = await restic(name, args, options);
      return succeeded(done, `${name} ${args.join(' ')}`);
    };
    return { cloud, game, run };
  };

  /** The new PC gets what `wanted` holds, changes it, and its push is sound to restic. */
  const pullAndPush = async (origin: Origin, wanted: string, name: ResticName): Promise<Pc> => {
    const pc = origin.cloud.pc();
    await pc.init();
    expect(await pc.pull()).toMatchObject({ outcome: 'updated', files: { changed: 0, removed: 0 }, warnings: [] });
    expect(compareFolders(pc.game, wanted)).toEqual([]);
    expect(readdirSync(pc.game).sort()).toEqual(expect.not.arrayContaining(['mods', 'logs']));
    expect(await pc.pull()).toMatchObject({ outcome: 'up-to-date' });
    expect(await pc.push()).toMatchObject({ outcome: 'nothing-to-send' });
    playSession(pc.game, 9);
    rmSync(join(pc.game, OTHER_WORLD), { recursive: true });
    expect(await pc.push()).toMatchObject({ outcome: 'sent' });
    expect(await origin.run(name, ['check', '--read-data'])).toContain('no errors were found');
    const target = tempFolder();
    await origin.run(name, ['restore', 'latest', '--target', target]);
    expect(compareFolders(target, pc.game)).toEqual([]);
    // Out of this PC's scope, so no business of this PC's: the cloud keeps it.
    expect(compareFolders(join(target, 'mods'), join(origin.game, 'mods'))).toEqual([]);
    return pc;
  };

  describe.each(CASES)('$name, version $version, $flags', ({ name, version, flags }) => {
    it('made from inside the game folder', { timeout: LIMIT }, async () => {
      const { cloud, game, run } = await makeOrigin(10 * version);
      await run(name, ['init', '--repository-version', String(version)]);
      await run(name, ['backup', ...flags, game]);
      playSession(game, 5);
      await run(name, ['backup', ...flags, '.'], game);
      const wanted = join(tempFolder(), 'wanted');
      cpSync(game, wanted, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      if (flags.includes('screenshots')) rmSync(join(wanted, 'screenshots'), { recursive: true });
      if (flags.includes('*.toml')) for (const file of ['sodium.toml', 'mod menü/client.toml']) rmSync(join(wanted, 'config', file));
      await pullAndPush({ cloud, game, run }, wanted, name);
    });
  });

  it.each(ALL_RESTICS)('%s: backups of an absolute path, several of them', { timeout: LIMIT }, async (name) => {
    const origin = await makeOrigin(3);
    await origin.run(name, ['init']);
    for (const session of [1, 2]) {
      playSession(origin.game, session);
      await origin.run(name, ['backup', origin.game]);
    }
    await pullAndPush(origin, origin.game, name);
  });

  it('after prune and a rebuilt index', { timeout: LIMIT }, async () => {
    const origin = await makeOrigin(4);
    const { game, run } = origin;
    await run('restic-0.14', ['init', '--repository-version', '1']);
    await run('restic-0.14', ['backup', '.'], game);
    playSession(game, 1);
    await run('restic-0.18', ['backup', '.'], game);
    await run('restic-latest', ['migrate', 'upgrade_repo_v2']);
    playSession(game, 2);
    await run('restic-latest', ['backup', '.'], game);
    await run('restic-0.14', ['forget', '--keep-last', '2', '--prune', '--repack-uncompressed', '--max-unused', '0']);
    await run('restic-0.14', ['rebuild-index', '--read-all-packs']);
    await run('restic-latest', ['repair', 'index']);
    await pullAndPush(origin, game, 'restic-0.18');
  });

  it('after two backups at once and a copy, with blobs stored twice', { timeout: LIMIT }, async () => {
    const origin = await makeOrigin(6);
    const { game, run, cloud } = origin;
    await run('restic-latest', ['init']);
    await Promise.all([
      run('restic-0.14', ['backup', '.'], game),
      run('restic-0.18', ['backup', '.'], game),
      run('restic-latest', ['backup', '.'], game),
    ]);
    const blobs = JSON.parse(`[${(await run('restic-latest', ['list', 'blobs'])).trim().split('\n').map((line) => JSON.stringify(line)).join()}]`);
    expect(new Set(blobs).size).toBeLessThan(blobs.length);
    expect(existsSync(join(cloud.folder, 'config'))).toBe(true);

    const copied = makeCloud(await server, nextInstanceId());
    const from = { RESTIC_FROM_PASSWORD: PASSWORD };
    for (const args of [['init'], ['copy', '--from-repo', cloud.folder]]) {
      succeeded(await restic('restic-latest', args, { repo: copied.folder, password: PASSWORD, env: from }), args.join(' '));
    }
    const second = { ...origin, cloud: copied };
    const pc = copied.pc();
    await pc.init();
    await pc.pull();
    expect(compareFolders(pc.game, second.game)).toEqual([]);
    await pullAndPush(origin, game, 'restic-latest');
  });

  it('takes nothing from a .cloud-sync that restic backed up', { timeout: LIMIT }, async () => {
    const origin = await makeOrigin(7);
    const hostile = join(origin.game, '.cloud-sync');
    mkdirSync(hostile);
    writeFileSync(join(hostile, 'sync.json'), '{"schema":1,"url":"http://127.0.0.1:1/","instance_id":"x"}');
    writeFileSync(join(hostile, 'token'), 'eve:x\n');
    await origin.run('restic-0.18', ['init']);
    await origin.run('restic-0.18', ['backup', '.'], origin.game);
    const pc = origin.cloud.pc();
    await pc.init();
    await pc.pull();
    expect(compareFolders(pc.game, origin.game)).toEqual([]);
    expect(await pc.pull()).toMatchObject({ outcome: 'up-to-date' });
    expect(existsSync(join(origin.cloud.folder, '..', '..', USER))).toBe(true);
  });
});
