/**
 * Worlds as the game writes them, and sessions of play in them; the same for the same seed.
 *
 * A region file has 8 KiB of places and times of 32 x 32 chunks, then sectors of 4 KiB. A chunk is its length, its
 * compression (2: zlib) and its data; what is left of its last sector keeps what lay there before. Since 1.15 the game
 * writes a chunk that it saves again into the first gap that is long enough, or at the end, and frees the old place
 * only after that; before, a chunk kept its place for as long as its number of sectors did. 255 sectors or more go
 * into a file of their own (.mcc).
 *
 * A chunk is saved only after something in it has changed, and not again within ten seconds; one without changes is not
 * saved when it is unloaded. Entities are saved with each automatic save, every five minutes, and when their chunk
 * is unloaded. Compressed data cannot be told from random bytes by a backup program, so they are random bytes.
 */
import { Random } from './random.mjs';

export const SECTOR = 4096;
const HEADER_SECTORS = 2;
const REGION_CHUNKS = 32;
const MAX_SECTORS = 255;
const ZLIB = 2;
const IS_EXTERNAL = 0x80;

/** One step of a session, in seconds: the time within which a chunk is saved once at most. */
const STEP = 10;
const AUTOSAVE_STEPS = 300 / STEP;
/** Chunks in each direction that are loaded around the player. */
const VIEW = 10;
/** Chunks that a player gets along in a step: walking, and on the way somewhere. */
const WALK = 1;
const TRAVEL = 3;

/** How likely a chunk has changed within a step: where the player works, near him, and by growth and water alone. */
const CHANGES = [
  { within: 1, chance: 0.5 },
  { within: 4, chance: 0.03 },
  { within: VIEW, chance: 0.003 },
];
const MACHINES = 12;
const MACHINE_CHANCE = 0.9;

/** Sizes of compressed chunks in bytes: the median, and the spread of their logarithm. */
const TERRAIN = { median: 8000, spread: 0.35 };
const CREATURES = { median: 900, spread: 0.6 };
const POINTS = { median: 220, spread: 0.3 };
const WITH_CREATURES = 0.35;
const WITH_POINTS = 0.12;

export class RegionFile {
  /** Sectors in use, and where each chunk is: sector * 256 + sectors, as the header has it. */
  #used = new Uint8Array(64);
  #places = new Uint32Array(REGION_CHUNKS * REGION_CHUNKS);
  #bytes = Buffer.alloc(64 * SECTOR);
  #end = HEADER_SECTORS;
  #inPlace;
  /** Chunks too long for the file, by index. */
  external = new Map();

  /** `inPlace`: as the game did before 1.15. */
  constructor({ inPlace = false } = {}) {
    this.#inPlace = inPlace;
    this.#used.fill(1, 0, HEADER_SECTORS);
  }

  /** The whole file; valid until the next save. */
  get bytes() {
    return this.#bytes.subarray(0, this.#end * SECTOR);
  }

  has(index) {
    return this.#places[index] !== 0;
  }

