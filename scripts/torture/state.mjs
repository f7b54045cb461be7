/**
 * The state that a kill leaves, as text: equal for two points if what the next command finds is the same but for times,
 * random names and sealed bytes. A state from which the way on was fine need not be gone on from again.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readGame } from './game.mjs';
import { filesBelow, preparedFiles } from './workshop.mjs';

/** Hashes, random names, ULIDs, times; the numbers of stamps, which are texts in JSON. */
const CHANGING = /[0-9a-f]{12,}|[0-9A-HJKMNP-TV-Z]{26}|\d{4}-\d\d-\d\dT[\d:.]+Z|\d{8}T\d{6}Z|(?<=")\d+(?=")/g;
const plain = (text) => text.replace(CHANGING, '#').replace(/(?<=cache\/.*\/)[0-9a-f]{2}(?=\/)/, '#');

/** `prepared`: what was laid out in the place. Undefined if the server is still at work. */
export function stateOf({ store, pcs }, victim, prepared) {
  const server = serverState(store, join(prepared, 'store'));
  if (server === undefined) return undefined;
  const game = [...readGame(pcs[victim].game)].map(([path, { text }]) => `${path} ${text}`);
  return createHash('sha256')
    .update(JSON.stringify([server, game, clientState(join(pcs[victim].game, '.cloud-sync'))]))
    .digest('hex');
}

/** Which kinds of files came and went. */
function serverState(store, prepared) {
  const [before, now] = [preparedFiles(prepared), new Set(existsSync(store) ? filesBelow(store) : [])];
  const changes = new Map();
  const count = (path, what) => {
    const key = `${path.split('/').slice(0, 2).join('/')} ${what}`;
    changes.set(key, (changes.get(key) ?? 0) + 1);
  };
  for (const path of now) {
    if (!path.endsWith('/config') && !/[/][0-9a-f]{64}$/.test(path)) return undefined;
    if (!before.has(path)) count(path, 'came');
  }
  for (const path of before) if (!now.has(path)) count(path, 'went');
  return [...changes].sort();
}

function clientState(cloud) {
  return filesBelow(cloud)
    .map((path) => [plain(path), ...describe(cloud, path)])
    .sort();
}

function describe(cloud, path) {
  const place = join(cloud, path);
  const stats = lstatSync(place);
  if (stats.isSymbolicLink()) return [readlinkSync(place)];
  const { size } = stats;
  // A lock names its process, home.json the place; what is in the cache is sealed, and checked when it is read.
  if (/^(lock|cache)\/|^home\.json$/.test(path)) return [size > 0];
  const bytes = readFileSync(place);
  if (path.endsWith('.json') && !path.startsWith('.')) return [plain(bytes.toString())];
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (path !== 'files.bin') return [size, /^(staging|trash)/.test(path) ? sha256 : ''];
  const state = join(cloud, 'state.json');
  return [size, existsSync(state) && readFileSync(state, 'utf8').includes(sha256)];
}
