/** The questions in a terminal: the same choices, by letters, and nothing is decided by accident. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { promptConflict, promptDeletion, promptRelocation } from '../../../src/cli/instance-sync/prompts.js';
import type { ConflictDetails, ConflictQuestion } from '../../../src/index.js';
import type { Answer } from '../../../src/ui/protocol.js';

interface Asked {
  readonly answer: Answer;
  readonly shown: string;
}

type Ask = (
  terminal: { input: NodeJS.ReadableStream; output: { write(text: string): unknown } },
  options: { readonly task: 'pull' | 'push'; readonly signal: AbortSignal | undefined },
) => Promise<Answer>;

/** `typed`: what comes before the input ends. */
async function answers(ask: Ask, typed: string, task: 'pull' | 'push' = 'pull'): Promise<Asked> {
  const input = new PassThrough();
  input.end(typed);
  let shown = '';
  const output = {
    write: (text: string) => {
      shown += text;
    },
  };
  return { answer: await ask({ input, output }, { task, signal: undefined }), shown };
}

const stand = { files: 3, bytes: 12_300_000, added: 1, changed: 2, removed: 0, changes: [] };
const DETAILS: ConflictDetails = {
  local: { aloneWorlds: [], aloneFiles: 0 },
  cloud: { minecraft: '1.21.1', aloneWorlds: [], aloneFiles: 0 },
  units: [
    { id: 'saves/A', name: 'My \u202eWorld\u001b[2J', local: stand, cloud: { ...stand, files: 4 } },
    { id: 'saves/B', name: 'B', local: stand, cloud: undefined },
  ],
};
const CONFLICT: ConflictQuestion = {
  reason: 'both-changed',
  local: { where: 'this-pc', hostname: 'here' },
  cloud: { where: 'cloud', hostname: 'den', time: '2026-11-22T10:00:00Z' },
  units: [
    { id: 'saves/A', kind: 'world', local: stand, cloud: stand },
    { id: 'saves/B', kind: 'world', local: stand, cloud: undefined },
  ],
  details: async () => DETAILS,
};
const conflict: Ask = (terminal, options) => promptConflict(terminal, CONFLICT, DETAILS, options);

describe('a conflict', () => {
  it('world by world', async () => {
    const { answer, shown } = await answers(conflict, '3\n 1 \n');
    expect(answer).toEqual({ kind: 'conflict', units: { 'saves/A': 'keep-both', 'saves/B': 'local' } });
    expect(shown).toContain('  the cloud (den), Minecraft 1.21.1\n');
    expect(shown).toContain('  this PC: 3 files, 12.3 MB, 1 new, 2 changed\n');
    expect(shown).toContain('  the cloud (den): deleted\n');
    expect(shown.match(/\[3\] keep both/g)).toHaveLength(1);
  });

  it('no name can fake a line or move the cursor', async () => {
    const { shown } = await answers(conflict, '');
    expect(shown).toContain('World "My \\u{202e}World\\u{1b}[2J" (saves/A)');
  });

  it.each([
    ['\n', 'cancel'],
    ['', 'cancel'],
    ['1\n', 'cancel'],
    ['1\n\n', 'cancel'],
    ['3\n3\n3\n3\n', 'cancel'],
    ['x\ny\nz\n1\n1\n', 'cancel'],
    ['c\n', 'cancel'],
    ['P\n', 'play'],
    ['1\np\n', 'play'],
  ] as const)('%o: %s', async (typed, kind) => {
    expect((await answers(conflict, typed)).answer).toEqual({ kind });
  });

  it('after a game there is no launch to cancel; Enter leaves it for later', async () => {
    const { answer, shown } = await answers(conflict, '\n', 'push');
    expect(answer).toEqual({ kind: 'play' });
    expect(shown).not.toMatch(/launch|play without/);
  });

  it('worlds that meet for the first time, none by the same name', async () => {
    const first: Ask = (terminal, options) =>
      promptConflict(terminal, { ...CONFLICT, reason: 'first-contact', units: [] }, { ...DETAILS, units: [] }, options);
    expect((await answers(first, '1\n')).answer).toEqual({ kind: 'conflict', units: {} });
    expect((await answers(first, '\n')).answer).toEqual({ kind: 'cancel' });
  });

  it('nobody waits once the command is interrupted', async () => {
    const controller = new AbortController();
    const terminal = { input: new PassThrough(), output: { write: () => controller.abort() } };
    expect(await conflict(terminal, { task: 'pull', signal: controller.signal })).toEqual({ kind: 'cancel' });
  });
});

describe('the other questions', () => {
  it('a deletion', async () => {
    const deletion: Ask = (terminal, options) =>
      promptDeletion(terminal, { files: 7, ofFiles: 9, worlds: ['saves/A'] }, options);
    const { answer, shown } = await answers(deletion, '1\n');
    expect(answer).toEqual({ kind: 'deletion', deletion: 'restore' });
    expect(shown).toContain('7 of 9 files are gone from this PC.\n  the whole of saves/A\n');
    expect((await answers(deletion, '2\n')).answer).toEqual({ kind: 'deletion', deletion: 'send' });
    expect((await answers(deletion, '\n', 'push')).answer).toEqual({ kind: 'play' });
  });

  it('a relocation', async () => {
    const relocation: Ask = (terminal, options) =>
      promptRelocation(terminal, { from: '/old', to: '/new', stillThere: true }, options);
    expect((await answers(relocation, '1\n')).answer).toEqual({ kind: 'relocation', relocation: 'moved' });
    expect((await answers(relocation, '2\n')).answer).toEqual({ kind: 'relocation', relocation: 'copied' });
    expect((await answers(relocation, '')).answer).toEqual({ kind: 'cancel' });
  });
});
