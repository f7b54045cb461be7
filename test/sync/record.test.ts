import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { FileStamp } from '../../src/archive/scan.js';
import { SyncError } from '../../src/base/errors.js';
import type { TreeId } from '../../src/base/ids.js';
import { readState } from '../../src/sync/folder/state.js';
import { recordCommon } from '../../src/sync/record.js';
import { makeScope } from '../../src/sync/scope/scope.js';
import type { SyncSession } from '../../src/sync/session.js';
import { anyId, codeOf, manifestFrom, newCloud } from '../helpers/two-pcs.js';
import { temporaryFolder } from './temporary-folder.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

/** Whether a stamp with this time, seen by a command that began then (both ms), is trusted. */
async function isTrusted(mtimeNs: bigint, startedMs: number): Promise<boolean> {
  const folder = await temporaryFolder();
  const settings = { schema: 1, url: 'http://x', instanceId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', extra: {} } as const;
  const instance = { packFolder: folder, cloudFolder: folder, settings };
  const stamp: FileStamp = { size: 1, mtimeNs, ctimeNs: 5n, inode: 7n };
  const session: Pick<SyncSession, 'instance' | 'scope' | 'state' | 'deviceId' | 'checkLock' | 'options'> = {
    instance,
    options: {},
    scope: makeScope({ preset: 'worlds' }),
    state: undefined,
    deviceId: '01ARZ3NDEKTSV4RRFFQ69G5FAW',
    checkLock: async () => undefined,
  };
  const common = {
    base: anyId(),
    root: anyId() as string as TreeId,
    seen: [],
    manifest: manifestFrom({ a: '1', l: '-> a', h: '2' }),
  };
  // The other members are not looked at.
  const whole = session as SyncSession;
  await recordCommon(whole, { ...common, stampOf: () => stamp, held: new Set(['h']), keyHint: '' }, startedMs);
  const files = (await readState(instance)).state?.files;
  expect(files?.get('h')).toMatchObject({ held: true, inode: 0n });
  expect(files?.get('l')?.inode).toBe(7n);
  return files?.get('a')?.inode === 7n;
}

describe('a stamp is trusted', () => {
  const started = 1_700_000_000_500;
  it.each([
    [started - 60, true],
    [started - 40, false],
    [started, false],
    [started + 60_000, false],
    // Whole seconds: a file system that counts in two of them.
    [1_700_000_000_000 - 1000, false],
    [1_700_000_000_000 - 2000, true],
  ])('%d: %s', async (ms, trusted) => {
    expect(await isTrusted(BigInt(ms) * 1_000_000n, started)).toBe(trusted);
  });
});

describe('the state of a PC', () => {
  it('finds every change of the same size that is made right after a push', async () => {
    const cloud = await newCloud();
    const pc = await cloud.pc();
    const path = join(pc.game, 'options.txt');
    pc.put('options.txt', '0000', 'now');
    await pc.push();
    let last = '0000';
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('now', 'past', 'whole second'),
        fc.integer({ min: 1000, max: 9999 }),
        async (when, n) => {
          const text = String(n);
          writeFileSync(path, text);
          // A game or an unpacker may set a time of its own; then ctime tells.
          if (when === 'past') utimesSync(path, 1_600_000_000, 1_600_000_000.5);
          if (when === 'whole second') utimesSync(path, Math.floor(Date.now() / 1000), Math.floor(Date.now() / 1000));
          const result = await pc.push();
          expect(result.outcome).toBe(text === last ? 'nothing-to-send' : 'sent');
          last = text;
        },
      ),
      { numRuns: 25 },
    );
  });

  it('a table that is lost costs reading, and neither deletes nor hides anything', async () => {
    for (const command of ['push', 'pull'] as const) {
      const cloud = await newCloud();
      const [a, b] = [await cloud.pc(), await cloud.pc()];
      for (const path of ['options.txt', 'config/c', 'saves/W/level.dat']) a.put(path, path);
      await a.push();
      b.setScope({ exclude: ['config/**'] });
      await b.pull();
      rmSync(join(b.cloudFolder, 'files.bin'));
      if (command === 'pull') {
        a.put('saves/W/level.dat', 'new');
        await a.push();
        expect(await b.pull()).toMatchObject({ outcome: 'updated', files: { added: 0, changed: 1, removed: 0 } });
      } else {
        b.remove('options.txt');
        b.put('saves/W/level.dat', 'mine');
        expect(await b.push()).toMatchObject({ files: { added: 0, changed: 1, removed: 1 } });
        await a.pull();
        expect(a.files().get('config/c')).toBe('config/c');
      }
    }
  });

  it('of another instance is none of this one', async () => {
    const [one, other] = [await newCloud(), await newCloud()];
    const [a, b, c] = [await one.pc(), await other.pc(), await other.pc()];
    for (const pc of [a, b]) pc.put('saves/W/level.dat', pc === a ? 'a' : 'b');
    await a.push();
    await b.push();
    for (const name of ['state.json', 'files.bin'])
      writeFileSync(join(c.cloudFolder, name), readFileSync(join(a.cloudFolder, name)));
    expect(await c.pull()).toMatchObject({ outcome: 'updated', files: { added: 1, removed: 0 } });
    expect(c.files().get('saves/W/level.dat')).toBe('b');
    expect(statSync(join(c.cloudFolder, 'state.json')).size).toBeGreaterThan(0);
  });

  it('that is broken counts as none: a first contact', async () => {
    const cloud = await newCloud();
    const [a, b] = [await cloud.pc(), await cloud.pc()];
    a.put('saves/W/level.dat', 'a');
    await a.push();
    await b.pull();
    writeFileSync(join(b.cloudFolder, 'state.json'), '{');
    expect(await codeOf(b.pull())).toBe('ok');
    expect(await codeOf(b.push())).toBe('ok');
    b.put('saves/W/level.dat', 'b');
    writeFileSync(join(b.cloudFolder, 'state.json'), '{');
    expect(await codeOf(b.pull())).toBe('conflict');
    expect(b.files().get('saves/W/level.dat')).toBe('b');
  });
});

