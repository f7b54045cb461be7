/** A simulated world on the disk, in a game folder: lived in for long, then an evening more at each call. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contentOf, World } from './region-simulator.mjs';

const SEED = 1;
/** Of the game folder's bytes. */
const SHARE = 0.15;
const BYTES_OF_CHUNK = 8500;
/** So that there is something to travel to, in the smallest one too. */
const LEAST_RADIUS = 24;
/** In minutes: at home, on the way to somewhere known and back, in country that nobody has seen. */
export const EVENINGS = {
  atHome: { home: 45, trip: 15, explore: 0 },
  inNewLand: { home: 40, trip: 0, explore: 20 },
};

/** Evenings before the first push: files have gaps only after some. */
const LIVED_IN = 3;

export class SavedWorld {
  #folder;
  #world;
  #radius;

  /** `bytes`: of the game folder, for a world in proportion. */
  constructor(game, bytes) {
    this.#folder = join(game, 'saves', 'Home');
    this.#radius = Math.max(LEAST_RADIUS, Math.round(Math.sqrt((bytes * SHARE) / BYTES_OF_CHUNK) / 2));
    this.#world = new World({ seed: SEED });
    this.#world.explore(this.#radius);
    for (let i = 0; i < LIVED_IN; i++) this.#world.play({ ...EVENINGS.atHome, radius: this.#radius });
    for (const path of this.#world.files.keys()) this.#write(path);
  }

  /** One of EVENINGS. Returns { files, bytes }: those that have changed, whole. */
  play(evening) {
    const paths = this.#world.play({ ...evening, radius: this.#radius });
    return { files: paths.length, bytes: paths.reduce((sum, path) => sum + this.#write(path), 0) };
  }

  /** As it is now; returns its bytes. */
  #write(path) {
    const full = join(this.#folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, contentOf(this.#world.files.get(path)));
    return statSync(full).size;
  }
}
