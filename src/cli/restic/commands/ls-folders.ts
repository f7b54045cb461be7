/** Which entries `ls` lists when folders are named, and where it has to go to find them. */
import { posix } from 'node:path';
import { SyncError } from '../../../base/errors.js';

export class FolderFilter {
  /** Each with a slash at its end. */
  readonly #folders: readonly string[];
  readonly #isRecursive: boolean;

  /** Without folders all is listed. Throws 'usage' for paths that are not absolute. */
  constructor(folders: readonly string[], isRecursive: boolean) {
    if (!folders.every((folder) => folder.startsWith('/'))) {
      throw new SyncError('usage', "All path filters must be absolute, starting with a forward slash '/'");
    }
    this.#folders = folders.map((folder) => posix.normalize(`${folder}/`));
    this.#isRecursive = isRecursive;
  }

  /** Of what the walk comes to: one of the folders, or something below. */
  lists(path: string): boolean {
    return this.#folders.length === 0 || this.#folders.some((folder) => `${path}/`.startsWith(folder));
  }

  /** Whether anything that is listed may be below: without --recursive only directly in a folder that was named. */
  enters(path: string): boolean {
    return (
      this.#folders.length === 0 ||
      this.#folders.some((folder) => folder.startsWith(`${path}/`)) ||
      (this.#isRecursive && this.lists(path))
    );
  }
}
