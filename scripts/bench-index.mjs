/**
 * npm run bench:index: how long an index of many blobs takes to load, how much memory it needs, and how fast blobs are
 * found in it. Beside it `stats` of restic-ts and of restic on the same repository, which has no snapshot: what they do
 * is load the index.
 *
 *   --blobs N     blobs of the index (10000000)
 *   --runs N      runs of which the medians are told (3)
 *   --node PATH   the Node that runs this project (the one that runs this script)
 *   --temp PATH   where the repository is made, 80 bytes for each blob; the system's temporary folder
 *   --save        writes the table of docs/performance.md
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { peersFolder, preparePeers } from './peers.mjs';
import { prepare } from './prepare.mjs';
import { runMain, wholeNumber } from './program.mjs';
import { cache, root, since } from './run.mjs';
import { thisMachine, versionOf } from './surroundings.mjs';

const PASSWORD = 'correct horse';
const LIMIT = 1_800_000;
const MARKS = ['<!-- index:begin -->', '<!-- index:end -->'];

function readOptions() {
  const { values } = parseArgs({
    options: {
      blobs: { type: 'string', default: '10000000' },
      runs: { type: 'string', default: '3' },
      node: { type: 'string', default: process.execPath },
      temp: { type: 'string', default: tmpdir() },
      save: { type: 'boolean', default: false },
    },
  });
  const number = (name) => wholeNumber(`--${name}`, values[name]);
  return { ...values, node: resolve(values.node), blobs: number('blobs'), runs: number('runs') };
}

async function main(signal) {
  const start = performance.now();
  const options = readOptions();
  await prepare({ install: true, build: true });
  const peers = await preparePeers();
  if (!peers.ready) throw new Error(`restic is needed: ${peers.reason}`);
  // Imported late: on a fresh clone the packages are there only now.
  const { bundleScript } = await import('./bundle.mjs');
  // Beside the installed packages, which it imports.
  const program = join(cache, 'index-load.mjs');
  await bundleScript({ entry: 'bench/index-load.ts', outfile: program });
  const temp = mkdtempSync(join(options.temp, 'instance-sync-index-'));
  try {
    const text = await runAll({ ...options, program, temp, signal });
    console.log(`\n${text}`);
    if (options.save) saveTable(text);
  } finally {
    rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
  }
  console.error(`\ndone in ${since(start)}`);
}

async function runAll({ blobs, runs, node, program, temp, signal }) {
  const { measure, median } = await import('../bench/measure.mjs');
  const folder = join(temp, 'repository');
  mkdirSync(folder);
  const made = await measure(node, [program, JSON.stringify({ make: folder, blobs })], { signal, limit: LIMIT });
  console.error(`${blobs} blobs: made in ${made.seconds.toFixed(1)} s`);
  const restic = join(peersFolder, 'restic-latest');
  const stats = ['-r', folder, '--no-cache', '--no-lock', 'stats', '--mode', 'raw-data'];
  const env = { ...process.env, RESTIC_PASSWORD: PASSWORD };
  const commands = {
    load: [node, program, JSON.stringify({ load: folder })],
    'restic-ts': [node, join(root, 'dist/restic-ts.mjs'), ...stats],
    restic: [restic, ...stats],
  };
  const found = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const [name, [command, ...args]] of Object.entries(commands)) {
      const result = await measure(command, args, { env, signal, limit: LIMIT });
      found[name].push(name === 'load' ? { ...result, ...JSON.parse(result.stdout) } : result);
      console.error(`${name}: ${result.seconds.toFixed(1)} s, ${megabytes(result.peak)} MB`);
    }
  }
  const of = (name, key) => median(found[name].map((one) => one[key]));
  return describe({
    line: `npm run bench:index -- --blobs=${blobs}`,
    machine: thisMachine(),
    node: await versionOf(node, ['--version']),
    restic: await versionOf(restic, ['version']),
    blobs: found.load[0].blobs,
    of,
  });
}

function describe({ line, machine, node, restic, blobs, of }) {
  const millions = (value) => `${(value / 1e6).toFixed(2)} million`;
  const row = (name, key) => `${of(name, key)?.toFixed(1) ?? '-'}`;
  return [
    `\`${line}\`: ${blobs.toLocaleString('en-US')} blobs, 20 in a pack, 50,000 in an index file.  `,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}; Node ${node}, restic ${restic}.`,
    '',
    '| what | wall s | CPU s | peak MB |',
    '| --- | ---: | ---: | ---: |',
    ...['restic-ts', 'restic'].map(
      (name) =>
        `| \`${name} stats\`, no snapshots | ${row(name, 'seconds')} | ${row(name, 'cpu')} | ${megabytes(of(name, 'peak'))} |`,
    ),
    '',
    '| in one process | |',
    '| --- | ---: |',
    `| the index is loaded in | ${of('load', 'seconds').toFixed(1)} s |`,
    `| memory before, after, at most | ${['before', 'after', 'peak'].map((key) => megabytes(of('load', key))).join(', ')} MB |`,
    `| arrays for a blob, packs included | ${of('load', 'arrays').toFixed(1)} bytes |`,
    `| \`has\`, of blobs that are there | ${millions(of('load', 'hits'))} a second |`,
    `| \`has\`, of others | ${millions(of('load', 'misses'))} a second |`,
    `| \`find\`, with its object | ${millions(of('load', 'finds'))} a second |`,
  ].join('\n');
}

function megabytes(bytes) {
  return bytes === undefined ? '-' : (bytes / 1e6).toFixed(0);
}

function saveTable(text) {
  const path = join(root, 'docs/performance.md');
  const before = readFileSync(path, 'utf8');
  const [begin, end] = MARKS.map((mark) => before.indexOf(mark));
  if (begin < 0 || end < begin) throw new Error(`${path} has no place for the table of the index`);
  writeFileSync(path, `${before.slice(0, begin + MARKS[0].length)}\n\n${text}\n\n${before.slice(end)}`);
  console.error(`wrote ${path}`);
}

await runMain(main);
