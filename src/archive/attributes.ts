/** The extended attributes of files, as one of the system's tools tells them. */
import type { Bytes } from '../base/bytes.js';
import type { ExtendedAttribute } from '../repo/tree.js';

export interface Attributes {
  readonly list: readonly ExtendedAttribute[];
  /** Why the list, or a part of it, could not be had: for each failure its errno's name and the attribute, if it was one. */
  readonly failures: readonly AttributeFailure[];
}

export interface AttributeFailure {
  /** "EACCES". */
  readonly errno: string;
  readonly attribute?: string | undefined;
}

export interface AttributeReader {
  /** Of each path (absolute, as bytes); a link's are its own. What cannot have any has an empty list. */
  read(paths: readonly Bytes[]): Promise<readonly Attributes[]>;
  close(): void;
}

export const NO_ATTRIBUTES: Attributes = { list: [], failures: [] };

/** Where the file or its file system knows no attributes, or no longer this one: restic does not call that an error. */
export const NOT_SUPPORTED: ReadonlySet<string> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENODATA']);
