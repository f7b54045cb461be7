/** The recovery code, from where a person has it: a file, a pipe, or paper. */
import { readFile } from 'node:fs/promises';
import { ioError, SyncError } from '../../base/errors.js';
import { ask } from './read-token.js';

/** Bytes; far above any way to write it. */
const LARGEST = 4096;

/** "-" is standard input; without a file it is asked for in a terminal, where it shows, as it is copied by hand. */
export async function readCode(file: string | undefined): Promise<string> {
  if (file === '-') return ask(process.stdin, '');
  if (file === undefined) {
    if (process.stdin.isTTY) return ask(process.stdin, 'Recovery code: ');
    throw new SyncError('usage', 'recover needs the recovery code: give its file with --code-file, or "-" for stdin');
  }
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw ioError(error, 'cannot read the recovery code from', file);
  });
  if (text.length > LARGEST) throw new SyncError('usage', `${file} is too long for a recovery code`);
  return text;
}
