import { describe, expect, it } from 'vitest';
import type { ManifestEntry } from '../../src/archive/manifest.js';
import { savePortableTrees } from '../../src/archive/portable-tree.js';
import { fromUtf8, utf8 } from '../../src/base/bytes.js';
import type { BlobId, TreeId } from '../../src/base/ids.js';
import { blobId } from '../../src/repo/codec.js';
import type { Repository } from '../../src/repo/repository.js';
import { readManifest } from '../../src/restore/read-manifest.js';
import { commitEmpty, crypto, rejection, testRepository } from '../helpers/repository.js';
import { GOLDEN_SETS, golden, goldenNames } from '../repo/golden.js';

const ID = 'aa'.repeat(32) as BlobId;
const entry: ManifestEntry = { type: 'file', size: 7, executable: false, content: [ID], mtimeMs: 1_700_000_000_123 };

function store(repo: Repository, trees: readonly string[]): Promise<TreeId[]> {
  return repo.write({}, async (session) => {
    const ids: TreeId[] = [];
    for (const tree of trees) ids.push(await session.saveTree(utf8(tree)));
    await commitEmpty(session);
    return ids;
  });
}

interface JsonNode {
  readonly name: string;
  readonly type: string;
  readonly mode?: number;
  readonly size?: number;
  readonly mtime: string;
  readonly content: string[] | null;
  readonly subtree?: string;
  readonly linktarget?: string;
}

const folderNode = (name: string, id: string): string => `{"name":"${name}","type":"dir","subtree":"${id}"}`;
const emptyId = blobId(crypto, utf8('{"nodes":[]}\n'));

