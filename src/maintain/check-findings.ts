/**
 * What a check can find. Errors are damage: something cannot be restored, or will not be some day. Warnings lose no data
 * of a snapshot; hints name what a repair or a prune would tidy up.
 */
import { isSyncError } from '../base/errors.js';
import type { BlobId, IndexId, PackId, SnapshotId, TreeId } from '../base/ids.js';

export type FindingCode =
  /** An index file that cannot be read. Nothing that needs the index is looked at then. */
  | 'index-unreadable'
  /** Index files that give the same blob of a pack different lengths. */
  | 'index-conflict'
  /** Compressed blobs, which a repository of version 1 cannot have. */
  | 'compressed-in-version-1'
  /** A hint: several index files name the same pack. */
  | 'pack-in-several-indexes'
  /** A hint: trees and data in one pack. */
  | 'mixed-pack'
  /** A hint: blobs that lie in more than one place. */
  | 'duplicate-blobs'
  /** The index names a pack that is not there. */
  | 'pack-missing'
  /** A pack that is shorter or longer than the index says. */
  | 'pack-size'
  /** A pack whose own header is sound, while the index has other blobs of it. */
  | 'index-disagrees'
  /** A pack of the right size whose blobs, by the index, overlap or leave gaps. */
  | 'index-gaps'
  /** A hint: a pack that no index file names. */
  | 'pack-unreferenced'
  /** A pack that was read whole, and has wrong bytes. `problems` says which. */
  | 'pack-damaged'
  /** A pack that could not be read to its end. */
  | 'pack-unreadable'
  | 'snapshot-unreadable'
  /** Asked for by name, and not there. */
  | 'snapshot-not-found'
  /** In no index. */
  | 'tree-missing'
  /** No copy of it can be read. */
  | 'tree-unreadable'
  /** A tree that breaks the rules of the format. */
  | 'tree-invalid'
  /** A file's content is in no index. */
  | 'blob-missing'
  /** A hint: what no snapshot needs. Looked for on request. */
  | 'unused-blobs'
  /** A warning: a key file that opens nothing any more. */
  | 'key-damaged';

export interface Finding {
  readonly severity: 'error' | 'warning' | 'hint';
  readonly code: FindingCode;
  /** One line, without "error:". */
  readonly message: string;
  readonly packs?: readonly PackId[];
  readonly blobs?: readonly BlobId[];
  readonly indexes?: readonly IndexId[];
  readonly snapshot?: SnapshotId | undefined;
  readonly tree?: TreeId;
  /** One of the paths by which the tree is reached, and the snapshot of it: "1a2b3c4d:/home/x". */
  readonly path?: string;
  /** Of a damaged pack: everything that is wrong with it. */
  readonly problems?: readonly string[];
}

/** As restic's summary of `check --json`. */
export interface CheckSummary {
  readonly numErrors: number;
  /** What `repair packs` should be given, sorted. */
  readonly brokenPacks: readonly PackId[];
  readonly suggestRepairIndex: boolean;
  readonly suggestPrune: boolean;
}

const REPAIR_INDEX: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'index-unreadable',
  'index-conflict',
  'compressed-in-version-1',
  'pack-in-several-indexes',
  'index-disagrees',
  'index-gaps',
]);
const PRUNE: ReadonlySet<FindingCode> = new Set<FindingCode>(['mixed-pack', 'pack-unreferenced']);
const BROKEN_PACK: ReadonlySet<FindingCode> = new Set<FindingCode>(['pack-size', 'index-disagrees', 'pack-damaged']);

export class Findings {
  readonly all: Finding[] = [];
  readonly #onFinding: ((finding: Finding) => void) | undefined;

  constructor(onFinding?: (finding: Finding) => void) {
    this.#onFinding = onFinding;
  }

  add(finding: Finding): void {
    this.all.push(finding);
    this.#onFinding?.(finding);
  }

  error(code: FindingCode, message: string, members: Partial<Finding> = {}): void {
    this.add({ ...members, severity: 'error', code, message });
  }

  hint(code: FindingCode, message: string, members: Partial<Finding> = {}): void {
    this.add({ ...members, severity: 'hint', code, message });
  }

  summary(): CheckSummary {
    const errors = this.all.filter((one) => one.severity === 'error');
    const broken = new Set(errors.filter((one) => BROKEN_PACK.has(one.code)).flatMap((one) => one.packs ?? []));
    return {
      numErrors: errors.length,
      brokenPacks: [...broken].sort(),
      suggestRepairIndex: this.all.some((one) => REPAIR_INDEX.has(one.code)),
      suggestPrune: this.all.some((one) => PRUNE.has(one.code)),
    };
  }
}

/**
 * What is wrong with a file, where the error is about that file. All else (no server, no permission to ask, cancelled) is
 * thrown: it says nothing of the repository.
 */
export function defectOf(error: unknown): string {
  if (isSyncError(error, 'damaged', 'not-found', 'unsupported', 'io', 'server')) return error.message;
  throw error;
}
