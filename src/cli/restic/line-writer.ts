/**
 * Long lists on standard output: lines are gathered and written in blocks, no faster than the reader takes them. File
 * names keep their bytes. What has been gathered is lost without `flush`.
 */
import { rawToBytes } from '../../base/raw-string.js';
import type { Output } from './output.js';

/** In UTF-16 units. */
const BLOCK = 64 * 1024;

export class LineWriter {
  readonly #out: Output;
  #parts: string[] = [];
  #size = 0;

  constructor(out: Output) {
    this.#out = out;
  }

  /** A line; as in restic, a text that ends with a line feed gets no second one. */
  line(text: string): Promise<void> {
    return this.text(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** As it is. */
  async text(text: string): Promise<void> {
    this.#parts.push(text);
    this.#size += text.length;
    if (this.#size >= BLOCK) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#size === 0) return;
    const block = this.#parts.join('');
    this.#parts = [];
    this.#size = 0;
    await this.#out.write(rawToBytes(block));
  }
}

/** Runs `work` with a writer; what it wrote comes out also if it fails. */
export async function writingLines<T>(out: Output, work: (lines: LineWriter) => Promise<T>): Promise<T> {
  const lines = new LineWriter(out);
  try {
    return await work(lines);
  } finally {
    await lines.flush();
  }
}
