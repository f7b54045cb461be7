/**
 * restic-ts on Windows, many command lines in one node.exe, since each start of it under wine takes a second. Bundled by
 * windows-restic.ts, and never run from here:
 *   node.exe windows-commands.mjs STEPS RESULTS        two files of JSON: Step[] and StepResult[]
 */
import { constants, readFileSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { runProgram } from '../../src/cli/restic/program.js';

export interface Step {
  readonly args: readonly string[];
  /** A Windows path. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A file that another program has open meanwhile, and shares with nobody. */
  readonly held?: string;
}

export interface StepResult {
  readonly code: number;
  /** One character per byte. */
  readonly bytes: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** libuv's flag for a file that nobody else may open; other systems do not have it. */
const EXCLUSIVE = 0x10000000;

class Collector extends Writable {
  readonly #parts: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#parts.push(Buffer.from(chunk));
    done();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

async function runStep({ args, cwd, env, held }: Step): Promise<StepResult> {
  const [out, err] = [new Collector(), new Collector()];
  const holder: FileHandle | undefined =
    held === undefined ? undefined : await open(held, constants.O_RDWR | EXCLUSIVE);
  try {
    const options = { args, env: { ...process.env, ...env }, cwd: cwd ?? process.cwd(), out, err };
    const code = await runProgram({ ...options, signal: AbortSignal.timeout(50_000) });
    const bytes = out.bytes();
    return { code, bytes: bytes.toString('latin1'), stdout: bytes.toString(), stderr: err.bytes().toString() };
  } finally {
    await holder?.close();
  }
}

const [stepsFile = '', resultsFile = ''] = process.argv.slice(2);
const steps: readonly Step[] = JSON.parse(readFileSync(stepsFile, 'utf8'));
const results: StepResult[] = [];
for (const step of steps) results.push(await runStep(step));
writeFileSync(resultsFile, JSON.stringify(results));
