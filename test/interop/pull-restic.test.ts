/** Repositories and snapshots that restic made come to an empty PC byte for byte, and a push goes on from there. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compareFolders, makeGameFolder, playSession } from '../helpers/game-folder.js';
import { cheapenKey } from '../helpers/local-repository.js';
import { ALL_RESTICS, describeInterop, type ResticName, restic } from '../helpers/peers.js';
import { type Cloud, makeCloud, PASSWORD, startServer, succeeded, USER } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

const LIMIT = 90_000;

/** A repository in the server's folder that only restic has touched so far, worked on without the server. */
interface Origin {
  readonly cloud: Cloud;
  readonly game: string;
  init(name: ResticName, ...flags: string[]): Promise<void>;
  run(name: ResticName, args: readonly string[], cwd?: string): Promise<string>;
}

interface Case {
  readonly name: ResticName;
  readonly version: 1 | 2;
  /** What the last backup is told to back up: '.', from inside the game folder, or its absolute path. */
  readonly last: 'here' | 'absolute';
  /** Of every backup. */
  readonly flags: readonly string[];
  /** Folders and files that those leave out. */
  readonly without: readonly string[];
}

const CASES: readonly Case[] = [
  { name: 'restic-0.14', version: 1, last: 'here', flags: [], without: [] },
  { name: 'restic-0.14', version: 2, last: 'absolute', flags: ['--compression', 'max'], without: [] },
  { name: 'restic-0.18', version: 1, last: 'here', flags: ['--exclude', 'screenshots'], without: ['screenshots'] },
  { name: 'restic-0.18', version: 2, last: 'absolute', flags: ['--compression', 'off'], without: [] },
  { name: 'restic-latest', version: 1, last: 'absolute', flags: [], without: [] },
  {
    name: 'restic-latest',
    version: 2,
    last: 'here',
    flags: ['--compression', 'auto', '--exclude', 'sodium.toml'],
    without: ['config/sodium.toml'],
  },
];

describeInterop('pull from what restic made', [...ALL_RESTICS, 'rest-server-latest'], () => {
  const server = startServer('rest-server-latest');

  const makeOrigin = async (seed: number): Promise<Origin> => {
    const cloud = makeCloud(await server);
    mkdirSync(join(cloud.folder, '..'), { recursive: true });
    const game = join(tempFolder(), 'minecraft');
    makeGameFolder(game, seed, { size: 300_000 });
    const cache = tempFolder();
    const run: Origin['run'] = async (name, args, cwd) => {
      const env = { RESTIC_CACHE_DIR: join(cache, name) };
      const options = { repo: cloud.folder, password: PASSWORD, env, ...(cwd === undefined ? {} : { cwd }) };
      return succeeded(await restic(name, args, options), `${name} ${args.join(' ')}`);
    };
    const init: Origin['init'] = async (name, ...flags) => {
      await run(name, ['init', ...flags]);
      await cheapenKey(cloud.folder, PASSWORD);
    };
    return { cloud, game, init, run };
  };

  /** A new PC gets what `wanted` holds, changes it, and restic restores what its push wrote. */
  const pullAndPush = async (origin: Origin, wanted: string, name: ResticName): Promise<void> => {
    const pc = origin.cloud.pc();
    await pc.init();
    expect(await pc.pull()).toMatchObject({ outcome: 'updated', files: { changed: 0, removed: 0 }, warnings: [] });
    expect(compareFolders(pc.game, wanted)).toEqual([]);
    expect(existsSync(join(pc.game, 'mods'))).toBe(false);
    playSession(pc.game, 9);
    expect(await pc.push()).toMatchObject({ outcome: 'sent', files: { added: 2, changed: 4 } });
    const target = tempFolder();
    await origin.run(name, ['restore', 'latest', '--no-lock', '--target', target]);
    expect(compareFolders(target, pc.game)).toEqual([]);
    // Out of this PC's scope, so no business of this PC's: the cloud keeps it.
    expect(compareFolders(join(target, 'mods'), join(origin.game, 'mods'))).toEqual([]);
  };

  it.concurrent.each(CASES)('$name, version $version, $last, $flags', { timeout: LIMIT }, async (one) => {
    const origin = await makeOrigin(10 * one.version);
    const { game, init, run } = origin;
    const here = (): Promise<string> => run(one.name, ['backup', ...one.flags, '.'], game);
    const absolute = (): Promise<string> => run(one.name, ['backup', ...one.flags, game]);
    await init(one.name, '--repository-version', String(one.version));
    await (one.last === 'here' ? absolute() : here());
    playSession(game, 5);
    await (one.last === 'here' ? here() : absolute());
    const wanted = join(tempFolder(), 'wanted');
    cpSync(game, wanted, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    for (const path of one.without) rmSync(join(wanted, path), { recursive: true });
    await pullAndPush(origin, wanted, one.name);
  });

  it.concurrent('several restics, prune, repacking and a rebuilt index', { timeout: LIMIT }, async () => {
    const origin = await makeOrigin(4);
    const { game, init, run, cloud } = origin;
    await init('restic-0.14', '--repository-version', '1');
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
    expect(await run('restic-latest', ['check', '--read-data', '--no-lock'])).toContain('no errors were found');
    // A PC that comes later has all of it, and nothing to send.
    const later = cloud.pc();
    await later.init();
    await later.pull();
    expect(await later.pull()).toMatchObject({ outcome: 'up-to-date' });
    expect(await later.push()).toMatchObject({ outcome: 'nothing-to-send' });
  });

  it.concurrent('blobs that two restics stored, each unknown to the other', { timeout: LIMIT }, async () => {
    const origin = await makeOrigin(6);
    const { game, init, run, cloud } = origin;
    await init('restic-0.18');
    const twin = { repo: join(tempFolder(), 'twin'), password: PASSWORD };
    cpSync(cloud.folder, twin.repo, { recursive: true });
    await run('restic-0.18', ['backup', '.'], game);
    succeeded(await restic('restic-latest', ['backup', '.'], { ...twin, cwd: game }), 'backup');
    // What stands on the server after two backups at the same moment.
    for (const name of ['data', 'index', 'snapshots']) {
      cpSync(join(twin.repo, name), join(cloud.folder, name), { recursive: true });
    }
    const blobs = (await run('restic-0.18', ['list', 'blobs', '--no-lock'])).trim().split('\n');
    expect(new Set(blobs).size).toBeLessThan(blobs.length - 20);
    await pullAndPush(origin, game, 'restic-latest');
    expect(await run('restic-0.18', ['check', '--read-data', '--no-lock'])).toContain('no errors were found');
  });

  it.concurrent('takes nothing from a .cloud-sync that restic backed up', { timeout: LIMIT }, async () => {
    const { cloud, game, run } = await makeOrigin(7);
    mkdirSync(join(game, '.cloud-sync'));
    writeFileSync(join(game, '.cloud-sync', 'sync.json'), '{"schema":1,"url":"http://127.0.0.1:1/","instance_id":"x"}');
    writeFileSync(join(game, '.cloud-sync', 'token'), 'eve:x\n');
    // With the key that restic makes, as players have it.
    await run('restic-0.18', ['init']);
    await run('restic-0.18', ['backup', '.'], game);
    const pc = cloud.pc();
    await pc.init();
    await pc.pull();
    expect(compareFolders(pc.game, game)).toEqual([]);
    expect(readFileSync(join(pc.game, '.cloud-sync', 'token'), 'utf8')).toBe(`${USER}:${PASSWORD}\n`);
    expect(await pc.pull()).toMatchObject({ outcome: 'up-to-date' });
  });
});