describe('a file that cannot be read at a push', () => {
  const busy = (path: string): void => {
    if (path.endsWith('level.dat')) throw new SyncError('io', 'busy', { details: { errno: 'EBUSY' } });
  };

  it('is sent by the next one, though its stamp is the same then', async () => {
    const cloud = await newCloud();
    const [a, b] = [await cloud.pc(), await cloud.pc()];
    a.put('saves/W/level.dat', 'one');
    await a.push();
    await b.pull();
    a.put('saves/W/level.dat', 'two');
    a.put('options.txt', 'new');
    a.hooks.read = busy;
    expect(await a.push()).toMatchObject({ outcome: 'sent', unreadable: ['saves/W/level.dat'] });
    expect(await a.push()).toMatchObject({ outcome: 'nothing-to-send', unreadable: ['saves/W/level.dat'] });
    await b.pull();
    expect(b.files().get('saves/W/level.dat')).toBe('one');
    a.hooks.read = () => undefined;
    expect((await a.push()).outcome).toBe('sent');
    await b.pull();
    expect(b.files().get('saves/W/level.dat')).toBe('two');
  });

  it('stops a pull before anything is touched', async () => {
    const cloud = await newCloud();
    const [a, b] = [await cloud.pc(), await cloud.pc()];
    a.put('saves/W/level.dat', 'one');
    await a.push();
    await b.pull();
    b.put('saves/W/level.dat', 'two');
    a.put('saves/W/level.dat', 'three');
    await a.push();
    b.hooks.read = busy;
    expect(await codeOf(b.pull())).toBe('in-use');
    expect(b.files().get('saves/W/level.dat')).toBe('two');
  });
});
