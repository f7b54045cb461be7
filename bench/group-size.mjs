/**
 * node bench/group-size.mjs [--radius CHUNKS] [--sessions N] [--before-1.15]
 *
 * Into how large groups are files cut that are changed in place? Plays sessions in a simulated world and in a database,
 * and has every way to cut send the same files: content-defined chunks, as restic's; groups of 1 to 64 sectors; and groups
 * of which what has changed is cut finer (src/chunker/page-cutter.ts). Blobs are compressed and sealed as in a push; index
 * and trees are what restic's formats have, compressed. Prints a table for docs/performance.md.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleScript } from '../scripts/bundle.mjs';
import { root } from '../scripts/run.mjs';
import { PageFile } from './page-simulator.mjs';
import { contentOf, World } from './region-simulator.mjs';

const SECTOR = 4096;
const GROUPS = [1, 2, 4, 8, 16, 32, 64];
/** Sectors of a group, and of a piece of one that changed. */
const FINER = [
  [4, 2],
  [8, 1],
  [8, 2],
  [8, 4],
  [16, 2],
];
const POLYNOMIAL = 0x25b468838dcb75n;
const SESSION = { home: 45, trip: 15, explore: 0 };
/** Before the first push. */
const LIVED_IN = 3;
const ROWS = 3000;
const PLAYED_ROWS = { rows: 120, places: 6, added: 30 };
const DATABASE = 'data/DistantHorizons.sqlite';

const program = join(root, '.cache', 'cutters.mjs');
await bundleScript({ entry: 'bench/cutters.ts', outfile: program });
const parts = await import(program);
const { values: options } = parseArgs({
  options: {
    radius: { type: 'string', default: '48' },
    sessions: { type: 'string', default: '8' },
    'before-1.15': { type: 'boolean', default: false },
  },
});
const codec = {
  crypto: parts.defaultCrypto(),
  zstd: await parts.loadZstd(),
  key: { encrypt: bytes(32), macK: bytes(16), macR: bytes(16) },
  version: 2,
};
const idOf = (plain) => parts.blobId(codec.crypto, plain);

function bytes(length) {
  return new Uint8Array(randomBytes(length));
}

/** The cloud of a program that cuts in one of the ways. `cutOf` (path, content, sent): [{ id, length }]. */
class Cloud {
  #cutOf;
  #stored = new Set();
  #files = new Map();

  constructor(name, cutOf) {
    this.name = name;
    this.#cutOf = cutOf;
  }

