/**
 * Where the targets of a backup come to lie in its snapshot, as restic arranges them: an absolute path with all folders
 * above it, a relative one with its own, and of '.', '..' and '/' what is in them. Of two targets with one first name but
 * in different places the second gets "-1" behind it.
 */

import { SyncError } from '../base/errors.js';
import { compareNames } from '../repo/tree.js';
import { cleanPath, joinPath, pathSteps, rootOf, volumeOf } from './target-path.js';

export interface TargetTree {
  /** In the order of names in a tree. */
  readonly children: readonly (readonly [string, TargetNode])[];
}

export type TargetNode = TargetLeaf | TargetFolder;

/** What lies at `path` belongs here. */
export interface TargetLeaf {
  readonly kind: 'leaf';
  /** As the target was given: maybe relative. */
  readonly path: string;
  /** Whether it is named by the caller; what is only found in a target may be excluded. */
  readonly isExplicit: boolean;
}

/** A folder of which only `children` belong here; its metadata is that of `path`. */
export interface TargetFolder extends TargetTree {
  readonly kind: 'folder';
  readonly path: string;
}

/** Names in a folder; `path` may be relative. */
export type ListFolder = (path: string) => Promise<readonly string[]>;

interface Draft {
  readonly children: Map<string, Draft>;
  path: string | undefined;
  isExplicit: boolean;
  /** Set for folders above a target. */
  infoPath?: string;
  /** Where the first step of the target lies. */
  root?: string;
}

/** Throws 'usage' for targets that cannot lie in one snapshot, and what `list` throws. */
export async function resolveTargets(
  targets: readonly string[],
  list: ListFolder,
  platform: NodeJS.Platform = process.platform,
): Promise<TargetTree> {
  const top = newDraft();
  const seen = new Set<string>();
  for (const { path, isExplicit } of await inlineTops(targets, list, platform)) {
    if (seen.has(path)) continue;
    seen.add(path);
    addTarget(top, path, isExplicit, platform);
  }
  await unroll(top, list, platform);
  return finish(top);
}

function newDraft(): Draft {
  return { children: new Map(), path: undefined, isExplicit: false };
}

/** '.' and its like stand for what is in them. */
async function inlineTops(
  targets: readonly string[],
  list: ListFolder,
  platform: NodeJS.Platform,
): Promise<{ path: string; isExplicit: boolean }[]> {
  const result: { path: string; isExplicit: boolean }[] = [];
  for (const target of targets) {
    const isVolume = target !== '' && volumeOf(target, platform) === target;
    const path = isVolume ? `${target}\\` : cleanPath(target, platform);
    if (pathSteps(path, platform).steps.length > 0) result.push({ path, isExplicit: true });
    else {
      for (const name of await list(path)) result.push({ path: joinPath(path, name, platform), isExplicit: false });
    }
  }
  return result;
}

function addTarget(top: Draft, path: string, isExplicit: boolean, platform: NodeJS.Platform): void {
  const { steps, isVirtual } = pathSteps(path, platform);
  const [first, ...rest] = steps;
  if (first === undefined) throw new SyncError('usage', `${path} is no path that can be backed up`);
  const root = rootOf(path, platform);
  const name = freeName(top, first, root);
  let draft = top.children.get(name) ?? { ...newDraft(), root };
  top.children.set(name, draft);
  let folder = isVirtual ? root : joinPath(root, first, platform);
  for (const step of rest) {
    draft.infoPath = folder;
    const next = draft.children.get(step) ?? newDraft();
    draft.children.set(step, next);
    draft = next;
    folder = joinPath(folder, step, platform);
  }
  if (draft.path !== undefined) throw new SyncError('usage', `${path} and ${draft.path} are the same target`);
  draft.path = path;
  draft.isExplicit = isExplicit;
}

/** The name itself, or with the first number behind it that is free or belongs to the same root. */
function freeName(top: Draft, first: string, root: string): string {
  let name = first;
  for (let i = 1; top.children.has(name) && top.children.get(name)?.root !== root; i++) name = `${first}-${i}`;
  return name;
}

/** A target with further targets below it becomes a folder of all that is in it. */
async function unroll(draft: Draft, list: ListFolder, platform: NodeJS.Platform): Promise<void> {
  const { path } = draft;
  if (path !== undefined && draft.children.size > 0) {
    for (const name of await list(path)) {
      const child = draft.children.get(name) ?? newDraft();
      child.path ??= joinPath(path, name, platform);
      draft.children.set(name, child);
    }
    draft.path = undefined;
    draft.infoPath = path;
  }
  for (const child of draft.children.values()) await unroll(child, list, platform);
}

function finish(draft: Draft): TargetTree {
  const names = [...draft.children].sort(([a], [b]) => compareNames(a, b));
  return { children: names.map(([name, child]) => [name, finishNode(child)]) };
}

function finishNode(draft: Draft): TargetNode {
  const { path, isExplicit, infoPath } = draft;
  if (path !== undefined) return { kind: 'leaf', path, isExplicit };
  return { kind: 'folder', path: infoPath ?? '', children: finish(draft).children };
}
