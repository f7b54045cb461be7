/** restic and restic-ts at the same moment: who may work together does, and who must wait waits, or is refused. */
import { readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  expectSound,
  folderPlace,
  makeRepositoryQuickly,
  OURS,
  type Place,
  type Program,
  theirs,
} from '../helpers/both-programs.js';
import { openLocal } from '../helpers/local-repository.js';
import { ALL_RESTICS, describeInterop } from '../helpers/peers.js';
import { noise, PASSWORD } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { buildProgram, type Started, startProcess } from './restic-ts-process.js';
import { lastingFacts, makeSource } from './restic-ts-source.js';
import { Turns } from './restic-ts-turns.js';

const LIMIT = 120_000;
const LOCKED = 11;

describeInterop('at the same moment', ALL_RESTICS, (paths) => {
  const latest = theirs('restic-latest');
  let built: readonly [string, string];

  beforeAll(async () => {
    built = await buildProgram();
  });

  async function repository(): Promise<Place> {
    const place = folderPlace();
    await makeRepositoryQuickly(place, 2);
    return place;
  }

  const locksOf = (place: Place): string[] => readdirSync(join(place.folder, 'locks'));

  it.concurrent('backups by all, of the same and of other files', { timeout: LIMIT }, async () => {
    const place = await repository();
    const [one, two] = [tempFolder(), tempFolder()];
    for (const [i, folder] of [one, two].entries()) {
      makeSource(join(folder, 'source'));
      writeFileSync(join(folder, 'source/own'), noise(12_000_000, 30 + i));
    }
    const runs: [Program, string][] = [
      [OURS, one],
      [theirs('restic-0.14'), one],
      [theirs('restic-0.18'), two],
      [OURS, two],
      [latest, one],
    ];
    await Promise.all(
      runs.map(([program, cwd], i) => program.ok(place, ['backup', 'source', '--tag', `${i}`], { cwd })),
    );
    expect(locksOf(place)).toEqual([]);
    await expectSound([OURS, latest], place);
    const turns = new Turns([OURS, latest], place, one);
    const found = await turns.snapshots();
    expect(found.map(({ tags }) => Number(tags?.[0])).sort()).toEqual([0, 1, 2, 3, 4]);
    for (const folder of [one, two]) {
      const of = found.filter(({ tags }) => runs[Number(tags?.[0])]?.[1] === folder);
      expect(new Set(of.map(({ tree }) => tree)).size).toBe(1);
      const target = tempFolder();
      await turns.ok(OURS, 'restore', of[0]?.id ?? '', '--target', target);
      expect(lastingFacts(join(target, 'source'))).toEqual(lastingFacts(join(folder, 'source')));
    }
    // What was stored twice because nobody knew of the other goes.
    await turns.write(OURS, 'prune', '--max-unused', '0');
    expect(await turns.ok(latest, 'stats', '--mode', 'raw-data', '--json')).toBe(
      await turns.ok(OURS, 'stats', '--mode', 'raw-data', '--json'),
    );
  });

  /** A backup that lasts until its standard input ends; its lock is there. */
  async function holding(program: Program, place: Place): Promise<Started> {
    const command = program === OURS ? built : ([paths['restic-latest']] as const);
    const started = startProcess(command, place, ['backup', '--stdin', '--no-cache'], tempFolder());
    started.child.stdin.write('begun');
    await expect.poll(() => locksOf(place), { timeout: 20_000 }).toHaveLength(1);
    return started;
  }

  describe.each([
    { holder: OURS, other: latest },
    { holder: latest, other: OURS },
  ])('while $holder.name backs up', ({ holder, other }) => {
    it.concurrent('the other one may do all but what needs the repository for itself', {
      timeout: LIMIT,
    }, async () => {
      const place = await repository();
      const { child, done } = await holding(holder, place);
      const cwd = tempFolder();
      makeSource(join(cwd, 'source'));
      await other.ok(place, ['backup', 'source'], { cwd });
      await other.ok(place, ['snapshots']);
      await other.ok(place, ['restore', 'latest', '--target', tempFolder()]);
      for (const args of [['prune'], ['forget', '--keep-last', '1', '--prune'], ['check'], ['tag', '--add', 'x']]) {
        const refused = await other.run(place, args);
        expect([args[0], refused.code, refused.stderr]).toEqual([
          args[0],
          LOCKED,
          expect.stringMatching(/repository is already locked by PID \d+/),
        ]);
      }
      // A lock of a process that lives is not taken away, and the process lives on: restic asks it by a SIGHUP.
      for (const name of ALL_RESTICS) await theirs(name).ok(place, ['unlock']);
      await OURS.ok(place, ['unlock']);
      expect(locksOf(place)).toHaveLength(1);
      child.stdin.end(' and ended');
      expect(await done).toMatchObject({ end: 0 });
      await expectSound([OURS, latest], place);
      expect(await other.ok(place, ['dump', 'latest', '/stdin', '--path', '/stdin'])).toBe('begun and ended');
    });

    it.concurrent('and a prune of the other waits, as --retry-lock says', { timeout: LIMIT }, async () => {
      const place = await repository();
      const { child, done } = await holding(holder, place);
      let ended = false;
      const pruned = other.ok(place, ['prune', '--retry-lock', '40s']).then(() => {
        ended = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      expect(ended).toBe(false);
      child.stdin.end();
      expect(await done).toMatchObject({ end: 0 });
      await pruned;
      await expectSound([OURS, latest], place);
    });
  });

  it.concurrent('nobody writes under an exclusive lock; who needs none may read', { timeout: LIMIT }, async () => {
    const place = await repository();
    const { locks } = await openLocal(place.folder);
    const cwd = tempFolder();
    makeSource(join(cwd, 'source'));
    for (const program of [OURS, latest]) {
      const owner = { hostname: hostname(), username: 'user', pid: process.pid };
      await locks.save({ exclusive: true, ...owner, time: new Date().toISOString() });
      for (const args of [['backup', 'source'], ['prune'], ['snapshots'], ['copy', '--from-repo', place.repo]]) {
        const refused = await program.run(place, args, { cwd, env: { RESTIC_FROM_PASSWORD: PASSWORD } });
        expect([program.name, args[0], refused.code]).toEqual([program.name, args[0], LOCKED]);
      }
      await program.ok(place, ['snapshots', '--no-lock']);
      await program.ok(place, ['unlock', '--remove-all']);
      expect(locksOf(place)).toEqual([]);
      await program.ok(place, ['backup', 'source'], { cwd });
    }
  });
});
