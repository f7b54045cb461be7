/** restore on Windows: what real restic has saved here, as far as Windows can have it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, linkSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderPlace, makeRepository, theirs } from '../helpers/both-programs.js';
import { describeInterop } from '../helpers/peers.js';
import { tempFolder } from '../helpers/temp.js';
import { putFiles, stepsOn, type WindowsRestic, windowsRestic } from '../helpers/windows-restic.js';
import { describeWindows, windowsPath } from '../helpers/wine.js';

const LIMIT = 240_000;
const LONG = ['a', 'b', 'c'].map((name) => name.repeat(100)).join('/');
const RESTIC = theirs('restic-latest');

describeInterop('restic-ts on Windows restores', ['restic-latest'], () => {
  describeWindows('with node.exe', () => {
    describe('a repository from Linux', { timeout: LIMIT }, () => {
      let run: WindowsRestic;
      const place = folderPlace();
      const source = tempFolder();
      const target = join(tempFolder(), 'restored');
      const step = stepsOn(place, dirname(target));
      const good = { 'Twin.txt': '1', 'Mod/a': 'a', 'plain/ok.txt': 'ok', [`${LONG}/deep`]: 'deep', 'plain/ro/r': 'r' };
      const impossible = ['/a:b', '/con', '/plain/ends ', '/plain/..\\..\\evil', '/plain/back\\slash', '/Mod/x?'];

      beforeAll(async () => {
        putFiles(source, { ...good, 'twin.txt': '2', 'mod/b': 'b', 'dot./file': 'dot', STRASSE: 's', straße: 't' });
        for (const path of impossible) if (!path.includes('\\')) putFiles(source, { [path]: path });
        linkSync(join(source, 'plain/ok.txt'), join(source, 'plain/..\\..\\evil'));
        linkSync(join(source, 'plain/ok.txt'), join(source, 'plain/second name'));
        symlinkSync('ok.txt', join(source, 'plain/back\\slash'));
        symlinkSync('ok.txt', join(source, 'plain/link'));
        execFileSync('mkfifo', [join(source, 'plain/pipe')]);
        chmodSync(join(source, 'plain/ro/r'), 0o444);
        await makeRepository(RESTIC, place, 2);
        await RESTIC.ok(place, ['backup', '.'], { cwd: source });
        run = await windowsRestic();
      }, LIMIT);

      it('is restored as far as Windows can have it; all else is told', async () => {
        const [dry, restored] = await run([
          step(['restore', 'latest', '--target', 'restored', '--dry-run']),
          step(['restore', 'latest', '--target', '.\\restored']),
        ]);
        for (const result of [dry, restored]) {
          expect(result?.code).toBe(1);
          for (const path of [...impossible, '/dot.']) {
            expect(result?.stderr).toContain(`ignoring error for ${path}: ${path} cannot exist on Windows: its name `);
          }
          for (const [path, first] of [
            ['/twin.txt', '/Twin.txt'],
            ['/mod', '/Mod'],
          ]) {
            expect(result?.stderr).toContain(`ignoring error for ${path}: ${path} cannot be beside ${first}: `);
          }
        }
        expect(dry?.stderr).toContain('There were 9 errors');
        // wine takes the call for a link and makes none.
        expect(restored?.stderr).toContain('ignoring error for /plain/link: ');
        expect(restored?.stderr).toContain('/plain/pipe cannot exist on Windows: it is a pipe or a device');
        expect(restored?.stderr).toContain('There were 11 errors');
      });

      it('and nothing lies where it should not', () => {
        const files = readdirSync(target, { recursive: true, withFileTypes: true }).filter(
          (entry) => !entry.isDirectory(),
        );
        const names = files.map((entry) => join(entry.parentPath, entry.name).slice(target.length + 1)).sort();
        expect(names).toEqual([...Object.keys(good), 'plain/second name', 'STRASSE', 'straße'].sort());
        for (const [name, content] of Object.entries(good))
          expect(readFileSync(join(target, name), 'utf8')).toBe(content);
        expect(statSync(join(target, 'plain/ok.txt')).nlink).toBe(2);
        expect(statSync(join(target, 'plain/ro/r')).mode & 0o222).toBe(0);
        expect(readdirSync(dirname(target))).toEqual(['restored']);
        expect(existsSync(join(dirname(target), 'evil'))).toBe(false);
        expect(readdirSync(target)).not.toContainEqual(expect.stringMatching(/^\.restic/));
      });

      it('over what is there: read-only files, one that is held, and what --delete takes away', async () => {
        rmSync(join(target, 'plain/ok.txt'));
        putFiles(target, { 'plain/ok.txt/in the way': 'x', 'extra/read only': 'x', 'Mod/c': 'x', 'Mod/a': 'changed' });
        for (const name of ['Mod/a', 'extra/read only']) chmodSync(join(target, name), 0o444);
        const held = windowsPath(join(target, 'STRASSE'));
        const [restored] = await run([step(['restore', 'latest', '-t', windowsPath(target), '--delete'], { held })]);
        expect(restored).toMatchObject({ code: 1, stderr: expect.stringContaining('There were 12 errors') });
        expect(restored?.stderr).toMatch(/ignoring error for \/STRASSE: .*another program uses it/);
        for (const [name, content] of Object.entries(good))
          expect(readFileSync(join(target, name), 'utf8')).toBe(content);
        expect(readdirSync(target).sort()).toEqual(['Mod', 'STRASSE', 'Twin.txt', 'a'.repeat(100), 'plain', 'straße']);
        expect(readdirSync(join(target, 'Mod'))).toEqual(['a']);
      });
    });
  });
});
