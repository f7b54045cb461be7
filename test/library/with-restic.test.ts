/** The public calls and real restic on the same repositories: each sees, reads and accepts what the other one does. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { backup } from '../../src/library/backup.js';
import { check } from '../../src/library/check.js';
import { copy } from '../../src/library/copy.js';
import { forget } from '../../src/library/forget.js';
import { prune } from '../../src/library/prune.js';
import { Repository } from '../../src/library/repository.js';
import { restore } from '../../src/library/restore.js';
import { describeInterop, type ResticName, restic } from '../helpers/peers.js';
import { tempFolder } from '../helpers/temp.js';
import { all, bytesOf, gameFolder } from './env.js';

const PASSWORD = 'secret';
const lines = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const named = z.object({ id: z.string(), tree: z.string(), hostname: z.string(), time: z.string() });
const listed = z.object({ path: z.string(), type: z.string(), size: z.number().optional() });

/** `npm run interop -- test/library` takes the oldest too. */
const KINDS: readonly (readonly [ResticName, string])[] =
  process.env['INTEROP'] === 'all'
    ? [
        ['restic-0.14', '1'],
        ['restic-latest', '2'],
      ]
    : [['restic-latest', '2']];

describeInterop('the library and restic', ['restic-0.14', 'restic-latest'], () => {
  it.each(KINDS)('%s, version %s', async (name, version) => {
    const repository = join(tempFolder(), 'repository');
    const cwd = gameFolder();
    mkdirSync(join(cwd, 'game/odd names'));
    writeFileSync(join(cwd, 'game/odd names/Grüße \u{1f600}'), '');
    symlinkSync('options.txt', join(cwd, 'game/link'));
    const run = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await restic(name, args, { repo: repository, password: PASSWORD, cwd });
      expect(code, stderr).toBe(0);
      return stdout;
    };
    await run('init', '--repository-version', version);
    await run('backup', 'game', '--host', 'pc', '--tag', 'first');
    const repo = await Repository.open({ repository, password: PASSWORD });

    // What restic made is seen as restic sees it.
    const seen = z.array(named).parse(JSON.parse(await run('snapshots', '--json')));
    expect((await all(repo.snapshots())).map(({ id, tree, hostname, time }) => ({ id, tree, hostname, time }))).toEqual(
      seen,
    );
    const ls = lines(await run('ls', 'latest', '--json')).slice(1);
    // A size of zero is absent in the tree.
    const walked = (await all(repo.walk('latest'))).map(({ path, node: { type, size } }) => {
      return type === 'file' ? { path, type, size: size ?? 0 } : { path, type };
    });
    expect(walked).toEqual(ls.map((line) => listed.parse(line)));
    expect((await bytesOf(repo.readFile('latest', '/game/mods/big.jar'))).length).toBe(3_000_000);

    // An unchanged folder is the same tree, with restic's snapshot as parent, and adds nothing.
    const again = await backup(repo, { cwd, paths: ['game'], hostname: 'pc' });
    const [first] = seen;
    expect([again.summary.dataBlobs, again.summary.filesUnmodified, again.leftOut]).toEqual([0, 4, []]);
    if (name === 'restic-latest') expect(again.tree).toBe(first?.tree);
    // A loop gives its lock back at once, a single look-up after a second: restic's check below needs all alone.
    expect((await all(repo.snapshots())).at(-1)?.parent).toBe(first?.id);

    // What was made here restic reads, and finds sound, also after snapshots and data are gone.
    writeFileSync(join(cwd, 'game/options.txt'), 'fov:70\n');
    await backup(repo, { cwd, paths: ['game'], exclude: ['mods'], hostname: 'pc' });
    expect(await run('dump', 'latest', '/game/options.txt')).toBe('fov:70\n');
    await run('check', '--read-data');
    await forget(repo, { keep: { last: 1 } });
    await prune(repo, { maxUnused: { bytes: 0 } });
    expect(await run('check', '--read-data')).toContain('no errors were found');
    await run('backup', 'game', '--host', 'pc');
    expect((await check(repo, { readData: 'all' })).findings).toEqual([]);
    const target = tempFolder();
    expect((await restore(repo, 'latest', { target, folder: 'game' })).errors).toEqual([]);
    expect(readFileSync(join(target, 'link'), 'utf8')).toBe('fov:70\n');

    const to = await Repository.init({ repository: `${repository}-copy`, password: 'other' });
    expect((await copy(repo, to)).copied.size).toBe(2);
    const copied = await restic('restic-latest', ['check', '--read-data'], { repo: to.location, password: 'other' });
    expect(copied).toMatchObject({ code: 0 });
    await to.close();

    // A loop keeps restic from pruning.
    for await (const _ of repo.walk('latest')) {
      const refused = await restic(name, ['prune'], { repo: repository, password: PASSWORD });
      expect(refused.stderr).toContain('already locked');
      break;
    }
    await run('prune');
    await repo.close();
  });
});
