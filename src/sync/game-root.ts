/**
 * Where the game folder lies in a snapshot. Ours hold it at the root, as does `cd game && restic backup .`; a backup
 * of an absolute path has the whole way down to it (`/home/kim/.minecraft`, on Windows `C/Users/kim/...`).
 */
import { SyncError } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { KnownSnapshot } from './merge/heads.js';
import { isOurs } from './merge/heads.js';

/** Entries by which a game folder is known. */
const MARKS = new Set([
  'saves',
  'options.txt',
  'config',
  'mods',
  'resourcepacks',
  'screenshots',
  'servers.dat',
  '.cloud-sync',
]);
const MAX_DEPTH = 64;

/** The tree of the game folder. Throws 'unsupported' if the snapshot holds several folders and none is it. */
export async function findGameRoot(repo: Repository, known: KnownSnapshot, signal?: AbortSignal): Promise<TreeId> {
  const { snapshot } = known;
  if (isOurs(snapshot)) return snapshot.tree;
  const steps = commonSteps(snapshot.paths ?? []);
  const isOne = snapshot.paths?.length === 1;
  // The whole way down tells more than any mark: folders on it may be called as those in a game folder are.
  const whole = steps.length === 0 ? undefined : await descend(repo, snapshot.tree, steps, signal);
  if (whole !== undefined && hasMark(await repo.loadTree(whole, signal))) return whole;
  // `restic backup /home/kim/mc/saves`: a part of a game folder, whose place is one up.
  const isPart = whole !== undefined && isOne && MARKS.has(steps.at(-1) ?? '');
  if (isPart) return (await descend(repo, snapshot.tree, steps.slice(0, -1), signal)) ?? snapshot.tree;
  if (whole !== undefined && isOne) return whole;
  if (whole === undefined && hasMark(await repo.loadTree(snapshot.tree, signal))) return snapshot.tree;
  // `restic backup games/mc` from above: the tree begins somewhere on the way.
  for (let first = 1; first < steps.length; first++) {
    const part = await descend(repo, snapshot.tree, steps.slice(first), signal);
    if (part !== undefined && isOne) return part;
  }
  return descendToMark(repo, known, whole ?? snapshot.tree, isOne, signal);
}

/** The folders down to the deepest one that holds all paths: "C:\\Users\\kim" is stored as C, Users, kim. */
function commonSteps(paths: readonly string[]): string[] {
  const [first = [], ...others] = paths.map((path) =>
    path
      .replace(/^([A-Za-z]):/, '$1')
      .split(/[\\/]/)
      .filter((step) => step !== '' && step !== '.'),
  );
  const differs = first.findIndex((step, i) => others.some((other) => other[i] !== step));
  return differs < 0 ? first : first.slice(0, differs);
}

/** Undefined if not all of these folders are there, each with the next one in it and nothing else. */
async function descend(
  repo: Repository,
  from: TreeId,
  steps: readonly string[],
  signal: AbortSignal | undefined,
): Promise<TreeId | undefined> {
  if (steps.length > MAX_DEPTH) return undefined;
  let tree = from;
  for (const step of steps) {
    const [only, ...others] = await repo.loadTree(tree, signal);
    if (only?.name !== step || only.subtree === undefined || others.length > 0) return undefined;
    tree = only.subtree;
  }
  return tree;
}

/** Down while there is one folder and nothing else, to one that looks like a game's. */
async function descendToMark(
  repo: Repository,
  { id, snapshot }: KnownSnapshot,
  from: TreeId,
  isOne: boolean,
  signal: AbortSignal | undefined,
): Promise<TreeId> {
  let tree = from;
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    const nodes = await repo.loadTree(tree, signal);
    if (hasMark(nodes)) return tree;
    const [only] = nodes;
    if (nodes.length !== 1 || only?.subtree === undefined) break;
    tree = only.subtree;
  }
  // One folder was backed up, from inside: it is the one, however unlike a game it looks.
  if (isOne) return from;
  const where = (snapshot.paths ?? []).join(', ');
  throw new SyncError(
    'unsupported',
    `snapshot ${shortId(id)} holds no game folder that could be told apart (${where})`,
  );
}

function hasMark(nodes: readonly TreeNode[]): boolean {
  return nodes.some((node) => MARKS.has(node.name));
}
