/**
 * Pipes, devices, attributes and times by the tools of a system without perl: one shell for each batch, which starts a
 * tool for each call. The shell reads its commands from standard input, since names that are not UTF-8 cannot be
 * arguments of a program that Node starts. After each command it writes the tool's complaint, or nothing, and \0.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bytes } from '../base/bytes.js';
import { concatBytes, toBase64, utf8 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import { rawToBytes } from '../base/raw-string.js';
import { formatGoTime } from '../repo/go-time.js';
import type { KernelCall, KernelCalls } from './kernel-calls.js';

const LIMIT_MS = 10 * 60_000;
const FIFO = 0o010000;
const CHARACTERS = 0o020000;
const TYPE = 0o170000;
/** What tools say in the C locale, for what the kernel said. */
const ERRORS: readonly (readonly [string, string])[] = [
  ['Permission denied', 'EACCES'],
  ['Operation not permitted', 'EPERM'],
  ['Operation not supported', 'ENOTSUP'],
  ['No such file or directory', 'ENOENT'],
  ['File exists', 'EEXIST'],
  ['No space left on device', 'ENOSPC'],
];
/** A time that only a tool of full precision can set: not a whole number of microseconds. */
const PROBE_NS = 1_700_000_000_123_456_789n;

/** undefined where there is no shell, or none of the tools. */
export async function startShell(platform: NodeJS.Platform): Promise<KernelCalls | undefined> {
  const kinds = new Set<KernelCall['kind']>();
  try {
    const [fifo, node, attributes] = await runShell(
      ['mkfifo', 'mknod', 'setfattr'].map((tool) => `command -v ${tool}`),
    );
    // Only Linux's device numbers are known here.
    if (fifo === undefined && (node === undefined || platform !== 'linux')) kinds.add('node');
    if (attributes === undefined) kinds.add('set-attribute').add('remove-attribute');
    if (await canTouch()) kinds.add('times');
  } catch {
    // No shell: the caller says what is left out.
  }
  const run = (calls: readonly KernelCall[]): Promise<(string | undefined)[]> => runShell(calls.map(commandOf));
  return kinds.size === 0 ? undefined : { kinds, run, close: () => undefined };
}

/** BusyBox's touch does not know fractions of a second, and macOS's only some of its versions. */
async function canTouch(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'instance-sync-'));
  try {
    const path = join(folder, 'x');
    await writeFile(path, '');
    await runShell([commandOf({ kind: 'times', path, atimeNs: PROBE_NS, mtimeNs: PROBE_NS })]);
    return (await stat(path, { bigint: true })).mtimeNs === PROBE_NS;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function commandOf(call: KernelCall): string | Bytes {
  const path = quoted(rawToBytes(call.path));
  switch (call.kind) {
    case 'times': {
      const [atime, mtime] = [formatGoTime(call.atimeNs), formatGoTime(call.mtimeNs)];
      if (atime === mtime) return joined(`touch -h -c -d '${mtime}' `, path);
      return joined(`touch -h -c -a -d '${atime}' `, path, ` && touch -h -c -m -d '${mtime}' `, path);
    }
    case 'set-attribute': {
      const value = call.value.length === 0 ? ' ' : ` -v 0s${toBase64(call.value)} `;
      return joined('setfattr -h -n ', quoted(rawToBytes(call.name)), value, path);
    }
    case 'remove-attribute':
      return joined('setfattr -h -x ', quoted(rawToBytes(call.name)), ' ', path);
    case 'node': {
      const mode = (call.mode & 0o777).toString(8).padStart(4, '0');
      const type = call.mode & TYPE;
      if (type === FIFO) return joined(`mkfifo -m ${mode} `, path);
      const [major, minor] = numbersOf(call.device);
      return joined(`mknod -m ${mode} `, path, ` ${type === CHARACTERS ? 'c' : 'b'} ${major} ${minor}`);
    }
  }
}

/** Linux's st_rdev: minor in bits 0..7 and 20..43, major in 8..19 and 44..63. */
function numbersOf(device: bigint): readonly [major: bigint, minor: bigint] {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffff_ff00n);
  return [major, minor];
}

/** In single quotes; a path is absolute, so none is taken for an option. */
function quoted(bytes: Bytes): Bytes {
  const text = Buffer.from(bytes).toString('latin1').replaceAll("'", "'\\''");
  return Buffer.from(`'${text}'`, 'latin1');
}

function joined(...parts: readonly (string | Bytes)[]): Bytes {
  return concatBytes(parts.map((part) => (typeof part === 'string' ? utf8(part) : part)));
}

/** For each command undefined, or what went wrong. Throws 'io' if the shell cannot be run. */
async function runShell(commands: readonly (string | Bytes)[]): Promise<(string | undefined)[]> {
  if (commands.length === 0) return [];
  const lines = commands.map((one) =>
    joined('if said=$( { ', one, "; } 2>&1 </dev/null ); then printf '\\0'; else printf '%s.\\0' \"$said\"; fi\n"),
  );
  const answers = (await ask(concatBytes(lines))).split('\0');
  return commands.map((_, i) => {
    const said = answers[i] ?? 'no answer.';
    return said === '' ? undefined : (ERRORS.find(([text]) => said.includes(text))?.[1] ?? said);
  });
}

function ask(script: Bytes): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
    const child = spawn('sh', [], { env, timeout: LIMIT_MS, stdio: ['pipe', 'pipe', 'ignore'] });
    const fail = (reason: string): void => reject(new SyncError('io', `cannot set metadata: the shell: ${reason}`));
    const out: Bytes[] = [];
    child.stdout.on('data', (part: Buffer) => out.push(part));
    child.stdin.on('error', (error) => fail(error.message));
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(Buffer.from(concatBytes(out)).toString());
      else fail(signal ?? `exit code ${code}`);
    });
    child.stdin.end(script);
  });
}
