/**
 * Extended attributes through `getfattr`, fed by xargs, since names that are not UTF-8 cannot be arguments of a program
 * that Node starts. Its answer, where bytes are escaped as \ooo:
 *     # file: /path
 *     user.name=0x76616c7565
 */
import { spawn } from 'node:child_process';
import type { Bytes } from '../base/bytes.js';
import { concatBytes, fromHex } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import { rawFromBytes } from '../base/raw-string.js';
import type { ExtendedAttribute } from '../repo/tree.js';
import type { AttributeFailure, Attributes } from './attributes.js';

const LIMIT_MS = 60_000;
const COMMAND = ['-0', 'getfattr', '-h', '-d', '-m', '-', '-e', 'hex', '--absolute-names', '--'];
const FILE_LINE = '# file: ';
const COMPLAINT = /^getfattr: (.*): ([^:]+)$/s;
/** What it says in the C locale, for what the kernel said. */
const ERRORS: ReadonlyMap<string, string> = new Map([
  ['Permission denied', 'EACCES'],
  ['Operation not permitted', 'EPERM'],
  ['No such file or directory', 'ENOENT'],
  ['Input/output error', 'EIO'],
]);
const NONE = 'Operation not supported';

export async function hasGetfattr(): Promise<boolean> {
  try {
    await askGetfattr([Buffer.from('/')]);
    return true;
  } catch {
    // Missing, or not what we know: the caller does without.
    return false;
  }
}

/** Lists are in order of names. Throws 'io' if the tool cannot be run. */
export async function askGetfattr(paths: readonly Bytes[]): Promise<Attributes[]> {
  if (paths.length === 0) return [];
  const zero = new Uint8Array(1);
  const { stdout, stderr } = await runXargs(concatBytes(paths.flatMap((path) => [path, zero])));
  const keys = paths.map(latin1);
  const lists = parseLists(stdout);
  const complaints = parseComplaints(stderr, keys);
  return keys.map((key) => ({ list: lists.get(key) ?? [], failures: complaints.get(key) ?? [] }));
}

function runXargs(input: Bytes): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
    const child = spawn('xargs', COMMAND, { env, timeout: LIMIT_MS, stdio: ['pipe', 'pipe', 'pipe'] });
    const fail = (reason: string): void =>
      reject(new SyncError('io', `cannot read extended attributes: getfattr does not answer: ${reason}`));
    const [stdout, stderr]: [Bytes[], Bytes[]] = [[], []];
    child.stdout.on('data', (part: Buffer) => stdout.push(part));
    child.stderr.on('data', (part: Buffer) => stderr.push(part));
    child.stdin.on('error', (error) => fail(error.message));
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => {
      // xargs: 123 where getfattr complained of a file, 126 and 127 where it cannot be run.
      if (code !== 0 && code !== 123) fail(signal ?? `exit code ${code}`);
      else resolve({ stdout: latin1(concatBytes(stdout)), stderr: latin1(concatBytes(stderr)) });
    });
    child.stdin.end(input);
  });
}

/** By path, both one character a byte. */
function parseLists(text: string): Map<string, ExtendedAttribute[]> {
  const lists = new Map<string, ExtendedAttribute[]>();
  let list: ExtendedAttribute[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith(FILE_LINE)) {
      list = [];
      lists.set(unescapeOctal(line.slice(FILE_LINE.length)), list);
    } else if (line !== '') {
      const equals = line.indexOf('=');
      const name = rawFromBytes(Buffer.from(unescapeOctal(line.slice(0, equals)), 'latin1'));
      list.push({ name, value: fromHex(line.slice(equals + 3)) });
    }
  }
  return lists;
}

/** "<path>: <error>", or "<path>: <attribute>: <error>"; what fits neither is held against the first path. */
function parseComplaints(text: string, keys: readonly string[]): Map<string, AttributeFailure[]> {
  const known = new Set(keys);
  const complaints = new Map<string, AttributeFailure[]>();
  const add = (path: string, failure: AttributeFailure): void => {
    const before = complaints.get(path);
    if (before === undefined) complaints.set(path, [failure]);
    else before.push(failure);
  };
  for (const line of text.split(/\n(?=getfattr: )|\n$/)) {
    const [, what, said = ''] = COMPLAINT.exec(line) ?? [];
    const errno = ERRORS.get(said) ?? said;
    if (line === '' || said === NONE) continue;
    if (what === undefined) add(keys[0] ?? '', { errno: line });
    else if (known.has(what)) add(what, { errno });
    else {
      const [, path = '', attribute] = /^(.*): (.*)$/s.exec(what) ?? [];
      if (known.has(path)) add(path, { errno, attribute });
      else add(keys[0] ?? '', { errno: line });
    }
  }
  return complaints;
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function latin1(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
