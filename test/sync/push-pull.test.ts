/** push and pull of two PCs, decision by decision; the random walks over all of them are in sync-property.test.ts. */
import { describe, expect, it, vi } from 'vitest';
import { newCloud, type TestCloud, type TestPc } from '../helpers/two-pcs.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

/** A has pushed, B has pulled. */
async function twoPcs(files: Record<string, string> = {}): Promise<{ cloud: TestCloud; a: TestPc; b: TestPc }> {
  const cloud = await newCloud();
  const [a, b] = [await cloud.pc(), await cloud.pc()];
  const all = { 'options.txt': 'fov:70', 'saves/World/level.dat': 'one', ...files };
  for (const [path, content] of Object.entries(all)) a.put(path, content);
  expect((await a.push()).outcome).toBe('sent');
  expect((await b.pull()).outcome).toBe('updated');
  expect(b.files()).toEqual(a.files());
  return { cloud, a, b };
}

describe('two PCs', () => {
  it('hand a world to each other', async () => {
    const { cloud, a, b } = await twoPcs();
    b.put('saves/World/level.dat', 'two');
    b.put('saves/World/region/r.0.0.mca', 'chunks');
    b.remove('options.txt');
    expect(await b.push()).toMatchObject({ outcome: 'sent', files: { added: 1, changed: 1, removed: 1 } });
    expect(await a.pull()).toMatchObject({ outcome: 'updated', files: { added: 1, changed: 1, removed: 1 } });
    expect(a.files()).toEqual(b.files());
    expect(a.trash()).toEqual(expect.arrayContaining(['one', 'fov:70']));
    expect(await cloud.snapshots()).toHaveLength(2);
  });

  it('ask nothing and send nothing when nothing changed', async () => {
    const { cloud, a, b } = await twoPcs();
    for (const pc of [a, b]) {
      expect((await pc.push()).outcome).toBe('nothing-to-send');
      const calls: string[] = [];
      pc.hooks.before = (call) => void calls.push(call);
      expect((await pc.push()).outcome).toBe('nothing-to-send');
      expect(calls).toEqual([]);
      expect((await pc.pull()).outcome).toBe('up-to-date');
      expect(calls).toEqual(['list snapshots']);
    }
    expect(await cloud.snapshots()).toHaveLength(1);
  });
});
