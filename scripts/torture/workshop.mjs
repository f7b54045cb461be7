/**
 * Where the torture is done: a server, and places with two PCs and a repository each. A prepared state (what both PCs
 * and the server hold before the command that is killed) is made once, and laid out anew in a place for each point.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export const PASSWORD = 'pa55 w:rd';
const INSTANCE = '01KAT7T0RTRE00000000000000';
const PCS = ['a', 'b'];
/** What a time in the double of a number of seconds may be off. */
const ROUNDED_NS = 1000;

/** A place has a user of its own on the server, so that several can be at work beside each other. */
export function makePlace(name, { folder, serverPath, url }) {
  const home = join(folder, name);
  // The user's: the instance's repository, and the catalogue of all instances.
  const store = join(serverPath, name);
  const repo = join(store, INSTANCE);
  const token = `${name}:${PASSWORD}`;
  const pcs = Object.fromEntries(PCS.map((pc) => [pc, { name: pc, game: join(home, pc, 'minecraft'), token }]));
  return { name, home, store, repo, url, pcs, log: join(folder, `${name}.log`) };
}

/** Empty game folders, both opted in. */
export async function openPlace(place, { init }) {
  clear(place);
  for (const { game, token } of Object.values(place.pcs)) {
    mkdirSync(game, { recursive: true });
    await init({ packFolder: game, url: place.url, token, instanceId: INSTANCE });
  }
}

function clear({ home, store }) {
  for (const folder of [home, store]) rmSync(folder, { recursive: true, force: true });
}

/** Keeps what lies in the place under `folder`. */
export function keep({ home, store }, folder) {
  mkdirSync(folder, { recursive: true });
  copyTree(home, join(folder, 'home'));
  if (existsSync(store)) copyTree(store, join(folder, 'store'));
}

/**
 * Lays out what was kept. `tables` adapts the records of how files look on this disk. Without it each file is read anew
 * by the next command, and the folder is as one that came from another PC.
 */
export function layOut(place, folder, tables) {
  rmSync(place.home, { recursive: true, force: true });
  copyTree(join(folder, 'home'), place.home);
  if (existsSync(join(folder, 'store'))) resetStore(join(folder, 'store'), place.store);
  else rmSync(place.store, { recursive: true, force: true });
  for (const { game, token } of Object.values(place.pcs)) {
    const cloud = join(game, '.cloud-sync');
    writeFileSync(join(cloud, 'token'), `${token}\n`, { mode: 0o600 });
    rewrite(join(cloud, 'home.json'), (home) => {
      const { dev, ino } = lstatSync(cloud, { bigint: true });
      return { ...home, folder: game, device: String(dev), inode: String(ino) };
    });
    if (tables === undefined) rmSync(join(cloud, 'home.json'), { force: true });
    else restamp(game, cloud, tables);
  }
}

/** Quicker than cp, which is a process. Times are as exact as a double holds them. */
export function copyTree(from, to) {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else copyFile(source, target);
  }
}

function copyFile(source, target) {
  copyFileSync(source, target);
  const { atimeMs, mtimeMs } = statSync(source);
  utimesSync(target, atimeMs / 1000, mtimeMs / 1000);
}

/**
 * Files of a repository are named by their content, but for the config: what is too much goes, what is missing comes.
 * Its 260 folders stay.
 */
export function resetStore(from, to) {
  const wanted = preparedFiles(from);
  const there = new Set(existsSync(to) ? filesBelow(to) : []);
  if (there.size === 0) copyTree(from, to);
  for (const path of there) if (!wanted.has(path) || path.endsWith('/config')) unlinkSync(join(to, path));
  for (const path of wanted) if (!existsSync(join(to, path))) copyFile(join(from, path), join(to, path));
}

const listed = new Map();

/** As filesBelow, of a prepared store, which does not change any more. */
export function preparedFiles(folder) {
  const known = listed.get(folder) ?? new Set(existsSync(folder) ? filesBelow(folder) : []);
  listed.set(folder, known);
  return known;
}

/** Paths with '/' of all files. */
export function filesBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.flatMap((entry) => {
    if (!entry.isDirectory()) return [entry.name];
    return filesBelow(join(folder, entry.name)).map((path) => `${entry.name}/${path}`);
  });
}

function rewrite(path, change) {
  if (existsSync(path)) writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))));
}

/** The recorded inode and time of change of each file that is as recorded: a copy has others. */
function restamp(game, cloud, { decodeFileTable, encodeFileTable }) {
  const path = join(cloud, 'files.bin');
  const stored = existsSync(path) ? decodeFileTable(readFileSync(path)) : undefined;
  if (stored === undefined) return;
  const table = new Map(stored);
  for (const [name, record] of table) {
    const stats = lstatSync(join(game, name), { bigint: true, throwIfNoEntry: false });
    if (record.inode === 0n || stats === undefined) continue;
    const { mtimeNs, ctimeNs, ino: inode } = stats;
    const isSameTime = Math.abs(Number(mtimeNs - record.mtimeNs)) < ROUNDED_NS;
    if (isSameTime) table.set(name, { ...record, mtimeNs, ctimeNs, inode });
  }
  const bytes = encodeFileTable(table);
  writeFileSync(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  rewrite(join(cloud, 'state.json'), (state) => ({ ...state, files: { ...state.files, sha256 } }));
}

/** What of ours must not be there once the next commands are done. */
export function leftovers(game) {
  const cloud = join(game, '.cloud-sync');
  const names = (folder) => (existsSync(join(cloud, folder)) ? readdirSync(join(cloud, folder)) : []);
  // A temporary name in lock/ may be of a command that is about to begin: it is swept an hour later.
  const found = ['staging', 'lock']
    .flatMap((folder) => names(folder).map((name) => `${folder}/${name}`))
    .filter((name) => !name.startsWith('lock/.'));
  return existsSync(join(cloud, 'journal.json')) ? [...found, 'journal.json'] : found;
}

export function hasJournal(game) {
  return existsSync(join(game, '.cloud-sync', 'journal.json'));
}
