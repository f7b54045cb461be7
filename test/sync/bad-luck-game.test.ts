/**
 * The game writes while a push reads, though it should not: the push ends and says so, the next one has the rest, and no
 * snapshot holds a file that never was, unless that was told.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { newCloud, type TestPc } from '../helpers/two-pcs.js';

/** How long a file's time stays the same, in nanoseconds; 1: as the system has it. */
const clock = vi.hoisted(() => ({ tickNs: 1n }));

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const coarse = async (...args: Parameters<typeof lstat>): Promise<unknown> => {
    const stats = await fs.lstat(...args);
    const { tickNs } = clock;
    if (!('mtimeNs' in stats) || tickNs === 1n) return stats;
    const [mtimeNs, ctimeNs] = [stats.mtimeNs, stats.ctimeNs].map((time) => time - (time % tickNs));
    return Object.assign(Object.create(stats), { mtimeNs, ctimeNs });
  };
  return { ...fs, lstat: coarse, default: { ...fs, lstat: coarse } };
});

afterEach(() => {
  clock.tickNs = 1n;
});

/** Writes as the game does, without a pause: the region in place, piece by piece, level.dat by a rename over it. */
const GAME = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { openSync, renameSync, writeFileSync, writeSync } = require('node:fs');
  const { world, pieces, piece } = workerData;
  const region = openSync(world + '/region/r', 'r+');
  const fill = (age) => Buffer.alloc(piece, String.fromCharCode(97 + (age % 26)));
  let age = 0;
  const turn = () => {
    age += 1;
    for (let i = 0; i < pieces; i++) writeSync(region, fill(age), 0, piece, i * piece);
    writeFileSync(world + '/level.dat_new', fill(age));
    renameSync(world + '/level.dat_new', world + '/level.dat');
    if (age === 1) parentPort.postMessage('playing');
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  parentPort.on('message', () => {
    clearImmediate(next);
    parentPort.postMessage(age);
    parentPort.close();
  });
`;
const PIECES = 64;
const PIECE = 16_384;

interface Game {
  /** How often it has written everything. */
  stop(): Promise<number>;
}

async function startGame(pc: TestPc): Promise<Game> {
  const world = join(pc.game, 'saves/A');
  const worker = new Worker(GAME, { eval: true, workerData: { world, pieces: PIECES, piece: PIECE } });
  await once(worker, 'message');
  return {
    stop: async () => {
      worker.postMessage('stop');
      const [age]: number[] = await once(worker, 'message');
      return age ?? 0;
    },
  };
}

describe('while the game writes', () => {
  it('a push ends, tells what moved, and no snapshot holds what never was', async () => {
    const cloud = await newCloud();
    const pc = await cloud.pc();
    pc.put('saves/A/level.dat', 'a'.repeat(PIECE));
    pc.put('saves/A/region/r', 'a'.repeat(PIECES * PIECE));
    await pc.push();
    const game = await startGame(pc);
    const told: string[] = [];
    for (let i = 0; i < 5 || (told.length === 0 && i < 50); i++) {
      const result = await pc.push();
      if (result.outcome !== 'sent') continue;
      expect(result.files).toMatchObject({ added: 0, removed: 0 });
      const content = await cloud.content(result.snapshot);
      for (const [path, text] of content) {
        const isWhole = text === text.charAt(0).repeat(text.length);
        const isTold = result.warnings.some((line) => line.startsWith(`${path} changed while it was read`));
        expect({ path, isSound: isWhole || isTold }).toEqual({ path, isSound: true });
      }
      told.push(...result.warnings);
    }
    const age = await game.stop();
    expect(told.join('\n')).toMatch(/^saves\/A\/\S+ changed while it was read; the next push sends it again$/m);
    const last = await pc.push();
    expect(last).toMatchObject({ outcome: 'sent', warnings: [] });
    const letter = String.fromCharCode(97 + (age % 26));
    const content = 'snapshot' in last && last.snapshot !== undefined ? await cloud.content(last.snapshot) : new Map();
    expect(content).toEqual(pc.files());
    expect(content.get('saves/A/level.dat')).toBe(letter.repeat(PIECE));
    expect((await pc.push()).outcome).toBe('nothing-to-send');
  });

  it('a change within one tick of a clock of 16 ms is seen', async () => {
    const cloud = await newCloud();
    const pc = await cloud.pc();
    clock.tickNs = 16_000_000n;
    let changes = 0;
    pc.hooks.read = () => {
      changes += 1;
      writeFileSync(join(pc.game, 'config/a.toml'), String(changes));
    };
    pc.put('config/a.toml', '0', 'now');
    const told = 'config/a.toml changed while it was read; the next push sends it again';
    expect(await pc.push()).toMatchObject({ outcome: 'sent', warnings: [told] });
    pc.hooks.read = () => undefined;
    await pc.push();
    const [newest] = (await cloud.snapshots()).filter(({ snapshot }) => snapshot.parent !== undefined);
    if (newest !== undefined) expect(await cloud.content(newest.id)).toEqual(pc.files());
    expect((await pc.push()).outcome).toBe('nothing-to-send');
  });
});
