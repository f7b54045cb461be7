/**
 * The questions of a hook in a terminal: the same choices as in the window, by letters. An empty line is the last of
 * them, which decides nothing; so is the end of the input, and what is not understood.
 */
import { createInterface, type Interface } from 'node:readline';
import type { ConflictDetails, ConflictQuestion, Deletion, Relocation, UnitStand } from '../../index.js';
import { formatBytes, formatCount, toPrintable } from '../../ui/format.js';
import type { Answer, Choice } from '../../ui/protocol.js';

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: { write(text: string): unknown };
}

export interface PromptOptions {
  readonly task: 'pull' | 'push';
  /** Once it fires, nobody waits for the answer. */
  readonly signal: AbortSignal | undefined;
}

const TRIES = 3;

interface Option<T> {
  readonly key: string;
  readonly text: string;
  readonly value: T;
}

type WayOut = 'play' | 'cancel';

export async function promptConflict(
  terminal: Terminal,
  conflict: ConflictQuestion,
  details: ConflictDetails,
  options: PromptOptions,
): Promise<Answer> {
  const cloud = sideName(conflict.cloud, conflict.local);
  const local = sideName(conflict.local, conflict.cloud);
  const first = conflict.reason === 'first-contact';
  return withLines(terminal, options, async (lines) => {
    lines.say('');
    lines.say(first ? 'This PC has worlds, and so has the cloud:' : 'Both sides changed the same since the last sync:');
    for (const [name, side] of [
      [local, details.local],
      [cloud, details.cloud],
    ] as const) {
      lines.say(`  ${name}${side.time === undefined ? '' : `, ${localTime(side.time)}`}${gameOf(side.minecraft)}`);
    }
    const units: [string, Choice][] = [];
    for (const { id, kind, local: here, cloud: there } of conflict.units) {
      const found = details.units.find((unit) => unit.id === id);
      lines.say('');
      lines.say(kind === 'world' ? `World "${found?.name ?? id}" (${id})` : `File ${id}`);
      lines.say(`  ${local}: ${standLine(found?.local ?? here)}`);
      lines.say(`  ${cloud}: ${standLine(found?.cloud ?? there)}`);
      const both = here !== undefined && there !== undefined;
      const answer = await lines.choose([
        { key: '1', text: `use that of ${local}`, value: 'local' },
        { key: '2', text: `use that of ${cloud}`, value: 'cloud' },
        ...(both ? [{ key: '3', text: 'keep both, the second under another name', value: 'keep-both' } as const] : []),
        ...wayOut(options.task),
      ]);
      if (answer === 'play' || answer === 'cancel') return { kind: answer };
      units.push([id, answer]);
    }
    if (units.length > 0) return { kind: 'conflict', units: Object.fromEntries(units) };
    const take = { key: '1', text: 'take what both have: nothing is replaced', value: 'merge' } as const;
    const answer = await lines.choose([take, ...wayOut(options.task)]);
    return answer === 'merge' ? { kind: 'conflict', units: {} } : { kind: answer };
  });
}

export function promptDeletion(terminal: Terminal, deletion: Deletion, options: PromptOptions): Promise<Answer> {
  const { files, ofFiles, worlds } = deletion;
  return withLines(terminal, options, async (lines) => {
    lines.say('');
    lines.say(`Since the last sync ${files} of ${formatCount(ofFiles, 'file')} are gone from this PC.`);
    for (const world of worlds) lines.say(`  the whole of ${world}`);
    const answer = await lines.choose([
      { key: '1', text: 'bring them back from the cloud', value: 'restore' },
      { key: '2', text: 'it was meant: remove them from the cloud, too (the history keeps them)', value: 'send' },
      ...wayOut(options.task),
    ]);
    return answer === 'play' || answer === 'cancel' ? { kind: answer } : { kind: 'deletion', deletion: answer };
  });
}

