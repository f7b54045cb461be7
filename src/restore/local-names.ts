/**
 * Names of a snapshot that this system cannot have: those that Windows forbids, and those that Windows or macOS takes for
 * one that is there already ("Mod" and "mod"). What has such a name is told and left out: written all the same, it would
 * lie elsewhere, or in the place of something else. Other systems have every name that a tree can hold.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SyncError } from '../base/errors.js';
import { checkPortableName } from '../base/portable-name.js';
import { toFsPath } from '../base/raw-string.js';
import type { SelectedFolder } from './select-items.js';

/** A name that is taken; `folder` is set for a folder's. */
interface Claim {
  readonly name: string;
  readonly folder: SelectedFolder | undefined;
}

export class LocalNames {
  readonly #platform: NodeJS.Platform;
  readonly #root: string | undefined;
  readonly #taken = new WeakMap<SelectedFolder, Map<string, Claim>>();

  /** `root` is a folder of the disk that is restored to, in which it is tried out whether two names are one there. */
  constructor(root: string | undefined, platform: NodeJS.Platform) {
    this.#root = root;
    this.#platform = platform;
  }

  /** undefined where every name can be had. Without a `root` names that differ only in case always count as one. */
  static forTarget(root: string | undefined, platform: NodeJS.Platform = process.platform): LocalNames | undefined {
    return platform === 'win32' || platform === 'darwin' ? new LocalNames(root, platform) : undefined;
  }

  /**
   * Why the item, or the folder `own`, cannot be in `folder`. If it can, the name is taken from here on, by a folder
   * only if that is used in the end. To be asked in the order of the tree.
   */
  async refuse(path: string, folder: SelectedFolder, own?: SelectedFolder): Promise<SyncError | undefined> {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const wrong = this.#platform === 'win32' ? checkPortableName(name) : undefined;
    if (wrong !== undefined) return refusal(path, `cannot exist on Windows: its name ${wrong}`);
    const taken = this.#taken.get(folder) ?? new Map<string, Claim>();
    this.#taken.set(folder, taken);
    const key = foldName(name, this.#platform);
    const other = taken.get(key);
    if (other !== undefined && other.folder?.isUsed !== false && (await this.#areOne(other.name, name))) {
      return refusal(path, `cannot be beside ${folder.path}/${other.name}: this system takes both names for one`);
    }
    taken.set(key, { name, folder: own });
    return undefined;
  }

  /** Folders may tell letter case on Windows, whole disks on macOS. Where it cannot be tried, they do not. */
  async #areOne(a: string, b: string): Promise<boolean> {
    // Windows folds one letter to one: not "ß" to "SS".
    if (this.#platform === 'win32' && a.length !== b.length) return false;
    if (this.#root === undefined) return true;
    let folder: string | undefined;
    try {
      folder = await mkdtemp(join(this.#root, '.restic-ts-'));
      await mkdir(toFsPath(join(folder, a)));
      await mkdir(toFsPath(join(folder, b)));
      return false;
    } catch {
      // It is there already; or the disk does not let us, and then will not let us restore either.
      return true;
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Equal for names that the system may take for the same. */
export function foldName(name: string, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return name.toUpperCase();
  return platform === 'darwin' ? name.normalize('NFC').toUpperCase() : name;
}

function refusal(path: string, reason: string): SyncError {
  return new SyncError('unsafe-path', `${path} ${reason}`, { details: { path } });
}
