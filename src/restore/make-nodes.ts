/**
 * Everything that is no folder and has no content: symlinks, further names of files, pipes, devices. Made after the
 * files, so that no link is there while one is written. What stands in the place is taken away first.
 */
import { link, symlink } from 'node:fs/promises';
import { forEachLimit } from '../base/concurrency.js';
import { ioError, SyncError } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';
import type { KernelCall, KernelCalls } from './kernel-calls.js';
import { mayOverwrite } from './plan-files.js';
import type { RestoreProgress } from './restore-progress.js';
import { systemError } from './restore-progress.js';
import type { Overwrite } from './restore-types.js';
import type { SelectedItem } from './select-items.js';
import type { TargetFolder } from './target-folder.js';
import { lookAt, removeThere } from './target-folder.js';
import { unixType } from './unix-mode.js';

export interface MakeOptions {
  readonly target: TargetFolder;
  readonly overwrite: Overwrite;
  readonly dryRun: boolean;
  readonly kernel: KernelCalls;
  readonly progress: RestoreProgress;
  readonly signal?: AbortSignal | undefined;
}

/** Handled together; also how many calls go to the tools at once. */
const WINDOW = 256;
const PARALLEL = 8;

type Outcome = 'made' | 'kept' | 'for the tools' | 'no tools' | 'failed';

/** Returns those that were made, whose metadata is still to be set. */
export async function makeNodes(items: readonly SelectedItem[], options: MakeOptions): Promise<SelectedItem[]> {
  const { progress, signal } = options;
  const made: SelectedItem[] = [];
  for (let from = 0; from < items.length; from += WINDOW) {
    const window = items.slice(from, from + WINDOW);
    const outcomes = new Map<SelectedItem, Outcome>();
    await forEachLimit(window, PARALLEL, async (item) => void outcomes.set(item, await make(item, options)), signal);
    await askTools(window, outcomes, options);
    for (const item of window) {
      const outcome = outcomes.get(item);
      if (outcome === 'kept') progress.skipped(item.path, item.linkTo === undefined ? (item.node.size ?? 0) : 0);
      if (outcome === 'no tools')
        progress.omitted('pipes and devices', 'mkfifo and mknod are not installed', item.path);
      if (outcome !== 'made') continue;
      progress.finished('restored', 'other', item.path);
      made.push(item);
    }
  }
  return made;
}

async function make(item: SelectedItem, options: MakeOptions): Promise<Outcome> {
  const { target, overwrite, dryRun, progress } = options;
  const path = target.pathOf(item.path);
  try {
    if (!(await target.ensure(item.folder))) return 'failed';
    const there = await target.lookAt(item);
    if (there !== undefined && !mayOverwrite(overwrite, item.node, there)) return 'kept';
    if (dryRun) return 'made';
    // Asked before anything is taken away.
    const how = await howToMake(item, options);
    if (how === undefined) return 'no tools';
    if (there !== undefined) await removeThere(path, there, false);
    return (await how(path)) ?? 'made';
  } catch (error) {
    progress.failed(item.path, ioError(error, 'cannot make', path));
    return 'failed';
  }
}

/** undefined for what this system has no tools to make. */
async function howToMake(
  item: SelectedItem,
  options: MakeOptions,
): Promise<((path: string) => Promise<Outcome | undefined>) | undefined> {
  const { target, kernel } = options;
  const { node, linkTo } = item;
  if (linkTo !== undefined) {
    const other = target.pathOf(linkTo.path);
    const there = await lookAt(other);
    if (!there?.isFile()) {
      throw new SyncError('io', `cannot link ${item.path} to ${linkTo.path}: that was not restored`);
    }
    return async (path) => void (await link(toFsPath(other), toFsPath(path)));
  }
  if (node.type === 'symlink') {
    return async (path) => void (await symlink(toFsPath(node.linktarget ?? ''), toFsPath(path)));
  }
  if (node.type === 'irregular') throw new SyncError('unsupported', `${item.path} is of a kind that cannot be made`);
  if (kernel.kinds.has('node')) return async () => 'for the tools';
  if (process.platform === 'win32') {
    throw new SyncError('unsupported', `${item.path} cannot exist on Windows: it is a pipe or a device`);
  }
  return undefined;
}

async function askTools(
  window: readonly SelectedItem[],
  outcomes: Map<SelectedItem, Outcome>,
  { target, kernel, progress }: MakeOptions,
): Promise<void> {
  const items = window.filter((item) => outcomes.get(item) === 'for the tools');
  if (items.length === 0) return;
  const calls = items.map(({ path, node }): KernelCall => {
    return { kind: 'node', path: target.pathOf(path), mode: unixType(node.type) + 0o600, device: node.device ?? 0n };
  });
  const failures = await kernel.run(calls);
  for (const [i, item] of items.entries()) {
    const errno = failures[i];
    outcomes.set(item, errno === undefined ? 'made' : 'failed');
    if (errno !== undefined) progress.failed(item.path, systemError('cannot make', target.pathOf(item.path), errno));
  }
}
