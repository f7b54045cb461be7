/**
 * One node of a tree, as restic's JSON of it: members in the order of restic's struct, absent and zero ones left out
 * but for the times, uid, gid and content. Equal nodes give equal bytes, which is what makes folders deduplicate.
 */
import type { Bytes } from '../base/bytes.js';
import { toBase64 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { BlobId, TreeId } from '../base/ids.js';
import { isRaw, rawFromBytes, rawToBytes } from '../base/raw-string.js';
import { goCompactJson, goJsonString } from './go-json.js';
import { goQuote } from './go-quote.js';
import { GO_ZERO_TIME, isGoTime } from './go-time.js';
import { compareNames } from './name-order.js';

export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket' | 'irregular';

export interface ExtendedAttribute {
  readonly name: string;
  readonly value: Bytes | null;
}

export interface TreeNode {
  /** In the form of base/raw-string.ts: bytes that are not UTF-8 are U+DC80..U+DCFF. */
  readonly name: string;
  readonly type: NodeType;
  /** Go's FileMode: 9 bits of permission; folder 2^31, symlink 2^27, device 2^26, …, setuid 2^23, sticky 2^20. */
  readonly mode?: number;
  /** RFC 3339 with up to 9 digits of a second, as stored. */
  readonly mtime?: string;
  readonly atime?: string;
  readonly ctime?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly user?: string;
  readonly group?: string;
  readonly inode?: bigint;
  readonly deviceId?: bigint;
  /** Bytes. */
  readonly size?: number;
  readonly links?: bigint;
  /** In the form of base/raw-string.ts. */
  readonly linktarget?: string;
  readonly extendedAttributes?: readonly ExtendedAttribute[];
  /** Values are JSON texts, as stored: what Windows knows of a file, which this program keeps but does not read. */
  readonly genericAttributes?: Readonly<Record<string, string>>;
  readonly device?: bigint;
  /** Always there for files; null or absent for all else. */
  readonly content?: readonly BlobId[] | null;
  /** There for folders, and only for them. */
  readonly subtree?: TreeId;
  readonly error?: string;
}

const MAX_U32 = 0xffff_ffff;
const IMPOSSIBLE_NAME = /^\.{0,2}$|\//;
const FOREIGN_SURROGATE = /(?![\udc80-\udcff])\p{Cs}/u;

/** Throws 'internal' for a node that a reader would refuse. */
export function encodeNode(node: TreeNode): string {
  checkNode(node);
  let out = `{"name":${goJsonString(goQuote(node.name))},"type":"${node.type}"`;
  if (node.mode) out += `,"mode":${node.mode}`;
  out += `,"mtime":"${node.mtime ?? GO_ZERO_TIME}","atime":"${node.atime ?? GO_ZERO_TIME}"`;
  out += `,"ctime":"${node.ctime ?? GO_ZERO_TIME}","uid":${node.uid ?? 0},"gid":${node.gid ?? 0}`;
  if (node.user) out += `,"user":${goJsonString(node.user)}`;
  if (node.group) out += `,"group":${goJsonString(node.group)}`;
  if (node.inode) out += `,"inode":${node.inode}`;
  if (node.deviceId) out += `,"device_id":${node.deviceId}`;
  if (node.size) out += `,"size":${node.size}`;
  if (node.links) out += `,"links":${node.links}`;
  if (node.linktarget) out += encodeLinkTarget(node.linktarget);
  if (node.extendedAttributes?.length) out += encodeExtendedAttributes(node.extendedAttributes);
  if (node.genericAttributes) out += encodeGenericAttributes(node.genericAttributes);
  if (node.device) out += `,"device":${node.device}`;
  out += node.content ? `,"content":[${node.content.map((id) => `"${id}"`).join(',')}]` : ',"content":null';
  if (node.subtree !== undefined) out += `,"subtree":"${node.subtree}"`;
  if (node.error) out += `,"error":${goJsonString(node.error)}`;
  return `${out}}`;
}

function encodeLinkTarget(target: string): string {
  // Taken apart and put together again: escaped bytes that are UTF-8 side by side are no longer escaped then.
  const bytes = isRaw(target) ? rawToBytes(target) : undefined;
  const text = bytes === undefined ? target : rawFromBytes(bytes);
  const raw = bytes !== undefined && isRaw(text) ? `,"linktarget_raw":"${toBase64(bytes)}"` : '';
  return `,"linktarget":${goJsonString(text)}${raw}`;
}

function encodeExtendedAttributes(attributes: readonly ExtendedAttribute[]): string {
  const items = attributes.map(({ name, value }) => {
    return `{"name":${goJsonString(name)},"value":${value === null ? 'null' : `"${toBase64(value)}"`}}`;
  });
  return `,"extended_attributes":[${items.join(',')}]`;
}

function encodeGenericAttributes(attributes: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(attributes).sort(([a], [b]) => compareNames(a, b));
  if (sorted.length === 0) return '';
  const items = sorted.map(([name, json]) => `${goJsonString(name)}:${goCompactJson(json)}`);
  return `,"generic_attributes":{${items.join(',')}}`;
}

function checkNode(node: TreeNode): void {
  const { name, mtime, atime, ctime } = node;
  const wrong =
    wrongName(name) ??
    wrongShape(node) ??
    (mtime !== undefined && !isGoTime(mtime) ? 'mtime is not a time' : undefined) ??
    (atime !== undefined && atime !== mtime && !isGoTime(atime) ? 'atime is not a time' : undefined) ??
    (ctime !== undefined && ctime !== mtime && !isGoTime(ctime) ? 'ctime is not a time' : undefined);
  if (wrong !== undefined) throw new SyncError('internal', `${JSON.stringify(name)} cannot be in a tree: ${wrong}`);
}

function wrongName(name: string): string | undefined {
  if (isImpossibleName(name)) return 'no file can have this name';
  if (FOREIGN_SURROGATE.test(name)) return 'its name is not Unicode';
  if (isRaw(name) && rawFromBytes(rawToBytes(name)) !== name) return 'its name has escaped bytes that are UTF-8';
  return undefined;
}

/** Empty, a step in a path, or of several parts. */
export function isImpossibleName(name: string): boolean {
  return IMPOSSIBLE_NAME.test(name) || name.includes('\0');
}

function wrongShape(node: TreeNode): string | undefined {
  if (node.type === 'file' && !node.content) return 'a file without content';
  if ((node.type === 'dir') !== (node.subtree !== undefined)) return 'folders have a subtree, and nothing else has';
  for (const value of [node.mode, node.uid, node.gid]) if (!isNatural(value, MAX_U32)) return `${value} is no u32`;
  return isNatural(node.size, Number.MAX_SAFE_INTEGER) ? undefined : `${node.size} is no size`;
}

function isNatural(value: number | undefined, most: number): boolean {
  return value === undefined || (Number.isSafeInteger(value) && value >= 0 && value <= most);
}
