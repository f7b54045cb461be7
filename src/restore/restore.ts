/**
 * `restore`: what a snapshot's tree holds becomes files again. The trees are walked; each file that is there already is
 * compared; missing content is fetched pack by pack; links and devices follow; what does not belong goes; metadata comes
 * last. An item that fails is told, and the others go on. See restore-types.ts for what can be asked for.
 */
import type { TreeId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import { sizeOf } from './compare-file.js';
import { deleteExtra } from './delete-extra.js';
import type { KernelCalls } from './kernel-calls.js';
import { chooseKernelCalls, NO_CALLS } from './kernel-calls.js';
import { LocalNames } from './local-names.js';
import { makeNodes } from './make-nodes.js';
import { OwnerIds } from './owner-ids.js';
import type { FileJob, FilePlan } from './plan-files.js';
import { planFiles } from './plan-files.js';
import { RestoreProgress } from './restore-progress.js';
import type { Choice, RestoreOptions, RestoreResult } from './restore-types.js';
import type { SelectedItem, SelectedItems } from './select-items.js';
import { selectItems } from './select-items.js';
import { AttributeSetter } from './set-attributes.js';
import type { MetadataOptions, Restored } from './set-metadata.js';
import { setMetadata } from './set-metadata.js';
import { TargetFolder } from './target-folder.js';
import { verifyFiles } from './verify-files.js';
import type { WrittenFiles } from './write-files.js';
import { writeFiles } from './write-files.js';

const ALL: Choice = { selected: true, childMayBeSelected: true };

/**
 * The index must be loaded. Throws 'io' if the target cannot be made, 'aborted', and what the backend throws if it
 * cannot be reached; what fails of single items is in the result.
 */
export async function restore(repo: Repository, tree: TreeId, options: RestoreOptions): Promise<RestoreResult> {
  const run = new Run(repo, options);
  return run.all(tree);
}

class Run {
  readonly #repo: Repository;
  readonly #options: RestoreOptions;
  readonly #progress: RestoreProgress;
  readonly #target: TargetFolder;
  readonly #select: NonNullable<RestoreOptions['select']>;

  constructor(repo: Repository, options: RestoreOptions) {
    this.#repo = repo;
    this.#options = options;
    this.#progress = new RestoreProgress(options.onEvent);
    this.#target = new TargetFolder({ ...this.#common, target: options.target });
    this.#select = options.select ?? (() => ALL);
  }

  get #common() {
    const { dryRun = false, overwrite = 'always', signal } = this.#options;
    return { dryRun, overwrite, signal, progress: this.#progress };
  }

  async all(tree: TreeId): Promise<RestoreResult> {
    const { dryRun = false, verify = false, signal } = this.#options;
    const progress = this.#progress;
    await this.#target.makeRoot();
    const names = LocalNames.forTarget(dryRun ? undefined : this.#target.pathOf(''));
    const items = await selectItems(this.#repo, tree, { ...this.#common, select: this.#select, names });
    const plan = await planFiles(this.#repo, items, { ...this.#common, target: this.#target });
    const written = dryRun ? this.#pretend(plan.jobs) : await this.#write(plan.jobs);
    await this.#finish(items, plan, written);
    const result = { ...progress.totals, errors: progress.errors, seconds: progress.seconds };
    if (!verify || dryRun || progress.errors.length > 0) return { ...result, leftOut: progress.leftOut };
    progress.verifying();
    const filesVerified = await verifyFiles(this.#repo, plan.jobs, progress, signal);
    return { ...result, leftOut: progress.leftOut, filesVerified };
  }

  #pretend(jobs: readonly FileJob[]): WrittenFiles {
    for (const { item, action } of jobs) {
      const size = item.node.size ?? 0;
      this.#progress.wrote(size);
      this.#progress.finished(action, 'file', item.path, size);
    }
    return { touched: new Set(), made: new Map(), failed: new Set() };
  }

  async #write(jobs: readonly FileJob[]): Promise<WrittenFiles> {
    const { createExecutor, sparse = false, delete: removeFolders = false } = this.#options;
    const bytes = jobs.reduce((sum, { pieces }) => sum + sizeOf(pieces), 0);
    const work = await createExecutor?.(bytes);
    try {
      return await writeFiles(this.#repo, jobs, { ...this.#common, sparse, removeFolders, work });
    } finally {
      await work?.close();
    }
  }

  /** All but the contents of files. */
  async #finish(items: SelectedItems, plan: FilePlan, written: WrittenFiles): Promise<void> {
    const { dryRun = false } = this.#options;
    const kernel = dryRun ? NO_CALLS : await chooseKernelCalls();
    try {
      const others = items.inOrder.filter((one): one is SelectedItem => 'folder' in one && !isPlainFile(one));
      const made = await makeNodes(others, { ...this.#common, target: this.#target, kernel });
      if (this.#options.delete)
        await deleteExtra(items, { ...this.#common, target: this.#target, select: this.#select });
      const files = [...plan.unchanged, ...[...written.touched].map(({ item }) => item)];
      if (dryRun) await this.#finishFolders(items);
      else await this.#setAllMetadata(items, this.#leaves(files, made, written), kernel);
    } finally {
      kernel.close();
    }
  }

  #leaves(files: readonly SelectedItem[], others: readonly SelectedItem[], written: WrittenFiles): Restored[] {
    const fresh = new Map([...written.made].map(([{ item }, mode]) => [item, { folder: item.folder, mode }]));
    return [...files, ...namesOfTheirOwn(others, new Set(files))].map((item) => {
      const { path, node } = item;
      return { path, node, full: this.#target.pathOf(path), made: fresh.get(item) };
    });
  }

  async #setAllMetadata(items: SelectedItems, leaves: readonly Restored[], kernel: KernelCalls): Promise<void> {
    const { selectAttribute: select = () => true, ownershipByName = false } = this.#options;
    const attributes = await AttributeSetter.start({ kernel, select, progress: this.#progress });
    const ownerIds = ownershipByName ? new OwnerIds() : undefined;
    try {
      const options = { ...this.#common, kernel, attributes, ownerIds };
      await setMetadata(leaves, options);
      await this.#finishFolders(items, options);
    } finally {
      attributes.close();
    }
  }

  async #finishFolders({ folders }: SelectedItems, metadata?: MetadataOptions): Promise<void> {
    const there: Restored[] = [];
    for (const folder of folders) {
      const { path, node } = folder;
      if (node === undefined || !(await this.#target.ensure(folder))) continue;
      there.push({ path, node, full: this.#target.pathOf(path) });
    }
    const good = metadata === undefined ? new Set(there) : await setMetadata(there, metadata);
    for (const one of there) if (good.has(one)) this.#progress.finished('restored', 'folder', one.path);
  }
}

function isPlainFile({ node, linkTo }: SelectedItem): boolean {
  return node.type === 'file' && linkTo === undefined;
}

/** Without the further names of files whose metadata is set under their first name. */
function namesOfTheirOwn(made: readonly SelectedItem[], files: ReadonlySet<SelectedItem>): SelectedItem[] {
  return made.filter(({ linkTo }) => linkTo === undefined || !files.has(linkTo));
}
