/** A push reads by an index that it loaded before its lock was held; what a prune removed in between is sent again. */
import { expect, it, vi } from 'vitest';
import { prune } from '../../src/maintain/prune.js';
import { at } from '../helpers/repository.js';
import { newCloud, type TestPc } from '../helpers/two-pcs.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const TEXT = 'what only the first snapshot holds\n'.repeat(100);

/** Runs `work` after the push has begun to read `path`, and before it has its lock. */
function beforeTheLock(pc: TestPc, path: string, work: () => Promise<void>): () => number {
  let reads = 0;
  let tellRead = (): void => undefined;
  const isReading = new Promise<void>((resolve) => {
    tellRead = resolve;
  });
  pc.hooks.read = (file) => {
    if (!file.endsWith(path)) return;
    reads += 1;
    tellRead();
  };
  pc.hooks.before = async (call) => {
    if (call !== 'write locks') return;
    pc.hooks.before = () => undefined;
    await isReading;
    await work();
  };
  return () => reads;
}

it('a prune in between makes it read again, and nothing is missing', async () => {
  const cloud = await newCloud();
  const pc = await cloud.pc();
  for (const name of ['old', 'a', 'b', 'c', 'd']) pc.put(`config/${name}`, name === 'old' ? TEXT : name);
  await pc.push();
  pc.remove('config/old');
  pc.put('config/other', 'something else');
  await pc.push();
  const first = at(
    (await cloud.snapshots()).filter(({ snapshot }) => snapshot.parent === undefined),
    0,
  );

  pc.put('config/new', TEXT);
  const reads = beforeTheLock(pc, 'config/new', async () => {
    await cloud.forget(first.id);
    await prune(await cloud.open(), { maxUnused: { bytes: 0 } });
  });
  const result = await pc.push();
  expect(result).toMatchObject({ outcome: 'sent', bytesNew: expect.any(Number) });
  expect(reads()).toBe(2);

  const other = await cloud.pc();
  await other.pull();
  expect(other.files()).toEqual(pc.files());
});

it('without one it reads once, and sends nothing that is there', async () => {
  const cloud = await newCloud();
  const pc = await cloud.pc();
  pc.put('config/old', TEXT);
  await pc.push();
  pc.put('config/new', TEXT);
  const reads = beforeTheLock(pc, 'config/new', async () => undefined);
  await pc.push();
  expect(reads()).toBe(1);
  const other = await cloud.pc();
  await other.pull();
  expect(other.files()).toEqual(pc.files());
});
