/** A small game folder (two worlds, a dozen files, one of several blobs), what a player does to it, and what lies in it. */
import { createCipheriv, createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export const HOME = 'saves/Home';
export const SKY = 'saves/Sky World';
/** Well before any run, in seconds: no file counts as just changed. */
const PAST = 1_760_000_000;
const sums = new Map();

/** The same bytes for the same seed, that nothing can compress. */
export function noise(seed, length) {
  const key = createHash('sha256').update(String(seed)).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Writes files, the content of each given as text, bytes, or the number of bytes of noise. */
export function put(game, seed, files) {
  for (const [path, content] of Object.entries(files)) {
    const place = join(game, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, typeof content === 'number' ? noise(`${seed} ${path}`, content) : content);
    const time = PAST + (Buffer.from(`${seed}${path}`).reduce((sum, byte) => sum + byte, 0) % 10_000) + 0.25;
    utimesSync(place, time, time);
  }
}

export function remove(game, ...gone) {
  for (const path of gone) rmSync(join(game, path), { recursive: true });
}

/** `posix`: with what Windows does not have. */
export function makeGame(game, { posix = true } = {}) {
  put(game, 'first', {
    'options.txt': 'fov:0.5\nlang:en_us\nrenderDistance:12\n',
    'servers.dat': 300,
    'config/a.toml': 'a = 1\n',
    'config/empty.toml': '',
    'config/run.sh': '#!/bin/sh\n',
    [`${HOME}/level.dat`]: 2000,
    [`${HOME}/session.lock`]: '\u2603',
    [`${HOME}/region/r.0.0.mca`]: 1_400_000,
    [`${HOME}/playerdata/p.dat`]: 1500,
    [`${HOME}/data/raids.dat`]: 200,
    [`${SKY}/level.dat`]: 2100,
    [`${SKY}/region/r.0.0.mca`]: 12_000,
    [`${SKY}/data/map_0.dat`]: 700,
    'mods/of-the-pack.jar': 500,
  });
  mkdirSync(join(game, HOME, 'datapacks'));
  if (!posix) return;
  chmodSync(join(game, 'config/run.sh'), 0o755);
  symlinkSync('level.dat', join(game, HOME, 'link'));
}

/** An evening at home: files changed, added and removed. */
export function playAtHome(game, seed = 'evening') {
  const region = noise(`first ${HOME}/region/r.0.0.mca`, 1_400_000);
  noise(seed, 4096).copy(region, 900_000);
  put(game, seed, {
    'options.txt': `fov:0.9\nlang:${seed}\nrenderDistance:12\n`,
    'config/new.toml': `# ${seed}\n`,
    [`${HOME}/level.dat`]: 2050,
    [`${HOME}/region/r.0.0.mca`]: region,
    [`${HOME}/region/r.1.0.mca`]: 30_000,
  });
  remove(game, `${HOME}/data`, 'config/empty.toml', `${HOME}/datapacks`);
}

/** The same, and the other world gets a new name. */
export function playEvening(game) {
  playAtHome(game);
  renameSync(join(game, SKY), join(game, `${SKY} 2`));
}

/** Another evening, in the other world, which touches nothing that the first one does. */
export function playInTheSky(game) {
  put(game, 'sky', {
    'config/a.toml': 'a = 2\n',
    [`${SKY}/level.dat`]: 2150,
    [`${SKY}/data/map_1.dat`]: 800,
  });
  remove(game, `${SKY}/data/map_0.dat`);
}

/** One that changes what the first one changes too. */
export function playElsewhere(game) {
  put(game, 'elsewhere', {
    [`${HOME}/level.dat`]: 2070,
    [`${HOME}/playerdata/p.dat`]: 1550,
    'options.txt': 'fov:0.2\nrenderDistance:12\n',
  });
}

/** Path -> type, content's SHA-256, executable bit and time of all but `.cloud-sync`: equal text, equal for a player. */
export function readGame(game) {
  const found = new Map();
  visit(game, '', (path, entry) => path !== '.cloud-sync' && found.set(path, entry));
  return found;
}

/** Without what is never sent. */
export function inScope(game) {
  return new Map([...game].filter(([path]) => !/^mods(\/|$)|\/session\.lock$/.test(path)));
}

/** Content hashes of all files below a folder. */
export function contentsOf(folder) {
  const found = new Map();
  if (existsSync(folder)) visit(folder, '', (path, entry) => found.set(path, entry));
  return new Set([...found.values()].flatMap((entry) => (entry.sha256 === undefined ? [] : [entry.sha256])));
}

function visit(root, folder, tell) {
  for (const name of readdirSync(join(root, folder)).sort()) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const stats = lstatSync(join(root, path), { bigint: true });
    if (tell(path, describe(join(root, path), stats)) !== false && stats.isDirectory()) visit(root, path, tell);
  }
}

function describe(place, stats) {
  if (stats.isDirectory()) return { text: 'folder' };
  if (stats.isSymbolicLink()) return { text: `-> ${readlinkSync(place)}` };
  const sha256 = sumOf(place, stats);
  const bit = (stats.mode & 0o111n) !== 0n ? ' executable' : '';
  return { text: `${sha256}${bit} ${(stats.mtimeNs + 500_000n) / 1_000_000n}`, sha256 };
}

/** A file is looked at often: nothing can write to it without a new ctime. */
function sumOf(place, { dev, ino, size, ctimeNs }) {
  const key = `${dev} ${ino} ${size} ${ctimeNs}`;
  const known = sums.get(key);
  if (known !== undefined) return known;
  if (sums.size > 50_000) sums.clear();
  const sha256 = createHash('sha256').update(readFileSync(place)).digest('hex');
  sums.set(key, sha256);
  return sha256;
}

/** One line for each path that differs, at most `limit`. */
export function differences(before, after, limit = 5) {
  const lines = [];
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [one, other] = [before.get(path), after.get(path)];
    if (one?.text === other?.text) continue;
    lines.push(one === undefined ? `${path} came` : other === undefined ? `${path} is gone` : `${path} changed`);
  }
  return lines.length > limit ? [...lines.slice(0, limit), `and ${lines.length - limit} more`] : lines;
}
