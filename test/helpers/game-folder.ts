/**
 * Small game folders as players have them, the same bytes and times for the same seed, and a comparison that sees
 * everything a player would miss: bytes, types, link targets, executable bits, times, empty folders.
 */
import {
  chmodSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const POSIX = process.platform !== 'win32';
const SECTOR = 4096;
/** 2026-11-20T18:00:00Z in seconds: well before any run, so that no file counts as just changed. */
const EPOCH = 1_795_197_600;

export const WORLD = 'saves/Übergrößen Welt 🌍';
export const OTHER_WORLD = 'saves/New World (1)';

/** What the default scope leaves out of the folders made here, and our own folder. */
export const OUT_OF_SCOPE: readonly RegExp[] = [
  /^mods(\/|$)/,
  /^logs(\/|$)/,
  /^\.cloud-sync(\/|$)/,
  /^usercache\.json$/,
  /(^|\/)session\.lock$/,
  /^saves\/[^/]+\/level\.dat_new$/,
];

/** A stream of bytes that no one can compress; xorshift, quick and the same everywhere. */
export class Noise {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  }

  /** 0 ≤ n < `below`. */
  next(below: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % below;
  }

  bytes(length: number): Buffer {
    const words = new Uint32Array(Math.ceil(length / 4));
    for (let i = 0; i < words.length; i++) words[i] = this.next(2 ** 32);
    return Buffer.from(words.buffer, 0, length);
  }
}

export interface GameFolderOptions {
  /** Bytes of all region files together, roughly; default 2 MB. */
  readonly size?: number;
}

/** Makes a game folder with two worlds. The folder may exist. */
export function makeGameFolder(path: string, seed: number, options: GameFolderOptions = {}): void {
  const noise = new Noise(seed);
  const put = (name: string, bytes: Buffer | string): void => writeGameFile(join(path, name), bytes, noise);
  put('options.txt', `version:3955\nfov:0.${seed}\n${'key_key.forward:key.keyboard.w\n'.repeat(60)}`);
  put('servers.dat', noise.bytes(400));
  put('config/sodium.toml', `[quality]\nclouds = "fancy"\nseed = ${seed}\n`);
  put('config/mod menü/client.toml', `# ä ö ü\nvalue = ${seed}\n`);
  put('config/empty.toml', '');
  put('config/run.sh', '#!/bin/sh\nexit 0\n');
  if (POSIX) chmodSync(join(path, 'config/run.sh'), 0o755);
  put('screenshots/2026-11-20_18.00.00.png', noise.bytes(120_000));
  makeWorld(path, WORLD, options.size ?? 2_000_000, noise);
  makeWorld(path, OTHER_WORLD, 60_000, noise);
  put('mods/sodium-0.6.jar', noise.bytes(90_000));
  put('logs/latest.log', `[18:00:00] seed ${seed}\n`);
  put('usercache.json', '[]');
}

function makeWorld(path: string, world: string, size: number, noise: Noise): void {
  const put = (name: string, bytes: Buffer | string): void => writeGameFile(join(path, world, name), bytes, noise);
  put('level.dat', noise.bytes(3_000));
  put('level.dat_old', noise.bytes(3_000));
  put('level.dat_new', noise.bytes(10));
  put('session.lock', '☃');
  const sizes = [size * 0.7, size * 0.25, size * 0.05];
  for (const [i, bytes] of sizes.entries()) put(`region/r.${i}.-1.mca`, makeRegion(bytes, noise));
  put('playerdata/069a79f4-44e9-4726-a5be-fca90e38aaf5.dat', noise.bytes(2_500));
  put('data/raids.dat', noise.bytes(200));
  put('datapacks/My Pack.zip', noise.bytes(9_000));
  mkdirSync(join(path, world, 'DIM1/region'), { recursive: true });
  mkdirSync(join(path, world, 'generated'), { recursive: true });
  if (POSIX) makeLink('level.dat', join(path, world, 'level link'));
}

/** A region file: tables of sectors and times, then chunks that start on sectors, with zeros after them. */
export function makeRegion(size: number, noise: Noise): Buffer {
  const parts: Buffer[] = [Buffer.alloc(2 * SECTOR)];
  let sector = 2;
  for (let chunk = 0; chunk < 1024 && sector * SECTOR < size; chunk++) {
    const data = makeChunk(3_000 + noise.next(6_000), noise);
    const sectors = data.length / SECTOR;
    parts[0]?.writeUInt32BE(sector * 256 + sectors, chunk * 4);
    parts[0]?.writeUInt32BE(EPOCH + chunk, SECTOR + chunk * 4);
    parts.push(data);
    sector += sectors;
  }
  return Buffer.concat(parts);
}

