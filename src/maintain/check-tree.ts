/**
 * One tree under the eyes of a check: what it refers to, and every rule of the format that it breaks. A sound tree goes
 * through the reader that all others use; only one which that refuses is taken apart leniently, to name all defects at
 * once and to follow what can still be followed.
 */
import type { Bytes } from '../base/bytes.js';
import { fromUtf8 } from '../base/bytes.js';
import { isSyncError } from '../base/errors.js';
import type { BlobId, TreeId } from '../base/ids.js';
import { isId } from '../base/ids.js';
import { goUnquote } from '../repo/go-quote.js';
import { compareNames } from '../repo/name-order.js';
import { decodeTree } from '../repo/tree.js';

export interface TreeFile {
  readonly name: string;
  readonly content: readonly BlobId[];
}

export interface TreeFolder {
  readonly name: string;
  readonly subtree: TreeId;
}

export interface ExaminedTree {
  readonly files: readonly TreeFile[];
  readonly folders: readonly TreeFolder[];
  /** In one line each; empty for a sound tree. */
  readonly defects: readonly string[];
}

const TYPES: ReadonlySet<unknown> = new Set([
  'file',
  'dir',
  'symlink',
  'dev',
  'chardev',
  'fifo',
  'socket',
  'irregular',
]);
/** Names that lead elsewhere: empty, a step in a path, of several parts. */
const IMPOSSIBLE_NAME = /^\.{0,2}$|[/\0]/;

export function examineTree(plain: Bytes, what: string): ExaminedTree {
  try {
    const files: TreeFile[] = [];
    const folders: TreeFolder[] = [];
    for (const { name, content, subtree } of decodeTree(plain, what)) {
      if (subtree !== undefined) folders.push({ name, subtree });
      if (content) files.push({ name, content });
    }
    return { files, folders, defects: [] };
  } catch (error) {
    if (!isSyncError(error, 'damaged', 'unsupported')) throw error;
    return takeApart(plain, error.message);
  }
}

interface Draft {
  readonly files: TreeFile[];
  readonly folders: TreeFolder[];
  readonly defects: string[];
}

type Members = Readonly<Record<string, unknown>>;

/** `reason` is why the tree was refused: told if nothing else is found. */
function takeApart(plain: Bytes, reason: string): ExaminedTree {
  const draft: Draft = { files: [], folders: [], defects: [] };
  const nodes = nodesOf(plain);
  let last: string | undefined;
  for (const node of nodes) {
    const name = nameOf(node);
    examineNode(node, name ?? '', draft);
    if (name === undefined) draft.defects.push(`the name ${quote(node['name'])} is not quoted as it must be`);
    else if (IMPOSSIBLE_NAME.test(name)) draft.defects.push(`no file can have the name ${quote(name)}`);
    else if (last === name) draft.defects.push(`the name ${quote(name)} is there twice`);
    else if (last !== undefined && compareNames(last, name) > 0) {
      draft.defects.push(`the names are not sorted: ${quote(name)} follows ${quote(last)}`);
    }
    last = name ?? last;
  }
  if (draft.defects.length === 0) draft.defects.push(reason);
  return draft;
}

function nodesOf(plain: Bytes): Members[] {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(plain));
  } catch {
    // Not JSON at all: the reason that the reader gave says so.
    return [];
  }
  const nodes = isMembers(value) ? value['nodes'] : undefined;
  return Array.isArray(nodes) ? nodes.filter(isMembers) : [];
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(node: Members): string | undefined {
  return typeof node['name'] === 'string' ? goUnquote(node['name']) : undefined;
}

function examineNode(node: Members, name: string, { files, folders, defects }: Draft): void {
  const { type, content, subtree } = node;
  if (!TYPES.has(type)) defects.push(`node ${quote(name)} with invalid type ${quote(type)}`);
  if (type === 'file' && !Array.isArray(content)) defects.push(`file ${quote(name)} has no list of blobs`);
  if (type === 'dir' && typeof subtree !== 'string') defects.push(`folder ${quote(name)} has no subtree`);
  if (type !== 'dir' && typeof subtree === 'string') defects.push(`${quote(name)} is no folder but has a subtree`);
  if (typeof subtree === 'string') {
    if (isId(subtree)) folders.push({ name, subtree: subtree as TreeId });
    else defects.push(`the subtree of ${quote(name)} is no id: ${quote(subtree)}`);
  }
  if (!Array.isArray(content)) return;
  const ids = content.filter((one): one is BlobId => typeof one === 'string' && isId(one));
  if (ids.length < content.length) defects.push(`the content of ${quote(name)} has things that are no ids`);
  files.push({ name, content: ids });
}

function quote(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 200) ?? 'nothing';
}
