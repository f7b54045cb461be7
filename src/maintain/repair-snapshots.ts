/**
 * Snapshots without what cannot be read any more: files lose the parts that are gone, folders whose tree is gone become
 * empty, and a snapshot whose root is gone is removed. It depends on a right index: repair that first.
 */
import type { BlobId } from '../base/ids.js';
import type { NamedSnapshot } from '../browse/select.js';
import { plainLength } from '../repo/codec.js';
import type { BlobIndex } from '../repo/index.js';
import { isImpossibleName } from '../repo/node-json.js';
import type { Repository } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import { compareNames } from '../repo/tree.js';
import type { EditableNode, EditableTree } from './rewrite-nodes.js';
import { withMembers } from './rewrite-nodes.js';
import type { ReplaceOptions, ReplaceResult, SnapshotOutcome } from './rewrite-snapshot.js';
import { replaceSnapshot } from './rewrite-snapshot.js';
import { rewriteEach } from './rewrite-snapshots.js';
import type { TreeRules } from './rewrite-tree.js';

/** Something that was mended. Told once, at the first place, for what several snapshots or folders share. */
export interface Mend {
  readonly type: 'file' | 'dir';
  /** "/a/b" */
  readonly path: string;
  readonly what:
    | 'missing-content'
    | 'wrong-size'
    | 'bad-type'
    | 'bad-node'
    | 'duplicate-name'
    | 'unordered'
    | 'cut-off'
    | 'empty-directory'
    | 'not-readable';
  /** The type that no node can have, the reason why a node cannot be read. */
  readonly detail?: string;
}

export interface RepairSnapshotsOptions extends ReplaceOptions {
  readonly onMend?: ((mend: Mend) => void) | undefined;
}

const TAG = 'repaired';

/** Holds the repository exclusively, except in a dry run. Throws 'forbidden' where snapshots cannot be removed. */
export async function repairSnapshots(repo: Repository, options: RepairSnapshotsOptions = {}): Promise<ReplaceResult> {
  const { signal, lock } = options;
  if (options.dryRun === true) return repairAll(repo, undefined, options);
  return repo.exclusively({ signal, ...(lock === undefined ? {} : { lock }) }, (held) =>
    repo.writeUnder(held, { signal }, (session) => repairAll(repo, session, options)),
  );
}

async function repairAll(
  repo: Repository,
  session: WriteSession | undefined,
  options: RepairSnapshotsOptions,
): Promise<ReplaceResult> {
  const rules = (): TreeRules => mendingRules(repo.index, options.onMend ?? (() => undefined));
  return rewriteEach(repo, session, options, rules, async (one, rewriter) => {
    const { id: tree } = await rewriter.rewrite(one.snapshot.tree);
    if (tree === undefined) return removeEmpty(repo, session, one);
    return replaceSnapshot(repo, session, one, { tree }, { ...options, tag: TAG });
  });
}

async function removeEmpty(
  repo: Repository,
  session: WriteSession | undefined,
  old: NamedSnapshot,
): Promise<SnapshotOutcome> {
  if (session !== undefined) await repo.removeSnapshot(old.id, session.signal);
  return { old, kind: 'empty', removed: true };
}

function mendingRules(index: BlobIndex, tell: (mend: Mend) => void): TreeRules {
  return {
    memory: 'by-id',
    admit: (tree, path) => admit(tree, path, tell),
    node: (node, path) => mendNode(index, node, path, tell),
    keepsEmpty: () => true,
    unreadable: (path) => {
      tell({ type: 'dir', path, what: path === '/' ? 'not-readable' : 'empty-directory' });
      return path === '/' ? 'left out' : 'empty';
    },
  };
}

/** Nodes that can be read, in order, of equal names the first. Restoring the others would fail, or lead elsewhere. */
function admit(tree: EditableTree, path: string, tell: (mend: Mend) => void): readonly EditableNode[] {
  if (tree.cutOff) tell({ type: 'dir', path, what: 'cut-off' });
  if (tree.exact && tree.ordered && tree.nodes.every((node) => node.node !== undefined)) return tree.nodes;
  const sound = tree.nodes.filter((node) => {
    const detail = node.broken ?? (isImpossibleName(node.name) ? `no file can have the name ${node.name}` : undefined);
    if (detail !== undefined) tell({ type: 'dir', path, what: 'bad-node', detail });
    return detail === undefined;
  });
  const sorted = [...sound].sort((a, b) => compareNames(a.name, b.name));
  const unique = sorted.filter((node, i) => i === 0 || node.name !== sorted[i - 1]?.name);
  if (unique.length < sorted.length) tell({ type: 'dir', path, what: 'duplicate-name' });
  if (sorted.some((node, i) => node !== sound[i])) tell({ type: 'dir', path, what: 'unordered' });
  return unique;
}

function mendNode(
  index: BlobIndex,
  node: EditableNode,
  path: string,
  tell: (mend: Mend) => void,
): EditableNode | undefined {
  if (node.type === '' || node.type === 'irregular') {
    tell({ type: 'file', path, what: 'bad-type', detail: node.type });
    return undefined;
  }
  if (node.type !== 'file') return node;
  const before = node.content ?? [];
  const content: BlobId[] = [];
  let size = 0;
  for (const id of before) {
    const location = index.find('data', id);
    if (location === undefined) continue;
    content.push(id);
    size += plainLength(location);
  }
  if (content.length < before.length) tell({ type: 'file', path, what: 'missing-content' });
  else if (size !== node.size) tell({ type: 'file', path, what: 'wrong-size' });
  else if (node.content !== undefined) return node;
  return withMembers(node, { content: JSON.stringify(content), size: size > 0 ? String(size) : undefined });
}
