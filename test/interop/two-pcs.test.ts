/** One instance on two PCs: everything a player does arrives, and what must not be touched is not. */

import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  compareFolders,
  fingerprint,
  makeGameFolder,
  makeLink,
  Noise,
  OTHER_WORLD,
  playSession,
  WORLD,
  writeGameFile,
} from '../helpers/game-folder.js';
import { onPosix } from '../helpers/only-where.js';
import { describeInterop, type RestServer } from '../helpers/peers.js';
import { type Cloud, makeCloud, type Pc, startServer } from '../helpers/sync-env.js';

const LIMIT = 60_000;
const SMALL = { size: 60_000 };
/** What a command that changes nothing may still leave behind: our own cache and lock. */
const OURS = [
  /^\.cloud-sync(\/(cache|lock|staging|(home|key|question|machine-options)\.json)(\/|$)|$)/,
  /^\.cloud-sync\/[^/]*lock/,
];
const LOCKS = [/^locks(\/|$)/];

const asText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

describeInterop('two PCs', ['rest-server-latest'], () => {
  let server: RestServer;

  beforeAll(async () => {
    server = await startServer('rest-server-latest');
  });

  describe('there and back', { timeout: LIMIT }, () => {
    let a: Pc;
    let b: Pc;

    beforeAll(async () => {
      const cloud = makeCloud(server);
      [a, b] = [cloud.pc(), cloud.pc()];
      makeGameFolder(a.game, 1);
      await a.init();
      await b.init();
      await a.push();
      await cloud.cheapen();
      await b.pull();
    }, LIMIT);

    /** After `change` on one PC both are equal again, and a second round has nothing to do. */
    const roundTrip = async (from: Pc, to: Pc, change: (game: string) => void): Promise<unknown> => {
      change(from.game);
      expect(await from.push()).toMatchObject({ outcome: 'sent' });
      const pulled = await to.pull();
      expect(pulled).toMatchObject({ outcome: 'updated' });
      expect(compareFolders(from.game, to.game)).toEqual([]);
      return 'files' in pulled ? pulled.files : undefined;
    };

    it('the first pull brings all of it', () => {
      expect(compareFolders(a.game, b.game)).toEqual([]);
      expect(existsSync(join(b.game, 'mods'))).toBe(false);
    });

    it('an evening of play, on each PC', async () => {
      expect(await roundTrip(b, a, (game) => playSession(game, 2))).toEqual({ added: 2, changed: 4, removed: 2 });
      expect(await roundTrip(a, b, (game) => playSession(game, 3))).toMatchObject({ added: 2, changed: 4 });
      for (const pc of [a, b]) {
        expect(await pc.pull()).toMatchObject({ outcome: 'up-to-date' });
        expect(await pc.push()).toMatchObject({ outcome: 'nothing-to-send' });
      }
    });

    it('renames, of a file and of a world', async () => {
      // What is out of scope would keep the old folder.
      for (const name of ['session.lock', 'level.dat_new']) rmSync(join(a.game, OTHER_WORLD, name));
      const told = await roundTrip(b, a, (game) => {
        renameSync(join(game, 'screenshots/2026-11-20_18.00.00.png'), join(game, 'screenshots/Bäume & Co.png'));
        renameSync(join(game, OTHER_WORLD), join(game, 'saves/Renamed'));
      });
      expect(told).toMatchObject({ changed: 0 });
      expect(existsSync(join(a.game, 'saves/Renamed/region'))).toBe(true);
    });

    it('a file becomes a folder, a folder a file, and both turn back', async () => {
      await roundTrip(a, b, (game) => {
        rmSync(join(game, 'config/sodium.toml'));
        rmSync(join(game, 'config/mod menü'), { recursive: true });
        const noise = new Noise(7);
        writeGameFile(join(game, 'config/sodium.toml/deep/er/a.json'), '{}', noise);
        writeGameFile(join(game, 'config/mod menü'), 'a file now', noise);
      });
      await roundTrip(b, a, (game) => {
        rmSync(join(game, 'config/sodium.toml'), { recursive: true });
        rmSync(join(game, 'config/mod menü'));
        const noise = new Noise(8);
        writeGameFile(join(game, 'config/sodium.toml'), 'a file again', noise);
        writeGameFile(join(game, 'config/mod menü/client.toml'), 'value = 1\n', noise);
      });
    });

    it('empty folders come, are filled, and go', async () => {
      await roundTrip(a, b, (game) => mkdirSync(join(game, 'config/new/deeper'), { recursive: true }));
      expect(readdirSync(join(b.game, 'config/new/deeper'))).toEqual([]);
      await roundTrip(b, a, (game) => writeGameFile(join(game, 'config/new/deeper/x'), 'x', new Noise(1)));
      await roundTrip(a, b, (game) => rmSync(join(game, 'config/new'), { recursive: true }));
      expect(existsSync(join(b.game, 'config/new'))).toBe(false);
    });

    onPosix('the executable bit, alone', async () => {
      await roundTrip(a, b, (game) => chmodSync(join(game, 'options.txt'), 0o755));
      expect(statSync(join(b.game, 'options.txt')).mode & 0o111).not.toBe(0);
      await roundTrip(b, a, (game) => chmodSync(join(game, 'options.txt'), 0o644));
    });

    onPosix('links, to another place and to nothing', async () => {
      await roundTrip(a, b, (game) => {
        rmSync(join(game, WORLD, 'level link'));
        makeLink('../New World (1)/nowhere', join(game, WORLD, 'level link'));
        makeLink('sodium.toml', join(game, 'config/linked.toml'));
      });
      await roundTrip(b, a, (game) => {
        rmSync(join(game, 'config/linked.toml'));
        writeGameFile(join(game, 'config/linked.toml'), 'a file now', new Noise(3));
      });
    });

    it('times are kept to the millisecond', async () => {
      await roundTrip(a, b, (game) => writeGameFile(join(game, 'hotbar.nbt'), 'items', new Noise(99)));
      const time = (pc: Pc): number => Math.round(statSync(join(pc.game, 'hotbar.nbt')).mtimeMs);
      expect(time(b)).toBe(time(a));
    });

    it('what is out of scope is never touched', async () => {
      const own = ['mods/only-here.jar', 'config/crash.log', `${WORLD}/session.lock`, 'logs/latest.log'];
      const look = (): string[] =>
        own.map((path) => `${path} ${JSON.stringify(statSync(join(b.game, path), { bigint: true }), asText)}`);
      for (const path of own) writeGameFile(join(b.game, path), 'of this PC', new Noise(1));
      const before = look();
      expect(await b.push()).toMatchObject({ outcome: 'nothing-to-send' });
      // The world goes from the cloud, and from this PC all but what is not the cloud's.
      rmSync(join(a.game, WORLD), { recursive: true });
      await a.push({ onDeletion: 'send' });
      expect(await b.pull()).toMatchObject({ outcome: 'updated', files: { added: 0, changed: 0 } });
      expect(readdirSync(join(b.game, WORLD))).toEqual(['session.lock']);
      expect(look()).toEqual(before);
    });
  });

  describe('both sides changed', { timeout: LIMIT }, () => {
    it('pull touches neither folder nor repository; push sends what is here beside the other', async () => {
      const cloud = makeCloud(server);
      const [a, b] = [cloud.pc(), cloud.pc()];
      makeGameFolder(a.game, 1, SMALL);
      await a.init();
      await b.init();
      await a.push();
      await cloud.cheapen();
      await b.pull();
      playSession(a.game, 2);
      playSession(b.game, 3);
      await a.push();
      const before = [fingerprint(b.game, OURS), fingerprint(cloud.folder, LOCKS)];
      const told = async (command: string): Promise<void> => {
        const { code, stdout, stderr } = await b.run(command);
        expect({ command, code, stderr }).toEqual({ command, code: 20, stderr: '' });
        expect(stdout).toMatch(/^instance-sync: error: both sides changed[^\n]*\n$/);
      };
      await told('pull');
      expect([fingerprint(b.game, OURS), fingerprint(cloud.folder, LOCKS)]).toEqual(before);
      const files = fingerprint(b.game, [/^\.cloud-sync/]);
      await told('push');
      await told('pull');
      expect(fingerprint(b.game, [/^\.cloud-sync/])).toEqual(files);
      expect(readdirSync(join(cloud.folder, 'snapshots'))).toHaveLength(3);
      await b.pull({ onConflict: 'cloud' });
      await a.pull();
      expect(compareFolders(a.game, b.game, { times: false })).toEqual([]);
      expect(readdirSync(join(cloud.folder, 'locks'))).toEqual([]);
      // Changed to the same on both: no conflict, nothing moves.
      rmSync(b.game, { recursive: true });
      mkdirSync(b.game);
      await b.init();
      cpSync(a.game, b.game, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => !path.includes('.cloud-sync'),
      });
      expect(await b.pull()).toMatchObject({ outcome: 'up-to-date' });
      expect(await b.push()).toMatchObject({ outcome: 'nothing-to-send' });
    });
  });

  describe('the first contact', { timeout: LIMIT }, () => {
    let cloud: Cloud;
    let a: Pc;
    let b: Pc;

    beforeAll(async () => {
      cloud = makeCloud(server);
      a = cloud.pc();
      makeGameFolder(a.game, 1, SMALL);
      await a.init();
      await a.push();
      await cloud.cheapen();
    }, LIMIT);

    beforeEach(async () => {
      b = cloud.pc();
      await b.init();
    });

    it('worlds on both sides: nothing is touched', async () => {
      makeGameFolder(b.game, 2, SMALL);
      const before = [fingerprint(b.game, OURS), fingerprint(cloud.folder, LOCKS)];
      expect(await b.run('pull')).toMatchObject({ code: 20, stdout: expect.stringMatching(/^[^\n]+\n$/) });
      expect([fingerprint(b.game, OURS), fingerprint(cloud.folder, LOCKS)]).toEqual(before);
    });

    it('a world that only this PC has, of another name', async () => {
      writeGameFile(join(b.game, 'saves/Mine alone/level.dat'), 'level', new Noise(1));
      const before = fingerprint(b.game, OURS);
      expect((await b.run('pull')).code).toBe(20);
      expect(fingerprint(b.game, OURS)).toEqual(before);
    });

    it("no worlds here: the cloud's come, this PC's own files stay, replaced ones are in the trash", async () => {
      writeFileSync(join(b.game, 'options.txt'), "this PC's");
      mkdirSync(join(b.game, 'config/own'), { recursive: true });
      writeFileSync(join(b.game, 'config/own/extra.toml'), 'extra');
      const pulled = await b.pull();
      expect(pulled).toMatchObject({ outcome: 'updated', files: { changed: 1, removed: 0 } });
      expect(compareFolders(a.game, b.game)).toEqual([
        `config/own: only in ${b.game}`,
        `config/own/extra.toml: only in ${b.game}`,
      ]);
      const trash = 'trash' in pulled ? pulled.trash : '';
      expect(trash.startsWith(join(b.game, '.cloud-sync/trash/'))).toBe(true);
      expect(readFileSync(join(trash, 'files/options.txt'), 'utf8')).toBe("this PC's");
      expect(readFileSync(join(b.game, 'config/own/extra.toml'), 'utf8')).toBe('extra');
    });

    it('the same worlds here already: nothing to move', async () => {
      makeGameFolder(b.game, 1, SMALL);
      const before = fingerprint(b.game, [/^\.cloud-sync/]);
      expect(await b.pull()).toMatchObject({ outcome: 'up-to-date' });
      expect(await b.push()).toMatchObject({ outcome: 'nothing-to-send' });
      expect(fingerprint(b.game, [/^\.cloud-sync/])).toEqual(before);
    });
  });

  it('a narrower scope on one PC deletes nothing, neither here nor in the cloud', { timeout: LIMIT }, async () => {
    const cloud = makeCloud(server);
    const [a, b] = [cloud.pc(), cloud.pc()];
    makeGameFolder(a.game, 1, SMALL);
    await a.init();
    await b.init();
    await a.push();
    await cloud.cheapen();
    await b.pull();
    writeFileSync(join(b.game, '.cloud-sync/scope.json'), '{"schema":1,"preset":"worlds","exclude":["saves/New*/**"]}');
    expect(await b.pull()).toMatchObject({ outcome: 'up-to-date' });
    playSession(b.game, 2);
    rmSync(join(b.game, 'config'), { recursive: true });
    rmSync(join(b.game, OTHER_WORLD), { recursive: true });
    expect(await b.push()).toMatchObject({ outcome: 'sent', files: { added: 1, changed: 3, removed: 1 } });
    const screenshots = readdirSync(join(b.game, 'screenshots'));
    expect(await a.pull()).toMatchObject({ outcome: 'updated', files: { added: 1, changed: 3, removed: 1 } });
    expect(
      compareFolders(join(a.game, WORLD), join(b.game, WORLD), { except: [/^(session\.lock|level\.dat_new)$/] }),
    ).toEqual([]);
    expect(existsSync(join(a.game, OTHER_WORLD, 'level.dat'))).toBe(true);
    // What A changes outside B's scope does not come to B, and B's wider scope later brings it.
    playSession(a.game, 4);
    await a.push();
    await b.pull();
    expect(readdirSync(join(b.game, 'screenshots'))).toEqual(screenshots);
    expect(existsSync(join(b.game, 'config'))).toBe(false);
    rmSync(join(b.game, '.cloud-sync/scope.json'));
    rmSync(join(b.game, 'screenshots'), { recursive: true });
    rmSync(join(b.game, 'options.txt'));
    expect(await b.pull()).toMatchObject({ outcome: 'updated', files: { removed: 0 } });
    expect(compareFolders(a.game, b.game)).toEqual([]);
  });
});
