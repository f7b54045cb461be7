/** The content of a file in a backup: that of the parent snapshot, or read. */
import { SyncError } from '../base/errors.js';
import type { ExtendedAttribute, TreeNode } from '../repo/tree.js';
import { NOTHING_ADDED } from './backup-report.js';
import type { ArchiverParts, Found } from './entry.js';
import { tellError, tellUnlessGone } from './entry.js';
import { makeNode } from './node.js';
import { actionOf, isUnmodified } from './previous.js';

type List = readonly ExtendedAttribute[];

/** The node with the content that the parent has; undefined if the file was modified, or parts of it are lost. */
export async function reuseFile(parts: ArchiverParts, found: Found, attributes: List): Promise<TreeNode | undefined> {
  const { repo, report, rules, nodes } = parts;
  const { path, name, item, stats, previous, startedMs } = found;
  if (previous === undefined || !isUnmodified(stats, previous, rules)) return undefined;
  const { content } = previous;
  if (!content?.every((id) => repo.index.has('data', id))) {
    const message = `parts of ${path} not found in the repository index; storing the file again`;
    tellError(parts, path, new SyncError('damaged', message, { details: { path } }));
    return undefined;
  }
  const size = Number(stats.size);
  report.done({ item, kind: 'file', action: 'unmodified', size, added: NOTHING_ADDED, startedMs });
  report.tell({ type: 'bytes', bytes: size });
  return { ...(await makeNode(nodes, name, stats, { attributes })), content };
}

/** undefined, and told, if it cannot be read. */
export async function readFile(parts: ArchiverParts, found: Found, attributes: List): Promise<TreeNode | undefined> {
  const { report, nodes, reader } = parts;
  const { path, name, item, previous, startedMs } = found;
  report.tell({ type: 'file-start', item });
  const read = await reader.readFile(path, Number(found.stats.size));
  report.tell({ type: 'file-end', item });
  if (read instanceof Error) {
    tellUnlessGone(parts, path, read);
    return undefined;
  }
  const { content, size, stats, added } = read;
  // The metadata is that of the moment before the first byte was read, the size that of what was read.
  const node = { ...(await makeNode(nodes, name, stats, { attributes })), size, content };
  report.done({ item, kind: 'file', action: actionOf(previous, node), size, added, startedMs });
  return node;
}
