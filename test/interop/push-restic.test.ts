/** What `push` writes is a repository like any other to every restic: checked, listed, compared, restored. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareFolders, makeGameFolder, playSession } from '../helpers/game-folder.js';
import { ALL_REST_SERVERS, ALL_RESTICS, describeInterop, type ResticName } from '../helpers/peers.js';
import { type Cloud, makeCloud, type Pc, startServer } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

const LIMIT = 60_000;

interface ResticSnapshot {
  readonly id: string;
  readonly parent?: string;
  readonly program_version?: string;
  readonly tags?: readonly string[];
}

describeInterop('push, read by restic', [...ALL_RESTICS, ...ALL_REST_SERVERS], () => {
  describe.each(ALL_REST_SERVERS)('through %s', (server) => {
    let cloud: Cloud;
    let pc: Pc;
    /** The game folder as it was at the first push. */
    const before = join(tempFolder(), 'before');
    let snapshots: string[];

    beforeAll(async () => {
      cloud = makeCloud(await startServer(server));
      pc = cloud.pc();
      makeGameFolder(pc.game, 1);
      await pc.init();
      const first = await pc.push();
      cpSync(pc.game, before, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      playSession(pc.game, 2);
      const second = await pc.push();
      expect([first, second]).toMatchObject([
        { outcome: 'sent', files: { changed: 0, removed: 0 } },
        { outcome: 'sent', files: { added: 2, changed: 4, removed: 2 } },
      ]);
      snapshots = [first, second].map((summary) => String(summary['snapshot']));
    }, LIMIT);

    const restored = async (name: ResticName, snapshot: string): Promise<string> => {
      const target = tempFolder();
      await cloud.restic(name, 'restore', snapshot, '--verify', '--target', target);
      return target;
    };

    it.each(ALL_RESTICS)('%s finds no fault in any byte', { timeout: LIMIT }, async (name) => {
      expect(await cloud.restic(name, 'check', '--read-data')).toContain('no errors were found');
    });

    it.each(ALL_RESTICS)('%s restores both pushes', { timeout: LIMIT }, async (name) => {
      const [first = '', second = ''] = snapshots;
      expect(compareFolders(await restored(name, second), pc.game)).toEqual([]);
      expect(compareFolders(await restored(name, first), before, { times: false })).toEqual([]);
    });

    it('holds nothing that is out of scope', { timeout: LIMIT }, async () => {
      const target = await restored('restic-0.18', 'latest');
      expect(compareFolders(target, pc.game, { except: [] }).map((line) => line.replace(/:.*/, ''))).toEqual([
        '.cloud-sync',
        'logs',
        'mods',
        'saves/New World (1)/level.dat_new',
        'saves/New World (1)/session.lock',
        'saves/Übergrößen Welt 🌍/level.dat_new',
        'saves/Übergrößen Welt 🌍/session.lock',
        'usercache.json',
      ]);
    });
  });

  describe('the listings', () => {
    let cloud: Cloud;
    let pc: Pc;
    let snapshots: string[];

    beforeAll(async () => {
      cloud = makeCloud(await startServer('rest-server-latest'));
      pc = cloud.pc();
      makeGameFolder(pc.game, 3, { size: 100_000 });
      await pc.init();
      const first = await pc.push();
      playSession(pc.game, 4);
      snapshots = [first, await pc.push()].map((summary) => String(summary['snapshot']));
    }, LIMIT);

    it.each(ALL_RESTICS)('%s snapshots', { timeout: LIMIT }, async (name) => {
      const found: ResticSnapshot[] = JSON.parse(await cloud.restic(name, 'snapshots', '--json'));
      const [first = '', second = ''] = snapshots;
      expect(found).toMatchObject([
        { id: first, tags: ['instance-sync'], paths: [pc.game] },
        { id: second, tags: ['instance-sync'], paths: [pc.game], parent: first },
      ]);
      expect(found[0]?.parent).toBeUndefined();
    });

    it.each(ALL_RESTICS)('%s ls', { timeout: LIMIT }, async (name) => {
      const lines = (await cloud.restic(name, 'ls', 'latest', '--long')).split('\n');
      expect(lines.find((line) => line.includes('run.sh'))).toMatch(/^-rwxr-xr-x +0 +0 +17 .* \/config\/run\.sh$/);
      expect(lines.find((line) => line.includes('level link'))).toContain('-> level.dat');
      expect(lines.filter((line) => line.endsWith('/saves/Übergrößen Welt 🌍/DIM1/region'))).toHaveLength(1);
    });

    it.each(ALL_RESTICS)('%s diff', { timeout: LIMIT }, async (name) => {
      const text = await cloud.restic(name, 'diff', ...snapshots);
      const world = '/saves/Übergrößen Welt 🌍';
      const told = text.split('\n').filter((line) => /^[+\-M]/.test(line));
      expect(told.map((line) => line.replace(/ +/, ' ')).sort()).toEqual(
        [
          '- /config/empty.toml',
          `- ${world}/data/raids.dat`,
          '+ /screenshots/2026-11-21_4.png',
          `+ ${world}/region/r.4.7.mca`,
          'M /options.txt',
          `M ${world}/level.dat`,
          `M ${world}/level.dat_old`,
          `M ${world}/region/r.0.-1.mca`,
        ].sort(),
      );
    });
  });
});
