/** Reads one node of a tree; see node-json.ts for its form. Members that are null count as absent, as in Go. */
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { BlobId, TreeId } from '../base/ids.js';
import { parseId } from '../base/ids.js';
import { rawFromBytes } from '../base/raw-string.js';
import { goUnquote } from './go-quote.js';
import { isGoTime } from './go-time.js';
import { decodeBase64 } from './json-fields.js';
import type { JsonReader } from './json-reader.js';
import type { ExtendedAttribute, NodeType, TreeNode } from './node-json.js';
import { isImpossibleName } from './node-json.js';

const TYPES: readonly NodeType[] = ['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'];
const BY_TEXT: ReadonlyMap<string, NodeType> = new Map(TYPES.map((type) => [type, type]));
const MAX_U32 = 0xffff_ffff;

/** Throws 'damaged'; 'unsupported' for an unknown type. */
export function readNode(reader: JsonReader): TreeNode {
  const draft: Draft = {};
  let rawTarget: Bytes | undefined;
  reader.beginObject();
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    if (reader.isNull()) continue;
    if (key === 'linktarget_raw') rawTarget = readBase64(reader);
    else readMember(reader, key, draft);
  }
  if (rawTarget !== undefined) draft.linktarget = rawFromBytes(rawTarget);
  if (!isNode(draft)) throw reader.damaged('a node without name or type');
  checkShape(reader, draft);
  return draft;
}

type Draft = { -readonly [K in keyof TreeNode]?: TreeNode[K] };

function isNode(draft: Draft): draft is TreeNode {
  return draft.name !== undefined && draft.type !== undefined;
}

function checkShape(reader: JsonReader, { name, type, content, subtree }: TreeNode): void {
  if (type === 'file' && content === undefined) throw reader.damaged(`the file ${JSON.stringify(name)} has no content`);
  if ((type === 'dir') === (subtree !== undefined)) return;
  const found = type === 'dir' ? 'is a folder without subtree' : 'is no folder but has a subtree';
  throw reader.damaged(`${JSON.stringify(name)} ${found}`);
}

/** Reads the value of one member, which is not null. */
function readMember(reader: JsonReader, key: string, draft: Draft): void {
  switch (key) {
    case 'name':
      draft.name = readName(reader);
      break;
    case 'type':
      draft.type = readType(reader);
      break;
    case 'mtime':
    case 'atime':
    case 'ctime':
      draft[key] = readTime(reader, draft.mtime);
      break;
    case 'mode':
    case 'uid':
    case 'gid':
      draft[key] = readU32(reader, key);
      break;
    case 'size':
      draft.size = reader.integer();
      break;
    case 'user':
    case 'group':
    case 'linktarget':
    case 'error':
      draft[key] = reader.string();
      break;
    case 'inode':
    case 'links':
    case 'device':
      draft[key] = reader.uint64();
      break;
    case 'device_id':
      draft.deviceId = reader.uint64();
      break;
    case 'extended_attributes':
      draft.extendedAttributes = readExtendedAttributes(reader);
      break;
    case 'generic_attributes':
      draft.genericAttributes = readGenericAttributes(reader);
      break;
    case 'content':
      draft.content = readContent(reader);
      break;
    case 'subtree':
      draft.subtree = parseId<TreeId>(reader.string(), reader.what);
      break;
    default:
      reader.skip();
  }
}

function readName(reader: JsonReader): string {
  const quoted = reader.string();
  const name = goUnquote(quoted);
  if (name === undefined) throw reader.damaged(`the name ${JSON.stringify(quoted)} is not quoted as Go does`);
  if (isImpossibleName(name)) throw reader.damaged(`no file can have the name ${JSON.stringify(name)}`);
  return name;
}

function readType(reader: JsonReader): NodeType {
  const text = reader.string();
  const type = BY_TEXT.get(text);
  if (type !== undefined) return type;
  if (text === '') throw reader.damaged('a node without type');
  const message = `${reader.what} has a node of the type ${JSON.stringify(text.slice(0, 40))}, which this version does not know`;
  throw new SyncError('unsupported', message);
}

/** `known` is a time that has been checked already: the three of a node are often the same. */
function readTime(reader: JsonReader, known: string | undefined): string {
  const text = reader.string();
  if (text !== known && !isGoTime(text)) throw reader.damaged(`${JSON.stringify(text.slice(0, 60))} is not a time`);
  return text;
}

function readU32(reader: JsonReader, key: string): number {
  const value = reader.integer();
  if (value > MAX_U32) throw reader.damaged(`${key} ${value} is too large`);
  return value;
}

function readBase64(reader: JsonReader): Bytes {
  const bytes = decodeBase64(reader.string());
  if (bytes === undefined) throw reader.damaged('a value is not base64');
  return bytes;
}

function readExtendedAttributes(reader: JsonReader): ExtendedAttribute[] {
  const attributes: ExtendedAttribute[] = [];
  reader.beginArray();
  while (reader.more()) {
    let name = '';
    let value: Bytes | null = null;
    reader.beginObject();
    for (let key = reader.key(); key !== undefined; key = reader.key()) {
      if (key === 'name') name = reader.string();
      else if (key === 'value') value = reader.isNull() ? null : readBase64(reader);
      else reader.skip();
    }
    attributes.push({ name, value });
  }
  return attributes;
}

function readGenericAttributes(reader: JsonReader): Record<string, string> {
  const attributes = new Map<string, string>();
  reader.beginObject();
  for (let key = reader.key(); key !== undefined; key = reader.key()) attributes.set(key, reader.raw());
  // Not by assignment: "__proto__" is a key like any other.
  return Object.fromEntries(attributes);
}

function readContent(reader: JsonReader): BlobId[] {
  const ids: BlobId[] = [];
  reader.beginArray();
  while (reader.more()) ids.push(parseId<BlobId>(reader.string(), reader.what));
  return ids;
}
