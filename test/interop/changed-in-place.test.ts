/**
 * Region files and a database that are changed in place, as the game and its mods do it: what `push` makes of them is
 * sound for every restic, and takes a fraction of what restic sends for the same changes.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { PageFile } from '../../bench/page-simulator.mjs';
import { RegionFile } from '../../bench/region-simulator.mjs';
import { compareFolders } from '../helpers/game-folder.js';
import { describeInterop, restic } from '../helpers/peers.js';
import { type Cloud, makeCloud, type Pc, startServer } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

const READERS = ['restic-0.14', 'restic-latest'] as const;
const LIMIT = 60_000;
const SEED = 1;
const CHUNKS = 400;
const PLAYED = 6;
const ROWS = 300;

/** A world on the disk, the same for the same seed. */
class World {
  readonly #files = new Map<string, RegionFile | PageFile>();
  readonly #folder: string;
  #counter = SEED;

  constructor(game: string) {
    this.#folder = join(game, 'saves', 'Home');
    for (const name of ['region/r.0.0.mca', 'region/r.0.-1.mca', 'DIM-1/region/r.0.0.mcr']) {
      const file = new RegionFile({ inPlace: name.endsWith('.mcr') });
      for (let i = 0; i < CHUNKS; i++) this.#saveChunk(file, i);
      this.#files.set(name, file);
    }
    this.#files.set('data/DistantHorizons.sqlite', new PageFile({ seed: SEED, rows: ROWS }));
    this.write();
  }

  play(): void {
    for (const file of this.#files.values()) {
      if (file instanceof PageFile) file.update(12, 2);
      else for (let i = 0; i < PLAYED; i++) this.#saveChunk(file, (this.#counter * 7919) % CHUNKS);
    }
    this.write();
  }

  write(): void {
    for (const [name, { bytes }] of this.#files) {
      const path = join(this.#folder, name);
      mkdirSync(dirname(path), { recursive: true });
      // The last of these is as a game that was killed leaves it: no whole number of sectors.
      writeFileSync(path, name.endsWith('.mcr') ? bytes.subarray(0, bytes.length - 1000) : bytes);
    }
  }

  #saveChunk(file: RegionFile, index: number): void {
    this.#counter += 1;
    const parts: Buffer[] = [];
    const length = 4000 + ((this.#counter * 31) % 6000);
    for (let i = 0; i * 64 < length; i++) parts.push(createHash('sha512').update(`${this.#counter} ${i}`).digest());
    file.save(index, Buffer.concat(parts, length), 1_700_000_000 + this.#counter);
  }
}

/** Bytes of all files. */
function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  );
}

describeInterop('files changed in place', [...READERS, 'rest-server-latest'], () => {
  let cloud: Cloud;
  let pc: Pc;
  /** What each program's repository has grown by, at first and after the play. */
  const grown = { ours: [0, 0], restic: [0, 0] };

  beforeAll(async () => {
    cloud = makeCloud(await startServer('rest-server-latest'));
    pc = cloud.pc();
    await pc.init();
    const world = new World(pc.game);
    const theirs = { repo: join(tempFolder(), 'repo'), password: 'correct horse' };
    expect((await restic('restic-latest', ['init'], theirs)).code).toBe(0);
    for (const round of [0, 1]) {
      if (round === 1) world.play();
      const before =
        round === 0
          ? { ours: 0, restic: sizeOf(theirs.repo) }
          : { ours: sizeOf(cloud.folder), restic: sizeOf(theirs.repo) };
      expect(await pc.push()).toMatchObject({ outcome: 'sent' });
      if (round === 0) await cloud.cheapen();
      expect((await restic('restic-latest', ['backup', join(pc.game, 'saves')], theirs)).code).toBe(0);
      grown.ours[round] = sizeOf(cloud.folder) - before.ours;
      grown.restic[round] = sizeOf(theirs.repo) - before.restic;
    }
  }, LIMIT);

  it('takes about as much as restic at first, and a fraction of it after the play', () => {
    const [first, then] = [0, 1].map((round) => (grown.ours[round] ?? 0) / (grown.restic[round] ?? 0));
    expect(first).toBeLessThan(1.02);
    expect(then).toBeLessThan(0.3);
  });

  it.concurrent.each(READERS)(
    '%s finds no fault in any byte and restores the world',
    { timeout: LIMIT },
    async (name) => {
      expect(await cloud.restic(name, 'check', '--read-data', '--no-lock')).toContain('no errors were found');
      const target = tempFolder();
      await cloud.restic(name, 'restore', 'latest', '--no-lock', '--target', target);
      expect(compareFolders(target, pc.game)).toEqual([]);
    },
  );
});
