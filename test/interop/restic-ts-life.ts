/**
 * One life of a repository: two programs write to it in turn, each going on where the other left it, and after each
 * step both find it sound. Both are asked everything on the way, and give the same answers.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { dumped, expectSound, makeRepository, OURS, type Place, type Program } from '../helpers/both-programs.js';
import { tempFolder } from '../helpers/temp.js';
import type { Facts } from './folder-facts.js';
import { copyOn, forgetAndPrune, migrate, repairIndex, rewrite, tag } from './restic-ts-change.js';
import { keys, unlock } from './restic-ts-keys.js';
import { expectSameAnswers } from './restic-ts-reading.js';
import { AFTER_CHANGE, AT_FIRST, changeSource, lastingFacts, makeSource } from './restic-ts-source.js';
import { idAt, Turns } from './restic-ts-turns.js';

export interface Life {
  readonly peer: Program;
  /** The one of the two that makes the repository, and is the first to write. */
  readonly maker: Program;
  readonly version: 1 | 2;
  readonly place: Place;
  /** To copy to. */
  readonly second: Place;
}

export async function live({ peer, maker, version, place, second }: Life): Promise<void> {
  const turns = new Turns([maker, maker === peer ? OURS : peer], place, tempFolder());
  await makeRepository(maker, place, version);
  await backUp(turns);
  await read(turns, peer);
  await restoreAndDump(turns);
  await tag(turns);
  await forgetAndPrune(turns);
  await rewrite(turns);
  await repairIndex(turns);
  await copyOn(turns, second);
  await unlock(turns);
  // New keys take time on purpose, and are of the same kind in both versions.
  if (version === 2) await keys(turns);
  else await migrate(turns);
  // Once with the locks that it takes.
  for (const program of turns.both) await expectSound([program], place, []);
}

/** The second goes on from the first's snapshot: what did not change counts as unchanged, and is not added again. */
async function backUp(turns: Turns): Promise<void> {
  const [maker, other] = turns.both;
  const source = join(turns.cwd, 'source');
  makeSource(source);
  const wanted = await turns.backup(other, '--dry-run');
  expect(wanted).toMatchObject(AT_FIRST);
  expect(await turns.backup(maker, '--tag', 'first')).toEqual(wanted);
  await turns.sound();
  changeSource(source);
  const after = await turns.backup(maker, '--dry-run');
  expect(after).toMatchObject(AFTER_CHANGE);
  expect(await turns.backup(other, '--tag', 'second')).toEqual(after);
  await turns.sound();
  const [first, second] = await turns.snapshots();
  expect(second?.parent).toBe(first?.id);
  // The same folder is the same tree for restic 0.14 as for 0.19, read anew or not, and nothing is stored twice.
  for (const program of turns.both) {
    const again = await turns.backup(program);
    expect(again).toMatchObject({ files_unmodified: 12, data_blobs: 0, tree_blobs: 0, data_added: 0 });
    const anew = await turns.backup(program, '--force');
    expect(anew).toMatchObject({ files_new: 12, data_blobs: 0, tree_blobs: 0, data_added: 0 });
  }
  await turns.sound();
  const trees = (await turns.snapshots()).slice(1).map(({ tree }) => tree);
  expect(trees).toEqual(Array.from({ length: 5 }, () => second?.tree));
}

async function read(turns: Turns, peer: Program): Promise<void> {
  const found = await turns.snapshots();
  const { folder } = turns.place;
  const packs = readdirSync(join(folder, 'data'), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => ({ name: one.name, size: statSync(join(one.parentPath, one.name)).size }))
    .sort((a, b) => a.size - b.size);
  await expectSameAnswers(peer, turns.place, {
    first: idAt(found, 0),
    second: idAt(found, 1),
    tree: found[1]?.tree ?? '',
    // A file of one chunk.
    data: createHash('sha256')
      .update(readFileSync(join(turns.cwd, 'source/text.txt')))
      .digest('hex'),
    pack: packs[0]?.name ?? '',
    index: readdirSync(join(folder, 'index')).sort()[0] ?? '',
    key: readdirSync(join(folder, 'keys'))[0] ?? '',
  });
}

async function restoreAndDump(turns: Turns): Promise<void> {
  const first = idAt(await turns.snapshots(), 0);
  const [wanted, ...whole] = await Promise.all([
    lastingFacts(join(turns.cwd, 'source')),
    ...turns.both.map((program) => restored(turns, program, ['latest'], 'source')),
  ]);
  for (const one of whole) expect(one).toEqual(wanted);
  const parts = turns.both.map((program) => restored(turns, program, [first, '--include', 'deep'], '.'));
  const [one, two] = await Promise.all(parts);
  expect(one).toEqual(two);
  expect(Object.keys(one ?? {})).toContain('source/deep/dangling');
  for (const path of ['/source/large', '/']) {
    const [one, two] = await Promise.all(turns.both.map((program) => dumped(program, turns.place, ['latest', path])));
    expect(one?.length, `dump of ${path}`).toBeGreaterThan(0);
    expect(one !== undefined && two !== undefined && one.equals(two), `dump of ${path}`).toBe(true);
  }
}

async function restored(turns: Turns, program: Program, args: readonly string[], folder: string): Promise<Facts> {
  const target = tempFolder();
  await turns.ok(program, 'restore', '--no-lock', '--target', target, ...args);
  return lastingFacts(join(target, folder));
}
