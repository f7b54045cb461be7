/**
 * A folder as a tar archive, byte for byte what restic's `dump` writes. Hard links are separate files in it, times are
 * rounded to seconds, and what is neither file, folder nor link (see dump-nodes.ts) stands as an empty file.
 */
import type { Bytes } from '../base/bytes.js';
import { utf8 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import { GO_ZERO_TIME, parseGoTime, secondsOf } from '../repo/go-time.js';
import type { Repository } from '../repo/repository.js';
import type { ExtendedAttribute, TreeNode } from '../repo/tree.js';
import type { ArchiveOptions } from './dump-nodes.js';
import { archiveParts } from './dump-nodes.js';
import { formatLinuxAcl } from './linux-acl.js';
import type { TarEntry } from './tar-header.js';
import { BLOCK, tarHeader, tarPadding } from './tar-header.js';
import { unixMode } from './unix-mode.js';

const NOBODY = 0xffff_ffff;
const ACLS: ReadonlyMap<string, string> = new Map([
  ['system.posix_acl_access', 'SCHILY.acl.access'],
  ['system.posix_acl_default', 'SCHILY.acl.default'],
]);

/** The index must be loaded. Throws 'damaged', and 'unsupported' for attributes that no tar archive can hold. */
export async function* dumpTar(repo: Repository, tree: TreeId, options: ArchiveOptions = {}): AsyncGenerator<Bytes> {
  let path = '';
  let size = 0;
  let left = 0;
  for await (const part of archiveParts(repo, tree, options)) {
    if (part.kind === 'data') {
      left -= part.bytes.length;
      if (left < 0) throw wrongLength(path, size);
      yield part.bytes;
    } else {
      if (left > 0) throw wrongLength(path, size);
      if (size > 0) yield new Uint8Array(tarPadding(size));
      path = part.path;
      size = part.node.type === 'file' ? (part.node.size ?? 0) : 0;
      left = size;
      yield tarHeader(tarEntry(path, part.node));
    }
  }
  if (left > 0) throw wrongLength(path, size);
  yield new Uint8Array(tarPadding(size) + 2 * BLOCK);
}

export function tarEntry(path: string, node: TreeNode): TarEntry {
  const type = node.type === 'dir' || node.type === 'symlink' ? node.type : 'file';
  return {
    name: type === 'dir' ? `${path}/` : path,
    type,
    mode: unixMode(node.mode ?? 0) & 0o7777,
    uid: tarId(node.uid),
    gid: tarId(node.gid),
    user: node.user ?? '',
    group: node.group ?? '',
    size: node.type === 'file' ? (node.size ?? 0) : 0,
    mtime: roundedSeconds(node.mtime ?? GO_ZERO_TIME),
    linkname: type === 'symlink' ? (node.linktarget ?? '') : '',
    records: attributeRecords(node.extendedAttributes ?? []),
  };
}

/** The id that stands for "none" must not become one of 4 thousand millions when the archive is unpacked. */
function tarId(id: number | undefined): number {
  return id === undefined || id === NOBODY ? 0 : id;
}

function roundedSeconds(time: string): number {
  return time === GO_ZERO_TIME ? 0 : secondsOf(parseGoTime(time) + 500_000_000n);
}

function attributeRecords(attributes: readonly ExtendedAttribute[]): Map<string, Bytes> {
  const records = new Map<string, Bytes>();
  for (const { name, value } of attributes) {
    const bytes = value ?? new Uint8Array();
    const acl = ACLS.get(name);
    if (acl === undefined) {
      records.set(`SCHILY.xattr.${name}`, bytes);
    } else {
      const text = formatLinuxAcl(bytes);
      if (text !== undefined) records.set(acl, utf8(text));
    }
  }
  return records;
}

function wrongLength(path: string, size: number): SyncError {
  const message = `${JSON.stringify(path)} is damaged: its blobs do not give the ${size} bytes that its folder tells`;
  return new SyncError('damaged', message);
}
