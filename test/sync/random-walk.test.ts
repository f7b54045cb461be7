/**
 * Random walks of two or three PCs that answer conflicts and mass deletions at random, held against what must be true
 * after every step:
 *   - a successful pull with no change of one's own leaves just what the head holds;
 *   - what lay on a PC is there afterwards, or in its trash, or in the history;
 *   - what was sent once can be read from the history for ever, and a push changes nothing that is out of its scope;
 *   - a command that stops at a conflict changes no file, and a pull that does so sends nothing;
 * and at the end all PCs come to have the same.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { isSyncError, SyncError } from '../../src/base/errors.js';
import type { SnapshotId } from '../../src/base/ids.js';
import type { Choice, DeletionAnswer } from '../../src/sync/merge/decisions.js';
import { findHeads } from '../../src/sync/merge/heads.js';
import { makeScope } from '../../src/sync/scope/scope.js';
import type { SyncOptions } from '../../src/sync/session.js';
import { newCloud, type TestCloud, type TestPc } from '../helpers/two-pcs.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const SCOPES = [
  undefined,
  { preset: 'worlds' },
  { exclude: ['config/**'] },
  { include: ['saves/A/**', 'options.txt'] },
] as const;
const PATHS = [
  'options.txt',
  'saves/A/level.dat',
  'saves/A/region/r.mca',
  'saves/B/level.dat',
  'config/a',
  'config/a/b',
  'config/c',
];

type Answer = 'abort' | Choice;

interface Death {
  readonly do: 'dying push' | 'dying pull';
  readonly at: number;
  readonly late: boolean;
}

type Step =
  | { readonly do: 'edit'; readonly path: string; readonly text: string; readonly time: 'now' | undefined }
  | { readonly do: 'delete'; readonly path: string }
  | { readonly do: 'rename'; readonly from: string; readonly to: string }
  | { readonly do: 'push' | 'pull'; readonly conflict: Answer; readonly deletion: DeletionAnswer }
  | { readonly do: 'give up' }
  | Death
  | { readonly do: 'scope'; readonly scope: number };

const path = fc.constantFrom(...PATHS);
// Some texts come twice: two PCs may do the same.
const text = fc.oneof(fc.constantFrom('same', 'twin'), fc.nat(99_999).map(String));
const steps = fc.array(
  fc.tuple(
    fc.nat(2),
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('edit' as const),
          path,
          text,
          time: fc.constantFrom('now' as const, undefined),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('delete' as const), path: fc.oneof(path, fc.constant('saves/A')) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('rename' as const),
          from: fc.constantFrom('saves/A', 'saves/B', 'options.txt'),
          to: fc.constantFrom('saves/B', 'saves/C', 'config/c'),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constantFrom('push' as const, 'pull' as const),
          conflict: fc.constantFrom<Answer>('abort', 'local', 'cloud', 'keep-both'),
          deletion: fc.constantFrom<DeletionAnswer>('abort', 'send', 'send', 'restore'),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('give up' as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constantFrom('dying push' as const, 'dying pull' as const),
          at: fc.integer({ min: 1, max: 30 }),
          late: fc.boolean(),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('scope' as const), scope: fc.nat(SCOPES.length - 1) }) },
    ),
  ),
  { minLength: 4, maxLength: 14 },
);

interface Player {
  readonly pc: TestPc;
  scope: (typeof SCOPES)[number];
  /** What is in scope and was common with the cloud at the last sync; undefined: nobody can tell. */
  synced: Map<string, string> | undefined;
}

class Walk {
  readonly #cloud: TestCloud;
  readonly #players: readonly Player[];
  readonly #sent = new Map<string, Map<string, string>>();

  constructor(cloud: TestCloud, players: readonly Player[]) {
    this.#cloud = cloud;
    this.#players = players;
  }

  async step(who: number, step: Step): Promise<void> {
    const player = this.#players[who % this.#players.length];
    if (player === undefined) throw new Error('nobody');
    const { pc } = player;
    if (step.do === 'edit') put(pc, step.path, step.text, step.time);
    else if (step.do === 'delete' && has(pc, step.path)) pc.remove(step.path);
    else if (step.do === 'rename') rename(pc, step.from, step.to);
    else if (step.do === 'push') await this.#push(player, answers(step));
    else if (step.do === 'pull') await this.#pull(player, answers(step));
    else if (step.do === 'give up') await this.#giveUp(player);
    else if (step.do === 'scope') this.#setScope(player, SCOPES[step.scope]);
    else if (step.do === 'dying push' || step.do === 'dying pull') await this.#die(player, step);
  }

