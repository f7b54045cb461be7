/** restic-ts on Windows: what the real node.exe writes, real restic reads here. */
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { addKey } from '../../src/repo/create.js';
import { folderPlace, makeRepository, type Place, serverPlace, theirs } from '../helpers/both-programs.js';
import { compareFolders } from '../helpers/game-folder.js';
import { openLocal } from '../helpers/local-repository.js';
import { describeInterop, startRestServer } from '../helpers/peers.js';
import { at, CHEAP, noise, PASSWORD } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import type { StepResult } from '../helpers/windows-commands.js';
import { expectSuccess, putFiles, stepsOn, type WindowsRestic, windowsRestic } from '../helpers/windows-restic.js';
import { describeWindows, runWindowsNode, windowsPath } from '../helpers/wine.js';

const LIMIT = 240_000;
const LONG = ['a', 'b', 'c'].map((name) => name.repeat(100)).join('/');
const RESTIC = theirs('restic-latest');

/** The nodes of a tree, as they are stored. */
async function nodesOf(place: Place, tree: string): Promise<Record<string, unknown>[]> {
  return JSON.parse(await RESTIC.ok(place, ['cat', 'tree', tree])).nodes;
}

function lastLine(result: StepResult): Record<string, unknown> {
  return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '');
}

describeInterop('restic-ts on Windows', ['restic-latest', 'rest-server-latest'], () => {
  describeWindows('and restic here', () => {
    let run: WindowsRestic;

    beforeAll(async () => {
      run = await windowsRestic();
    }, LIMIT);

    describe('a repository from Windows', { timeout: LIMIT }, () => {
      const place = folderPlace();
      const source = join(tempFolder(), 'Söurce (1)');
      const top = `/Z${source}`;
      const step = stepsOn(place, source);
      let snapshots: { id: string; short_id: string; tree: string; paths: string[] }[];

      beforeAll(async () => {
        putFiles(source, {
          'a.txt': 'hello',
          'sub dir/readonly.txt': 'read only',
          'sub dir/Upper.TMP': 'upper',
          'sub dir/deep/x.tmp': 'x',
          'Ä 日 🎮.txt': 'letters',
          // Windows has both, if asked with its prefix for long paths.
          'ends with a dot.': 'dot',
          con: 'reserved',
          [`${LONG}/deep.bin`]: noise(700_000, 1),
        });
        chmodSync(join(source, 'sub dir/readonly.txt'), 0o444);
      });

      it('is made by the built program, with a password of a file that ends in CR LF', async () => {
        const program = join(tempFolder(), 'restic-ts.mjs');
        copyFileSync(resolve('dist/restic-ts.mjs'), program);
        const password = join(tempFolder(), 'password.txt');
        writeFileSync(password, `${PASSWORD}\r\n`);
        const flags = ['-r', `local:${windowsPath(place.repo)}`, '--password-file', windowsPath(password)];
        const made = await runWindowsNode([windowsPath(program), 'init', ...flags]);
        expect(made).toMatchObject({ code: 0, output: expect.stringContaining(`at ${windowsPath(place.repo)}`) });
        // As in makeRepository: with another key further openings cost nothing.
        const keys = join(place.folder, 'keys');
        const [key = ''] = readdirSync(keys);
        const { backend, codec } = await openLocal(place.folder);
        await addKey(backend, codec, PASSWORD, CHEAP);
        rmSync(join(keys, key));
      });

      it('takes targets and patterns as Windows writes them', async () => {
        const list = join(tempFolder(), 'list.txt');
        const found = windowsPath(join(source, 'a.*'));
        writeFileSync(list, `\ufeff${found}\r\n# none\r\n\r\nsub dir\\d*\r\n`);
        const steps = [
          step(['backup', windowsPath(source), '--json']),
          step(['backup', windowsPath(source), '--json']),
          step([
            ...['backup', '.', '--json', '--exclude', 'sub dir\\*.txt', '--iexclude', 'uPPer.tmp'],
            ...['--exclude', windowsPath(join(source, 'aaa*')), '--exclude', '*.TXT'],
          ]),
          step(['backup', '--files-from', windowsPath(list)]),
          step(['backup', 'sub dir\\deep', `${windowsPath(source).toLowerCase().replaceAll('\\', '/')}/A.TXT`]),
        ];
        const results = await run(steps);
        expectSuccess(steps, results);
        expect(lastLine(at(results, 0))).toMatchObject({ files_new: 8, total_files_processed: 8 });
        expect(lastLine(at(results, 1))).toMatchObject({ files_new: 0, files_unmodified: 8, data_blobs: 0 });
        for (const { stderr } of results) expect(stderr).toMatch(/^owners, access rights, .* were left out: .*\n$/);

        snapshots = JSON.parse(await RESTIC.ok(place, ['snapshots', '--json']));
        const listed = async (i: number): Promise<string[]> => {
          const text = await RESTIC.ok(place, ['ls', '--json', at(snapshots, i).id]);
          const lines = text.trim().split('\n').slice(1);
          return lines
            .map((line) => JSON.parse(line))
            .filter(({ type }) => type === 'file')
            .map(({ path }) => path);
        };
        expect(await listed(0)).toContain(`${top}/${LONG}/deep.bin`);
        expect(await listed(2)).toEqual(['/a.txt', '/con', '/ends with a dot.', '/sub dir/deep/x.tmp', '/Ä 日 🎮.txt']);
        expect(await listed(3)).toEqual([`${top}/a.txt`, '/sub dir/deep/x.tmp']);
        expect(await listed(4)).toEqual(['/sub dir/deep/x.tmp', `/z${source.toLowerCase()}/A.TXT`]);
        expect(snapshots.map(({ paths }) => paths[0])).toEqual([
          windowsPath(source),
          windowsPath(source),
          windowsPath(source),
          windowsPath(join(source, 'a.txt')),
          windowsPath(join(source, 'sub dir/deep')),
        ]);
      });

      it('has nodes as restic for Windows makes them', async () => {
        const [root] = await nodesOf(place, at(snapshots, 0).id);
        expect(root).toMatchObject({ name: 'Z', type: 'dir', mode: 2 ** 31 + 0o777, uid: 0, gid: 0 });
        const nodes = await nodesOf(place, `${at(snapshots, 0).id}:${top}/sub dir`);
        const file = ['name', 'type', 'mode', 'mtime', 'atime', 'ctime', 'uid', 'gid', 'size', 'content'];
        expect(nodes.map((node) => [node['name'], node['mode'], Object.keys(node)])).toEqual([
          ['Upper.TMP', 0o666, file],
          ['deep', 2 ** 31 + 0o777, [...file.slice(0, 8), 'content', 'subtree']],
          ['readonly.txt', 0o444, file],
        ]);
        for (const { mtime, atime, ctime } of nodes) expect([atime, ctime]).toEqual([mtime, mtime]);
        const snapshot = JSON.parse(await RESTIC.ok(place, ['cat', 'snapshot', at(snapshots, 0).id]));
        expect(snapshot.username).toMatch(/^.+\\.+$/);
        expect(Object.keys(snapshot)).not.toContain('uid');
      });

      it('is sound for real restic, which restores all of it', async () => {
        expect(await RESTIC.ok(place, ['check', '--read-data'])).toContain('no errors were found');
        const target = tempFolder();
        await RESTIC.ok(place, ['restore', `${at(snapshots, 0).id}:${top}`, '--target', target]);
        expect(compareFolders(source, target, { except: [], executable: false })).toEqual([]);
        expect(statSync(join(target, 'sub dir/readonly.txt')).mode & 0o777).toBe(0o444);
      });

      it('what another program holds is told, and the rest is saved; --one-file-system is refused; a drive is no scheme', async () => {
        const held = windowsPath(join(source, 'a.txt'));
        const [partial, refused, none] = await run([
          step(['backup', '.', '--force', '--tag', 'held'], { held }),
          step(['backup', '.', '--one-file-system']),
          step(['snapshots', '--repo=c:\\no such folder']),
        ]);
        expect(partial).toMatchObject({ code: 3, stdout: expect.stringContaining('processed 7 files') });
        expect(partial?.stderr).toContain(`cannot read ${held}: another program uses it`);
        expect(refused).toMatchObject({ code: 1, stdout: '' });
        expect(refused?.stderr).toMatch(/^Fatal: Device IDs are not supported on Windows.*\n$/);
        expect(none).toMatchObject({ code: 10, stderr: expect.stringContaining('c:\\no such folder') });
      });

      it('every other command works on it, with the cache where Windows has it', async () => {
        const [copyPlace, local] = [folderPlace(), tempFolder()];
        await makeRepository(RESTIC, copyPlace, 2);
        const [one, , other] = snapshots;
        const env = { LOCALAPPDATA: windowsPath(local), RESTIC_CACHE_DIR: '' };
        const out = windowsPath(join(local, 'out.txt'));
        const copyEnv = { RESTIC_FROM_PASSWORD: PASSWORD, RESTIC_REPOSITORY: windowsPath(copyPlace.repo) };
        const repo = windowsPath(place.repo).replaceAll('\\', '/');
        const steps = [
          step(['snapshots', '--path', windowsPath(source), '--repo', repo], { env }),
          step(['ls', '-l', one?.id ?? '', `${top}/sub dir`], { env }),
          step(['find', '--ignore-case', 'upper.*'], { env }),
          step(['diff', `${one?.id}:${top}`, other?.id ?? ''], { env }),
          step(['dump', one?.id ?? '', `${top}/Ä 日 🎮.txt`, '--target', out], { env }),
          step(['dump', one?.id ?? '', `${top}/${LONG}/deep.bin`], { env }),
          step(['stats', 'latest'], { env }),
          step(['tag', '--add', 'tägged', one?.id ?? ''], { env }),
          step(['copy', '--from-repo', repo, '--tag', 'tägged'], { env: { ...env, ...copyEnv } }),
          step(['forget', '--keep-last', '1', '--group-by', '', '--prune'], { env }),
          step(['check', '--read-data'], { env }),
          step(['cache'], { env }),
          step(['key', 'add', '--new-password-file', 'a.txt', '--user', 'ann'], { env }),
          step(['key', 'list'], { env }),
        ];
        const results = await run(steps);
        expectSuccess(steps, results);
        const said = results.map(({ stdout }) => stdout);
        expect(said[0]).toContain('4 snapshots');
        expect(said[1]).toMatch(/-r--r--r-- +0 +0 +9 .*readonly\.txt/);
        expect(said[2]).toContain(`${top}/sub dir/Upper.TMP`);
        expect(said[3]).toMatch(/Files: +0 new, +3 removed/);
        expect(readFileSync(join(local, 'out.txt'), 'utf8')).toBe('letters');
        expect(Buffer.from(results[5]?.bytes ?? '', 'latin1').equals(noise(700_000, 1))).toBe(true);
        expect(said[13]).toMatch(/ann /);
        expect(said[10]).toContain('no errors were found');
        const cached = readdirSync(join(local, 'restic'));
        expect(cached.filter((name) => /^[0-9a-f]{64}$/.test(name))).toHaveLength(2);
        expect(cached).toContain('CACHEDIR.TAG');
        expect(said[11]).toContain(windowsPath(join(local, 'restic')));

        expect(await RESTIC.ok(place, ['check', '--read-data'])).toContain('no errors were found');
        expect(JSON.parse(await RESTIC.ok(place, ['snapshots', '--json']))).toMatchObject([{ tags: ['held'] }]);
        expect(await RESTIC.ok(copyPlace, ['check', '--read-data'])).toContain('no errors were found');
        expect(JSON.parse(await RESTIC.ok(copyPlace, ['snapshots', '--json']))).toMatchObject([{ tags: ['tägged'] }]);
      });
    });

    it('backs up to a REST server, and restores from there', { timeout: LIMIT }, async () => {
      const server = await startRestServer('rest-server-latest');
      const place = serverPlace(server, 'repo');
      await makeRepository(RESTIC, place, 2);
      const [source, target] = [tempFolder(), tempFolder()];
      putFiles(source, { 'a/b.txt': 'over the network', [`${LONG}/c`]: noise(300_000, 3) });
      const step = stepsOn(place, source);
      const steps = [step(['backup', '.']), step(['restore', 'latest', '--target', windowsPath(target), '--verify'])];
      expectSuccess(steps, await run(steps));
      expect(compareFolders(source, target, { except: [], executable: false })).toEqual([]);
      expect(await RESTIC.ok(place, ['check', '--read-data'])).toContain('no errors were found');
      await server.stop();
    });
  });
});
