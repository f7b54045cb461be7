/**
 * A tree blob: the contents of one folder, in restic's canonical bytes.
 *     {"nodes":[node,node,…]} \n          names strictly increasing by their raw bytes
 * The id of a tree is the hash of these bytes, so a folder that did not change is the same blob again.
 */
import type { Bytes } from '../base/bytes.js';
import { concatBytes, utf8 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import { JsonReader } from './json-reader.js';
import { compareNames } from './name-order.js';
import type { TreeNode } from './node-json.js';
import { encodeNode } from './node-json.js';
import { readNode } from './node-reader.js';

export { compareNames } from './name-order.js';
export type { ExtendedAttribute, NodeType, TreeNode } from './node-json.js';

/** A new list, in the order that `encodeTree` wants. */
export function sortNodes(nodes: readonly TreeNode[]): TreeNode[] {
  return [...nodes].sort((a, b) => compareNames(a.name, b.name));
}

/** Throws 'internal' for unsorted or duplicate names, and for nodes that a reader would refuse. */
export function encodeTree(nodes: readonly TreeNode[]): Bytes {
  const parts: Bytes[] = [utf8('{"nodes":[')];
  let last: string | undefined;
  for (const node of nodes) {
    if (last !== undefined && compareNames(last, node.name) >= 0) {
      throw new SyncError(
        'internal',
        `names of a tree out of order: ${JSON.stringify(last)}, ${JSON.stringify(node.name)}`,
      );
    }
    // One by one to bytes: 50,000 nodes take 215 ms so, and 550 ms as one text that is joined at the end (Node 20).
    parts.push(utf8(last === undefined ? encodeNode(node) : `,${encodeNode(node)}`));
    last = node.name;
  }
  parts.push(utf8(']}\n'));
  return concatBytes(parts);
}

/**
 * Unknown members are passed over. Throws 'damaged' for wrong types, names that no file can have, names that are
 * unsorted or twice there, files without content and folders without subtree; 'unsupported' for unknown node types.
 */
export function decodeTree(bytes: Bytes, what: string): TreeNode[] {
  const reader = new JsonReader(bytes, what);
  let nodes: TreeNode[] | undefined;
  reader.beginObject();
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    if (key === 'nodes') nodes = readNodes(reader);
    else reader.skip();
  }
  reader.end();
  if (nodes === undefined) throw reader.damaged('it has no list of nodes');
  return nodes;
}

function readNodes(reader: JsonReader): TreeNode[] {
  const nodes: TreeNode[] = [];
  if (reader.isNull()) return nodes;
  reader.beginArray();
  let last: string | undefined;
  while (reader.more()) {
    const node = readNode(reader);
    if (last !== undefined && compareNames(last, node.name) >= 0) {
      throw reader.damaged(
        `${JSON.stringify(node.name)} follows ${JSON.stringify(last)}: names must be sorted and unique`,
      );
    }
    last = node.name;
    nodes.push(node);
  }
  return nodes;
}
