/** Extended attributes for a backup: from this machine's tool for them, or none, which is told once. */
import { SyncError } from '../base/errors.js';
import { rawToBytes } from '../base/raw-string.js';
import type { AttributeReader, Attributes } from './attributes.js';
import { NO_ATTRIBUTES } from './attributes.js';
import type { LeftOut } from './backup-types.js';
import type { ChosenReader } from './extended-attributes.js';
import { chooseAttributeReader } from './extended-attributes.js';

export class AttributeSource {
  #reader: AttributeReader | undefined;
  #leftOut: LeftOut | undefined;

  readonly #onFailure: (error: Error) => void;

  private constructor(chosen: ChosenReader, onFailure: (error: Error) => void) {
    this.#reader = chosen.reader;
    this.#onFailure = onFailure;
    if (chosen.missing !== undefined) this.#leaveOut(chosen.missing);
  }

  /** `onFailure` is told once if the tool fails while the backup runs. */
  static async open(
    onFailure: (error: Error) => void,
    choose: () => Promise<ChosenReader> = chooseAttributeReader,
  ): Promise<AttributeSource> {
    return new AttributeSource(await choose(), onFailure);
  }

  /** Set if attributes are missing from here on, or from the beginning. */
  get leftOut(): LeftOut | undefined {
    return this.#leftOut;
  }

  /** One result for each path; absolute paths. */
  async read(paths: readonly string[]): Promise<readonly Attributes[]> {
    const reader = this.#reader;
    if (reader !== undefined && paths.length > 0) {
      try {
        return await reader.read(paths.map(rawToBytes));
      } catch (error) {
        // The files themselves can still be saved; those that ask now have not been told of the failure yet.
        if (this.#reader !== undefined) this.#fail(error instanceof Error ? error : new Error(String(error)));
      }
    }
    return paths.map(() => NO_ATTRIBUTES);
  }

  /** Also ends what is under way: it then gets no attributes. */
  close(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.close();
  }

  #fail(error: Error): void {
    this.#leaveOut(error.message);
    this.close();
    this.#onFailure(error);
  }

  #leaveOut(reason: string): void {
    this.#leftOut ??= { what: 'extended attributes', reason };
  }
}

/** For a file of which the attributes could not be had. */
export function attributeError(path: string, errno: string, attribute: string | undefined): SyncError {
  const what = attribute === undefined ? 'the extended attributes' : `the extended attribute ${attribute}`;
  return new SyncError('io', `cannot read ${what} of ${path}: ${errno}`, { details: { errno, path } });
}
