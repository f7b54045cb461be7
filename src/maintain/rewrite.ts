/**
 * Snapshots written anew without some of their files, with another host or time, or with a summary where they have none.
 * A tree that would lose something by being written again (a member of a newer version) is refused.
 */
import { SyncError } from '../base/errors.js';
import { shortId } from '../base/ids.js';
import type { NamedSnapshot } from '../browse/select.js';
import { goQuote } from '../repo/go-quote.js';
import { GO_ZERO_TIME } from '../repo/go-time.js';
import type { Repository } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import type { Snapshot, SnapshotSummary } from '../repo/snapshot.js';
import type { EditableNode, EditableTree } from './rewrite-nodes.js';
import type { NewState, ReplaceOptions, ReplaceResult, SnapshotOutcome } from './rewrite-snapshot.js';
import { replaceSnapshot } from './rewrite-snapshot.js';
import { rewriteEach } from './rewrite-snapshots.js';
import type { RewrittenTree, TreeRewriter, TreeRules } from './rewrite-tree.js';

export interface PathIncluder {
  matches(path: string): boolean;
  /** Whether anything below a folder may match. */
  childMayMatch(path: string): boolean;
}

export interface RewriteOptions extends ReplaceOptions {
  /** Paths to leave out, with all that is in them; "/a/b". */
  readonly exclude?: ((path: string) => boolean) | undefined;
  /** What to keep; folders stay where something of them is kept, or they match themselves. Not both. */
  readonly include?: PathIncluder | undefined;
  /** RFC 3339 */
  readonly time?: string | undefined;
  readonly hostname?: string | undefined;
  /** Count files and bytes for snapshots that have no summary. */
  readonly summary?: boolean | undefined;
  /** Told of each path that is left out by `exclude`, or taken by `include`, in each snapshot; takes more time. */
  readonly onPath?: ((path: string, isFolder: boolean) => void) | undefined;
}

const TAG = 'rewrite';

/**
 * Holds the repository exclusively if snapshots are to be removed; takes no lock in a dry run that removes none.
 * Throws what went wrong with the first snapshot that cannot be rewritten, naming it.
 */
export async function rewriteSnapshots(repo: Repository, options: RewriteOptions): Promise<ReplaceResult> {
  const { signal } = options;
  if (options.exclude !== undefined && options.include !== undefined) {
    throw new SyncError('usage', 'exclude and include patterns are mutually exclusive');
  }
  const locking = { signal, ...(options.lock === undefined ? {} : { lock: options.lock }) };
  if (options.forget === true) {
    return repo.exclusively(locking, (held) =>
      options.dryRun === true
        ? rewriteAll(repo, undefined, options)
        : repo.writeUnder(held, { signal }, (session) => rewriteAll(repo, session, options)),
    );
  }
  if (options.dryRun === true) return rewriteAll(repo, undefined, options);
  return repo.write(locking, (session) => rewriteAll(repo, session, options));
}

async function rewriteAll(
  repo: Repository,
  session: WriteSession | undefined,
  options: RewriteOptions,
): Promise<ReplaceResult> {
  const rewriteIt = (one: NamedSnapshot, rewriter: TreeRewriter): Promise<SnapshotOutcome> =>
    rewriteOne(repo, session, one, rewriter, options);
  return rewriteEach(repo, session, options, () => rulesOf(options), rewriteIt);
}

async function rewriteOne(
  repo: Repository,
  session: WriteSession | undefined,
  one: NamedSnapshot,
  rewriter: TreeRewriter,
  options: RewriteOptions,
): Promise<SnapshotOutcome> {
  try {
    const state = await newState(one.snapshot, rewriter, options);
    // Nothing of it was asked for: it stays as it is, and is not emptied.
    if (state === undefined) return { old: one, kind: 'unchanged', removed: false };
    return await replaceSnapshot(repo, session, one, state, { ...options, tag: TAG });
  } catch (error) {
    if (!(error instanceof SyncError) || error.code === 'aborted') throw error;
    const message = `unable to rewrite snapshot ID "${shortId(one.id)}": ${error.message}`;
    throw new SyncError(error.code, message, { cause: error, details: error.details, retryable: error.retryable });
  }
}

async function newState(
  snapshot: Snapshot,
  rewriter: TreeRewriter,
  options: RewriteOptions,
): Promise<NewState | undefined> {
  const { time, hostname } = options;
  const filters = options.exclude !== undefined || options.include !== undefined;
  const counts = filters || (options.summary === true && snapshot.summary === undefined);
  if (!counts) return { tree: snapshot.tree, time, hostname };
  const rewritten = await rewriter.rewrite(snapshot.tree);
  if (rewritten.id === undefined) return undefined;
  return { tree: rewritten.id, summary: summaryOf(snapshot, rewritten), time, hostname };
}

function summaryOf({ summary }: Snapshot, { files, bytes }: RewrittenTree): SnapshotSummary {
  return { ...(summary ?? NO_SUMMARY), totalFilesProcessed: files, totalBytesProcessed: bytes };
}

const NO_SUMMARY: SnapshotSummary = {
  backupStart: GO_ZERO_TIME,
  backupEnd: GO_ZERO_TIME,
  filesNew: 0,
  filesChanged: 0,
  filesUnmodified: 0,
  dirsNew: 0,
  dirsChanged: 0,
  dirsUnmodified: 0,
  dataBlobs: 0,
  treeBlobs: 0,
  dataAdded: 0,
  dataAddedPacked: 0,
  totalFilesProcessed: 0,
  totalBytesProcessed: 0,
};

function rulesOf({ exclude, include, onPath }: RewriteOptions): TreeRules {
  return {
    memory: onPath !== undefined ? 'none' : exclude !== undefined || include !== undefined ? 'by-path' : 'by-id',
    admit,
    node: (node, path) => {
      if (include !== undefined) return includes(include, node, path, onPath) ? node : undefined;
      if (exclude?.(path) !== true) return node;
      onPath?.(path, node.type === 'dir');
      return undefined;
    },
    keepsEmpty: (path) => {
      if (include === undefined) return true;
      const keeps = path !== '/' && include.matches(path);
      if (keeps) onPath?.(path, true);
      return keeps;
    },
    unreadable: (_path, error) => {
      throw error ?? new SyncError('damaged', 'a folder has no tree');
    },
  };
}

function includes(include: PathIncluder, node: EditableNode, path: string, onPath: RewriteOptions['onPath']): boolean {
  if (node.type === 'dir') return include.childMayMatch(path) || include.matches(path);
  if (!include.matches(path)) return false;
  onPath?.(path, false);
  return true;
}

function admit(tree: EditableTree, path: string): readonly EditableNode[] {
  const at = `"${goQuote(path)}"`;
  const broken = tree.nodes.find((node) => node.broken !== undefined)?.broken;
  if (broken !== undefined) throw new SyncError('damaged', `the tree at ${at} cannot be rewritten: ${broken}`);
  if (!tree.ordered)
    throw new SyncError('damaged', `the tree at ${at} is damaged: its nodes are not ordered or duplicate`);
  if (!tree.exact) throw new SyncError('unsupported', `cannot encode tree at ${at} without losing information`);
  return tree.nodes;
}
