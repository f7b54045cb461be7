/**
 * A game folder of any size, the same for the same seed: 60 % region files, 30 % jars, 10 % text; 3,400 files a gigabyte,
 * as a modded instance that has been played for a year.
 *
 *   saves/<world>/region/r.X.Z.mca   8 KiB header (places and times of 1,024 chunks), then zlib'd chunks in 4 KiB sectors
 *   mods/*.jar                       as zip lays out: local headers, content that is compressed already, directory
 *   config/**                        lines of words and numbers
 *
 * What was compressed looks random to a backup program whatever it was made of, so chunks are made of cheap data and
 * compressed in the cheapest way that zlib has: a gigabyte takes half a minute. Padding of sectors is as in the game.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { constants, deflateSync } from 'node:zlib';
import { Random, text } from './random.mjs';

const SECTOR = 4096;
const HEADER = 2 * SECTOR;
const CHUNKS = 1024;
const KB = 1000;
const BYTES_PER_FILE = 1e9 / 3400;
/** What play() rewrites: a player wanders through a few regions. */
const PLAYED_REGIONS = 20;
const PLAYED_CHUNKS = 10;

/** Makes the folder. `bytes` is met to a few percent. Returns { files, bytes }. */
export function makeGame(folder, { bytes, seed }) {
  const random = new Random(`game ${seed}`);
  const made = { files: 0, bytes: 0 };
  const put = (path, content) => {
    const full = join(folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
    made.files += 1;
    made.bytes += content.length;
  };
  const fill = (share, make) => {
    const end = made.bytes + bytes * share;
    for (let i = 0; made.bytes < end; i++) put(...make(i, Math.max(HEADER, end - made.bytes)));
  };
  fill(0.6, (i, room) => [`${world(i)}/region/r.${i >> 2}.${i & 3}.mca`, regionFile(random, room)]);
  for (let i = 0; i < 4; i++) put(`${world(i)}/level.dat`, random.bytes(2500));
  fill(0.3, (i, room) => [`mods/mod-${i}.jar`, jarFile(random, Math.min(room, random.spread(20 * KB, 20_000 * KB)))]);
  fill(0.1, (i, room) => [
    `config/mod-${i >> 4}/${i & 15}.toml`,
    text(random, Math.min(room, random.spread(200, 250 * KB))),
  ]);
  for (let i = 0; made.files < bytes / BYTES_PER_FILE; i++) put(`config/small/${i}.json`, text(random, 300));
  return made;
}

/** An evening in one world: chunks are rewritten in their places, and level.dat. Returns the bytes rewritten. */
export function play(folder, seed) {
  const random = new Random(`play ${seed}`);
  const regions = join(folder, world(0), 'region');
  const names = readdirSync(regions).sort().slice(0, PLAYED_REGIONS);
  const level = random.bytes(2500);
  writeFileSync(join(folder, world(0), 'level.dat'), level);
  return names.reduce((sum, name) => sum + rewriteChunks(random, join(regions, name)), level.length);
}

/** Four worlds, in turn. */
function world(i) {
  return `saves/World ${(i & 3) + 1}`;
}

/** A region of about 300 to 1,024 chunks, ended early where the room does. */
function regionFile(random, room) {
  const header = Buffer.alloc(HEADER);
  const parts = [header];
  const chunks = random.between(300, CHUNKS);
  let sector = HEADER / SECTOR;
  for (let i = 0; i < chunks && sector * SECTOR < room; i++) {
    const chunk = chunkOf(random, random.between(4 * KB, 22 * KB));
    const sectors = chunk.length / SECTOR;
    header.writeUInt32BE(sector * 256 + sectors, i * 4);
    header.writeUInt32BE(1_700_000_000 + random.below(30_000_000), SECTOR + i * 4);
    parts.push(chunk);
    sector += sectors;
  }
  return Buffer.concat(parts);
}

/** Length, compression (2: zlib), data, zeros up to whole sectors. The data is about half of `plainLength`. */
function chunkOf(random, plainLength) {
  const plain = Buffer.from(random.bytes(plainLength));
  for (let i = 0; i < plain.length; i++) plain[i] &= 0x0f;
  const data = deflateSync(plain, { strategy: constants.Z_HUFFMAN_ONLY, level: 1 });
  const chunk = Buffer.alloc(Math.ceil((data.length + 5) / SECTOR) * SECTOR);
  chunk.writeUInt32BE(data.length + 1, 0);
  chunk[4] = 2;
  data.copy(chunk, 5);
  return chunk;
}

function rewriteChunks(random, path) {
  const file = openSync(path, 'r+');
  try {
    const header = Buffer.alloc(HEADER);
    readSync(file, header, 0, HEADER, 0);
    const present = [...Array(CHUNKS).keys()].filter((i) => header.readUInt32BE(i * 4) > 0);
    let bytes = 0;
    for (let n = 0; n < PLAYED_CHUNKS && present.length > 0; n++) {
      const i = present[random.below(present.length)] ?? 0;
      const place = header.readUInt32BE(i * 4);
      const room = (place & 0xff) * SECTOR;
      const chunk = chunkOf(random, Math.min(2 * room - 3 * KB, 22 * KB)).subarray(0, room);
      writeSync(file, chunk, 0, chunk.length, (place >>> 8) * SECTOR);
      header.writeUInt32BE(header.readUInt32BE(SECTOR + i * 4) + 1, SECTOR + i * 4);
      bytes += chunk.length;
    }
    writeSync(file, header, 0, HEADER, 0);
    return bytes + HEADER;
  } finally {
    closeSync(file);
  }
}

/** Members of 200 bytes to 60 KB, each with its local header, then the central directory. */
function jarFile(random, size) {
  const parts = [];
  const directory = [];
  let length = 0;
  while (length < size) {
    const name = Buffer.from(`com/example/${random.word()}/${random.word()}.class`);
    const content = random.bytes(Math.min(random.spread(200, 60 * KB), Math.max(200, size - length)));
    const local = zipHeader(0x04034b50, 30, name, content.length);
    directory.push(zipHeader(0x02014b50, 46, name, content.length), name);
    parts.push(local, name, Buffer.from(content));
    length += local.length + name.length + content.length;
  }
  return Buffer.concat([...parts, ...directory]);
}

function zipHeader(signature, length, name, size) {
  const header = Buffer.alloc(length);
  const common = length === 30 ? 4 : 6;
  header.writeUInt32LE(signature, 0);
  header.writeUInt16LE(20, common);
  header.writeUInt16LE(8, common + 4);
  header.writeUInt32LE(size, common + 14);
  header.writeUInt32LE(2 * size, common + 18);
  header.writeUInt16LE(name.length, common + 22);
  return header;
}
