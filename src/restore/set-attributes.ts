/**
 * Extended attributes, ACLs among them: those of the snapshot are set where they differ, and others that the filter
 * selects are removed. What is there is read first, in batches.
 */
import type { AttributeReader, Attributes } from '../archive/attributes.js';
import { NOT_SUPPORTED } from '../archive/attributes.js';
import { chooseAttributeReader } from '../archive/extended-attributes.js';
import { equalBytes } from '../base/bytes.js';
import type { SyncError } from '../base/errors.js';
import { rawToBytes } from '../base/raw-string.js';
import type { KernelCall, KernelCalls } from './kernel-calls.js';
import type { RestoreProgress } from './restore-progress.js';
import { systemError } from './restore-progress.js';
import type { Restored } from './set-metadata.js';

export interface AttributeOptions {
  readonly kernel: KernelCalls;
  readonly select: (name: string) => boolean;
  readonly progress: RestoreProgress;
}

export interface AttributeOutcome {
  /** The first failure of each item that has one. */
  readonly failures: ReadonlyMap<Restored, SyncError>;
  /** Items whose attributes are not as they were. */
  readonly changed: ReadonlySet<Restored>;
  /** Items that had none, as far as that can be known. */
  readonly bare: ReadonlySet<Restored>;
}

function isBare(found: Attributes | undefined): boolean {
  return found?.list.length === 0 && found.failures.length === 0;
}

type AttributeCall = Extract<KernelCall, { kind: 'set-attribute' | 'remove-attribute' }>;

const WHAT = 'extended attributes';

export class AttributeSetter {
  readonly #options: AttributeOptions;
  readonly #reader: AttributeReader | undefined;
  readonly #missing: string;

  private constructor(options: AttributeOptions, reader: AttributeReader | undefined, missing: string) {
    this.#options = options;
    this.#reader = reader;
    this.#missing = missing;
  }

  static async start(options: AttributeOptions): Promise<AttributeSetter> {
    if (process.platform === 'win32') {
      return new AttributeSetter(options, undefined, 'Node.js has no calls for them on Windows');
    }
    const { reader, missing = '' } = await chooseAttributeReader();
    if (reader === undefined || options.kernel.kinds.has('set-attribute')) {
      return new AttributeSetter(options, reader, missing);
    }
    reader.close();
    return new AttributeSetter(options, undefined, 'neither perl nor setfattr (package "attr") is installed');
  }

  close(): void {
    this.#reader?.close();
  }

  async set(items: readonly Restored[]): Promise<AttributeOutcome> {
    const failures = new Map<Restored, SyncError>();
    const changed = new Set<Restored>();
    const bare = new Set<Restored>();
    if (this.#reader === undefined) {
      for (const { path, node } of items) if (this.#wanted(node).length > 0) this.#omit(this.#missing, path);
      return { failures, changed, bare };
    }
    const found = await this.#reader.read(items.map(({ full }) => rawToBytes(full)));
    for (const [i, item] of items.entries()) if (isBare(found[i])) bare.add(item);
    const changes = items.flatMap((item, i) =>
      this.#changes(item, found[i]?.list ?? []).map((call) => ({ item, call })),
    );
    const errors = await this.#options.kernel.run(changes.map(({ call }) => call));
    for (const [i, { item, call }] of changes.entries()) {
      const errno = errors[i];
      changed.add(item);
      if (errno === undefined || this.#isNoError(item, errno)) continue;
      const what = call.kind === 'set-attribute' ? 'set' : 'remove';
      const error = systemError(`cannot ${what} the attribute ${call.name} of`, item.full, errno);
      if (!failures.has(item)) failures.set(item, error);
    }
    return { failures, changed, bare };
  }

  #wanted({ extendedAttributes = [] }: Restored['node']): NonNullable<Restored['node']['extendedAttributes']> {
    return extendedAttributes.filter(({ name }) => this.#options.select(name));
  }

  #changes(
    { full, node }: Restored,
    found: Awaited<ReturnType<AttributeReader['read']>>[number]['list'],
  ): AttributeCall[] {
    const before = new Map(found.map(({ name, value }) => [name, value]));
    const calls: AttributeCall[] = [];
    for (const { name, value } of this.#wanted(node)) {
      const bytes = value ?? new Uint8Array();
      const old = before.get(name);
      before.delete(name);
      if (old && equalBytes(old, bytes)) continue;
      calls.push({ kind: 'set-attribute', path: full, name, value: bytes });
    }
    for (const name of before.keys()) {
      if (this.#options.select(name)) calls.push({ kind: 'remove-attribute', path: full, name });
    }
    return calls;
  }

  /** What the file system has not, and what only root may: told as left out. */
  #isNoError({ path }: Restored, errno: string): boolean {
    if (NOT_SUPPORTED.has(errno)) this.#omit('the file system does not have them', path);
    else if (errno === 'EPERM' && process.getuid?.() !== 0) this.#omit('only root can set them', path);
    else return false;
    return true;
  }

  #omit(reason: string, path: string): void {
    this.#options.progress.omitted(WHAT, reason, path);
  }
}
