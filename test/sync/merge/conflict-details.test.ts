/** What a dialog is told of a conflict: by unit and side, against what both last had. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Choice, ConflictDetails, ConflictQuestion } from '../../../src/sync/merge/decisions.js';
import { newCloud, type TestCloud, type TestPc } from '../../helpers/two-pcs.js';
import { levelDat } from '../level-dat.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
const PAST = new Date(1_700_000_000_123).toISOString();

async function twoPcs(): Promise<{ cloud: TestCloud; a: TestPc; b: TestPc }> {
  const cloud = await newCloud();
  const [a, b] = [await cloud.pc(), await cloud.pc()];
  a.put('saves/A/level.dat', 'old');
  a.put('saves/A/region/old', 'gone here');
  a.put('saves/A/region/same', 'same');
  a.put('saves/B/level.dat', 'b');
  a.put('options.txt', 'old');
  await a.push();
  await b.pull();
  return { cloud, a, b };
}

/** What a pull's callback learns; it then chooses this PC's. */
async function detailsOf(pc: TestPc): Promise<{ question: ConflictQuestion; details: ConflictDetails }> {
  let asked: { question: ConflictQuestion; details: ConflictDetails } | undefined;
  const onConflict = async (question: ConflictQuestion): Promise<Choice> => {
    asked = { question, details: await question.details() };
    return 'local';
  };
  await pc.pull({ onConflict });
  if (asked === undefined) throw new Error('nothing was asked');
  return asked;
}

describe('a world that both played', () => {
  it('what each did to it, what changed on one side alone, and since when', async () => {
    const { a, b } = await twoPcs();
    writeFileSync(join(a.game, 'saves/A/level.dat'), levelDat('My <World>', 1));
    a.put('options.txt', 'new');
    await a.push();
    b.put('saves/A/level.dat', 'of b');
    b.put('saves/A/region/new', 'new land');
    b.remove('saves/A/region/old');
    b.put('saves/B/level.dat', 'played');
    b.put('saves/C/level.dat', 'a new world');
    const { question, details } = await detailsOf(b);
    expect(question.units.map(({ id }) => id)).toEqual(['saves/A']);
    const [unit] = details.units;
    expect(unit).toMatchObject({ id: 'saves/A', name: 'My <World>' });
    expect(unit?.local).toEqual({
      files: 3,
      bytes: 16,
      lastPlayed: PAST,
      added: 1,
      changed: 1,
      removed: 1,
      changes: [
        { path: 'saves/A/region/old', change: 'removed', size: 9 },
        { path: 'saves/A/region/new', change: 'added', size: 8 },
        { path: 'saves/A/level.dat', change: 'changed', size: 4 },
      ],
    });
    expect(unit?.cloud).toMatchObject({ files: 3, added: 0, changed: 1, removed: 0 });
    expect(details.local).toMatchObject({ time: PAST, aloneWorlds: ['saves/B', 'saves/C'], aloneFiles: 0 });
    expect(details.cloud).toMatchObject({ time: question.cloud.time, aloneWorlds: [], aloneFiles: 1 });
    expect(details.local.since).toBe(details.cloud.since);
    expect(Date.parse(details.local.since ?? '')).toBeLessThanOrEqual(Date.parse(question.cloud.time ?? ''));
  });

  it('the picture is this PC’s, else the cloud’s; what is no PNG is none', async () => {
    for (const [here, there, expected] of [
      [undefined, PNG, PNG],
      [Buffer.concat([PNG, PNG]), PNG, Buffer.concat([PNG, PNG])],
      ['<svg onload=alert(1)>', undefined, undefined],
      [undefined, undefined, 'missing'],
    ] as const) {
      const { a, b } = await twoPcs();
      a.put('saves/A/level.dat', 'of a');
      b.put('saves/A/level.dat', 'of b');
      if (there !== undefined) writeFileSync(join(a.game, 'saves/A/icon.png'), there);
      if (here !== undefined) writeFileSync(join(b.game, 'saves/A/icon.png'), here);
      await a.push();
      let found: unknown = 'nothing asked';
      await b.pull({
        onConflict: async (question): Promise<Choice> => {
          const icon = (await question.details()).units[0]?.icon;
          const bytes = await icon?.();
          found = icon === undefined ? 'missing' : bytes && Buffer.from(bytes);
          return 'local';
        },
      });
      expect(found).toEqual(expected);
    }
  });

  it('one side has deleted it; a file is named by its path', async () => {
    const { a, b } = await twoPcs();
    a.remove('saves/B');
    a.put('options.txt', 'of a');
    await a.push({ onDeletion: 'send' });
    b.put('saves/B/level.dat', 'played');
    b.put('options.txt', 'of b');
    const { units } = (await detailsOf(b)).details;
    expect(units).toMatchObject([
      { id: 'saves/B', name: 'B', local: { changed: 1 } },
      { id: 'options.txt', name: 'options.txt', local: { files: 1, changed: 1 }, cloud: { files: 1, changed: 1 } },
    ]);
    expect(units[0]?.cloud).toBeUndefined();
  });

  it('of thousands of changes the largest 200 are told', async () => {
    const { a, b } = await twoPcs();
    a.put('saves/A/level.dat', 'of a');
    await a.push();
    for (let i = 1; i <= 230; i++) b.put(`saves/A/region/${i}`, 'x'.repeat(i));
    const local = (await detailsOf(b)).details.units[0]?.local;
    expect(local).toMatchObject({ added: 230, files: 233 });
    expect(local?.changes).toHaveLength(200);
    expect(local?.changes[0]).toEqual({ path: 'saves/A/region/230', change: 'added', size: 230 });
  });
});

describe('versions that never met', () => {
  it('first contact: what each has, and nothing is removed', async () => {
    const { cloud } = await twoPcs();
    const pc = await cloud.pc();
    pc.put('saves/A/level.dat', 'mine');
    const { question, details } = await detailsOf(pc);
    expect(question.reason).toBe('first-contact');
    expect(details.units[0]).toMatchObject({ local: { added: 1, removed: 0 }, cloud: { added: 3, removed: 0 } });
    expect(details.local.since).toBeUndefined();
  });

  it('two versions in the cloud: both are told as such', async () => {
    const { cloud, a, b } = await twoPcs();
    a.put('saves/A/level.dat', 'of a');
    b.put('saves/A/level.dat', 'of b');
    await a.push();
    await b.push().catch(() => undefined);
    const { question, details } = await detailsOf(await cloud.pc());
    expect([question.local.where, question.cloud.where]).toEqual(['cloud', 'cloud']);
    expect(details.local.time).toBe(question.local.time);
    expect(details.units[0]).toMatchObject({ local: { changed: 1 }, cloud: { changed: 1 } });
  });
});
