/** Every command that only reads: both programs print the same. What older restics do not print yet is named one by one. */
import { expect } from 'vitest';
import { z } from 'zod';
import type { Place, Program } from '../helpers/both-programs.js';
import { OURS } from '../helpers/both-programs.js';

/** What is asked for: two snapshots, of which the second is the later one, and an object of each kind. */
export interface Objects {
  readonly first: string;
  readonly second: string;
  /** The root of the second. */
  readonly tree: string;
  readonly data: string;
  readonly pack: string;
  readonly index: string;
  readonly key: string;
}

interface Question {
  readonly args: readonly string[];
  /** 'lines': in any order. */
  readonly as?: 'text' | 'lines' | 'JSON' | 'JSON lines';
  /** Members of the JSON that restic 0.14 does not know. */
  readonly newer?: readonly string[];
  /** Members that only restic 0.14 writes, and their values. */
  readonly gone?: Readonly<Record<string, unknown>>;
  /** restic 0.14 takes the snapshots as they come. */
  readonly anyOrder014?: true;
  /** 0.14 prints it otherwise, as is said where this stands. */
  readonly not014?: true;
}

const SNAPSHOT = ['program_version', 'summary'];
const RATES = ['total_uncompressed_size', 'compression_ratio', 'compression_progress', 'compression_space_saving'];

function questions(of: Objects): Question[] {
  const { first, second, tree, data, pack, index, key } = of;
  return [
    { args: ['snapshots', '--json'], as: 'JSON', newer: SNAPSHOT },
    { args: ['snapshots', '--json', '--latest', '1', '--group-by', ''], as: 'JSON', newer: SNAPSHOT },
    { args: ['ls', '--json', second], as: 'JSON lines', newer: [...SNAPSHOT, 'inode', 'message_type'] },
    { args: ['ls', '--json', first, '/source/deep'], as: 'JSON lines', newer: [...SNAPSHOT, 'inode', 'message_type'] },
    { args: ['ls', '-q', '--long', second, '--recursive', '/source/deep'] },
    ...['restore-size', 'files-by-contents', 'blobs-per-file'].map((mode): Question => {
      return { args: ['stats', '--json', '--mode', mode], as: 'JSON' };
    }),
    { args: ['stats', '--json', '--mode', 'raw-data'], as: 'JSON', newer: RATES, gone: { total_file_count: 0 } },
    { args: ['find', '--json', '*o*', '*.txt'], as: 'JSON', newer: ['inode'], anyOrder014: true },
    { args: ['find', '--long', '--snapshot', first, 'l*'] },
    // restic 0.14 prints "[]", and then the object as text.
    { args: ['find', '--json', '--tree', tree], as: 'JSON', not014: true },
    { args: ['find', '--blob', data], as: 'lines' },
    { args: ['find', '--show-pack-id', '--blob', data], as: 'lines' },
    { args: ['diff', first, second] },
    { args: ['diff', '--metadata', '--json', second, first], as: 'JSON lines' },
    { args: ['cat', 'config'] },
    { args: ['cat', 'snapshot', second], as: 'JSON', newer: SNAPSHOT },
    { args: ['cat', 'blob', tree] },
    { args: ['cat', 'blob', data] },
    // restic 0.14 has neither.
    { args: ['cat', 'tree', `${second}:/source/deep`], not014: true },
    { args: ['ls', '--json', `${second}:source/deep`], as: 'JSON lines', not014: true },
    { args: ['cat', 'key', key] },
    { args: ['cat', 'pack', pack] },
    // Older ones print a line feed after it.
    { args: ['cat', 'index', index], as: 'JSON' },
    // restic 0.14 clears bits of r that have no meaning.
    { args: ['cat', 'masterkey'], as: 'JSON', not014: true },
    ...['blobs', 'packs', 'index', 'snapshots', 'keys', 'locks'].map((kind): Question => {
      return { args: ['list', kind], as: 'lines' };
    }),
    // restic 0.14 shortens the ids.
    { args: ['key', 'list', '--json'], as: 'JSON', not014: true },
    { args: ['forget', '--dry-run', '--keep-last', '1', '--group-by', '', '--json'], as: 'JSON', not014: true },
  ];
}

/** `--no-lock` saves each of them the pause that a lock takes. */
export async function expectSameAnswers(peer: Program, place: Place, objects: Objects): Promise<void> {
  const is014 = peer.name === 'restic-0.14';
  for (const { args, as = 'text', newer = [], gone = {}, not014, anyOrder014 } of questions(objects)) {
    if (is014 && not014) continue;
    const line = [...args, '--no-lock'];
    const [real, mine] = await Promise.all([peer.ok(place, line), OURS.ok(place, line)]);
    const [wanted, had] = [read(real, as), read(mine, as)];
    const fitting = is014 ? withMembers(without(had, newer), gone) : had;
    const arranged = (value: unknown): unknown => (is014 && anyOrder014 ? inOrder(value) : value);
    expect(arranged(fitting), args.join(' ')).toEqual(arranged(wanted));
  }
}

function read(text: string, as: Question['as']): unknown {
  if (as === 'JSON') return JSON.parse(text);
  const lines = text.trimEnd().split('\n');
  if (as === 'JSON lines') return lines.map((line) => JSON.parse(line));
  return as === 'lines' ? lines.sort() : text;
}

/** Takes members away at any depth, so that what has them still differs from what it is compared with. */
function without(value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((one) => without(one, names));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !names.includes(name));
  return Object.fromEntries(kept.map(([name, one]) => [name, without(one, names)]));
}

function inOrder(value: unknown): unknown {
  const snapshotOf = (one: unknown): string => z.object({ snapshot: z.string() }).parse(one).snapshot;
  return z
    .array(z.unknown())
    .parse(value)
    .sort((a, b) => (snapshotOf(a) < snapshotOf(b) ? -1 : 1));
}

function withMembers(value: unknown, members: Readonly<Record<string, unknown>>): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? { ...members, ...value } : value;
}
