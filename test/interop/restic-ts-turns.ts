/** Two programs that take turns on one repository. */
import { expect } from 'vitest';
import { expectSound, OURS, type Place, type Program } from '../helpers/both-programs.js';

export interface Snapshot {
  readonly id: string;
  readonly tree: string;
  readonly parent?: string;
  readonly original?: string;
  readonly tags?: readonly string[];
  readonly summary?: unknown;
}

/** What the summaries of all versions of restic have. */
const COUNTS = [
  ...['files_new', 'files_changed', 'files_unmodified', 'dirs_new', 'dirs_changed', 'dirs_unmodified'],
  ...['data_blobs', 'tree_blobs', 'data_added', 'total_files_processed', 'total_bytes_processed'],
];
export type Counts = Readonly<Record<string, number>>;

export class Turns {
  /** The one that made the repository first. */
  readonly both: readonly [Program, Program];
  readonly place: Place;
  /** "source" in it is what is backed up. */
  readonly cwd: string;

  constructor(both: readonly [Program, Program], place: Place, cwd: string) {
    this.both = both;
    this.place = place;
    this.cwd = cwd;
  }

  ok(program: Program, ...args: string[]): Promise<string> {
    return program.ok(this.place, args, { cwd: this.cwd });
  }

  /** A step that writes, after which both find the repository sound. */
  async write(program: Program, ...args: string[]): Promise<string> {
    const out = await this.ok(program, ...args);
    await this.sound();
    return out;
  }

  sound(): Promise<void> {
    return expectSound(this.both, this.place);
  }

  /** Oldest first. */
  async snapshots(): Promise<Snapshot[]> {
    return JSON.parse(await this.ok(OURS, 'snapshots', '--json', '--no-lock'));
  }

  async backup(program: Program, ...flags: string[]): Promise<Counts> {
    const out = await this.ok(program, 'backup', '--json', '--host', 'pc', 'source', ...flags);
    const summary: Counts = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');
    return Object.fromEntries(COUNTS.map((name) => [name, summary[name] ?? Number.NaN]));
  }
}

export function idAt(found: readonly Snapshot[], index: number): string {
  const id = found.at(index)?.id;
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  return id ?? '';
}
