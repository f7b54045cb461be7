/** Whether two nodes are the same in all that is stored of them, as restic compares them. */
import { equalBytes } from '../base/bytes.js';
import { goCompactJson } from '../repo/go-json.js';
import { parseGoTime } from '../repo/go-time.js';
import { encodeNode } from '../repo/node-json.js';
import type { ExtendedAttribute, TreeNode } from '../repo/tree.js';

/** Times are compared as points in time, extended attributes in any order. */
export function equalNodes(a: TreeNode, b: TreeNode): boolean {
  // Most are equal to the byte.
  if (encodeNode(a) === encodeNode(b)) return true;
  return (
    equalTimes(a.mtime, b.mtime) &&
    equalTimes(a.atime, b.atime) &&
    equalTimes(a.ctime, b.ctime) &&
    equalAttributes(a.extendedAttributes ?? [], b.extendedAttributes ?? []) &&
    equalGeneric(a.genericAttributes ?? {}, b.genericAttributes ?? {}) &&
    encodeNode(rest(a)) === encodeNode(rest(b))
  );
}

/** The lists of blobs; an empty one is not the same as none. */
export function equalContent({ content: a }: TreeNode, { content: b }: TreeNode): boolean {
  if (!a || !b) return !a && !b;
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

function rest(node: TreeNode): TreeNode {
  const { mtime: _m, atime: _a, ctime: _c, extendedAttributes: _x, genericAttributes: _g, ...others } = node;
  return others;
}

function equalTimes(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && parseGoTime(a) === parseGoTime(b);
}

function equalAttributes(a: readonly ExtendedAttribute[], b: readonly ExtendedAttribute[]): boolean {
  const values = new Map(b.map(({ name, value }) => [name, value ?? new Uint8Array()]));
  return (
    a.length === b.length &&
    a.every(({ name, value }) => {
      const other = values.get(name);
      return other !== undefined && equalBytes(value ?? new Uint8Array(), other);
    })
  );
}

function equalGeneric(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const values = new Map(Object.entries(b));
  const names = Object.entries(a);
  return (
    names.length === values.size &&
    names.every(([name, json]) => {
      const other = values.get(name);
      return other !== undefined && goCompactJson(json) === goCompactJson(other);
    })
  );
}
