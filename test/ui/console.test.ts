/** What a launcher's console gets from a hook. */
import { describe, expect, it, vi } from 'vitest';
import type { ProgressEvent } from '../../src/base/events.js';
import { type Console, type ConsoleOptions, createConsole } from '../../src/ui/console.js';

interface Made {
  readonly console: Console;
  readonly out: string[];
  readonly err: string[];
}

function make(options: Partial<ConsoleOptions> = {}): Made {
  const out: string[] = [];
  const err: string[] = [];
  const console = createConsole({
    json: false,
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
    env: {},
    hook: true,
    ...options,
  });
  return { console, out, err };
}

const PRISM = { env: { INST_ID: 'x' } };

describe('lines of a hook', () => {
  it('all on standard output, errors too', () => {
    const { console, out, err } = make();
    console.line('info', 'a');
    console.line('warning', 'b');
    console.failure(1, 'usage', 'c');
    expect(out).toEqual(['instance-sync: a\n', 'instance-sync: warning: b\n', 'instance-sync: error: c\n']);
    expect(err).toEqual([]);
  });

  it('printable ASCII, each one line, whatever a name holds', () => {
    const { console, out } = make(PRISM);
    console.line('info', 'W\u00f6rld \u001b[31m\r\n!![Fatal]!\u2028x');
    expect(out).toEqual(['!![Info]!instance-sync: W\\u{f6}rld \\u{1b}[31m\\u{d}\\u{a}!![Fatal]!\\u{2028}x\n']);
  });

  it.each<[string, Partial<ConsoleOptions>, boolean]>([
    ['a launcher that marks', PRISM, true],
    ['another launcher', {}, false],
    ['a terminal inside of it', { ...PRISM, out: { write: () => true, isTTY: true } }, false],
    ['plain lines asked for', { ...PRISM, logStyle: 'plain' }, false],
    ['marks asked for', { logStyle: 'prism' }, true],
  ])('marks of Prism: %s', (_, options, marked) => {
    const lines: string[] = [];
    const isTTY = options.out?.isTTY === true;
    const { console } = make({ ...options, out: { write: (text) => lines.push(text), isTTY } });
    console.line('warning', 'x');
    expect(lines.join('').startsWith('!![Warning]!')).toBe(marked);
  });
});

const progress: ProgressEvent = {
  type: 'progress',
  phase: 'uploading',
  filesDone: 1,
  bytesDone: 1_000_000,
  bytesTotal: 2_000_000,
};

describe('progress of a hook', () => {
  it('is a line after five seconds, and never two in five', () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] });
    try {
      const { console, out } = make();
      for (let ms = 0; ms < 21_000; ms += 100) {
        console.event(progress);
        vi.advanceTimersByTime(100);
      }
      expect(out).toEqual(Array.from({ length: 4 }, () => 'instance-sync: sending 1.0 MB of 2.0 MB\n'));
    } finally {
      vi.useRealTimers();
    }
  });

  it('no warning waits for it', () => {
    const { console, out } = make();
    console.event({ type: 'warning', code: 'x', message: 'now' });
    expect(out).toEqual(['instance-sync: warning: now\n']);
  });
});
