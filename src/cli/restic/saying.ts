/** Words that a command puts before what it is told went wrong. */
import { isSyncError } from '../../base/errors.js';
import { plainly, prefixed } from './plain-error.js';

interface SayingOptions {
  /** To be told without "Fatal: ". */
  readonly plain?: boolean;
}

/** Does `work`; what is wrong with names and data is told with `words` and a colon before it, if there are any. */
export async function saying<T>(words: string, work: Promise<T>, { plain = false }: SayingOptions = {}): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // All others have words of the program's own.
    if (!isSyncError(error, 'not-found', 'usage', 'damaged', 'unsupported')) throw error;
    const prefix = words === '' ? '' : `${words}: `;
    throw plain ? plainly(error, prefix) : prefixed(error, prefix);
  }
}
