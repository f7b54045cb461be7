/**
 * Where the password of the repository comes from: a command, a file, the environment, the terminal; in this order, as
 * restic looks.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { errnoOf, SyncError } from '../../base/errors.js';
import { messageOf, prefixed } from './plain-error.js';

export interface PasswordSources {
  readonly command: string | undefined;
  readonly file: string | undefined;
  /** Taken as it is. */
  readonly value: string | undefined;
  /** --insecure-no-password. */
  readonly none: boolean;
  /** What to ask in a terminal. */
  readonly prompt: string;
  /** For a repository that is made now: asked twice. */
  readonly isNew: boolean;
  readonly signal: AbortSignal;
}

/** Throws 'usage' where nothing gives a password. */
export async function readPassword(sources: PasswordSources): Promise<string> {
  const { command, file, value, none, prompt, signal } = sources;
  if (none) {
    if (command || file || value) {
      throw new SyncError('usage', '--insecure-no-password cannot be used together with a password');
    }
    return '';
  }
  const password =
    (await fromElsewhere(sources)) ??
    (value || (await (sources.isNew ? newPasswordFromTerminal(signal) : passwordFromTerminal(prompt, signal))));
  if (password === '') {
    const hint = 'Pass the flag `--insecure-no-password` to restic-ts to disable this check';
    throw new SyncError('usage', `an empty password is not allowed by default. ${hint}`);
  }
  return password;
}

/** Undefined where neither a command nor a file is named. */
async function fromElsewhere({ command, file, signal }: PasswordSources): Promise<string | undefined> {
  try {
    if (command && file) throw new SyncError('usage', 'Password file and command are mutually exclusive options');
    if (command) return await fromCommand(command, signal);
    return file ? await passwordFromFile(file) : undefined;
  } catch (error) {
    throw prefixed(error, 'Resolving password failed: ');
  }
}

/** The text without blanks around it, in UTF-8 or, with a byte order mark, UTF-16. */
export async function passwordFromFile(path: string): Promise<string> {
  try {
    return decodeText(await readFile(path)).trim();
  } catch (error) {
    const reason = errnoOf(error) === 'ENOENT' ? 'does not exist' : `cannot be read: ${messageOf(error)}`;
    throw new SyncError('usage', `the password file ${path} ${reason}`, { cause: error });
  }
}

function decodeText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder('utf-8').decode(bytes);
}

async function fromCommand(command: string, signal: AbortSignal): Promise<string> {
  const [program, ...args] = splitCommand(command);
  if (program === undefined) throw new SyncError('usage', 'the password command is empty');
  const child = spawn(program, args, { stdio: ['inherit', 'pipe', 'inherit'], signal });
  const parts: Buffer[] = [];
  child.stdout?.on('data', (part: Buffer) => parts.push(part));
  const [code] = await once(child, 'close').catch((error: unknown) => {
    throw new SyncError('usage', `the password command ${program} could not be run: ${messageOf(error)}`, {
      cause: error,
    });
  });
  if (code !== 0) throw new SyncError('usage', `the password command ${program} ended with exit code ${String(code)}`);
  return Buffer.concat(parts).toString('utf8').trim();
}

/**
 * A command line into words, as restic has it: blanks and backslashes separate, and so do quotes, in which everything is
 * as it stands, a path of Windows too. A quote behind a backslash is a character like any other.
 */
export function splitCommand(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  const endWord = (): void => {
    if (word !== '') words.push(word);
    word = '';
  };
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    const isQuote = (quote === '' ? char === '"' || char === "'" : char === quote) && line[i - 1] !== '\\';
    if (isQuote) {
      endWord();
      quote = quote === '' ? char : '';
    } else if (quote === '' && /[\s\\]/.test(char)) {
      endWord();
    } else {
      word += char;
    }
  }
  if (quote !== '') throw new SyncError('usage', `a quote is not closed in ${JSON.stringify(line)}`);
  endWord();
  return words;
}

/** Asks in a terminal without showing what is typed; a first line of standard input where that is no terminal. */
async function passwordFromTerminal(prompt: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = process;
  if (stdin.isTTY) stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: silent, terminal: stdin.isTTY === true });
  const stop = (): void => lines.close();
  signal.addEventListener('abort', stop, { once: true });
  lines.once('SIGINT', () => process.emit('SIGINT'));
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => {
        // The end of an input that nobody types is an empty password, and told as one.
        if (stdin.isTTY !== true && !signal.aborted) resolve('');
        else reject(new SyncError(signal.aborted ? 'aborted' : 'usage', 'no password was given'));
      });
    });
  } finally {
    signal.removeEventListener('abort', stop);
    lines.close();
    if (stdin.isTTY) stderr.write('\n');
  }
}

/** A new password: asked twice in a terminal. */
export async function newPasswordFromTerminal(signal: AbortSignal): Promise<string> {
  const first = await passwordFromTerminal('enter new password: ', signal);
  if (!process.stdin.isTTY) return first;
  if ((await passwordFromTerminal('enter password again: ', signal)) === first) return first;
  throw new SyncError('usage', 'the two passwords are not equal; nothing was changed');
}