  get blobs() {
    let sum = 0;
    for (const { content } of this.#files.values()) sum += content.length;
    return sum;
  }

  /** `files`: [path, content]. Returns what is sent, in bytes, and CPU seconds. */
  push(files) {
    const start = process.cpuUsage();
    const sent = { data: 0, index: 0, trees: 0, cpu: 0 };
    const entries = [];
    for (const [path, content] of files) {
      const blobs = this.#cutOf(path, content, this.#files.get(path)?.content ?? []);
      let at = 0;
      for (const { id, length } of blobs) {
        if (!this.#stored.has(id)) {
          this.#stored.add(id);
          const blob = parts.sealBlob(codec, 'data', id, content.subarray(at, at + length));
          const lengths = { length: blob.sealed.length, uncompressed_length: length };
          entries.push({ id, type: 'data', offset: sent.data, ...lengths });
          sent.data += parts.sizeInPack(blob);
        }
        at += length;
      }
      this.#files.set(path, { size: content.length, content: blobs });
    }
    sent.index = compressedSize({ packs: [{ id: idOf(bytes(1)), blobs: entries }] });
    for (const folder of new Set(files.map(([path]) => folderOf(path)))) sent.trees += this.#treeSize(folder);
    const { user, system } = process.cpuUsage(start);
    sent.cpu = (user + system) / 1e6;
    return sent;
  }

  /** A folder's tree names all blobs of all its files, changed or not. */
  #treeSize(folder) {
    const mtime = '2026-01-02T03:04:05Z';
    const times = { mtime, atime: mtime, ctime: mtime };
    const nodes = [...this.#files]
      .filter(([path]) => folderOf(path) === folder)
      .map(([name, { size, content }]) => {
        return { name, type: 'file', mode: 420, ...times, size, content: content.map(({ id }) => id) };
      });
    return compressedSize({ nodes });
  }
}

function folderOf(path) {
  return path.split('/').slice(0, -1).join('/');
}

function compressedSize(value) {
  return codec.zstd.compress(new TextEncoder().encode(JSON.stringify(value)), 3).length;
}

function cutByContent(_path, content) {
  const chunker = parts.createChunker(POLYNOMIAL);
  const blobs = [];
  for (let at = 0; at < content.length; ) {
    const cut = chunker.next(content, at, content.length);
    const end = cut === -1 ? content.length : cut;
    blobs.push({ id: idOf(content.subarray(at, end)), length: end - at });
    at = end;
  }
  return blobs;
}

/** `fine` undefined: always in groups, whatever was sent before. */
function cutByPages(group, fine) {
  return (path, content, sent) => {
    const layout = parts.pageLayoutOf(path, content.subarray(0, 2 * SECTOR), content.length);
    if (layout === undefined) return cutByContent(path, content);
    const sizes = { head: layout.head, group: group * SECTOR, fine: (fine ?? group) * SECTOR };
    const blobs = [];
    let last = 0;
    for (const { id, end } of parts.createPageCutter(sizes, fine === undefined ? [] : sent, idOf).cut(content, true)) {
      blobs.push({ id, length: end - last });
      last = end;
    }
    return blobs;
  };
}

function run() {
  const radius = Number(options.radius);
  const clouds = [
    new Cloud('by content', cutByContent),
    ...GROUPS.map((group) => new Cloud(`${group}`, cutByPages(group))),
    ...FINER.map(([group, fine]) => new Cloud(`${group}, then ${fine}`, cutByPages(group, fine))),
  ];
  const world = new World({ seed: 1, inPlace: options['before-1.15'] });
  const database = new PageFile({ seed: 1, rows: ROWS });
  world.explore(radius);
  for (let i = 0; i < LIVED_IN; i++) world.play({ ...SESSION, radius });
  const changed = (paths) => [
    ...paths.map((path) => [path, contentOf(world.files.get(path))]),
    [DATABASE, database.bytes],
  ];
  const all = changed([...world.files.keys()]);
  const size = all.reduce((sum, [, content]) => sum + content.length, 0);
  const results = clouds.map((cloud) => ({ cloud, first: cloud.push(all), firstBlobs: cloud.blobs, sessions: [] }));
  for (let i = 0; i < Number(options.sessions); i++) {
    const paths = world.play({ ...SESSION, radius });
    database.update(PLAYED_ROWS.rows, PLAYED_ROWS.places);
    database.insert(PLAYED_ROWS.added);
    const files = changed(paths);
    for (const { cloud, sessions } of results) sessions.push(cloud.push(files));
  }
  console.log(`${(size / 1e6).toFixed(0)} MB, ${options.sessions} sessions; Node ${process.versions.node}\n`);
  console.log(tableOf(results).join('\n'));
}

function tableOf(results) {
  const total = ({ data, index, trees }) => (data + index + trees) / 1e6;
  const meanOf = (sessions, pick) => sessions.reduce((sum, one) => sum + pick(one), 0) / sessions.length;
  const restic = results[0];
  const heads = [
    'sectors',
    'first MB',
    'blobs',
    'CPU s',
    'session 1 MB',
    'mean MB',
    'of restic',
    'index, trees MB',
    'CPU s',
    'blobs then',
  ];
  const rows = results.map(({ cloud, first, firstBlobs, sessions }) => [
    cloud.name,
    total(first).toFixed(1),
    firstBlobs,
    first.cpu.toFixed(2),
    total(sessions[0]).toFixed(1),
    meanOf(sessions, total).toFixed(1),
    (meanOf(sessions, total) / meanOf(restic.sessions, total)).toFixed(2),
    meanOf(sessions, ({ index, trees }) => (index + trees) / 1e6).toFixed(2),
    meanOf(sessions, ({ cpu }) => cpu).toFixed(2),
    cloud.blobs,
  ]);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)];
}

run();
