/** `recover`: which folders count as lost, and the snapshot that holds them. */
import { hostname } from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import type { TreeId } from '../../src/base/ids.js';
import type { RecoverEvent } from '../../src/maintain/recover.js';
import { recover, shortNames } from '../../src/maintain/recover.js';
import { encodeTree } from '../../src/repo/tree.js';
import { noise, testRepository } from '../helpers/repository.js';
import { fileNode } from '../helpers/sound-repository.js';
import { paths, problems, repairEnv } from './repair-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

describe('recover', () => {
  it('finds nothing where nothing is lost', async () => {
    const { repo, backend } = await repairEnv();
    expect(await recover(repo)).toEqual({ roots: [] });
    expect(await backend.names('snapshots')).toHaveLength(2);
  });

  it('brings the roots of lost snapshots back, by the first digits of their ids', async () => {
    const { repo, reopen, first } = await repairEnv();
    const { tree } = await repo.loadSnapshot(first);
    await repo.removeSnapshot(first);
    const now = (): number => Date.parse('2026-12-01T00:00:00Z');
    const { roots, snapshot } = await recover(await reopen(), { now });
    expect(roots).toEqual([tree]);
    const again = await reopen();
    if (snapshot === undefined) throw new Error('nothing was recovered');
    const found = await again.loadSnapshot(snapshot);
    expect(found).toMatchObject({ paths: ['/recover'], tags: ['recovered'], hostname: hostname() });
    expect(Date.parse(found.time)).toBe(now());
    const [folder] = await again.loadTree(found.tree);
    expect(folder).toMatchObject({ name: tree.slice(0, 8), type: 'dir', mode: 0o755, subtree: tree });
    expect(await paths(again, found.tree)).toContain(`/${tree.slice(0, 8)}/readme.txt 8`);
    expect(await problems(again)).toEqual([]);
    expect(await recover(again)).toEqual({ roots: [] });
  });

  it('needs no index, and passes over trees and snapshots that cannot be read', async () => {
    const { repo, reopen, backend, first, second } = await repairEnv();
    const { tree } = await repo.loadSnapshot(second);
    const { pack = '', offset = 0 } = repo.index.locate('tree', tree)[0] ?? {};
    const bytes = (await backend.bytes('data', pack)).slice();
    bytes[offset + 40] = (bytes[offset + 40] ?? 0) ^ 1;
    await backend.replace('data', pack, bytes);
    await backend.replace('snapshots', first, noise(200));
    await repo.removeSnapshot(second);
    for (const name of await backend.names('index')) await backend.replace('index', name, undefined);
    const events: RecoverEvent[] = [];
    const { roots } = await recover(repo, { onEvent: (event) => events.push(event) });
    expect(events).toContainEqual(expect.objectContaining({ type: 'bad-tree', id: tree }));
    expect(events).toContainEqual(expect.objectContaining({ type: 'bad-snapshot', id: first }));
    expect(roots).not.toContain(tree);
    // The first snapshot's root, and the folder that only the tree that is gone referred to.
    expect(roots).toHaveLength(2);
    expect(await recover(await reopen())).toEqual({ roots: [] });
  });

  it('tells roots apart whose ids begin alike', async () => {
    const { repo } = await testRepository();
    await repo.write({}, async (session) => {
      for (let i = 0; i < 3; i++) await session.saveTree(encodeTree([fileNode(`f${i}`, [], 0)]));
      await session.flush();
    });
    const alike = ['ab'.repeat(32), `${'ab'.repeat(5)}${'c'.repeat(54)}`, 'f'.repeat(64)] as TreeId[];
    expect(shortNames([...alike].sort())).toEqual(['abababababa', 'abababababc', 'ffffffff']);
    const { roots } = await recover(repo);
    expect(roots).toEqual([...roots].sort());
    expect(roots).toHaveLength(3);
  });
});