  /** All that was ever sent is there, and all PCs meet. */
  async end(): Promise<void> {
    const all = { onConflict: 'keep-both', onDeletion: 'send' } as const;
    for (const player of this.#players) this.#setScope(player, undefined);
    for (let round = 0; round < 3; round++) {
      for (const { pc } of this.#players) {
        const before = pc.files();
        await pc.pull(all);
        await this.#expectKept(pc, before);
        await pc.push(all);
      }
    }
    const [first, ...others] = this.#players.map((player) => inScope(player, player.pc.files()));
    for (const other of others) expect(other).toEqual(first);
    const snapshots = await this.#cloud.snapshots();
    expect(findHeads(snapshots).heads).toHaveLength(1);
    const [someone] = this.#players;
    if (someone !== undefined) expect(inScope(someone, await this.#head())).toEqual(first);
    for (const [id, sent] of this.#sent) expect(await this.#content(id)).toEqual(sent);
  }

  async #push(player: Player, options: SyncOptions): Promise<void> {
    const { pc, synced } = player;
    const before = pc.files();
    const old = await this.#ids();
    const others = outOfScope(player, await this.#head());
    const isAlone = (await this.#heads()) <= 1;
    const result = await outcome(pc.push(options));
    expect(pc.files()).toEqual(before);
    const fresh = (await this.#ids()).filter((id) => !old.includes(id));
    for (const id of fresh) this.#sent.set(id, await this.#content(id));
    if (result === 'conflict') {
      // Nothing, or this PC's side.
      expect(fresh.length).toBeLessThanOrEqual(1);
      player.synced = undefined;
      return;
    }
    player.synced = typeof result === 'object' && 'merged' in result ? undefined : inScope(player, before);
    if (result.outcome !== 'sent') return;
    const content = await this.#content(result.snapshot);
    expect(inScope(player, content)).toEqual(inScope(player, before));
    if (isAlone && synced !== undefined && !('merged' in result)) expect(outOfScope(player, content)).toEqual(others);
  }

  async #pull(player: Player, options: SyncOptions): Promise<void> {
    const { pc, synced } = player;
    const before = pc.files();
    const old = await this.#ids();
    const isSame = synced !== undefined && equal(inScope(player, before), synced);
    const result = await outcome(pc.pull(options));
    const after = pc.files();
    const fresh = (await this.#ids()).filter((id) => !old.includes(id));
    for (const id of fresh) this.#sent.set(id, await this.#content(id));
    if (result === 'conflict') {
      expect(after).toEqual(before);
      return expect(fresh).toEqual([]);
    }
    await this.#expectKept(pc, before);
    if (isSame) expect(inScope(player, after)).toEqual(inScope(player, await this.#head()));
    player.synced = isSame ? inScope(player, after) : undefined;
  }

  async #ids(): Promise<string[]> {
    return (await this.#cloud.snapshots()).map(({ id }) => id);
  }

  async #heads(): Promise<number> {
    return findHeads(await this.#cloud.snapshots()).heads.length;
  }

  async #content(id: string): Promise<Map<string, string>> {
    return this.#cloud.content(id as SnapshotId);
  }

  /** Every content that lay here lies here still, or in the trash, or in the history. */
  async #expectKept(pc: TestPc, before: ReadonlyMap<string, string>): Promise<void> {
    const kept = new Set([...pc.files().values(), ...pc.trash()]);
    const lost = [...before.values()].filter((content) => content !== 'folder' && !kept.has(content));
    if (lost.length === 0) return;
    for (const id of await this.#ids()) for (const content of (await this.#content(id)).values()) kept.add(content);
    for (const content of lost) expect(kept).toContain(content);
  }

  async #giveUp(player: Player): Promise<void> {
    const { pc } = player;
    for (const name of new Set([...pc.files().keys()].map((one) => one.split('/')[0] ?? ''))) pc.remove(name);
    for (const name of ['state.json', 'files.bin']) rmSync(join(pc.cloudFolder, name), { force: true });
    const isAlone = (await this.#heads()) <= 1;
    expect(await outcome(pc.pull({ onConflict: 'keep-both' }))).not.toBe('conflict');
    player.synced = inScope(player, pc.files());
    if (isAlone) expect(player.synced).toEqual(inScope(player, await this.#head()));
  }

  #setScope(player: Player, scope: (typeof SCOPES)[number]): void {
    player.scope = scope;
    player.pc.setScope(scope as Parameters<TestPc['setScope']>[0]);
    player.synced = undefined;
  }

  async #die(player: Player, step: Death): Promise<void> {
    const { pc } = player;
    const before = pc.files();
    let calls = 0;
    const isDead = (): boolean => calls > step.at || (calls === step.at && !step.late);
    pc.hooks.before = () => {
      calls += 1;
      if (isDead()) throw new SyncError('unreachable', 'no power');
    };
    pc.hooks.after = () => {
      if (calls >= step.at) throw new SyncError('unreachable', 'no power');
    };
    const isPush = step.do === 'dying push';
    await (isPush ? pc.push() : pc.pull()).catch((error: unknown) => {
      if (!isSyncError(error, 'unreachable', 'conflict')) throw error;
    });
    pc.hooks.before = () => undefined;
    pc.hooks.after = () => undefined;
    pc.reboot();
    if (isPush) expect(pc.files()).toEqual(before);
    await this.#expectKept(pc, before);
    player.synced = undefined;
  }

  async #head(): Promise<Map<string, string>> {
    const [head] = findHeads(await this.#cloud.snapshots()).heads;
    return head === undefined ? new Map() : this.#cloud.content(head.id);
  }
}

/** Files only: folders come and go with them. */
function inScope({ scope }: Player, files: ReadonlyMap<string, string>): Map<string, string> {
  const { includesFile } = makeScope({ preset: 'personal', ...(scope as object) });
  return new Map([...files].filter(([one, content]) => content !== 'folder' && includesFile(one, 0)).sort());
}

/** What a push leaves to the other PCs. */
function outOfScope(player: Player, files: ReadonlyMap<string, string>): Map<string, string> {
  const own = inScope(player, files);
  return new Map([...files].filter(([one, content]) => content !== 'folder' && !own.has(one)).sort());
}

function equal(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

function answers(step: { readonly conflict: Answer; readonly deletion: DeletionAnswer }): SyncOptions {
  return { onConflict: step.conflict, onDeletion: step.deletion };
}

async function outcome<T>(work: Promise<T>): Promise<T | 'conflict'> {
  try {
    return await work;
  } catch (error) {
    if (isSyncError(error, 'conflict')) return 'conflict';
    throw error;
  }
}

function put(pc: TestPc, where: string, content: string, time: 'now' | undefined): void {
  const files = pc.files();
  const parts = where.split('/');
  for (let i = 1; i < parts.length; i++) {
    const above = parts.slice(0, i).join('/');
    if (files.has(above) && files.get(above) !== 'folder') pc.remove(above);
  }
  if ([...files.keys()].some((one) => one.startsWith(`${where}/`)) || files.get(where) === 'folder') pc.remove(where);
  pc.put(where, content, time);
}

function has(pc: TestPc, name: string): boolean {
  return [...pc.files().keys()].some((one) => one === name || one.startsWith(`${name}/`));
}

function rename(pc: TestPc, from: string, to: string): void {
  const isBlocked = [...pc.files().keys()].some((one) => to.startsWith(`${one}/`) && pc.files().get(one) !== 'folder');
  if (from !== to && has(pc, from) && !has(pc, to) && !isBlocked) pc.rename(from, to);
}

it('two or three PCs, whatever they do', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 3 }), steps, async (count, walk) => {
      const cloud = await newCloud();
      await cloud.create();
      const players: Player[] = [];
      for (let i = 0; i < count; i++) players.push({ pc: await cloud.pc(), scope: undefined, synced: undefined });
      const all = new Walk(cloud, players);
      players[0]?.pc.put('saves/A/level.dat', 'first');
      await all.step(0, { do: 'push', conflict: 'abort', deletion: 'abort' });
      for (let i = 1; i < count; i++) await all.step(i, { do: 'pull', conflict: 'abort', deletion: 'abort' });
      for (const [who, step] of walk) await all.step(who, step);
      await all.end();
      for (const { pc } of players) rmSync(pc.game, { recursive: true, force: true });
    }),
    { numRuns: 150, interruptAfterTimeLimit: 10_000 },
  );
});
