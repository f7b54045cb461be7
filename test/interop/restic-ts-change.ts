/** The commands that change what is in a repository: each program in turn, on what the other has left. */
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { folderPlace, OURS, type Place, type Program } from '../helpers/both-programs.js';
import { PASSWORD } from '../helpers/repository.js';
import { idAt, Turns } from './restic-ts-turns.js';

/** Expects six snapshots, the first two tagged "first" and "second". */
export async function tag(turns: Turns): Promise<void> {
  const [maker, other] = turns.both;
  const before = await turns.snapshots();
  await turns.write(maker, 'tag', '--add', 'kept,other', idAt(before, 0));
  await turns.write(other, 'tag', '--remove', 'other', '--tag', 'kept');
  const after = await turns.snapshots();
  expect(after.map(({ tags }) => tags ?? [])).toEqual([['first', 'kept'], ['second'], [], [], [], []]);
  // Both times the first snapshot is named as where it came from.
  expect(after[0]).toMatchObject({ original: idAt(before, 0), tree: before[0]?.tree });
  expect(after.slice(1)).toEqual(before.slice(1));
}

/** Leaves two snapshots: that with the tag "second", and the latest. */
export async function forgetAndPrune(turns: Turns): Promise<void> {
  const [maker, other] = turns.both;
  const before = await turns.snapshots();
  await turns.write(other, 'forget', '--keep-last', '1', '--keep-tag', 'second', '--group-by', '');
  const kept = await turns.snapshots();
  expect(kept).toEqual([before[1], before[5]]);
  expect(await prune(turns, maker)).toMatch(/total prune: +[1-9]/);
  const passing = join(turns.cwd, 'source/deep/passing');
  writeFileSync(passing, 'short-lived '.repeat(1_000));
  await turns.backup(other);
  await turns.write(maker, 'forget', idAt(await turns.snapshots(), 2));
  expect(await prune(turns, other)).toMatch(/total prune: +[1-9]/);
  rmSync(passing);
  expect(await turns.snapshots()).toEqual(kept);
}

/** Both would remove the same; after one has done so, the other finds nothing left. Returns the plan. */
async function prune(turns: Turns, program: Program): Promise<string> {
  const args = ['prune', '--max-unused', '0'];
  const plan = async (by: Program): Promise<string> => {
    return figures(await turns.ok(by, ...args, '--dry-run', '--no-lock'));
  };
  const [one = '', two] = await Promise.all(turns.both.map(plan));
  expect(one).toBe(two);
  await turns.write(program, ...args);
  for (const left of await Promise.all(turns.both.map(plan))) expect(left).toMatch(/total prune: +0 blobs/);
  return one;
}

/** "to repack: 3 blobs / 2 KiB"; restic 0.14 does not tell what is not yet compressed. */
function figures(text: string): string {
  const lines = text.match(/^(to repack|this removes|to delete|total prune|remaining|unused size after prune): .*$/gm);
  expect(lines).toHaveLength(6);
  return lines?.join('\n') ?? '';
}

/** Both make the same of a snapshot, and of the summary in it. restic has had it since 0.15. */
export async function rewrite(turns: Turns): Promise<void> {
  const before = await turns.snapshots();
  const able = turns.both.filter(({ name }) => name !== 'restic-0.14');
  for (const program of able) {
    await turns.write(program, 'rewrite', '--exclude', 'large', '--exclude', '*.txt', idAt(before, 1));
  }
  const made = (await turns.snapshots()).filter(({ id }) => !before.some((one) => one.id === id));
  expect(made).toHaveLength(able.length);
  for (const { tree, original, summary } of made) {
    expect({ tree, original, summary }).toEqual({
      tree: made[0]?.tree,
      original: idAt(before, 1),
      summary: made[0]?.summary,
    });
  }
  expect(made[0]?.tree).not.toBe(before[1]?.tree);
  const left = await turns.ok(OURS, 'ls', '--no-lock', idAt(made, 0));
  expect([/large|\.txt/.test(left), left.includes('deep/twice')]).toEqual([false, true]);
  for (const program of turns.both) {
    const one = made.pop();
    if (one !== undefined) await turns.write(program, 'forget', '--prune', one.id);
  }
  expect(await turns.snapshots()).toEqual(before);
}

/** With all index files lost. */
export async function repairIndex(turns: Turns): Promise<void> {
  const list = async (): Promise<string[]> => (await turns.ok(OURS, 'list', 'blobs', '--no-lock')).split('\n').sort();
  const before = await list();
  for (const program of turns.both) {
    const folder = join(turns.place.folder, 'index');
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    expect((await OURS.run(turns.place, ['check', '--no-lock'])).code).toBe(1);
    await turns.write(program, ...(program.name === 'restic-0.14' ? ['rebuild-index'] : ['repair', 'index']));
    expect(await list()).toEqual(before);
  }
}

/** To an empty repository: one snapshot by the one, the rest by the other. */
export async function copyOn(turns: Turns, second: Place): Promise<void> {
  const [maker, other] = turns.both;
  const there = new Turns(turns.both, second, turns.cwd);
  const env = { RESTIC_FROM_REPOSITORY: turns.place.repo, RESTIC_FROM_PASSWORD: PASSWORD };
  const from = await turns.snapshots();
  const first = await maker.ok(second, ['copy', idAt(from, 0)], { env });
  expect(first.match(/^snapshot \w{8} saved/gm)).toHaveLength(1);
  await there.sound();
  const rest = await other.ok(second, ['copy', '-v'], { env });
  expect([rest.match(/^snapshot \w{8} saved/gm)?.length, rest.match(/was already copied/g)?.length]).toEqual([1, 1]);
  await there.sound();
  const again = await maker.ok(second, ['copy', '-v'], { env });
  expect(again.match(/was already copied/g)).toHaveLength(2);
  const to = await there.snapshots();
  expect(to.map(({ tree, original }) => [tree, original])).toEqual(
    from.map(({ tree, original, id }) => [tree, original ?? id]),
  );
}

/** Each on a copy of its own; then each reads, and writes on in, what the other has made. */
export async function migrate(turns: Turns): Promise<void> {
  const copy = folderPlace();
  cpSync(turns.place.folder, copy.folder, { recursive: true });
  const before = await turns.snapshots();
  const [maker, other] = turns.both;
  for (const [program, place, next] of [
    [maker, turns.place, other],
    [other, copy, maker],
  ] as const) {
    const there = new Turns(turns.both, place, turns.cwd);
    await there.write(program, 'migrate', 'upgrade_repo_v2');
    for (const one of turns.both) expect(await there.ok(one, 'cat', 'config', '--no-lock')).toContain('"version": 2');
    expect(await there.snapshots()).toEqual(before);
    await there.ok(next, 'prune', '--repack-uncompressed', '--max-unused', '0');
    await there.backup(next);
    await there.sound();
  }
}
