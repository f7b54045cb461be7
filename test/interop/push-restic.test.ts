/** What `push` writes is to every restic a repository like any other: checked, listed, compared, restored. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareFolders, describeFolder, makeGameFolder, OUT_OF_SCOPE, playSession } from '../helpers/game-folder.js';
import { ALL_REST_SERVERS, ALL_RESTICS, describeInterop, type ResticName } from '../helpers/peers.js';
import { type Cloud, makeCloud, type Pc, startServer } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

const LIMIT = 60_000;

describeInterop('push, read by restic', [...ALL_RESTICS, ...ALL_REST_SERVERS], () => {
  describe.each(ALL_REST_SERVERS)('through %s', { timeout: LIMIT }, (server) => {
    let cloud: Cloud;
    let pc: Pc;
    /** The game folder as it was at the first push. */
    const before = join(tempFolder(), 'before');
    let first: string;
    let second: string;

    beforeAll(async () => {
      cloud = makeCloud(await startServer(server));
      pc = cloud.pc();
      makeGameFolder(pc.game, 1);
      await pc.init();
      const summaries = [await pc.push()];
      await cloud.cheapen();
      cpSync(pc.game, before, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      playSession(pc.game, 2);
      summaries.push(await pc.push());
      expect(summaries).toMatchObject([
        { outcome: 'sent', files: { changed: 0, removed: 0 } },
        { outcome: 'sent', files: { added: 2, changed: 4, removed: 2 } },
      ]);
      [first = '', second = ''] = summaries.map((result) => ('snapshot' in result ? result.snapshot : ''));
    }, LIMIT);

    const restored = async (name: ResticName, snapshot: string): Promise<string> => {
      const target = tempFolder();
      await cloud.restic(name, 'restore', snapshot, '--no-lock', '--verify', '--target', target);
      return target;
    };

    describe.concurrent.each(ALL_RESTICS)('%s', (name) => {
      it('finds no fault in any byte', async () => {
        expect(await cloud.restic(name, 'check', '--read-data', '--no-lock')).toContain('no errors were found');
      });

      it('restores the game folder', async () => {
        expect(compareFolders(await restored(name, 'latest'), pc.game)).toEqual([]);
      });

      // What follows does not depend on the server.
      if (server !== 'rest-server-latest') return;

      it('lists the snapshots', async () => {
        const found: { readonly parent?: string }[] = JSON.parse(
          await cloud.restic(name, 'snapshots', '--no-lock', '--json'),
        );
        const device = expect.stringMatching(/^device:[0-9A-Z]{26}$/);
        const tags = ['instance-sync', `instance:${cloud.instanceId}`, device];
        expect(found).toMatchObject([
          { id: first, tags, paths: [pc.game] },
          { id: second, tags, paths: [pc.game], parent: first },
        ]);
        expect(found[0]?.parent).toBeUndefined();
      });

      it('lists the files', async () => {
        const lines = (await cloud.restic(name, 'ls', 'latest', '--no-lock', '--long')).split('\n');
        expect(lines.find((line) => line.includes('run.sh'))).toMatch(/^-rwxr-xr-x +0 +0 +17 .* \/config\/run\.sh$/);
        expect(lines.find((line) => line.includes('level link'))).toContain('-> level.dat');
        expect(lines.filter((line) => line.endsWith('/saves/Übergrößen Welt 🌍/DIM1/region'))).toHaveLength(1);
      });

      it('tells what changed', async () => {
        const lines = (await cloud.restic(name, 'diff', '--no-lock', first, second)).split('\n');
        const told = lines.filter((line) => /^[+\-MTU] /.test(line)).map((line) => line.replace(/ +/, ' '));
        const world = '/saves/Übergrößen Welt 🌍';
        expect(told.sort()).toEqual([
          `+ ${world}/region/r.2.7.mca`,
          '+ /screenshots/2026-11-21_2.png',
          '- /config/empty.toml',
          `- ${world}/data/raids.dat`,
          'M /options.txt',
          `M ${world}/level.dat`,
          `M ${world}/level.dat_old`,
          `M ${world}/region/r.0.-1.mca`,
        ]);
      });
    });

    it('keeps the first push as it was, without what is out of scope', async () => {
      const target = await restored('restic-0.18', first);
      expect(compareFolders(target, before)).toEqual([]);
      const found = [...describeFolder(target, { except: [] }).keys()];
      expect(found.filter((path) => OUT_OF_SCOPE.some((pattern) => pattern.test(path)))).toEqual([]);
    });
  });
});
