/**
 * What lies in the way of a pull: links in the place of folders, and folders and files that this user may not write.
 * One clear line, nothing behind a link is touched, and nothing of it is taken for deleted.
 */
import { chmodSync, chownSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { isSyncError } from '../../src/base/errors.js';
import { itIf, onPosix } from '../helpers/only-where.js';
import { tempFolder } from '../helpers/temp.js';
import { codeOf, newCloud, type TestCloud, type TestPc } from '../helpers/two-pcs.js';
import { shown } from './bad-luck-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const START = { 'saves/A/level.dat': 'a', 'saves/A/region/r': 'r', 'saves/B/level.dat': 'b', 'options.txt': 'x' };

async function twoPcs(): Promise<{ cloud: TestCloud; a: TestPc; b: TestPc }> {
  const cloud = await newCloud();
  const [a, b] = [await cloud.pc(), await cloud.pc()];
  for (const [path, content] of Object.entries(START)) a.put(path, content);
  await a.push();
  await b.pull();
  return { cloud, a, b };
}

async function lineOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isSyncError(error)) throw error;
  return `${error.code}: ${error.message}`;
}

/** Moves what lies at a path to another disk, as players do, and puts a link in its place. */
function moveAway(pc: TestPc, path: string): { readonly elsewhere: string; look(): unknown } {
  const elsewhere = join(tempFolder(), 'elsewhere');
  cpSync(join(pc.game, path), elsewhere, { recursive: true });
  pc.remove(path);
  pc.link(path, elsewhere);
  const look = (): unknown =>
    readdirSync(elsewhere, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => [name, lstatSync(join(elsewhere, name)).isFile() && readFileSync(join(elsewhere, name), 'utf8')]);
  return { elsewhere, look };
}

describe('a link', () => {
  onPosix('in the place of saves: neither command does anything', async () => {
    const { cloud, a, b } = await twoPcs();
    const { look } = moveAway(b, 'saves');
    const before = look();
    a.put('saves/A/level.dat', 'played');
    a.remove('saves/A/region');
    await a.push();
    const count = (await cloud.snapshots()).length;
    for (const command of ['pull', 'push'] as const) {
      expect(await lineOf(b[command]())).toMatch(
        /^unsafe-path: \S+saves is a link, which is not synchronised; replace the link by the folder, or add "saves" to /,
      );
    }
    expect(look()).toEqual(before);
    expect(await cloud.snapshots()).toHaveLength(count);
  });

  onPosix('in the place of a world: it stays as it is, here and in the cloud, and the rest goes on', async () => {
    const { cloud, a, b } = await twoPcs();
    const { look } = moveAway(b, 'saves/A');
    const before = look();
    b.put('saves/B/level.dat', 'played');
    const pushed = await b.push();
    expect(pushed).toMatchObject({
      outcome: 'sent',
      files: { added: 0, changed: 1, removed: 0 },
      warnings: ['saves/A was left out: it is a link that leads outside the game folder'],
    });
    a.put('options.txt', 'y');
    await a.pull();
    a.put('saves/A/level.dat', 'played there');
    a.put('saves/A/new', 'there');
    await a.push();
    expect(await b.pull()).toMatchObject({ outcome: 'updated', files: { added: 0, changed: 1, removed: 0 } });
    expect(b.files().get('options.txt')).toBe('y');
    expect(look()).toEqual(before);
    const newest = (await cloud.snapshots()).map(({ id }) => cloud.content(id));
    for (const content of await Promise.all(newest)) expect(content.has('saves/A/level.dat')).toBe(true);
  });

  onPosix('that comes between the look and the swap: nothing goes through it', async () => {
    const { a, b } = await twoPcs();
    a.put('saves/A/level.dat', 'played');
    a.put('saves/A/deep/new', 'new');
    await a.push();
    let elsewhere: ReturnType<typeof moveAway> | undefined;
    let before: unknown;
    b.hooks.before = (call) => {
      // Everything is compared by now, and the first of the new files is fetched.
      if (elsewhere !== undefined || call !== 'read data' || readdirSync(join(b.cloudFolder, 'staging')).length === 0)
        return;
      elsewhere = moveAway(b, 'saves/A');
      before = elsewhere.look();
    };
    expect(await lineOf(b.pull())).toMatch(
      /^unsafe-path: "saves\/A" is a link to another folder, which is never followed/,
    );
    b.hooks.before = () => undefined;
    expect(elsewhere?.look()).toEqual(before);
    b.remove('saves/A');
    renameSync(elsewhere?.elsewhere ?? '', join(b.game, 'saves/A'));
    expect(await codeOf(b.pull())).toBe('ok');
    expect(shown(b.files())).toEqual(shown(a.files()));
  });
});

