/** For the tests of restore: a tree in a repository in memory, restored into a new folder. */
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TreeId } from '../../src/base/ids.js';
import type { Repository } from '../../src/repo/repository.js';
import { restore } from '../../src/restore/restore.js';
import type { Choice, RestoreEvent, RestoreOptions, RestoreResult } from '../../src/restore/restore-types.js';
import type { FaultyBackend } from '../helpers/faulty-backend.js';
import { testRepository } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { type Item, storeTree } from './dump-env.js';

export interface RestoreEnv {
  readonly backend: FaultyBackend;
  readonly repo: Repository;
  readonly tree: TreeId;
  readonly target: string;
  /** Of all runs so far. */
  readonly events: RestoreEvent[];
  run(options?: Partial<RestoreOptions>): Promise<RestoreResult>;
  /** "restored /a", "deleted /b" (below the target), … sorted, and forgotten then. */
  actions(): string[];
  /** In the target. */
  path(name: string): string;
  read(name: string): string;
  /** Makes a file in the target, and the folders above it. */
  put(name: string, content: string): void;
}

export async function restoreEnv(items: Readonly<Record<string, Item>>): Promise<RestoreEnv> {
  const { backend, repo } = await testRepository();
  const tree = await storeTree(repo, items);
  const target = join(tempFolder(), 'target');
  const events: RestoreEvent[] = [];
  const path = (name: string): string => join(target, name);
  return {
    backend,
    repo,
    tree,
    target,
    events,
    path,
    run: (options = {}) => restore(repo, tree, { target, onEvent: (event) => void events.push(event), ...options }),
    actions: () => {
      const items = events.splice(0).filter((event) => event.type === 'item');
      return items.map((event) => `${event.action} ${event.path.replace(target, '')}`).sort();
    },
    read: (name) => readFileSync(path(name), 'utf8'),
    put: (name, content) => {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), content);
    },
  };
}

/** As --include has it, for one path. */
export function only(wanted: string): (path: string, isFolder: boolean) => Choice {
  return (path, isFolder) => ({
    selected: path === wanted || path.startsWith(`${wanted}/`),
    childMayBeSelected: isFolder && (`${wanted}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${wanted}/`)),
  });
}

export function kindOf(path: string): string {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return 'nothing';
  if (there.isSymbolicLink()) return 'link';
  return there.isDirectory() ? 'folder' : there.isFile() ? 'file' : 'other';
}
