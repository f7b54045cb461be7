/** `changeTags`: which tags a snapshot has afterwards, in which order, and what it remembers. */
import { describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../src/base/errors.js';
import { changeTags, type TagOptions } from '../../src/maintain/tag.js';
import { rejection } from '../helpers/repository.js';
import { allSnapshots, repairEnv } from './repair-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

async function tagsAfter(start: readonly string[], change: TagOptions): Promise<readonly string[] | undefined> {
  const { repo, first } = await repairEnv();
  await changeTags(repo, { snapshots: [first], set: start });
  const filter = { hosts: ['alpha'] };
  const changes = await changeTags(repo, { ...change, filter });
  const [snapshot] = [...(await allSnapshots(repo)).values()].filter(({ hostname }) => hostname === 'alpha');
  expect(snapshot?.original).toBe(first);
  return changes.length === 0 ? undefined : (snapshot?.tags ?? []);
}

describe('changeTags', () => {
  it.each<[string[], TagOptions, string[] | undefined]>([
    [['a'], { set: ['x', 'y', 'x'] }, ['x', 'y', 'x']],
    [['a'], { set: ['a'] }, ['a']],
    [['a'], { add: ['b', 'a', 'c', 'b'] }, ['a', 'b', 'c']],
    [['a'], { add: ['a'] }, undefined],
    [['a', 'b', 'c', 'd', 'e'], { remove: ['b', 'd'] }, ['a', 'e', 'c']],
    [['k', 'k', 'a', 'k', 'b'], { remove: ['k'] }, ['b', 'k', 'a', 'k']],
    [['a', 'e', 'c'], { add: ['x', 'y'], remove: ['x', 'a'] }, ['y', 'e', 'c']],
    [['a'], { remove: ['a'] }, []],
    [['a'], { remove: ['z'] }, undefined],
    [['a'], { set: [], add: [], remove: [] }, undefined],
  ])('%j with %j', async (start, change, expected) => {
    expect(await tagsAfter(start, change)).toEqual(expected);
  });

  it('removes the old snapshot after the new one is there', async () => {
    const { repo, backend, first, second } = await repairEnv();
    const before = backend.done.length;
    const changes = await changeTags(repo, { add: ['x'] });
    expect(changes.map(({ oldId }) => oldId)).toEqual([first, second]);
    expect(await backend.names('snapshots')).toEqual(changes.map(({ newId }) => newId).sort());
    const steps = backend.done.slice(before).filter((call) => /^(write|remove) snapshots/.test(call));
    expect(steps).toEqual(['write snapshots', 'remove snapshots', 'write snapshots', 'remove snapshots']);
  });

  it('refuses to set, and to add or remove, at once', async () => {
    const { repo } = await repairEnv();
    expect((await rejection(changeTags(repo, { set: ['a'], add: ['b'] }))).code).toBe('usage');
  });

  it('goes on after a snapshot that cannot be changed, but not where nothing can be removed', async () => {
    for (const code of ['server', 'forbidden'] as const) {
      const { repo, backend, first, second } = await repairEnv();
      backend.before = ({ method, name }) => {
        if (method === 'remove' && (name === first || (code === 'forbidden' && name === second)))
          throw new SyncError(code, 'no');
      };
      const refused: string[] = [];
      const changes = await changeTags(repo, { add: ['x'], onRefused: (id) => refused.push(id) });
      expect(refused).toEqual([first]);
      expect(changes.map(({ oldId }) => oldId)).toEqual(code === 'server' ? [second] : []);
      expect(await backend.names('snapshots')).toHaveLength(3);
    }
  });

  it('throws what is refused where nobody listens', async () => {
    const { repo, backend } = await repairEnv();
    backend.before = ({ method, type }) => {
      if (method === 'remove' && type === 'snapshots') throw new SyncError('forbidden', 'append-only');
    };
    expect((await rejection(changeTags(repo, { add: ['x'] }))).code).toBe('forbidden');
  });
});
