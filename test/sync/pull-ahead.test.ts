/** A pull fetches while its lock settles; nothing changes places before the lock is held and the index known to be true. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { prune } from '../../src/maintain/prune.js';
import { newCloud, type TestCloud, type TestPc } from '../helpers/two-pcs.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

interface Two {
  readonly cloud: TestCloud;
  readonly sender: TestPc;
  readonly receiver: TestPc;
}

/** The receiver has what the sender had before, the cloud one version more. */
async function newVersion(): Promise<Two> {
  const cloud = await newCloud();
  const [sender, receiver] = [await cloud.pc(), await cloud.pc()];
  for (const name of ['a', 'b', 'c']) sender.put(`config/${name}`, `${name}\n`.repeat(100));
  await sender.push();
  await receiver.pull();
  sender.put('config/a', 'what the second version holds\n'.repeat(100));
  await sender.push();
  return { cloud, sender, receiver };
}

/** Holds the writing of the lock back until `isReady`, and runs `work` then. */
function beforeTheLock(pc: TestPc, isReady: (call: string) => boolean, work: () => Promise<void>): void {
  let tell = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    tell = resolve;
  });
  pc.hooks.after = (call) => {
    if (isReady(call)) tell();
  };
  pc.hooks.before = async (call) => {
    if (call !== 'write locks') return;
    await ready;
    await work();
  };
}

it('fetches before, and swaps after', async () => {
  const { sender, receiver } = await newVersion();
  const before = receiver.files();
  let seen: Map<string, string> | undefined;
  beforeTheLock(
    receiver,
    (call) => call === 'read data',
    async () => {
      // Time enough for a swap that waits for nobody.
      await pause(500);
      seen = receiver.files();
    },
  );
  await receiver.pull();
  expect(seen).toEqual(before);
  expect(receiver.files()).toEqual(sender.files());
});

it('a prune in between makes it look again, and nothing is missing', async () => {
  const { cloud, sender, receiver } = await newVersion();
  const first = (await cloud.snapshots()).find(({ snapshot }) => snapshot.parent === undefined);
  let indexReads = 0;
  beforeTheLock(
    receiver,
    (call) => call === 'read index',
    async () => {
      if (first !== undefined) await cloud.forget(first.id);
      await prune(await cloud.open(), { maxUnused: { bytes: 0 } });
      receiver.hooks.after = (call) => {
        if (call === 'read index') indexReads += 1;
      };
    },
  );
  await receiver.pull();
  expect(indexReads).toBeGreaterThan(0);
  expect(receiver.files()).toEqual(sender.files());
});
