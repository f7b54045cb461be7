/**
 * `Output` on real streams. On a terminal, status lines are drawn over each other; elsewhere only final lines appear,
 * unless RESTIC_PROGRESS_FPS asks for more.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { isRaw, rawToBytes } from '../../base/raw-string.js';
import { formatDuration, formatPercent } from '../../ui/bytes.js';
import type { Counter, Output } from './output.js';

export interface TerminalOptions {
  readonly json: boolean;
  /** Whether problems are objects as well, with `json`. */
  readonly jsonProblems?: boolean;
  readonly verbosity: Output['verbosity'];
  readonly out: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly err: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** restic's rate in a terminal; with --json as well, if that is written to something that is no terminal. */
const DEFAULT_FPS = 10;
const MAX_FPS = 60;

export function createOutput(options: TerminalOptions): Output {
  return new Terminal(options);
}

class Terminal implements Output {
  readonly json: boolean;
  readonly isTerminal: boolean;
  readonly verbosity: Output['verbosity'];
  readonly #out: TerminalOptions['out'];
  readonly #err: Writable;
  readonly #jsonProblems: boolean;
  readonly #isTerminal: boolean;
  /** Milliseconds between two drawings; undefined: none. */
  readonly #pause: number | undefined;
  #drawn = 0;
  #nextAt: number;

  constructor({ json, jsonProblems, verbosity, out, err, env }: TerminalOptions) {
    this.json = json;
    this.#jsonProblems = json && jsonProblems === true;
    this.isTerminal = out.isTTY === true;
    this.verbosity = verbosity;
    this.#out = out;
    this.#err = err;
    this.#isTerminal = out.isTTY === true && env['TERM'] !== 'dumb';
    this.#pause = pauseOf(env['RESTIC_PROGRESS_FPS'], this.#isTerminal || json);
    this.#nextAt = performance.now() + (this.#pause ?? 0);
  }

  result(line: string): void {
    this.clearStatus();
    this.#out.write(bytesOf(`${line}\n`));
  }

  object(value: unknown): void {
    this.#out.write(`${JSON.stringify(value)}\n`);
  }

  info(line: string): void {
    this.#say(1, line);
  }

  infoOnTerminal(line: string): void {
    if (this.#isTerminal) this.#say(1, line);
  }

  verbose(line: string): void {
    this.#say(2, line);
  }

  debug(line: string): void {
    this.#say(3, line);
  }

  warn(line: string): void {
    this.clearStatus();
    const text = this.#jsonProblems ? JSON.stringify({ message_type: 'error', message: line }) : line;
    this.#err.write(bytesOf(`${text}\n`));
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#out.write(bytes)) await once(this.#out, 'drain');
  }

  counter(label: string, total?: number): Counter {
    const started = performance.now();
    let [count, whole] = [0, total];
    const line = (): string => {
      const time = formatDuration((performance.now() - started) / 1000);
      // Blanks in the place of the percentage.
      if (!whole) return `[${time}]          ${count} ${label}`;
      return `[${time}] ${formatPercent(count, whole)}  ${count} / ${whole} ${label}`;
    };
    return {
      add: (n) => {
        count += n;
        this.status(() => [line()]);
      },
      setTotal: (n) => {
        whole = n;
      },
      done: () => {
        this.clearStatus();
        // Without counting there is nothing to tell.
        if (count > 0 || whole !== undefined) this.#say(1, line());
      },
    };
  }

  status(lines: () => readonly string[]): void {
    if (this.json || this.verbosity === 0 || !this.#isDue()) return;
    const text = lines();
    if (!this.#isTerminal) {
      for (const line of text) this.#out.write(`${line}\n`);
      return;
    }
    this.clearStatus();
    const columns = this.#out.columns ?? 80;
    this.#out.write(text.map((line) => `${line.slice(0, columns - 1)}\n`).join(''));
    this.#drawn = text.length;
  }

  statusObject(value: () => unknown): void {
    if (this.json && this.verbosity > 0 && this.#isDue()) this.object(value());
  }

  clearStatus(): void {
    if (this.#drawn === 0) return;
    // Up over what was drawn, then clear to the end of the screen.
    this.#out.write(`\u001b[${this.#drawn}A\r\u001b[J`);
    this.#drawn = 0;
  }

  #say(level: number, line: string): void {
    if (this.json || this.verbosity < level) return;
    this.result(line);
  }

  #isDue(): boolean {
    const now = performance.now();
    if (this.#pause === undefined || now < this.#nextAt) return false;
    this.#nextAt = now + this.#pause;
    return true;
  }
}

/** File names keep their bytes. */
function bytesOf(text: string): string | Uint8Array {
  return isRaw(text) ? rawToBytes(text) : text;
}

function pauseOf(fps: string | undefined, wanted: boolean): number | undefined {
  const rate = Number(fps ?? Number.NaN);
  if (Number.isNaN(rate)) return wanted ? 1000 / DEFAULT_FPS : undefined;
  return rate > 0 ? 1000 / Math.min(rate, MAX_FPS) : undefined;
}
