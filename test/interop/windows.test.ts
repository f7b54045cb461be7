/** The hook on Windows, where most players are: the built file, run by the real node.exe, against a real rest-server. */
import {
  chmodSync,
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
import { beforeAll, describe, expect, it } from 'vitest';
import { sleep } from '../../src/base/sleep.js';
import {
  compareFolders,
  fingerprint,
  makeGameFolder,
  Noise,
  OTHER_WORLD,
  OUT_OF_SCOPE,
  playSession,
  WORLD,
  writeGameFile,
} from '../helpers/game-folder.js';
import { describeInterop, type RestServer } from '../helpers/peers.js';

import { type Cloud, hookFile, makeCloud, type Pc, startServer, USER } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';
import {
  describeWindows,
  type RunningWindowsNode,
  startWindowsNode,
  type WindowsOptions,
  type WindowsResult,
  windowsPath,
} from '../helpers/wine.js';

const LIMIT = 60_000;
/** The player's user of this system may make links, the one of Windows may not; see the test of links. */
const LINK = `${WORLD}/level link`;
const EXCEPT_LINK = [...OUT_OF_SCOPE, /\/level link$/];

interface WindowsPc {
  /** As this system names it. */
  readonly game: string;
  run(command: string, ...flags: string[]): Promise<WindowsResult>;
  start(command: string, ...flags: string[]): RunningWindowsNode;
}

/** None of a launcher's variables but those that are given. */
function windowsHook(args: readonly string[], options: WindowsOptions = {}): RunningWindowsNode {
  const inherited = Object.keys(process.env).filter((key) => /^INST_/.test(key));
  const env = { ...Object.fromEntries(inherited.map((key) => [key, undefined])), ...options.env };
  return startWindowsNode([windowsPath(hookFile()), ...args], { cwd: tempFolder(), ...options, env });
}

function windowsPc(): WindowsPc {
  const game = join(tempFolder(), 'Instänce (1) 🌍', '.minecraft');
  mkdirSync(game, { recursive: true });
  const start: WindowsPc['start'] = (command, ...flags) =>
    windowsHook([command, '--pack-folder', windowsPath(game), ...flags]);
  return { game, start, run: (...args) => start(...args).ended };
}

function requests(server: RestServer): string[] {
  return [...server.log().matchAll(/"([A-Z]+ \S+) HTTP/g)].map(([, request = '']) => request);
}

/** The last line of --json, of a command that must end well. */
async function summary(pc: WindowsPc, command: 'push' | 'pull'): Promise<Readonly<Record<string, unknown>>> {
  const { code, output } = await pc.run(command, '--json');
  expect({ code, said: code === 0 ? '' : output }).toEqual({ code: 0, said: '' });
  const lines = output.trim().split(/\r?\n/);
  return JSON.parse(lines.at(-1) ?? '');
}

describeInterop('the hook on Windows', ['rest-server-latest'], () => {
  describeWindows('against rest-server', () => {
    let server: RestServer;
    let cloud: Cloud;
    let linux: Pc;
    let windows: WindowsPc;

    const init = async (pc: WindowsPc, of: Cloud, tokenFile: string): Promise<WindowsResult> =>
      pc.run('init', '--url', server.url, '--token-file', windowsPath(tokenFile), '--instance-id', of.instanceId);

    beforeAll(async () => {
      server = await startServer('rest-server-latest');
    });

    describe('there and back', { timeout: LIMIT }, () => {
      const longFolder = `config/${['a', 'b', 'c'].map((name) => name.repeat(100)).join('/')}`;

      beforeAll(async () => {
        cloud = makeCloud(server);
        linux = cloud.pc();
        windows = windowsPc();
        makeGameFolder(linux.game, 1);
        const noise = new Noise(5);
        writeGameFile(join(linux.game, longFolder, 'deep.toml'), 'deep', noise);
        writeGameFile(join(linux.game, 'config/a b  c/ÄÖÜ ß 日本 🎮.json'), '{}', noise);
        await linux.init();
        await linux.push();
      }, LIMIT);

      it('init takes a token file that every Windows user could read', async () => {
        chmodSync(linux.tokenFile, 0o644);
        const { code, output } = await init(windows, cloud, linux.tokenFile);
        chmodSync(linux.tokenFile, 0o600);
        expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining(cloud.instanceId) });
        expect(readFileSync(join(windows.game, '.cloud-sync/token'), 'utf8')).toContain(':');
      });

      it('the first pull brings all of it but the link, which it tells', async () => {
        const { code, output } = await windows.run('pull');
        expect(output).toMatch(/warning: saves\/\S+ Welt \S+\/level link was left out: it is a link/);
        expect(code).toBe(0);
        expect(compareFolders(linux.game, windows.game, { except: EXCEPT_LINK, executable: false })).toEqual([]);
        expect(readdirSync(join(windows.game, '.cloud-sync/staging'))).toEqual([]);
      });

      it('nothing new: a push trusts what it knows and asks nobody, a pull asks for the list of snapshots', async () => {
        const before = fingerprint(windows.game, [/^\.cloud-sync/]);
        const known = requests(server).length;
        expect(await summary(windows, 'push')).toMatchObject({ outcome: 'nothing-to-send' });
        expect(await summary(windows, 'pull')).toMatchObject({ outcome: 'up-to-date' });
        const list = `GET /${USER}/${cloud.instanceId}/snapshots/`;
        await expect.poll(() => requests(server).slice(known)).toEqual([list]);
        expect(fingerprint(windows.game, [/^\.cloud-sync/])).toEqual(before);
      });

      it('an evening of play on Windows arrives; executable bits and the link of Linux survive it', async () => {
        playSession(windows.game, 2);
        writeGameFile(join(windows.game, 'config/run.sh'), '#!/bin/sh\nexit 1\n', new Noise(8));
        writeGameFile(join(windows.game, longFolder, 'deep.toml'), 'deeper', new Noise(9));
        expect(await summary(windows, 'push')).toMatchObject({
          outcome: 'sent',
          files: { added: 2, changed: 6, removed: 2 },
        });
        expect(await linux.pull()).toMatchObject({ outcome: 'updated' });
        expect(compareFolders(linux.game, windows.game, { except: EXCEPT_LINK, executable: false })).toEqual([]);
        expect(statSync(join(linux.game, 'config/run.sh')).mode & 0o111).not.toBe(0);
        expect(existsSync(join(linux.game, LINK))).toBe(true);
      });

      it('and back: changed, removed, emptied, read-only files in the way', async () => {
        playSession(linux.game, 3);
        chmodSync(join(linux.game, 'options.txt'), 0o755);
        rmSync(join(linux.game, OTHER_WORLD), { recursive: true });
        mkdirSync(join(linux.game, 'config/empty/folder'), { recursive: true });
        for (const path of ['options.txt', `${WORLD}/level.dat`, `${OTHER_WORLD}/level.dat`])
          chmodSync(join(windows.game, path), 0o444);
        await linux.push({ onDeletion: 'send' });
        expect(await summary(windows, 'pull')).toMatchObject({ outcome: 'updated' });
        expect(compareFolders(linux.game, windows.game, { except: EXCEPT_LINK, executable: false })).toEqual([]);
        expect(await summary(windows, 'push')).toMatchObject({ outcome: 'nothing-to-send' });
      });

      it('the folder by INST_MC_DIR, by slashes, and as the working directory; status', async () => {
        const env = { INST_MC_DIR: windowsPath(windows.game) };
        const byEnv = await windowsHook(['status'], { env }).ended;
        expect(byEnv).toMatchObject({ code: 0, output: expect.stringMatching(/cloud +nothing new/) });
        expect(byEnv.output).toMatch(/this PC +nothing to send/);
        const slashes = `--pack-folder=${windowsPath(windows.game).replaceAll('\\', '/')}`;
        expect((await windowsHook(['pull', slashes]).ended).output).toMatch(/up to date/);
        expect((await windowsHook(['push'], { cwd: windows.game }).ended).output).toMatch(/nothing to send/);
      });
    });

    describe('names that Windows does not have', { timeout: LIMIT }, () => {
      const impossible = ['config/a:b', 'config/con', 'config/dot./file', 'config/x?', 'config/twin.txt'];

      beforeAll(async () => {
        cloud = makeCloud(server);
        linux = cloud.pc();
        windows = windowsPc();
        const noise = new Noise(1);
        const files = [...impossible, 'config/Twin.txt', 'config/Mod/a.toml', 'options.txt'];
        for (const path of files) writeGameFile(join(linux.game, path), `${path} of Linux`, noise);
        writeGameFile(join(linux.game, 'saves/World/level.dat'), 'one', noise);
        writeGameFile(join(linux.game, 'saves/world/level.dat'), 'two', noise);
        await linux.init();
        await linux.push();
        await init(windows, cloud, linux.tokenFile);
      }, LIMIT);

      it('are left out, with a line for each', async () => {
        const { code, output } = await windows.run('pull');
        for (const path of [...impossible, 'saves/world/level.dat']) {
          expect(output).toContain(`warning: ${path} was left out: `);
        }
        expect(code).toBe(0);
        expect(readdirSync(windows.game, { recursive: true }).filter((name) => !String(name).startsWith('.'))).toEqual(
          expect.arrayContaining(['config/Twin.txt', 'config/Mod/a.toml', 'options.txt', 'saves/World/level.dat']),
        );
        expect(readdirSync(join(windows.game, 'config')).sort()).toEqual(['Mod', 'Twin.txt']);
        expect(readdirSync(join(windows.game, 'saves'))).toEqual(['World']);
      });

      it('are still there after a push from Windows', async () => {
        writeGameFile(join(windows.game, 'options.txt'), 'options of Windows', new Noise(2));
        writeGameFile(join(windows.game, 'config/Twin.txt'), 'twin of Windows', new Noise(3));
        expect(await summary(windows, 'push')).toMatchObject({ files: { added: 0, changed: 2, removed: 0 } });
        expect(await linux.pull()).toMatchObject({ files: { added: 0, changed: 2, removed: 0 } });
        for (const path of impossible) expect(readFileSync(join(linux.game, path), 'utf8')).toBe(`${path} of Linux`);
        expect(readFileSync(join(linux.game, 'saves/world/level.dat'), 'utf8')).toBe('two');
      });

      it('a rename in letter case alone is no change here, and new files follow it', async () => {
        renameSync(join(linux.game, 'config/Mod'), join(linux.game, 'config/mod'));
        writeGameFile(join(linux.game, 'config/mod/a.toml'), 'changed', new Noise(4));
        await linux.push();
        writeFileSync(join(windows.game, 'config/Mod/own.log'), 'out of scope, so the folder stays');
        expect(await summary(windows, 'pull')).toMatchObject({ files: { added: 0, changed: 1, removed: 0 } });
        expect(readFileSync(join(windows.game, 'config/Mod/a.toml'), 'utf8')).toBe('changed');
        expect(await summary(windows, 'push')).toMatchObject({ outcome: 'nothing-to-send' });
        writeGameFile(join(windows.game, 'config/Mod/b.toml'), 'new', new Noise(5));
        expect(await summary(windows, 'push')).toMatchObject({ files: { added: 1, changed: 0, removed: 0 } });
        await linux.pull();
        expect(readdirSync(join(linux.game, 'config/mod')).sort()).toEqual(['a.toml', 'b.toml']);
        expect(existsSync(join(linux.game, 'config/Mod'))).toBe(false);
      });
    });

    describe('other programs, and the end of ours', { timeout: LIMIT }, () => {
      const OURS = [/^\.cloud-sync/];
      let release: () => Promise<void>;

      /** Opens a file as a game or a virus scanner does: nobody else may read, rename or remove it. */
      const holdFile = async (path: string): Promise<void> => {
        const script = join(tempFolder(), 'hold.mjs');
        writeFileSync(
          script,
          `import { constants, openSync } from 'node:fs';
           openSync(process.argv[2], constants.O_RDWR | 0x10000000);
           console.log('held');
           setTimeout(() => {}, 60_000);`,
        );
        const holder = startWindowsNode([windowsPath(script), windowsPath(path)]);
        release = async () => {
          holder.kill();
          await holder.ended;
        };
        await expect.poll(holder.output, { timeout: 10_000 }).toMatch(/held/);
      };

      beforeAll(async () => {
        cloud = makeCloud(server);
        linux = cloud.pc();
        windows = windowsPc();
        makeGameFolder(windows.game, 1, { size: 10_000_000 });
        // wine shows a link of this system as what it leads to.
        for (const world of [WORLD, OTHER_WORLD]) rmSync(join(windows.game, world, 'level link'));
        await linux.init();
        await init(windows, cloud, linux.tokenFile);
      }, LIMIT);

      it('a first push of 10 MB, on threads', async () => {
        expect(await summary(windows, 'push')).toMatchObject({ outcome: 'sent' });
        await linux.pull();
        expect(compareFolders(linux.game, windows.game, { executable: false })).toEqual([]);
      });

      it('killed while it downloads: the folder is as before', async () => {
        playSession(linux.game, 2);
        for (let i = 0; i < 40; i++) {
          writeGameFile(join(linux.game, `screenshots/${i}.png`), new Noise(100 + i).bytes(300_000), new Noise(i));
        }
        await linux.push();
        // Before the kill: a program that gets the number of the killed one would pass for it, for half a minute.
        await holdFile(join(windows.game, 'options.txt'));
        const before = fingerprint(windows.game, OURS);
        const pull = windows.start('pull');
        const staging = join(windows.game, '.cloud-sync/staging');
        await expect.poll(() => fingerprint(staging).length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(5);
        pull.kill();
        await pull.ended;
        expect(existsSync(join(windows.game, '.cloud-sync/journal.json'))).toBe(false);
        expect(fingerprint(windows.game, OURS)).toEqual(before);
      });

      it('a file that another program holds: a clear line after some seconds, and nothing is changed', async () => {
        const before = fingerprint(windows.game, OURS);
        const { code, output } = await windows.run('pull');
        expect(output).toMatch(/error: cannot move .*options\.txt: another program holds it \(E\w+\); close the game/);
        expect(code).toBe(22);
        expect(withoutMoves(fingerprint(windows.game, OURS))).toEqual(withoutMoves(before));
      });

      it('killed in the middle of the swap, which the next command completes once the file is let go', async () => {
        const journal = join(windows.game, '.cloud-sync/journal.json');
        const killed = windows.start('pull');
        await expect.poll(() => existsSync(journal), { timeout: 20_000, interval: 5 }).toBe(true);
        await sleep(200);
        killed.kill();
        await killed.ended;
        expect(existsSync(journal)).toBe(true);
        expect(compareFolders(linux.game, windows.game, { executable: false })).not.toEqual([]);
        const pull = windows.start('pull');
        await sleep(2_500);
        await release();
        const { code, output } = await pull.ended;
        expect(output).toMatch(/an earlier pull was interrupted; it has been completed/);
        expect(code).toBe(0);
        expect(compareFolders(linux.game, windows.game, { executable: false })).toEqual([]);
      });

      it('exit codes arrive: both sides changed; and after disable there is silence', async () => {
        writeFileSync(join(windows.game, 'options.txt'), 'mine');
        writeFileSync(join(linux.game, 'options.txt'), 'theirs');
        await linux.push();
        const before = fingerprint(windows.game, OURS);
        expect(await windows.run('pull')).toMatchObject({ code: 20, output: expect.stringMatching(/both sides/) });
        expect(fingerprint(windows.game, OURS)).toEqual(before);
        expect(await windows.run('disable')).toMatchObject({ code: 0 });
        expect(existsSync(join(windows.game, '.cloud-sync/sync.json.disabled'))).toBe(true);
        expect(await windows.run('pull')).toEqual({ code: 0, output: '' });
      });
    });
  });
});

/** A move there and back leaves another ctime, and another time of the folder. */
function withoutMoves(lines: readonly string[]): string[] {
  return lines.filter((line) => !/ 16877 \d+ \d+ \d+ \d+$/.test(line)).map((line) => line.replace(/ \d+$/, ''));
}
