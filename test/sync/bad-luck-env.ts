/**
 * What the tests of bad luck have in common: commands of a PC in a cloud that is as far as the command needs it, and
 * what has to be true once the player has run pull and push again.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { codeOf, newCloud, type TestCloud, type TestPc } from '../helpers/two-pcs.js';

// A disk takes milliseconds to have something for certain, and there are thousands of times to wait for.
if (existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm';

export type Files = Readonly<Record<string, string>>;

export const START: Files = {
  'saves/A/level.dat': 'a',
  'saves/A/region/r': 'region of a',
  'saves/B/level.dat': 'b',
  'options.txt': 'fov:70',
};

export interface Scene {
  readonly cloud: TestCloud;
  /** The one that has bad luck, and another one of the player's. */
  readonly pc: TestPc;
  readonly other: TestPc;
  /** What the folder holds before the command. */
  readonly before: Files;
  /** What both hold in the end. */
  readonly after: Files;
  /** Snapshots in the end. */
  readonly snapshots: number;
  run(): Promise<unknown>;
}

export interface Act {
  readonly title: string;
  /** Whether the command is a pull, which changes the folder. */
  readonly changes: boolean;
  start(): Promise<Scene>;
}

function putAll(pc: TestPc, files: Files): void {
  for (const [path, content] of Object.entries(files)) pc.put(path, content);
}

async function both(): Promise<{ cloud: TestCloud; pc: TestPc; other: TestPc }> {
  const cloud = await newCloud();
  const [pc, other] = [await cloud.pc(), await cloud.pc()];
  putAll(other, START);
  await other.push();
  await pc.pull();
  return { cloud, pc, other };
}

const OF_PC = { 'saves/B/level.dat': 'played here', 'saves/B/region/r': 'new here' };
const OF_OTHER = { 'saves/A/level.dat': 'played there', 'saves/A/region/r': 'region there', 'config/new': 'there' };

async function playedHere(command: 'push' | 'pull'): Promise<Scene> {
  const made = await both();
  putAll(made.pc, OF_PC);
  const before = { ...START, ...OF_PC };
  return { ...made, before, after: before, snapshots: 2, run: () => made.pc[command]() };
}

async function playedThere(isPlayedHere: boolean, command: 'push' | 'pull'): Promise<Scene> {
  const made = await both();
  putAll(made.other, OF_OTHER);
  await made.other.push();
  if (isPlayedHere) putAll(made.pc, OF_PC);
  const before = isPlayedHere ? { ...START, ...OF_PC } : START;
  const snapshots = isPlayedHere ? 4 : 2;
  return { ...made, before, after: { ...before, ...OF_OTHER }, snapshots, run: () => made.pc[command]() };
}

/** Every kind of push and pull that does something. */
export const ACTS: readonly Act[] = [
  {
    title: 'a first push',
    changes: false,
    start: async () => {
      const cloud = await newCloud();
      const [pc, other] = [await cloud.pc(), await cloud.pc()];
      putAll(pc, START);
      return { cloud, pc, other, before: START, after: START, snapshots: 1, run: () => pc.push() };
    },
  },
  { title: 'a later push', changes: false, start: () => playedHere('push') },
  { title: 'a push that merges', changes: false, start: () => playedThere(true, 'push') },
  { title: 'a pull', changes: true, start: () => playedThere(false, 'pull') },
  { title: 'a pull that merges', changes: true, start: () => playedThere(true, 'pull') },
  { title: 'a pull that sends what the last session left', changes: false, start: () => playedHere('pull') },
];

export function shown(files: Files | ReadonlyMap<string, string>): [string, string][] {
  const rows: [string, string][] = files instanceof Map ? [...files] : Object.entries(files);
  return rows.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The folder is as before the command or, after a pull, as it shall be; never something between. */
export function expectWhole({ pc, before, after }: Scene, { changes }: Pick<Act, 'changes'>): void {
  const allowed = changes ? [shown(before), shown(after)] : [shown(before)];
  expect(allowed).toContainEqual(shown(pc.files()));
}

/** What tells whether anything has come of a command: the names of all that the cloud holds, the folder, the state. */
async function traces({ cloud: { backend }, pc }: Scene): Promise<string> {
  const lists = FILE_TYPES.map(async (type) => (await backend.list(type)).map(({ name }) => name).sort());
  const state = readIfThere(join(pc.cloudFolder, 'state.json'));
  return JSON.stringify([await Promise.all(lists), await backend.stat('config', ''), shown(pc.files()), state]);
}

const FILE_TYPES = ['data', 'index', 'keys', 'locks', 'snapshots'] as const;

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/**
 * Starts the act anew for each try, but not if nothing has come of the last one: what would be tried is the same.
 * `attempt` says whether there was nothing to try with this number any more, and whether the folder may be between two
 * states, which the next command has to end. Returns the number of tries.
 */
export async function forEachPoint(
  act: Act,
  attempt: (scene: Scene, n: number) => Promise<{ readonly isLast: boolean; readonly isLeft?: boolean }>,
): Promise<number> {
  let scene = await act.start();
  let fresh = await traces(scene);
  for (let n = 1; ; n++) {
    const { isLast, isLeft = false } = await attempt(scene, n);
    if (!isLeft) expectWhole(scene, act);
    if (!isLast && (await traces(scene)) === fresh) continue;
    await expectSettled(scene);
    if (isLast) return n;
    scene = await act.start();
    fresh = await traces(scene);
  }
}

/**
 * The player goes on, pull before the game and push after it: both PCs come to hold all that was played on either, the
 * cloud has one head and no snapshot that is not whole, and no version was sent twice. `mayRepeat`: one may have been.
 */
export async function expectSettled(
  { cloud, pc, other, after, snapshots }: Scene,
  { mayRepeat = false }: { readonly mayRepeat?: boolean } = {},
): Promise<void> {
  expect(await codeOf(pc.pull())).toBe('ok');
  expect(await codeOf(pc.push())).toBe('ok');
  expect(await codeOf(other.pull())).toBe('ok');
  for (const one of [pc, other]) expect(shown(one.files())).toEqual(shown(after));
  const all = await cloud.snapshots();
  const contents = await Promise.all(all.map(({ id }) => cloud.content(id)));
  const followed = new Set(
    all.flatMap(({ snapshot: { parent, tags = [] } }) => [parent, ...tags.map((tag) => tag.replace('follows:', ''))]),
  );
  const heads = contents.filter((_, i) => !followed.has(all[i]?.id));
  expect(new Set(heads.map((head) => JSON.stringify(shown(head))))).toEqual(new Set([JSON.stringify(shown(after))]));
  if (mayRepeat) return;
  expect(heads).toHaveLength(1);
  expect(all).toHaveLength(snapshots);
}
