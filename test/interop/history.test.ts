/** The history and the ways back, as a player uses them: with versions of two PCs and of restic on a real server. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { bringBack, diffVersions, history } from '../../src/index.js';
import {
  type CompareOptions,
  compareFolders,
  makeGameFolder,
  Noise,
  OTHER_WORLD,
  OUT_OF_SCOPE,
  playSession,
  WORLD,
  writeGameFile,
} from '../helpers/game-folder.js';
import { describeInterop } from '../helpers/peers.js';
import { type Cloud, makeCloud, type Pc, startServer, succeeded } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

const LIMIT = 60_000;
const SMALL = { size: 60_000 };
const WITHOUT_WORLD: CompareOptions = { except: [...OUT_OF_SCOPE, new RegExp(`^${WORLD}(/|$)`)] };
const IN_WORLD: CompareOptions = { except: [/^session\.lock$/, /^level\.dat_new$/] };

/** A game folder as it was after these evenings. */
function folderAfter(...sessions: number[]): string {
  const folder = tempFolder();
  makeGameFolder(folder, 1, SMALL);
  for (const seed of sessions) playSession(folder, seed);
  return folder;
}

async function run(pc: Pc, command: string, ...flags: string[]): Promise<string> {
  return succeeded(await pc.run(command, ...flags), command);
}

describeInterop('history and the ways back', ['rest-server-latest', 'restic-latest'], () => {
  let cloud: Cloud;
  let a: Pc;
  let b: Pc;
  let first: string;

  beforeAll(async () => {
    cloud = makeCloud(await startServer('rest-server-latest'));
    [a, b] = [cloud.pc(), cloud.pc()];
    makeGameFolder(a.game, 1, SMALL);
    await a.init();
    await b.init();
    const sent = await a.push();
    first = 'snapshot' in sent ? (sent.snapshot ?? '') : '';
    await cloud.cheapen();
    await b.pull();
    playSession(b.game, 2);
    await b.push();
    await a.pull();
    playSession(a.game, 3);
    await a.push();
  }, LIMIT);

  it('history tells when, who, which, and what changed', { timeout: LIMIT }, async () => {
    const lines = (await run(a, 'history')).trim().split('\n');
    const heads = lines.filter((line) => !line.startsWith(' '));
    expect(heads).toHaveLength(3);
    for (const line of heads) expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}\S+ {2}\[[0-9a-f]{8}\]/);
    expect(heads[0]).toContain('newest; last sync of this PC');
    expect(lines.slice(1, 3)).toEqual([
      expect.stringMatching(/^ {4}Übergr.* Welt 🌍: 1 new, 3 changed, /),
      expect.stringMatching(/^ {4}2 other files: 1 new, 1 changed, /),
    ]);
    const json = await run(a, 'history', '--json', '--limit', '1', '--world', WORLD);
    const [summary, ...more] = json.trim().split('\n').slice(-1);
    expect(more).toEqual([]);
    const entries = [{ isHead: true, id: expect.stringMatching(/^[0-9a-f]{64}$/) }];
    expect(JSON.parse(summary ?? '')).toMatchObject({ message_type: 'summary', versions: 3, hasMore: true, entries });
  });

  it('diff: nothing to send; and what has changed since an older version', { timeout: LIMIT }, async () => {
    expect(await diffVersions({ packFolder: a.game })).toMatchObject({ files: [], warnings: [] });
    const since = await run(a, 'diff', first.slice(0, 10));
    expect(since).toContain('\n- config/empty.toml (0 B)\n');
    expect(since).not.toContain(OTHER_WORLD);
    const there = await diffVersions({ packFolder: a.game, from: first, to: 'latest' });
    if (there.outcome !== 'diff') throw new Error(there.outcome);
    expect(since.match(/^[-+M] /gm)).toHaveLength(there.files.length);
  });

  it('restore brings one world back, undo takes that back, a second undo that', { timeout: LIMIT }, async () => {
    const [old, played] = [folderAfter(), folderAfter(2, 3)];
    const options = ['--snapshot', first.slice(0, 8), '--world', WORLD];
    expect(await run(a, 'restore', '--dry-run', ...options)).toMatch(
      /^would restore .*: 1 new, 3 changed, 2 removed, /,
    );
    expect(compareFolders(a.game, played)).toEqual([]);
    expect(await run(a, 'restore', ...options)).toContain('the next push sends this as the newest version');
    expect(compareFolders(a.game, played, WITHOUT_WORLD)).toEqual([]);
    expect(compareFolders(join(a.game, WORLD), join(old, WORLD), IN_WORLD)).toEqual([]);
    expect(await run(a, 'trash')).toContain('"undo" goes back to before this');
    expect(await run(a, 'undo')).toContain('undid the ');
    expect(compareFolders(a.game, played)).toEqual([]);
    await run(a, 'undo');
    expect(await a.push()).toMatchObject({ outcome: 'sent' });
    await b.pull();
    expect(compareFolders(b.game, a.game)).toEqual([]);
    expect(compareFolders(join(b.game, WORLD), join(old, WORLD), IN_WORLD)).toEqual([]);
    await cloud.restic('restic-latest', 'check', '--read-data', '--no-lock');
  });

  it("a version of restic's is in the history, and can be brought back", { timeout: LIMIT }, async () => {
    writeGameFile(join(a.game, 'options.txt'), 'by restic', new Noise(5));
    const flags = ['--host', 'laptop', '--tag', 'by hand', '--exclude', '.cloud-sync'];
    await cloud.restic('restic-latest', 'backup', a.game, ...flags);
    const result = await history({ packFolder: a.game });
    const entries = result.outcome === 'history' ? result.entries : [];
    const [theirs] = entries.filter(({ hostname }) => hostname === 'laptop');
    // Versions are compared by their blobs, and restic cuts region files otherwise: they count as changed.
    const worlds = [
      { changed: 1, added: 0, removed: 0 },
      { changed: 1, added: 0, removed: 0 },
    ];
    expect(theirs).toMatchObject({ otherTags: ['by hand'], changes: { worlds, other: { changed: 1, added: 0 } } });
    rmSync(join(a.game, OTHER_WORLD), { recursive: true });
    const options = { packFolder: a.game, snapshot: theirs?.id ?? '', path: OTHER_WORLD };
    expect(await bringBack(options)).toMatchObject({ outcome: 'restored' });
    expect(compareFolders(join(a.game, OTHER_WORLD), join(b.game, OTHER_WORLD), IN_WORLD)).toEqual([]);
  });
});
