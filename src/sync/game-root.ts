/**
 * Where the game folder lies in a snapshot. Ours hold it at the root, as does `cd game && restic backup .`; a backup
 * of an absolute path has the whole way down to it (`/home/kim/.minecraft`, on Windows `C/Users/kim/...`).
 */
import { SyncError } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { KnownSnapshot } from './heads.js';
import { isOurs } from './heads.js';

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
  const { snapshot, id } = known;
  if (isOurs(snapshot)) return snapshot.tree;
  const path = (snapshot.paths?.length === 1 ? snapshot.paths[0] : undefined) ?? '';
  // "C:\Users\kim" is stored as the folders C, Users, kim.
  const steps = path
    .replace(/^([A-Za-z]):/, '$1')
    .split(/[\\/]/)
    .filter((step) => step !== '');
  let tree = snapshot.tree;
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    const nodes = await repo.loadTree(tree, signal);
    const next = chooseStep(nodes, steps[depth]);
    if (next === undefined) return tree;
    tree = next;
  }
  throw new SyncError('unsupported', `snapshot ${shortId(id)} holds no game folder that could be told apart (${path})`);
}

/** undefined: this is the game folder. */
function chooseStep(nodes: readonly TreeNode[], step: string | undefined): TreeId | undefined {
  if (nodes.some((node) => MARKS.has(node.name))) return undefined;
  const folders = nodes.filter((node) => node.subtree !== undefined);
  const named = folders.find((node) => node.name === step);
  if (named?.subtree) return named.subtree;
  // The backed-up path says nothing more: whatever is here is the folder, however unlike a game it looks.
  if (step === undefined || folders.length === 0) return undefined;
  return folders.length === 1 && nodes.length === 1 ? folders[0]?.subtree : undefined;
}
