/**
 * A player's answer outlives the command that asked: whatever stops it, the next one that meets the same question takes
 * the answer, and one that meets another question asks.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../../src/base/errors.js';
import type { Choice, ConflictQuestion, OnConflict, OnDeletion } from '../../../src/sync/merge/decisions.js';
import { codeOf, newCloud, type TestCloud, type TestPc } from '../../helpers/two-pcs.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));
afterEach(() => vi.restoreAllMocks());

/** Both PCs played saves/A since the last sync; a has pushed it. */
async function conflicting(): Promise<{ cloud: TestCloud; a: TestPc; b: TestPc }> {
  const cloud = await newCloud();
  const [a, b] = [await cloud.pc(), await cloud.pc()];
  a.put('saves/A/level.dat', 'old');
  a.put('saves/B/level.dat', 'other');
  a.put('options.txt', 'old');
  await a.push();
  await b.pull();
  a.put('saves/A/level.dat', 'of a');
  b.put('saves/A/level.dat', 'of b');
  await a.push();
  return { cloud, a, b };
}

const fileOf = (pc: TestPc): string => join(pc.cloudFolder, 'decision.json');
const stored = (pc: TestPc): unknown => JSON.parse(readFileSync(fileOf(pc), 'utf8'));

/** From the n-th call after its answer on, the PC is gone. */
function answerAndDie(pc: TestPc, choice: Choice, n: number): { onConflict: OnConflict; calls: () => number } {
  let calls = -1;
  pc.hooks.before = () => {
    if (calls >= 0) calls += 1;
    if (calls > n) throw new SyncError('unreachable', 'no power');
  };
  const onConflict = (): Choice => {
    calls = 0;
    return choice;
  };
  return { onConflict, calls: () => calls };
}

function revive(pc: TestPc): void {
  pc.hooks.before = () => undefined;
  pc.reboot();
}

const nobody = (): never => {
  throw new Error('asked again');
};

describe('a command that dies after the answer', () => {
  it.each([
    ['local', 'of b', 0],
    ['cloud', 'of a', 2],
  ] as const)(
    'pull, %s: the next one carries it out, wherever it was',
    { timeout: 30_000 },
    async (choice, level, first) => {
      for (let n = first; ; n += 5) {
        const { a, b } = await conflicting();
        const { onConflict, calls } = answerAndDie(b, choice, n);
        const died = (await codeOf(b.pull({ onConflict }))) !== 'ok';
        expect(calls()).toBeGreaterThanOrEqual(0);
        revive(b);
        if (died)
          expect(stored(b)).toMatchObject({ schema: 1, decisions: [{ conflict: { units: { 'saves/A': choice } } }] });
        else expect(existsSync(fileOf(b))).toBe(false);
        expect(await codeOf(b.pull({ onConflict: nobody }))).toBe('ok');
        expect(b.files().get('saves/A/level.dat')).toBe(level);
        expect(await codeOf(a.pull({ onConflict: nobody }))).toBe('ok');
        expect(a.files()).toEqual(b.files());
        if (!died) return expect(n).toBeGreaterThan(6);
      }
    },
  );

  it('push: the next pull, without a player, takes it too', async () => {
    const { a, b } = await conflicting();
    const { onConflict } = answerAndDie(b, 'keep-both', 0);
    expect(await codeOf(b.push({ onConflict }))).toBe('unreachable');
    revive(b);
    expect(await codeOf(b.pull())).toBe('ok');
    expect(existsSync(fileOf(b))).toBe(false);
    const levels = [...b.files()].filter(([path]) => path.endsWith('level.dat')).map(([, text]) => text);
    expect(levels.sort()).toEqual(['of a', 'of b', 'other']);
    expect(await codeOf(a.pull())).toBe('ok');
    expect(a.files()).toEqual(b.files());
  });

  it('a deletion: not asked again, unless something else is gone', async () => {
    const { b } = await conflicting();
    await b.pull({ onConflict: 'cloud' });
    b.remove('saves/B');
    let asked = 0;
    const onDeletion: OnDeletion = () => {
      asked += 1;
      b.hooks.before = () => {
        throw new SyncError('unreachable', 'no power');
      };
      return 'send';
    };
    expect(await codeOf(b.push({ onDeletion }))).toBe('unreachable');
    revive(b);
    expect(stored(b)).toMatchObject({ decisions: [{ deletion: 'send' }] });
    b.remove('saves/A');
    expect(await codeOf(b.push())).toBe('conflict');
    b.put('saves/A/level.dat', 'of a');
    expect(await codeOf(b.push())).toBe('ok');
    expect(existsSync(fileOf(b))).toBe(false);
    expect(asked).toBe(1);
  });
});

