/** What trees need: all of it, each tree once, few requests; and what happens to trees that are not there. */
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import type { BlobId, TreeId } from '../../src/base/ids.js';
import { findUsedBlobs, readReferences } from '../../src/maintain/used-blobs.js';
import { blobId } from '../../src/repo/codec.js';
import type { Repository } from '../../src/repo/repository.js';
import { encodeTree, type TreeNode } from '../../src/repo/tree.js';
import { addData, crypto, rejection, testRepository } from '../helpers/repository.js';
import { content, quickLock } from './prune-env.js';

/** Roots that share a folder, three levels deep. */
async function threeRoots(repo: Repository): Promise<{ roots: TreeId[]; data: BlobId[]; trees: Set<TreeId> }> {
  return repo.writeUnder(quickLock(), {}, async (session) => {
    const data: BlobId[] = [];
    const trees = new Set<TreeId>();
    const file = async (number: number): Promise<TreeNode> => {
      const id = await addData(repo, session, content(number));
      data.push(id);
      return { name: `file${number}`, type: 'file', content: [id] };
    };
    const folder = async (name: string, nodes: readonly TreeNode[]): Promise<TreeNode> => {
      const subtree = await session.saveTree(encodeTree(nodes));
      trees.add(subtree);
      return { name, type: 'dir', subtree };
    };
    const shared = await folder('shared', [await file(1), await file(2)]);
    const roots: TreeId[] = [];
    for (const number of [3, 4, 5]) {
      const middle = await folder('middle', [await file(number), shared]);
      const root = await folder('root', [middle, await folder('other', [shared])]);
      if (root.subtree !== undefined) roots.push(root.subtree);
    }
    await session.flush();
    return { roots, data, trees };
  });
}

describe('findUsedBlobs', () => {
  it('finds all blobs and trees, the roots themselves included', async () => {
    const { repo } = await testRepository();
    const { roots, data, trees } = await threeRoots(repo);
    const used = await findUsedBlobs(repo, roots);
    expect([new Set(used.data), new Set(used.trees)]).toEqual([new Set(data), trees]);
  });

  it('reads each tree once, those of one depth together', async () => {
    const { repo, backend } = await testRepository();
    const { roots } = await threeRoots(repo);
    const before = backend.count('read');
    const done: number[] = [];
    await findUsedBlobs(repo, [...roots, ...roots], { onRoots: (count) => done.push(count) });
    expect(backend.count('read') - before).toBeLessThanOrEqual(2 * 3);
    expect(done.reduce((sum, count) => sum + count, 0)).toBe(6);
  });

  it('adds to what is known already', async () => {
    const { repo, backend } = await testRepository();
    const { roots, data } = await threeRoots(repo);
    const into = await findUsedBlobs(repo, roots.slice(0, 1));
    expect(into.data.size).toBe(3);
    const before = backend.count('read');
    expect(await findUsedBlobs(repo, roots.slice(0, 1), { into })).toBe(into);
    expect(backend.count('read')).toBe(before);
    await findUsedBlobs(repo, roots, { into });
    expect(new Set(into.data)).toEqual(new Set(data));
  });

  it('names data that no index has', async () => {
    const { repo } = await testRepository();
    const id = blobId(crypto, content(1));
    const tree = await repo.writeUnder(quickLock(), {}, async (session) => {
      const saved = await session.saveTree(encodeTree([{ name: 'file', type: 'file', content: [id] }]));
      await session.flush();
      return saved;
    });
    expect([...(await findUsedBlobs(repo, [tree])).data]).toEqual([id]);
  });

  it('fails for a tree that is missing', async () => {
    const { repo } = await testRepository();
    expect((await rejection(findUsedBlobs(repo, ['ab'.repeat(32) as TreeId]))).code).toBe('damaged');
  });

  it('stops when it is told to', async () => {
    const { repo } = await testRepository();
    const { roots } = await threeRoots(repo);
    const error = await rejection(findUsedBlobs(repo, roots, { signal: AbortSignal.abort() }));
    expect(error.code).toBe('aborted');
  });
});

describe('readReferences', () => {
  const ID = '12'.repeat(32);
  const OTHER = '34'.repeat(32);
  const of = (json: string): ReturnType<typeof readReferences> => readReferences(utf8(json), 'tree');

  it('takes them from nodes of any kind, order and spelling', () => {
    const nodes = [
      `{"name":"z","type":"file","content":["${ID}","${OTHER}"]}`,
      `{"name":"a","type":"dir","subtree":"${ID}","content":null}`,
      `{"name":"a/b","type":"thing","content":["${ID}"],"subtree":"${OTHER}","more":{"content":["x"]}}`,
    ];
    expect(of(`{"before":[1],"nodes":[${nodes.join(',')}],"after":{}}\n`)).toEqual({
      content: [ID, OTHER, ID],
      subtrees: [ID, OTHER],
    });
    expect(of('{"nodes":null}')).toEqual({ content: [], subtrees: [] });
  });

  it.each([
    '{}',
    '[]',
    '{"nodes":[{"subtree":"12"}]}',
    '{"nodes":[{"content":[1]}]}',
    '{"nodes":[',
    `{"nodes":[{"content":"${ID}"}]}`,
  ])('refuses %s', (json) => {
    expect(() => of(json)).toThrow(/damaged|not an id/);
  });
});
