/**
 * A tree taken apart for rewriting: each node with what a rewriter asks about, and the JSON that stands for it in the new
 * tree. Sound nodes are written as restic writes them. A node that a reader of trees refuses (an unknown type, a folder
 * without subtree) keeps its own JSON, so that what nobody asked to change stays as it is.
 */
import type { Bytes } from '../base/bytes.js';
import { concatBytes, equalBytes, utf8 } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { BlobId, TreeId } from '../base/ids.js';
import { parseId, shortId } from '../base/ids.js';
import { goCompactJson } from '../repo/go-json.js';
import { goUnquote } from '../repo/go-quote.js';
import { JsonReader } from '../repo/json-reader.js';
import { encodeNode } from '../repo/node-json.js';
import { readNode } from '../repo/node-reader.js';
import type { TreeNode } from '../repo/tree.js';
import { compareNames, decodeTree } from '../repo/tree.js';

export interface EditableNode {
  /** '' where there is none. */
  readonly name: string;
  /** As it stands there: '' where there is none, and perhaps one that this program does not know. */
  readonly type: string;
  /** Bytes; undefined for what no file can have. */
  readonly size: number | undefined;
  readonly content: readonly BlobId[] | undefined;
  readonly subtree: TreeId | undefined;
  readonly json: string;
  /** Set if the node is as it should be. */
  readonly node?: TreeNode;
  /** Whether restic would write it in other words, or leave something out. */
  readonly lossy?: boolean;
  /** Set if the node can not be made sense of: why. */
  readonly broken?: string;
}

export interface EditableTree {
  readonly nodes: readonly EditableNode[];
  /** Whether its nodes, written again, give the same bytes. */
  readonly exact: boolean;
  /** Names are sorted, and none comes twice. */
  readonly ordered: boolean;
  /** The end is missing. */
  readonly cutOff: boolean;
}

/** Throws 'damaged' for what is no tree at all. */
export function readEditableTree(bytes: Bytes, id: TreeId): EditableTree {
  const what = `tree ${shortId(id)}`;
  try {
    const nodes = decodeTree(bytes, what).map(editable);
    if (equalBytes(encodeNodes(nodes), bytes)) return { nodes, exact: true, ordered: true, cutOff: false };
  } catch (error) {
    if (!isSyncError(error, 'damaged', 'unsupported', 'internal')) throw error;
  }
  return readLoosely(bytes, what);
}

/** The bytes of a tree with these nodes. */
export function encodeNodes(nodes: readonly EditableNode[]): Bytes {
  return concatBytes([
    utf8('{"nodes":['),
    ...nodes.map(({ json }, i) => utf8(i === 0 ? json : `,${json}`)),
    utf8(']}\n'),
  ]);
}

function editable(node: TreeNode): EditableNode {
  const { name, type, size, content, subtree } = node;
  return { name, type, size: size ?? 0, content: content ?? undefined, subtree, json: encodeNode(node), node };
}

/** The same node with other members, given as JSON; undefined takes one away. */
export function withMembers(node: EditableNode, changes: Readonly<Record<string, string | undefined>>): EditableNode {
  const members = membersOf(node.json, 'node');
  for (const [key, json] of Object.entries(changes)) {
    if (json === undefined) members.delete(key);
    else members.set(key, json);
  }
  return looseNode(jsonOf(members), 'node');
}

function readLoosely(bytes: Bytes, what: string): EditableTree {
  const reader = new JsonReader(bytes, what);
  const nodes: EditableNode[] = [];
  let cutOff = false;
  let hasNodes = false;
  try {
    reader.beginObject();
    for (let key = reader.key(); key !== undefined; key = reader.key()) {
      if (key !== 'nodes') {
        reader.skip();
        continue;
      }
      reader.beginArray();
      hasNodes = true;
      while (reader.more()) nodes.push(looseNode(reader.raw(), what));
    }
    reader.end();
  } catch (error) {
    if (!isSyncError(error, 'damaged') || nodes.length === 0) throw error;
    cutOff = true;
  }
  if (!hasNodes) throw reader.damaged('it has no list of nodes');
  const ordered = nodes.every((node, i) => i === 0 || compareNames(nodes[i - 1]?.name ?? '', node.name) < 0);
  const exact = !cutOff && !nodes.some((node) => node.lossy) && equalBytes(encodeNodes(nodes), bytes);
  return { nodes, exact, ordered, cutOff };
}

function looseNode(raw: string, what: string): EditableNode {
  const sound = strictNode(raw, what);
  if (!isSyncError(sound)) return editable(sound);
  const nothing = { name: '', type: '', size: undefined, content: undefined, subtree: undefined };
  const json = goCompactJson(raw);
  try {
    return { ...readAround(membersOf(raw, what), what), json };
  } catch (error) {
    if (!isSyncError(error, 'damaged', 'unsupported')) throw error;
    return { ...nothing, json, broken: error.message };
  }
}

function strictNode(json: string, what: string): TreeNode | SyncError {
  try {
    return readNode(new JsonReader(utf8(json), what));
  } catch (error) {
    if (isSyncError(error, 'damaged', 'unsupported')) return error;
    throw error;
  }
}

/** What a node with an odd name, type or shape has to tell; all else of it must be as in any node. */
function readAround(members: ReadonlyMap<string, string>, what: string): Omit<EditableNode, 'json'> {
  const name = goUnquote(textOf(members.get('name')));
  if (!name) throw new SyncError('damaged', `${what} has a node without a name that can be read`);
  const size = members.get('size');
  const subtree = textOf(members.get('subtree'));
  const plain = new Map(members).set('name', '"x"').set('type', '"file"');
  plain.delete('subtree');
  if (size !== undefined && /^\d{1,20}$/.test(size)) plain.delete('size');
  if (!isThere(plain.get('content'))) plain.set('content', '[]');
  const probe = strictNode(jsonOf(plain), what);
  if (isSyncError(probe)) throw probe;
  return {
    name,
    type: textOf(members.get('type')),
    size: safeSize(size),
    content: isThere(members.get('content')) ? (probe.content ?? undefined) : undefined,
    subtree: subtree === '' ? undefined : parseId<TreeId>(subtree, what),
    lossy: !isCanonical(members, probe),
  };
}

/** What makes a node odd; all other members are as in a sound one. */
const ODD: ReadonlySet<string> = new Set(['name', 'type', 'size', 'content', 'subtree']);

function isCanonical(members: ReadonlyMap<string, string>, probe: TreeNode): boolean {
  const others = (all: ReadonlyMap<string, string>): string =>
    [...all].flatMap(([key, json]) => (ODD.has(key) ? [] : `${key}:${goCompactJson(json)}`)).join();
  return (
    ['name', 'type', 'content'].every((key) => members.has(key)) &&
    others(members) === others(membersOf(encodeNode(probe), 'node'))
  );
}

function safeSize(json: string | undefined): number | undefined {
  const size = Number(json ?? 0);
  return Number.isSafeInteger(size) ? size : undefined;
}

function isThere(json: string | undefined): boolean {
  return json !== undefined && json !== 'null';
}

function textOf(json: string | undefined): string {
  return json?.startsWith('"') ? new JsonReader(utf8(json), 'node').string() : '';
}

function membersOf(json: string, what: string): Map<string, string> {
  const reader = new JsonReader(utf8(json), what);
  const members = new Map<string, string>();
  reader.beginObject();
  for (let key = reader.key(); key !== undefined; key = reader.key()) members.set(key, reader.raw());
  return members;
}

function jsonOf(members: ReadonlyMap<string, string>): string {
  return `{${[...members].map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`;
}