describe('another question is asked', () => {
  /** An answer to the conflict lies there, and nothing is carried out. */
  async function answered(): Promise<{ cloud: TestCloud; a: TestPc; b: TestPc }> {
    const made = await conflicting();
    const { onConflict } = answerAndDie(made.b, 'cloud', 0);
    expect(await codeOf(made.b.pull({ onConflict }))).toBe('unreachable');
    revive(made.b);
    return made;
  }

  it.each([
    ['the world was played here', (_: TestPc, b: TestPc) => b.put('saves/A/level.dat', 'of b, later')],
    ['another file of the world is here', (_: TestPc, b: TestPc) => b.put('saves/A/new', 'new')],
    [
      'the world was played there',
      async (a: TestPc) => {
        a.put('saves/A/level.dat', 'of a, later');
        await a.push();
      },
    ],
    [
      'the cloud has a newer version',
      async (a: TestPc) => {
        a.put('options.txt', 'new');
        await a.push();
      },
    ],
  ] as const)('%s', async (_, change) => {
    const { a, b } = await answered();
    await change(a, b);
    const before = b.files();
    expect(await codeOf(b.pull())).toBe('conflict');
    expect(b.files()).toEqual(before);
    const asked: ConflictQuestion[] = [];
    const onConflict = (question: ConflictQuestion): Choice => {
      asked.push(question);
      return 'local';
    };
    expect(await codeOf(b.pull({ onConflict }))).toBe('ok');
    expect(asked).toHaveLength(1);
    expect(existsSync(fileOf(b))).toBe(false);
  });

  it('both sides changed while the player thought: asked again, and nothing is mixed up', async () => {
    const { a, b } = await conflicting();
    const asked: (string | undefined)[] = [];
    const onConflict = async (question: ConflictQuestion): Promise<Choice> => {
      asked.push(question.cloud.snapshot);
      if (asked.length === 1) {
        a.put('saves/A/level.dat', 'of a, later');
        await a.push();
      }
      return 'cloud';
    };
    expect(await codeOf(b.pull({ onConflict }))).toBe('ok');
    expect(new Set(asked).size).toBe(2);
    expect(b.files().get('saves/A/level.dat')).toBe('of a, later');
  });

  it.each(['{', '[]', '{"schema":1,"decisions":[{"question":1}]}', '{"schema":9,"decisions":[]}'])(
    'a damaged file: %s',
    async (text) => {
      const { b } = await answered();
      writeFileSync(fileOf(b), text);
      const told: string[] = [];
      const onProgress = (event: { type: string; message?: string }): void => void told.push(event.message ?? '');
      expect(await codeOf(b.pull({ onProgress }))).toBe('conflict');
      expect(told.join('\n')).toMatch(/decision\.json .*asked again/);
      expect(await codeOf(b.pull({ onConflict: 'local' }))).toBe('ok');
      expect(existsSync(fileOf(b))).toBe(false);
    },
  );

  it('a value wins over what is written down', async () => {
    const { b } = await answered();
    expect(await codeOf(b.pull({ onConflict: 'abort' }))).toBe('conflict');
    expect(await codeOf(b.pull({ onConflict: 'local' }))).toBe('ok');
    expect(b.files().get('saves/A/level.dat')).toBe('of b');
  });
});

describe('while a callback thinks', () => {
  it('nothing is locked on the server', async () => {
    const { cloud, b } = await conflicting();
    let locks = -1;
    const onConflict = async (): Promise<Choice> => {
      locks = (await cloud.backend.list('locks')).length;
      return 'local';
    };
    expect(await codeOf(b.pull({ onConflict }))).toBe('ok');
    expect(locks).toBe(0);
    locks = -1;
    const other = await conflicting();
    const push = other.b.push({
      onConflict: async (): Promise<Choice> => {
        locks = (await other.cloud.backend.list('locks')).length;
        return 'local';
      },
    });
    expect(await push).toMatchObject({ outcome: 'sent', merged: {} });
    expect(locks).toBe(0);
  });

  it('an abort ends it, though the callback never does', async () => {
    const { b } = await conflicting();
    const before = b.files();
    const controller = new AbortController();
    const onConflict = (_: ConflictQuestion, signal: AbortSignal | undefined): Promise<Choice> => {
      setImmediate(() => controller.abort());
      return new Promise<Choice>(() => signal?.throwIfAborted());
    };
    expect(await codeOf(b.pull({ onConflict, signal: controller.signal }))).toBe('aborted');
    expect(b.files()).toEqual(before);
    expect(existsSync(fileOf(b))).toBe(false);
  });
});
