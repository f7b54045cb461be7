/** restic-ts on an append-only server: what adds works; what would take something away fails as restic fails. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { addKey } from '../../src/repo/create.js';
import {
  expectSound,
  filesOf,
  makeRepositoryQuickly,
  OURS,
  type Place,
  serverPlace,
  theirs,
} from '../helpers/both-programs.js';
import { openLocal } from '../helpers/local-repository.js';
import { describeInterop, type RestServer, startRestServer } from '../helpers/peers.js';
import { CHEAP } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { changeSource, lastingFacts, makeSource } from './restic-ts-source.js';
import { idAt, Turns } from './restic-ts-turns.js';

const LIMIT = 120_000;
/** One line for each file that was to go; after those of forget one more that counts them up. */
const REFUSALS = /^([^\n]*the server answered 403: it is append-only \("Forbidden"\)\n)+(failed to remove [^\n]*\n)?$/;

describeInterop('on an append-only server', ['restic-latest', 'rest-server-latest'], () => {
  const restic = theirs('restic-latest');
  const cwd = tempFolder();
  let server: RestServer;
  let filled: Place;
  let otherKey = '';
  let count = 0;

  /** Three snapshots, by restic-ts, by restic, and by restic-ts again. */
  beforeAll(async () => {
    server = await startRestServer('rest-server-latest', { appendOnly: true });
    filled = serverPlace(server, 'filled');
    await makeRepositoryQuickly(filled, 2);
    const turns = new Turns([OURS, restic], filled, cwd);
    makeSource(join(cwd, 'source'));
    await turns.backup(OURS);
    changeSource(join(cwd, 'source'));
    await turns.backup(restic);
    await turns.backup(OURS, '--tag', 'last');
    const { backend, codec } = await openLocal(filled.folder);
    otherKey = await addKey(backend, codec, 'another', CHEAP);
  }, LIMIT);

  /** Another one with the same in it, of which some files may be missing. */
  function copyOf(name: string, without: readonly string[] = []): Place {
    const place = serverPlace(server, name);
    cpSync(filled.folder, place.folder, { recursive: true });
    for (const one of without) rmSync(join(place.folder, one));
    return place;
  }

  it('backup, snapshots, restore and check work', { timeout: LIMIT }, async () => {
    const turns = new Turns([OURS, restic], filled, cwd);
    expect(await turns.snapshots()).toHaveLength(3);
    const target = tempFolder();
    await turns.ok(OURS, 'restore', 'latest', '--target', target);
    expect(lastingFacts(join(target, 'source'))).toEqual(lastingFacts(join(cwd, 'source')));
    for (const program of [OURS, restic]) await expectSound([program], filled, []);
  });

  /** What is added before anything is refused is the same as with restic, and is none of the rest's business. */
  it.each([
    { args: ['forget', '--keep-last', '1', '--group-by', ''], code: 3, adds: [] },
    { args: ['forget', '--keep-last', '1', '--group-by', '', '--prune'], code: 3, adds: [] },
    { args: ['prune', '--max-unused', '0'], code: 1, adds: ['data', 'data', 'index', 'index'] },
    { args: ['key', 'remove', 'OTHER'], code: 1, adds: [] },
    { args: ['repair', 'index'], code: 1, adds: ['index'] },
    { args: ['tag', '--add', 'x', 'latest'], code: 0, adds: ['snapshots'] },
    { args: ['rewrite', '--exclude', '*.sh', '--forget', 'latest'], code: 1, adds: ['data', 'index', 'snapshots'] },
  ])('$args.0 $args.1 is refused', { timeout: LIMIT }, async ({ args, code, adds }) => {
    count += 1;
    const found = await new Turns([OURS, restic], filled, cwd).snapshots();
    // With one snapshot gone there is something to prune.
    const gone = args[0] === 'prune' ? [`snapshots/${idAt(found, 0)}`] : [];
    const line = args.map((word) => word.replace('OTHER', otherKey));
    for (const program of [restic, OURS]) {
      const place = copyOf(`${program.name}-${count}`, gone);
      const before = filesOf(place);
      const done = await program.run(place, line);
      const after = filesOf(place);
      expect(after).toEqual(expect.arrayContaining(before));
      const added = after.filter((name) => !before.includes(name)).map((name) => name.split('/')[1]);
      expect({ code: done.code, adds: added }, program.name).toEqual({ code, adds });
      await expectSound([OURS, restic], place);
      if (program === OURS) expect(done.stderr).toMatch(REFUSALS);
    }
  });
});
