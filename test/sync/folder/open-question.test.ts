/** What a status tells of a question that waits, beside what it tells of both sides. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { status } from '../../../src/sync/status.js';
import { codeOf, newCloud, type TestPc } from '../../helpers/two-pcs.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

async function questionOf(pc: TestPc): Promise<string | undefined> {
  const found = await status({ packFolder: pc.game }, pc.services);
  return found.outcome === 'status' ? found.question : found.outcome;
}

/** Both have played the same world. */
async function clash(): Promise<readonly [TestPc, TestPc]> {
  const cloud = await newCloud();
  const [a, b] = [await cloud.pc(), await cloud.pc()];
  a.put('saves/World/level.dat', 'base');
  a.put('saves/Other/level.dat', 'base');
  await a.push();
  await b.pull();
  a.put('saves/World/level.dat', 'from a');
  await a.push();
  b.put('saves/World/level.dat', 'from b!');
  return [a, b];
}

describe('a question that waits', () => {
  it('of a conflict: until it is settled', async () => {
    const [, pc] = await clash();
    expect(await questionOf(pc)).toBeUndefined();
    expect(await codeOf(pc.pull())).toBe('conflict');
    expect(await questionOf(pc)).toBe('conflict');
    await pc.pull({ onConflict: 'local' });
    expect(await questionOf(pc)).toBeUndefined();
    expect(existsSync(join(pc.cloudFolder, 'question.json'))).toBe(false);
  });

  it('of a world that is gone: until it is meant, or back', async () => {
    const [pc] = await clash();
    pc.remove('saves/Other');
    expect(await codeOf(pc.push())).toBe('conflict');
    expect(await questionOf(pc)).toBe('deletion');
    await pc.push({ onDeletion: 'send' });
    expect(await questionOf(pc)).toBeUndefined();
  });

  it('of a world that is gone, which a player wants back: it is back, and nothing is open', async () => {
    const [pc] = await clash();
    pc.remove('saves/Other');
    pc.put('options.txt', 'fov:1');
    expect(await codeOf(pc.push())).toBe('conflict');
    expect(await pc.pull({ onDeletion: () => 'restore' })).toMatchObject({ outcome: 'updated', files: { added: 1 } });
    expect(pc.files().get('saves/Other/level.dat')).toBe('base');
    expect(await questionOf(pc)).toBeUndefined();
  });

  it('not when both sides have become the same without a sync', async () => {
    const [pc] = await clash();
    pc.remove('saves/Other');
    expect(await codeOf(pc.push())).toBe('conflict');
    pc.put('saves/Other/level.dat', 'base');
    await pc.push();
    expect(await questionOf(pc)).toBeUndefined();
  });

  it('no other error is one', async () => {
    const [, pc] = await clash();
    pc.hooks.before = () => {
      throw new Error('cut');
    };
    await expect(pc.pull()).rejects.toThrow('cut');
    expect(existsSync(join(pc.cloudFolder, 'question.json'))).toBe(false);
  });
});

describe('the rest of a status', () => {
  it('names the worlds, and asks no server if it must not', async () => {
    const [pc] = await clash();
    pc.hooks.before = () => {
      throw new Error('asked');
    };
    const found = await status({ packFolder: pc.game, askServer: false }, pc.services);
    expect(found).toMatchObject({
      cloud: { state: 'not-asked' },
      worlds: [
        { folder: 'saves/Other', files: 1, bytes: 4 },
        { folder: 'saves/World', files: 1, bytes: 6 },
      ],
    });
  });
});
