/** Trees taken apart for rewriting: what is sound, what is odd and kept, what cannot be made sense of. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import type { BlobId, TreeId } from '../../src/base/ids.js';
import { encodeNodes, readEditableTree, withMembers } from '../../src/maintain/rewrite-nodes.js';
import { encodeTree, sortNodes } from '../../src/repo/tree.js';
import { at } from '../helpers/repository.js';
import { fileNode } from '../helpers/sound-repository.js';
import { node, treeOf } from './repair-env.js';

const ID = 'a'.repeat(64) as TreeId;
const BLOB = 'b'.repeat(64) as BlobId;
const FILE = `"size":5,"content":["${BLOB}"]`;

const read = (text: string): ReturnType<typeof readEditableTree> => readEditableTree(utf8(text), ID);
const text = (tree: ReturnType<typeof read>): string => new TextDecoder().decode(encodeNodes(tree.nodes));

describe('a sound tree', () => {
  it('is exact, whatever its names', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1, unit: 'binary' })), (names) => {
        const possible = names.filter((name) => !/^\.{1,2}$|[/\0]/.test(name));
        const bytes = encodeTree(sortNodes(possible.map((name) => fileNode(name, [BLOB], 5))));
        const tree = readEditableTree(bytes, ID);
        expect(tree).toMatchObject({ exact: true, ordered: true, cutOff: false });
        expect(encodeNodes(tree.nodes)).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });
});

describe('an odd node keeps its own JSON', () => {
  it.each([
    ['of an unknown type', node('a', 'door')],
    ['of no type', node('a', '')],
    ['a folder without subtree', node('a', 'dir')],
    ['a file without content', node('a', 'file')],
    ['a file with a subtree', node('a', 'file', `${FILE},"subtree":"${ID}"`)],
    ['a name of two steps', node('a/b', 'file', FILE)],
    ['a huge size', node('a', 'file', `"size":18446744073709551615,"content":["${BLOB}"]`)],
  ])('%s', (_what, json) => {
    const tree = read(treeOf(json));
    expect(tree).toMatchObject({ exact: true, ordered: true });
    expect(text(tree)).toBe(treeOf(json));
    expect(at(tree.nodes, 0).broken).toBeUndefined();
  });

  it('and is not exact where it has what restic would leave out', () => {
    expect(read(treeOf(node('a', 'door', '"new":1,"content":null'))).exact).toBe(false);
    expect(read(treeOf(node('a', 'dir', '"links":1'))).exact).toBe(false);
    expect(read(treeOf('{"name":"a","content":null}')).exact).toBe(false);
  });
});

describe('what restic would write in other words is not exact', () => {
  it.each([
    ['an unknown member of a node', treeOf(node('a', 'file', `${FILE},"new":1`))],
    ['an unknown member of the tree', `{"x":1,"nodes":[${node('a', 'file', FILE)}]}\n`],
    ['no line feed at the end', treeOf(node('a', 'file', FILE)).trimEnd()],
    ['spaces', treeOf(node('a', 'file', FILE)).replace(',', ', ')],
  ])('%s', (_what, json) => {
    expect(read(json)).toMatchObject({ exact: false, ordered: true, cutOff: false });
  });
});

describe('damage', () => {
  it('of a node is told, and the others are there', () => {
    const bad = [
      node('', 'file', FILE),
      node('a', 'file', '"content":["xyz"]'),
      node('b', 'dir', '"subtree":"xyz"'),
      node('c', 'file', `${FILE},"mode":"x"`),
      node('d', 'file', FILE).replace('2026-11-22T10:00:00Z', 'noon'),
      '5',
    ];
    const tree = read(treeOf(...bad, node('e', 'file', FILE)));
    expect(tree.nodes.map(({ broken }) => broken !== undefined)).toEqual([...bad.map(() => true), false]);
  });

  it('a tree that is cut off gives what comes before', () => {
    const whole = treeOf(node('a', 'file', FILE), node('b', 'file', FILE));
    expect(read(whole.slice(0, -20))).toMatchObject({ exact: false, cutOff: true, nodes: [{ name: 'a' }] });
  });

  it('names out of order, or twice', () => {
    expect(read(treeOf(node('b', 'fifo'), node('a', 'fifo'))).ordered).toBe(false);
    expect(read(treeOf(node('a', 'fifo'), node('a', 'fifo'))).ordered).toBe(false);
  });

  it.each(['hello', '', '{}', '{"nodes":null}\n', '{"nodes":5}', '{"nodes":['])('%j is no tree', (json) => {
    expect(() => read(json)).toThrow(/tree aaaaaaaa/);
  });
});

describe('withMembers', () => {
  it('mends a node, which is then written as any other', () => {
    const [bad] = read(treeOf(node('a', 'file', '"size":7,"content":null'))).nodes;
    if (bad === undefined) throw new Error('no node');
    const mended = withMembers(bad, { content: `["${BLOB}"]`, size: '5' });
    expect(mended.node).toMatchObject({ name: 'a', size: 5, content: [BLOB] });
    expect(mended.json).toBe(node('a', 'file', FILE));
  });
});
