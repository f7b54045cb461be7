import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { acquireInstanceLock } from '../../../src/sync/folder/instance-lock.js';
import { emptyTrash } from '../../../src/sync/history/empty-trash.js';
import { readTrash } from '../../../src/sync/history/trash-report.js';
import { undo } from '../../../src/sync/history/undo.js';
import { codeOf, newCloud, type TestPc } from '../../helpers/two-pcs.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

/** A PC whose pulls have replaced files twice. */
async function withTrash(): Promise<TestPc> {
  const cloud = await newCloud();
  const [a, b] = [await cloud.pc(), await cloud.pc()];
  for (const text of ['one', 'second', 'third']) {
    a.put('saves/World/level.dat', text);
    await a.push();
    await b.pull();
  }
  expect(b.trash()).toEqual(expect.arrayContaining(['one', 'second']));
  return b;
}

it('all generations go, the newest too, and nothing else', async () => {
  const pc = await withTrash();
  const before = pc.files();
  const trash = await readTrash({ packFolder: pc.game });
  if (trash.outcome !== 'trash') throw new Error(trash.outcome);
  const generations = trash.generations.length;
  expect(await emptyTrash({ packFolder: pc.game })).toEqual({ outcome: 'emptied', generations, bytes: trash.bytes });
  expect(trash.bytes).toBe('one'.length + 'second'.length);
  expect(pc.trash()).toEqual([]);
  expect(pc.files()).toEqual(before);
  expect(await undo({ packFolder: pc.game }, pc.services)).toMatchObject({ outcome: 'nothing-to-undo' });
  expect(await emptyTrash({ packFolder: pc.game })).toEqual({ outcome: 'emptied', generations: 0, bytes: 0 });
  expect(existsSync(join(pc.cloudFolder, 'state.json'))).toBe(true);
});

it('not while another command is at work, nor in a folder that has not opted in', async () => {
  const pc = await withTrash();
  const lock = await acquireInstanceLock(pc.cloudFolder, { command: 'pull', waitMs: 0 });
  expect(await codeOf(emptyTrash({ packFolder: pc.game, waitMs: 0 }))).toBe('in-use');
  await lock.release();
  expect(pc.trash()).not.toEqual([]);
  mkdirSync(join(pc.game, 'other'));
  expect(await emptyTrash({ packFolder: join(pc.game, 'other') })).toEqual({ outcome: 'not-configured' });
});

it('nothing of it that an unfinished swap may need', async () => {
  const pc = await withTrash();
  writeFileSync(join(pc.cloudFolder, 'journal.json'), '{"schema":1, "broken');
  expect(await codeOf(emptyTrash({ packFolder: pc.game }))).toBe('damaged');
  expect(pc.trash()).toEqual(expect.arrayContaining(['one', 'second']));
});
