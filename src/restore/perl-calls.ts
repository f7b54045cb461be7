/**
 * A perl beside the restore that makes system calls.
 *   to perl     frames: u32 length | fields, each u32 length | bytes; an empty frame ends a batch
 *   from perl   for each frame of the batch u32: 0, or the errno
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { getSystemErrorName } from 'node:util';
import type { Bytes } from '../base/bytes.js';
import { concatBytes, utf8 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import { rawToBytes } from '../base/raw-string.js';
import { sleep } from '../base/sleep.js';
import { secondsOf } from '../repo/go-time.js';
import type { KernelCall, KernelCalls } from './kernel-calls.js';

/** Numbers of utimensat, lsetxattr, lremovexattr and mknodat by processor, all of 64 bits, as their times are. */
const CALLS: Readonly<Record<string, readonly number[]>> = {
  x64: [280, 189, 198, 259],
  arm64: [88, 6, 15, 33],
  riscv64: [88, 6, 15, 33],
  loong64: [88, 6, 15, 33],
  ppc64: [304, 210, 219, 288],
  s390x: [315, 225, 234, 290],
};

/** -100 is AT_FDCWD, 0x100 AT_SYMLINK_NOFOLLOW. The first calls are on a path that cannot be: they must say so. */
const SCRIPT = String.raw`
use strict; binmode STDIN; binmode STDOUT;
my ($utimensat, $set, $remove, $mknodat) = map { int } @ARGV;
exit 3 if length(pack "p", "") != 8;
sub times_of { syscall($utimensat, -100, $_[0], pack("q4", split / /, $_[1]), 0x100) }
sub set_of { syscall($set, $_[0], $_[1], $_[2], length $_[2], 0) }
sub remove_of { syscall($remove, $_[0], $_[1]) }
sub node_of { syscall($mknodat, -100, $_[0], int $_[1], int $_[2]) }
my %calls = (t => \&times_of, s => \&set_of, r => \&remove_of, n => \&node_of);
my $absent = "/nonexistent/instance-sync/x";
for (["t", "0 0 0 0"], ["s", "user.a", ""], ["r", "user.a"], ["n", "4480", "0"]) {
  my ($kind, @rest) = @$_;
  exit 3 if $calls{$kind}->($absent, @rest) != -1 || int $! != 2;
}
$| = 1; print "ready\n";
my $out = "";
while (read(STDIN, my $head, 4) == 4) {
  my $length = unpack "N", $head;
  if ($length == 0) { print $out; $out = ""; next }
  last if read(STDIN, my $body, $length) != $length;
  my ($kind, @fields) = unpack "(N/a*)*", $body;
  $out .= pack "N", $calls{$kind}->(@fields) == -1 ? int $! : 0;
}
`;
const START_MS = 5000;
/** Nothing that is asked for takes long; a disk that hangs is told as such. */
const ANSWER_MS = 120_000;
const KINDS: ReadonlySet<KernelCall['kind']> = new Set(['times', 'set-attribute', 'remove-attribute', 'node']);

/** undefined where perl is not installed, or cannot make these calls here. */
export async function startPerl(): Promise<KernelCalls | undefined> {
  const calls = CALLS[process.arch];
  if (calls === undefined) return undefined;
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  const perl = new Perl(spawn('perl', ['-e', SCRIPT, ...calls.map(String)], { env, stdio: ['pipe', 'pipe', 'pipe'] }));
  if (await perl.isReady()) return perl;
  perl.close();
  return undefined;
}

class Perl implements KernelCalls {
  readonly kinds = KINDS;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #parts: Bytes[] = [];
  #length = 0;
  #wake: () => void = () => undefined;
  #dead: string | undefined;
  /** Batches are answered one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdout.on('data', (part: Buffer) => {
      this.#parts.push(part);
      this.#length += part.length;
      this.#wake();
    });
    child.stderr.resume();
    child.stdin.on('error', (error) => this.#die(error.message));
    child.on('error', (error) => this.#die(error.message));
    child.on('close', (code, signal) => this.#die(`it ended with ${signal ?? `exit code ${code}`}`));
  }

  async isReady(): Promise<boolean> {
    try {
      await this.#take('ready\n'.length, START_MS);
      return true;
    } catch {
      // Not there, or it said why not by ending: the caller has other tools.
      return false;
    }
  }

  run(calls: readonly KernelCall[]): Promise<(string | undefined)[]> {
    const answer = this.#turn.then(() => this.#ask(calls));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  close(): void {
    this.#die('it was stopped');
    this.#child.stdin.destroy();
    this.#child.kill();
  }

  async #ask(calls: readonly KernelCall[]): Promise<(string | undefined)[]> {
    if (calls.length === 0) return [];
    if (!this.#child.stdin.write(concatBytes([...calls.map(frameOf), u32(0)])) && this.#dead === undefined) {
      await Promise.race([once(this.#child.stdin, 'drain'), once(this.#child, 'close')]);
    }
    const bytes = await this.#take(4 * calls.length, ANSWER_MS);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return calls.map((_, i) => {
      const errno = view.getUint32(4 * i);
      return errno === 0 ? undefined : getSystemErrorName(-errno);
    });
  }

  async #take(length: number, limitMs: number): Promise<Bytes> {
    const timer = new AbortController();
    const late = sleep(limitMs, timer.signal).then(
      () => this.#die(`no word in ${limitMs / 1000} s`),
      () => undefined,
    );
    while (this.#length < length && this.#dead === undefined) {
      const more = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([more, late]);
    }
    timer.abort();
    if (this.#length < length) throw new SyncError('io', `cannot set metadata: perl does not answer: ${this.#dead}`);
    const bytes = concatBytes(this.#parts.splice(0));
    if (bytes.length > length) this.#parts.push(bytes.subarray(length));
    this.#length = bytes.length - length;
    return bytes.subarray(0, length);
  }

  #die(reason: string): void {
    this.#dead ??= reason;
    this.#wake();
  }
}

function frameOf(call: KernelCall): Bytes {
  const fields = fieldsOf(call).flatMap((field) => [u32(field.length), field]);
  const body = concatBytes(fields);
  return concatBytes([u32(body.length), body]);
}

function fieldsOf(call: KernelCall): Bytes[] {
  const path = rawToBytes(call.path);
  switch (call.kind) {
    case 'times':
      return [utf8('t'), path, utf8(`${timespec(call.atimeNs)} ${timespec(call.mtimeNs)}`)];
    case 'set-attribute':
      return [utf8('s'), path, rawToBytes(call.name), call.value];
    case 'remove-attribute':
      return [utf8('r'), path, rawToBytes(call.name)];
    case 'node':
      return [utf8('n'), path, utf8(String(call.mode)), utf8(String(BigInt.asUintN(32, call.device)))];
  }
}

function timespec(ns: bigint): string {
  const seconds = secondsOf(ns);
  return `${seconds} ${ns - BigInt(seconds) * 1_000_000_000n}`;
}

function u32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