describe('reading a manifest', () => {
  it('gives back what portable trees hold', async () => {
    const { repo } = await testRepository();
    const manifest = new Map<string, ManifestEntry>([
      ['options.txt', entry],
      ['saves/Welt/level.dat', { ...entry, executable: true, content: [ID, ID], size: 14 }],
      ['saves/empty', { ...entry, size: 0, content: [] }],
      ['saves/latest', { type: 'symlink', size: 0, executable: false, content: [], linktarget: 'Welt/ü', mtimeMs: 5 }],
      ['screenshots/old', { type: 'dir', size: 0, executable: false, content: [], mtimeMs: -1500 }],
      ['raw \udcff', entry],
    ]);
    const root = await repo.write({}, async (session) => {
      const id = await savePortableTrees(manifest, (plain) => session.saveTree(plain));
      await session.flush();
      return id;
    });
    const read = await readManifest(repo, root);
    expect(new Map([...read.manifest].sort())).toEqual(new Map([...manifest].sort()));
    expect(read.skipped).toEqual([]);
    expect(await savePortableTrees(read.manifest, async (plain) => blobId(crypto, plain))).toBe(root);
  });

  it.each(GOLDEN_SETS)('reads every tree that restic %s wrote', async (set) => {
    const { repo } = await testRepository();
    const trees = goldenNames(set, 'tree-', '.json').map((name) => fromUtf8(golden(set, name)));
    const ids = await store(repo, trees);
    const byId = new Map(ids.map((id, i): [string, JsonNode[]] => [id, JSON.parse(trees[i] ?? '').nodes]));
    for (const id of ids) {
      const counts = { leaves: 0, special: 0 };
      const bytes = { read: 0, said: 0 };
      const walk = (tree: string, top: boolean): void => {
        const nodes = byId.get(tree) ?? [];
        if (nodes.length === 0 && !top) counts.leaves += 1;
        for (const node of nodes) {
          if (node.subtree !== undefined) walk(node.subtree, false);
          else if (node.type === 'file' || node.type === 'symlink') counts.leaves += 1;
          else counts.special += 1;
          bytes.said += node.type === 'file' ? (node.size ?? 0) : 0;
        }
      };
      walk(id, true);
      const { manifest, skipped } = await readManifest(repo, id);
      for (const one of manifest.values()) bytes.read += one.size;
      expect({ leaves: manifest.size, special: skipped.length }).toEqual(counts);
      expect(bytes.read).toBe(bytes.said);
      for (const node of byId.get(id) ?? []) {
        if (node.type !== 'file' || /[^ -~]|\\/.test(node.name)) continue;
        const found = manifest.get(node.name);
        expect(found?.content).toEqual(node.content);
        expect(found?.executable).toBe(((node.mode ?? 0) & 0o111) !== 0);
        expect(Math.abs((found?.mtimeMs ?? 0) - Date.parse(node.mtime))).toBeLessThanOrEqual(1);
      }
    }
  });

  it('costs one request for a wide folder', async () => {
    const { backend, repo } = await testRepository();
    const manifest = new Map(Array.from({ length: 300 }, (_, i) => [`d${i}/f${i}`, entry] as const));
    const root = await repo.write({}, async (session) => {
      const id = await savePortableTrees(manifest, (plain) => session.saveTree(plain));
      await session.flush();
      return id;
    });
    backend.calls.length = 0;
    expect((await readManifest(repo, root)).manifest.size).toBe(300);
    expect(backend.calls.length).toBeLessThan(8);
  });

  it('refuses folders nested too deep, and reads those just below', async () => {
    const { repo } = await testRepository();
    const trees = ['{"nodes":[]}\n'];
    let id: string = emptyId;
    const ids = [id];
    for (let depth = 1; depth <= 130; depth++) {
      const tree = `{"nodes":[${folderNode('d', id)}]}\n`;
      trees.push(tree);
      id = blobId(crypto, utf8(tree));
      ids.push(id);
    }
    await store(repo, trees);
    const deepest = await readManifest(repo, ids[128] as TreeId);
    expect([...deepest.manifest.keys()]).toEqual([Array.from({ length: 128 }, () => 'd').join('/')]);
    const error = await rejection(readManifest(repo, ids[129] as TreeId));
    expect(error.code).toBe('damaged');
    expect(error.message).toMatch(/nested/);
  });

  it('refuses a tree that would unfold without end', async () => {
    const { repo } = await testRepository();
    const trees = ['{"nodes":[]}\n'];
    let id: string = emptyId;
    for (let depth = 0; depth < 40; depth++) {
      const nodes = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ', (name) => folderNode(name, id));
      const tree = `{"nodes":[${nodes.join(',')}]}\n`;
      trees.push(tree);
      id = blobId(crypto, utf8(tree));
    }
    await store(repo, trees);
    const error = await rejection(readManifest(repo, id as TreeId));
    expect(error.code).toBe('damaged');
    expect(error.message).toMatch(/no end/);
  });

  it.each([
    ['a step up', '{"nodes":[{"name":"..","type":"file","content":[]}]}\n'],
    ['a path', '{"nodes":[{"name":"a/b","type":"file","content":[]}]}\n'],
    ['a name twice', '{"nodes":[{"name":"a","type":"file","content":[]},{"name":"a","type":"file","content":[]}]}\n'],
    [
      'names out of order',
      '{"nodes":[{"name":"b","type":"file","content":[]},{"name":"a","type":"file","content":[]}]}\n',
    ],
    ['no JSON', 'nodes'],
    ['a folder without subtree', '{"nodes":[{"name":"a","type":"dir"}]}\n'],
    ['a subtree that is nowhere', `{"nodes":[${folderNode('a', 'ab'.repeat(32))}]}\n`],
  ])('refuses %s', async (_what, tree) => {
    const { repo } = await testRepository();
    const [id] = await store(repo, [tree]);
    expect((await rejection(readManifest(repo, id ?? emptyId))).code).toBe('damaged');
  });

  it('stops when the caller gives up', async () => {
    const { repo } = await testRepository();
    const [id] = await store(repo, ['{"nodes":[{"name":"a","type":"file","content":[]}]}\n']);
    expect((await rejection(readManifest(repo, id ?? emptyId, AbortSignal.abort()))).code).toBe('aborted');
  });
});
