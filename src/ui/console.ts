/**
 * Where a command's lines go. A hook says everything on stdout (some launchers read stderr late or never), with level
 * marks that Prism and MultiMC understand, and never more than a progress line every five seconds. In a terminal,
 * progress is one line that is drawn over; with --json every line is an object.
 */
import type { Phase, SyncEvent } from '../base/events.js';
import { formatBytes, toAscii, toPrintable } from './format.js';

export type Level = 'info' | 'warning' | 'error';

/** 'prism': a level mark before each line, which Prism and MultiMC take away; 'auto': where a launcher asks for it. */
export type LogStyle = 'auto' | 'prism' | 'plain';

export interface ConsoleOptions {
  readonly json: boolean;
  readonly out: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly err: { write(text: string): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Hooks keep to stdout. */
  readonly hook: boolean;
  /** 'auto' by default. */
  readonly logStyle?: LogStyle;
}

export interface Console {
  line(level: Level, text: string): void;
  /** An object of --json; nothing otherwise. */
  object(value: Readonly<Record<string, unknown>>): void;
  event(event: SyncEvent): void;
  /** The last word when a command fails. */
  failure(exitCode: number, code: string, message: string): void;
}

const MARKS: Readonly<Record<Level, string>> = { info: '!![Info]!', warning: '!![Warning]!', error: '!![Error]!' };
const PROGRESS_MS = 5_000;
const REDRAW_MS = 100;

const PHASES: Readonly<Record<Phase, string>> = {
  waiting: 'waiting for another sync of this instance',
  connecting: 'asking the server',
  scanning: 'looking for changes',
  uploading: 'sending',
  comparing: 'comparing',
  downloading: 'receiving',
  applying: 'putting files in place',
};

export function createConsole(options: ConsoleOptions): Console {
  const { json, out, err, env, hook, logStyle = 'auto' } = options;
  const tty = out.isTTY === true && !json;
  const marked = logStyle === 'auto' ? !tty && env['INST_ID'] !== undefined : logStyle === 'prism';
  let lastDrawn = performance.now();
  let drawn = false;

  const clear = (): void => {
    if (drawn) out.write('\r\u001b[2K');
    drawn = false;
  };
  const line = (level: Level, text: string): void => {
    if (json) return;
    clear();
    const target = level === 'info' || hook ? out : err;
    const prefix = level === 'info' ? '' : `${level}: `;
    target.write(
      `${marked ? MARKS[level] : ''}${hook ? 'instance-sync: ' : ''}${prefix}${hook ? toAscii(text) : toPrintable(text)}\n`,
    );
  };
  const object = (value: Readonly<Record<string, unknown>>): void => {
    if (json) out.write(`${JSON.stringify(value)}\n`);
  };
  const progress = (event: SyncEvent & { type: 'progress' }): void => {
    const now = performance.now();
    if (now - lastDrawn < (tty ? REDRAW_MS : PROGRESS_MS)) return;
    lastDrawn = now;
    const { type: _, ...rest } = event;
    object({ message_type: 'status', ...rest });
    const done = event.bytesTotal ? ` ${formatBytes(event.bytesDone)} of ${formatBytes(event.bytesTotal)}` : '';
    const text = `${PHASES[event.phase]}${done}`;
    if (!tty) {
      line('info', text);
      return;
    }
    clear();
    out.write(text);
    drawn = true;
  };
  return {
    line,
    object,
    event: (event) => {
      if (event.type === 'progress') {
        progress(event);
        return;
      }
      object({ message_type: 'warning', code: event.code, message: event.message });
      line('warning', event.message);
    },
    failure: (exitCode, code, message) => {
      clear();
      if (json) err.write(`${JSON.stringify({ message_type: 'exit_error', code: exitCode, error: code, message })}\n`);
      else line('error', message);
    },
  };
}