  /** `data` is compressed already; `time` in seconds. */
  save(index, data, time) {
    const isLong = Math.ceil((data.length + 5) / SECTOR) > MAX_SECTORS;
    if (isLong) this.external.set(index, Buffer.from(data));
    else this.external.delete(index);
    const length = isLong ? 0 : data.length;
    const sectors = Math.ceil((length + 5) / SECTOR);
    const old = this.#places[index];
    const keeps = this.#inPlace && (old & 0xff) === sectors;
    if (this.#inPlace && !keeps) this.#mark(old, 0);
    const place = keeps ? old : this.#findGap(sectors) * 256 + sectors;
    if (!this.#inPlace) this.#mark(old, 0);
    this.#mark(place, 1);
    const at = (place >>> 8) * SECTOR;
    this.#bytes.writeUInt32BE(length + 1, at);
    this.#bytes[at + 4] = ZLIB | (isLong ? IS_EXTERNAL : 0);
    if (!isLong) data.copy(this.#bytes, at + 5);
    this.#places[index] = place;
    this.#bytes.writeUInt32BE(place, index * 4);
    this.#bytes.writeUInt32BE(time, SECTOR + index * 4);
  }

  /** The first gap of so many sectors; the room behind the last sector is one without end. */
  #findGap(sectors) {
    let start = HEADER_SECTORS;
    for (let at = HEADER_SECTORS; at < this.#end && at - start < sectors; at++)
      if (this.#used[at] === 1) start = at + 1;
    this.#grow(start + sectors);
    return start;
  }

  #mark(place, value) {
    this.#used.fill(value, place >>> 8, (place >>> 8) + (place & 0xff));
  }

  #grow(end) {
    if (end > this.#used.length) {
      const used = new Uint8Array(2 * end);
      used.set(this.#used);
      this.#used = used;
      this.#bytes = Buffer.concat([this.#bytes], 2 * end * SECTOR);
    }
    this.#end = Math.max(this.#end, end);
  }
}

/** A world of one dimension, and the player's files. */
export class World {
  /** By path, in the world's folder: RegionFile, or the bytes of another file. */
  files = new Map();
  #random;
  #inPlace;
  #sizes = new Map();
  #machines = new Set();
  #position = { x: 0, z: 0 };
  #time = 1_700_000_000;
  #touched = new Set();

  constructor({ seed, inPlace = false }) {
    this.#random = new Random(`world ${seed}`);
    this.#inPlace = inPlace;
    for (let i = 0; i < MACHINES; i++)
      this.#machines.add(`${this.#random.between(-4, 4)},${this.#random.between(-4, 4)}`);
  }

  get bytes() {
    let sum = 0;
    for (const file of this.files.values()) sum += contentOf(file).length;
    return sum;
  }

  /** A world that has been played for long: everything within `radius` chunks is there, and home has been lived in. */
  explore(radius) {
    for (let ring = 0; ring <= radius; ring++) {
      for (let x = -ring; x <= ring; x++) {
        const step = Math.abs(x) === ring ? 1 : 2 * ring;
        for (let z = -ring; z <= ring; z += step || 1) this.#generate(x, z);
      }
    }
    this.#savePlayer();
  }

  /**
   * Minutes at home, on the way to a place that is known and back, and in country that nobody has seen. Returns the paths
   * of the files that have changed.
   */
  play({ home, trip, explore, radius }) {
    this.#touched.clear();
    this.#position = { x: this.#random.between(-1, 1), z: this.#random.between(-1, 1) };
    const loaded = new Set();
    const course = [...this.#stay(home), ...this.#travel(trip, radius), ...this.#leave(explore, radius)];
    for (const [step, target] of course.entries()) {
      this.#time += STEP;
      this.#position = target;
      this.#tick(loaded, step % AUTOSAVE_STEPS === AUTOSAVE_STEPS - 1);
    }
    for (const key of loaded) this.#saveCreatures(key);
    this.#savePlayer();
    return [...this.#touched];
  }

  *#stay(minutes) {
    let { x, z } = this.#position;
    for (let i = 0; i < (minutes * 60) / STEP; i++) {
      x = clamp(x + this.#random.between(-WALK, WALK), 3);
      z = clamp(z + this.#random.between(-WALK, WALK), 3);
      yield { x, z };
    }
  }

  *#travel(minutes, radius) {
    const steps = (minutes * 60) / STEP;
    const angle = this.#angle();
    for (let i = 0; i < steps; i++) {
      const far = Math.min(i, steps - i) * TRAVEL;
      yield onRay(angle, Math.min(far, radius - VIEW));
    }
  }

  *#leave(minutes, radius) {
    const angle = this.#angle();
    for (let i = 0; i < (minutes * 60) / STEP; i++) yield onRay(angle, radius - VIEW + i * TRAVEL);
  }

  #happens(chance) {
    return this.#random.below(1_000_000) < chance * 1_000_000;
  }

  /** Log-normal, near enough: the sum of four even numbers for a normal one. */
  #sizeOf({ median, spread }) {
    let sum = 0;
    for (let i = 0; i < 4; i++) sum += this.#random.below(1_000_000) / 1_000_000 - 0.5;
    return Math.round(median * Math.exp(sum * Math.sqrt(3) * spread));
  }

  #angle() {
    return (this.#random.below(3600) / 3600) * 2 * Math.PI;
  }

  #tick(loaded, isAutosave) {
    const { x: px, z: pz } = this.#position;
    for (const key of loaded) {
      const [x, z] = coordinates(key);
      if (distance(x, z, px, pz) > VIEW + 2) {
        loaded.delete(key);
        this.#saveCreatures(key);
      }
    }
    for (let x = px - VIEW; x <= px + VIEW; x++) {
      for (let z = pz - VIEW; z <= pz + VIEW; z++) {
        const key = `${x},${z}`;
        loaded.add(key);
        if (!this.#sizes.has(key)) this.#generate(x, z);
        else if (this.#happens(this.#changeChance(key, distance(x, z, px, pz)))) this.#saveTerrain(x, z);
      }
    }
    if (isAutosave) for (const key of loaded) this.#saveCreatures(key);
  }

  #changeChance(key, far) {
    if (this.#machines.has(key)) return MACHINE_CHANCE;
    return CHANGES.find(({ within }) => far <= within)?.chance ?? 0;
  }

  #generate(x, z) {
    const terrain = this.#sizeOf(TERRAIN);
    this.#sizes.set(`${x},${z}`, { terrain, hasCreatures: this.#happens(WITH_CREATURES) });
    this.#saveTerrain(x, z);
    if (this.#happens(WITH_POINTS)) this.#save('poi', x, z, this.#sizeOf(POINTS));
  }

  /** A chunk gets a little longer or shorter with what changes in it; rather longer, because people build. */
  #saveTerrain(x, z) {
    const size = this.#sizes.get(`${x},${z}`);
    size.terrain = Math.max(600, Math.round(size.terrain + this.#random.between(-40, 50)));
    this.#save('region', x, z, size.terrain);
  }

  #saveCreatures(key) {
    if (!this.#sizes.get(key).hasCreatures) return;
    this.#save('entities', ...coordinates(key), this.#sizeOf(CREATURES));
  }

  #save(folder, x, z, length) {
    const path = `${folder}/r.${x >> 5}.${z >> 5}.mca`;
    const file = this.files.get(path) ?? new RegionFile({ inPlace: this.#inPlace });
    this.files.set(path, file);
    file.save((x & 31) + (z & 31) * 32, this.#random.bytes(length), this.#time);
    this.#touched.add(path);
  }

  /** Small files that the game writes anew each time. */
  #savePlayer() {
    const sizes = { 'level.dat': 2500, 'playerdata/player.dat': 6000, 'stats/player.json': 9000 };
    for (const [path, length] of Object.entries(sizes)) {
      this.files.set(path, Buffer.from(this.#random.bytes(length)));
      this.#touched.add(path);
    }
  }
}

export function contentOf(file) {
  return file instanceof RegionFile ? file.bytes : file;
}

function coordinates(key) {
  return key.split(',').map(Number);
}

function distance(x, z, px, pz) {
  return Math.max(Math.abs(x - px), Math.abs(z - pz));
}

function onRay(angle, far) {
  return { x: Math.round(Math.cos(angle) * far), z: Math.round(Math.sin(angle) * far) };
}

function clamp(value, limit) {
  return Math.max(-limit, Math.min(limit, value));
}