export function promptRelocation(terminal: Terminal, found: Relocation, options: PromptOptions): Promise<Answer> {
  return withLines(terminal, options, async (lines) => {
    lines.say('');
    lines.say('This game folder was synchronised at another place, and that one is still there:');
    lines.say(`  before: ${found.from}`);
    lines.say(`  now:    ${found.to}`);
    const answer = await lines.choose([
      { key: '1', text: 'it was moved: it stays the same instance', value: 'moved' },
      { key: '2', text: 'it is a copy: it becomes an instance of its own', value: 'copied' },
      ...wayOut(options.task),
    ]);
    return answer === 'play' || answer === 'cancel' ? { kind: answer } : { kind: 'relocation', relocation: answer };
  });
}

function wayOut(task: 'pull' | 'push'): readonly Option<WayOut>[] {
  if (task === 'push') return [{ key: 'l', text: 'decide later', value: 'play' }];
  return [
    { key: 'p', text: 'play without synchronising', value: 'play' },
    { key: 'c', text: 'cancel the launch', value: 'cancel' },
  ];
}

interface Lines {
  say(text: string): void;
  choose<T>(options: readonly Option<T | WayOut>[]): Promise<T | WayOut>;
}

async function withLines(
  terminal: Terminal,
  { signal }: PromptOptions,
  work: (lines: Lines) => Promise<Answer>,
): Promise<Answer> {
  // Not `terminal: true`: the system's own line editing leaves Ctrl-C to whoever handles it here anyway.
  const input = createInterface({ input: terminal.input, terminal: false });
  const say = (text: string): void => void terminal.output.write(`${toPrintable(text)}\n`);
  const next = lineReader(input, signal);
  try {
    return await work({
      say,
      choose: async (options) => {
        for (const { key, text } of options) say(`  [${key}] ${text}`);
        for (let i = 0; i < TRIES; i++) {
          terminal.output.write(`Your choice (Enter: ${options.at(-1)?.text}): `);
          const line = (await next())?.trim().toLowerCase();
          if (line === undefined) break;
          const chosen = line === '' ? options.at(-1) : options.find(({ key }) => key === line);
          if (chosen !== undefined) return chosen.value;
          say(`"${line}" is none of them`);
        }
        return 'cancel';
      },
    });
  } finally {
    input.close();
  }
}

/** Undefined at the end of the input, and once nobody waits. */
function lineReader(input: Interface, signal: AbortSignal | undefined): () => Promise<string | undefined> {
  const typed: string[] = [];
  const waiting: ((line: string | undefined) => void)[] = [];
  let ended = signal?.aborted === true;
  const end = (): void => {
    ended = true;
    for (const resolve of waiting.splice(0)) resolve(undefined);
  };
  input.on('line', (line) => {
    const resolve = waiting.shift();
    if (resolve === undefined) typed.push(line);
    else resolve(line);
  });
  input.once('close', end);
  signal?.addEventListener('abort', end, { once: true });
  return () => {
    const line = typed.shift();
    if (line !== undefined || ended) return Promise.resolve(line);
    return new Promise((resolve) => waiting.push(resolve));
  };
}

function sideName({ where, hostname, time }: ConflictQuestion['local'], other: ConflictQuestion['local']): string {
  if (where === 'this-pc') return 'this PC';
  const isTold = other.where === 'this-pc' || other.hostname !== hostname || time === undefined;
  return isTold ? `the cloud (${hostname})` : `the cloud (${hostname}, ${localTime(time)})`;
}

function standLine(
  stand: (Partial<UnitStand> & { readonly files: number; readonly bytes: number }) | undefined,
): string {
  if (stand === undefined) return 'deleted';
  const { files, bytes, lastPlayed, added = 0, changed = 0, removed = 0 } = stand;
  const counts = [
    [added, 'new'],
    [changed, 'changed'],
    [removed, 'removed'],
  ] as const;
  const changes = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const played = lastPlayed === undefined ? [] : [`last played ${localTime(lastPlayed)}`];
  return [formatCount(files, 'file'), formatBytes(bytes), ...played, ...changes].join(', ');
}

function gameOf(minecraft: string | undefined): string {
  return minecraft === undefined ? '' : `, Minecraft ${minecraft}`;
}

/** "2026-11-22 18:05", by this PC's clock and zone. */
function localTime(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