/** Permissions do not bind root: the work is done as another user, to whom the folder is given. */
async function asUser<T>(pc: TestPc, work: () => Promise<T>): Promise<T> {
  const { seteuid, setegid, geteuid } = process;
  if (geteuid?.() !== 0 || seteuid === undefined || setegid === undefined) return work();
  for (const path of [dirname(pc.game), pc.game, ...everythingIn(pc.game)]) chownSync(path, NOBODY, NOBODY);
  setegid(NOBODY);
  seteuid(NOBODY);
  try {
    return await work();
  } finally {
    seteuid(0);
    setegid(0);
  }
}

const NOBODY = 65_534;

function everythingIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

const withRights = itIf(process.platform !== 'win32', 'Windows has no such permissions');

describe('what this user may not write', () => {
  withRights('a folder: the pull is turned back as a whole, and a later one completes', async () => {
    const { a, b } = await twoPcs();
    a.put('options.txt', 'y');
    a.put('saves/A/level.dat', 'played');
    a.put('saves/B/new', 'new');
    await a.push();
    chmodSync(join(b.game, 'saves/A'), 0o555);
    const before = shown(b.files());
    await asUser(b, async () => {
      expect(await lineOf(b.pull())).toMatch(
        /^io: cannot move to \S+: \S+saves\/A\/level\.dat: permission denied; this user needs the right to do that$/,
      );
      expect(shown(b.files())).toEqual(before);
      expect((await b.push()).outcome).toBe('nothing-to-send');
      chmodSync(join(b.game, 'saves/A'), 0o755);
      expect(await codeOf(b.pull())).toBe('ok');
    });
    expect(shown(b.files())).toEqual(shown(a.files()));
    expect(b.trash().sort()).toEqual(expect.arrayContaining(['a', 'x']));
  });

  withRights('a file that may not be written is replaced, one that may not be read is named', async () => {
    const { cloud, a, b } = await twoPcs();
    a.put('options.txt', 'y');
    a.remove('saves/B');
    a.put('saves/A/level.dat', 'played');
    await a.push({ onDeletion: 'send' });
    for (const path of ['options.txt', 'saves/A/level.dat', 'saves/B/level.dat']) chmodSync(join(b.game, path), 0o444);
    const there = shown(a.files());
    await asUser(b, async () => {
      expect(await codeOf(b.pull())).toBe('ok');
      expect(shown(b.files())).toEqual(there);
      b.put('saves/A/level.dat', 'here');
      b.put('options.txt', 'z');
      chmodSync(join(b.game, 'saves/A/level.dat'), 0);
      const count = (await cloud.snapshots()).length;
      const pushed = await b.push();
      expect(pushed).toMatchObject({ outcome: 'sent', unreadable: ['saves/A/level.dat'], files: { removed: 0 } });
      expect(await cloud.snapshots()).toHaveLength(count + 1);
      chmodSync(join(b.game, 'saves/A/level.dat'), 0o644);
      expect(await b.push()).toMatchObject({ outcome: 'sent', files: { changed: 1 } });
    });
  });

  withRights('a world whose folder may not be entered is not deleted by a push', async () => {
    const { a, b } = await twoPcs();
    const world = join(b.game, 'saves/A');
    chmodSync(world, 0);
    await asUser(b, async () => {
      b.put('options.txt', 'y');
      expect(await b.push()).toMatchObject({ outcome: 'sent', files: { added: 0, changed: 1, removed: 0 } });
      chmodSync(world, 0o755);
    });
    await a.pull();
    expect(a.files().get('saves/A/level.dat')).toBe('a');
  });

  withRights('the folder of our own: a line, and nothing is done', async () => {
    const { a, b } = await twoPcs();
    a.put('options.txt', 'y');
    await a.push();
    const before = shown(b.files());
    chmodSync(b.cloudFolder, 0o555);
    mkdirSync(join(b.cloudFolder, 'lock'), { recursive: true });
    await asUser(b, async () => {
      expect(await lineOf(b.pull())).toMatch(/^io: cannot \S.*\.cloud-sync\S*: permission denied/);
    });
    expect(shown(b.files())).toEqual(before);
    chmodSync(b.cloudFolder, 0o755);
    expect(await codeOf(b.pull())).toBe('ok');
  });
});