function makeChunk(length: number, noise: Noise): Buffer {
  const data = Buffer.alloc(Math.ceil((length + 5) / SECTOR) * SECTOR);
  data.writeUInt32BE(length + 1, 0);
  data.set([2, 0x78, 0x9c], 4);
  data.set(noise.bytes(length - 2), 7);
  return data;
}

/** Writes a file with a time of the past that has fractions of a millisecond, as games leave them. */
export function writeGameFile(path: string, bytes: Buffer | string, noise: Noise): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  const time = EPOCH + noise.next(100_000) + noise.next(1_000_000) / 1_000_000;
  utimesSync(path, time, time);
}

export function makeLink(target: string, path: string): void {
  symlinkSync(target, path);
  lutimesSync(path, EPOCH, EPOCH);
}

/** An evening of play in the first world: chunks rewritten, files added, changed and removed. */
export function playSession(path: string, seed: number): void {
  const noise = new Noise(seed + 1000);
  const put = (name: string, bytes: Buffer | string): void => writeGameFile(join(path, name), bytes, noise);
  const region = join(path, WORLD, 'region/r.0.-1.mca');
  const bytes = readFileSync(region);
  for (let i = 0; i < 3; i++) {
    const sector = 2 + noise.next(bytes.length / SECTOR - 2);
    bytes.set(noise.bytes(SECTOR - 100), sector * SECTOR);
    bytes.writeUInt32BE(EPOCH + 100_000 + i, SECTOR + 4 * i);
  }
  put(`${WORLD}/region/r.0.-1.mca`, bytes);
  put(`${WORLD}/region/r.${seed}.7.mca`, makeRegion(50_000, noise));
  put(`${WORLD}/level.dat_old`, readFileSync(join(path, WORLD, 'level.dat')));
  put(`${WORLD}/level.dat`, noise.bytes(3_100));
  put(`screenshots/2026-11-21_${seed}.png`, noise.bytes(50_000));
  put('options.txt', `version:3955\nfov:${seed}\n`);
  rmSync(join(path, 'config/empty.toml'), { force: true });
  rmSync(join(path, WORLD, 'data/raids.dat'), { force: true });
}

export interface CompareOptions {
  /** Paths (with '/') that match one of these are passed over; default: what is out of scope. */
  readonly except?: readonly RegExp[];
  /** Whether times of files count; default true. */
  readonly times?: boolean;
  /** Whether executable bits count; default true where there are such. */
  readonly executable?: boolean;
}

/** Differences, one line each; empty if the two are equal in everything that a sync keeps. */
export function compareFolders(a: string, b: string, options: CompareOptions = {}): string[] {
  const left = describeFolder(a, options);
  const right = describeFolder(b, options);
  const differences: string[] = [];
  for (const path of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    const [one, other] = [left.get(path), right.get(path)];
    if (one === undefined || other === undefined) differences.push(`${path}: only in ${one ? a : b}`);
    else if (one.text !== other.text) differences.push(`${path}: ${one.text} / ${other.text}`);
    else if (!one.bytes.equals(other.bytes)) differences.push(`${path}: other bytes`);
  }
  return differences;
}

interface Described {
  readonly text: string;
  readonly bytes: Buffer;
}

/** Path → what lies there, as compareFolders sees it. */
export function describeFolder(root: string, options: CompareOptions = {}): ReadonlyMap<string, Described> {
  const found = new Map<string, Described>();
  const except = options.except ?? OUT_OF_SCOPE;
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (except.some((pattern) => pattern.test(path))) continue;
      const entry = describeEntry(join(root, path), options);
      found.set(path, entry);
      if (entry.text === 'folder') visit(path);
    }
  };
  visit('');
  return found;
}

function describeEntry(path: string, { times = true, executable = POSIX }: CompareOptions): Described {
  const stats = lstatSync(path, { bigint: true });
  if (stats.isDirectory()) return { text: 'folder', bytes: Buffer.alloc(0) };
  if (stats.isSymbolicLink()) return { text: `link to ${readlinkSync(path)}`, bytes: Buffer.alloc(0) };
  const bit = executable && (stats.mode & 0o111n) !== 0n ? ' executable' : '';
  const time = times ? ` at ${(stats.mtimeNs + 500_000n) / 1_000_000n} ms` : '';
  return { text: `file of ${stats.size} bytes${bit}${time}`, bytes: readFileSync(path) };
}

/** Everything below a folder with sizes, inodes and exact times: equal before and after means nobody touched it. */
export function fingerprint(root: string, except: readonly RegExp[] = []): string[] {
  if (!existsSync(root)) return [];
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  return names
    .filter((name) => !except.some((pattern) => pattern.test(name)))
    .sort()
    .map((name) => {
      const stats = lstatSync(join(root, name), { bigint: true });
      return `${name} ${stats.mode} ${stats.size} ${stats.ino} ${stats.mtimeNs} ${stats.ctimeNs}`;
    });
}
