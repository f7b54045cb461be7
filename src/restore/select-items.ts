/**
 * What of a snapshot is to be restored, as lists in the order of its trees: folders with all names that are in them,
 * and the items in them. Names of one inode become a file and links to it.
 */
import type { SyncError } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import type { WalkEntry } from '../browse/walk.js';
import { walkTree } from '../browse/walk.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { LocalNames } from './local-names.js';
import type { RestoreProgress } from './restore-progress.js';
import type { Choice } from './restore-types.js';

export interface SelectedFolder {
  /** "/a/b"; "" for the root. */
  readonly path: string;
  /** Absent for the root, which has no metadata of its own. */
  readonly node?: TreeNode;
  readonly parent?: SelectedFolder;
  readonly isSelected: boolean;
  /** Whether it, or anything below it, is selected. */
  isUsed: boolean;
  /** All that its tree holds, selected or not; undefined if that is not known. */
  names: string[] | undefined;
  /** Why it, or a folder above it, cannot be restored. */
  refused?: SyncError | undefined;
}

export interface SelectedItem {
  /** "/a/b". */
  readonly path: string;
  /** Anything but a folder or a socket. */
  readonly node: TreeNode;
  readonly folder: SelectedFolder;
  /** Set for a file that is another name of this one. */
  readonly linkTo?: SelectedItem;
}

export interface SelectedItems {
  readonly root: SelectedFolder;
  /** Items and folders that are selected, each folder before what is in it. */
  readonly inOrder: readonly (SelectedItem | SelectedFolder)[];
  /** The used ones, the root too; each behind all that are in it. */
  readonly folders: readonly SelectedFolder[];
}

export interface SelectOptions {
  readonly select: (path: string, isFolder: boolean) => Choice;
  /** undefined where every name can be had. */
  readonly names: LocalNames | undefined;
  readonly progress: RestoreProgress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A tree that cannot be read is told as the error of its folder. An item of a name that cannot be had is told and left
 * out; folders of such names are in the lists, with the reason, since something in them may be selected or not.
 */
export async function selectItems(repo: Repository, root: TreeId, options: SelectOptions): Promise<SelectedItems> {
  const { select, progress, signal } = options;
  const collector = new Collector(options);
  const walk = walkTree(repo, root, {
    signal,
    enters: (_node, path) => select(path, true).childMayBeSelected,
    onError: async ({ path, entry }, error) => {
      progress.failed(path, error);
      await collector.addUnreadable(entry);
    },
  });
  for await (const entry of walk) await collector.add(entry);
  return collector.finish();
}

class Collector {
  readonly #options: SelectOptions;
  readonly #root: SelectedFolder = { path: '', isSelected: false, isUsed: false, names: [] };
  /** From the root to the folder that the walk is in. */
  readonly #open: SelectedFolder[] = [this.#root];
  readonly #inOrder: (SelectedItem | SelectedFolder)[] = [];
  readonly #folders: SelectedFolder[] = [];
  readonly #firstNames = new Map<string, SelectedItem>();

  constructor(options: SelectOptions) {
    this.#options = options;
  }

  async add({ path, node }: WalkEntry): Promise<void> {
    const { select } = this.#options;
    const folder = this.#folderOf(path);
    folder.names?.push(node.name);
    if (node.type === 'dir') await this.#addFolder(path, node, folder);
    else if (node.type !== 'socket' && select(path, false).selected) await this.#addItem({ path, node, folder });
  }

  /** Its content is not known, so nothing in it may be taken for superfluous. */
  async addUnreadable(entry: WalkEntry | undefined): Promise<void> {
    if (entry === undefined) {
      this.#root.names = undefined;
      return;
    }
    const { path, node } = entry;
    const parent = this.#folderOf(path);
    parent.names?.push(node.name);
    (await this.#addFolder(path, node, parent)).names = undefined;
  }

  finish(): SelectedItems {
    while (this.#open.length > 0) this.#leave();
    return { root: this.#root, inOrder: this.#inOrder, folders: this.#folders };
  }

  async #addFolder(path: string, node: TreeNode, parent: SelectedFolder): Promise<SelectedFolder> {
    const { selected, childMayBeSelected } = this.#options.select(path, true);
    const names: string[] | undefined = childMayBeSelected ? [] : undefined;
    const folder: SelectedFolder = { path, node, parent, isSelected: selected, isUsed: selected, names };
    folder.refused = parent.refused ?? (await this.#options.names?.refuse(path, parent, folder));
    this.#open.push(folder);
    if (selected) this.#inOrder.push(folder);
    return folder;
  }

  async #addItem(item: SelectedItem): Promise<void> {
    const { names, progress } = this.#options;
    const { path, folder } = item;
    folder.isUsed = true;
    const isLost = folder.refused !== undefined;
    const refused = isLost ? undefined : await names?.refuse(path, folder);
    if (refused !== undefined) {
      progress.failed(path, refused);
      return;
    }
    const linkTo = isLost ? undefined : this.#otherName(item);
    this.#inOrder.push(linkTo === undefined ? item : { ...item, linkTo });
  }

  /**
   * The same inode of the same device is the same file; other content says that it changed between two looks at it,
   * and then a link would lose one of the two.
   */
  #otherName(item: SelectedItem): SelectedItem | undefined {
    const { type, links = 0n, inode = 0n, deviceId = 0n } = item.node;
    if (type !== 'file' || links <= 1n || inode === 0n) return undefined;
    const key = `${deviceId} ${inode}`;
    const first = this.#firstNames.get(key);
    if (first === undefined) this.#firstNames.set(key, item);
    return first !== undefined && hasSameContent(first.node, item.node) ? first : undefined;
  }

  /** Leaves the folders that the path is not in. */
  #folderOf(path: string): SelectedFolder {
    const parent = path.slice(0, path.lastIndexOf('/'));
    while (this.#open.length > 1 && this.#open.at(-1)?.path !== parent) this.#leave();
    return this.#open.at(-1) ?? this.#root;
  }

  #leave(): void {
    const folder = this.#open.pop();
    if (folder?.isUsed !== true) return;
    if (folder.parent !== undefined) folder.parent.isUsed = true;
    this.#folders.push(folder);
  }
}

function hasSameContent(a: TreeNode, b: TreeNode): boolean {
  const [one, other] = [a.content ?? [], b.content ?? []];
  return one.length === other.length && one.every((id, i) => id === other[i]);
}
