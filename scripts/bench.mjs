/**
 * npm run bench: restic and this project in turn, on the same data, against the same real rest-server on loopback.
 *
 *   npm run bench                        all questions of bench/questions, 1 GB, medians of 5 pairs
 *   npm run bench -- push                those whose name contains "push"
 *   --pairs N      pairs of runs for each question (5)
 *   --size MB      of the game folder (1000)
 *   --quick        40 MB and one pair: whether everything works, not how fast
 *   --node PATH    the Node that runs this project's program (the one that runs this script)
 *   --hook PATH    another build of it, to compare two; nothing is built then
 *   --temp PATH    where the data go; the system's temporary folder
 *   --save         writes bench/results/node-<major>.json and the table of docs/performance.md
 */
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { peersFolder, preparePeers } from './peers.mjs';
import { prepare } from './prepare.mjs';
import { root, since } from './run.mjs';
import { thisMachine, versionOf } from './surroundings.mjs';

const QUICK = { size: 40, pairs: 1 };
const FULL = { size: 1000, pairs: 5 };

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      pairs: { type: 'string' },
      size: { type: 'string' },
      quick: { type: 'boolean', default: false },
      node: { type: 'string', default: process.execPath },
      hook: { type: 'string' },
      temp: { type: 'string', default: tmpdir() },
      save: { type: 'boolean', default: false },
    },
  });
  if (values.quick && values.save) throw new Error('--quick measures nothing worth saving; leave out one of the two');
  const usual = values.quick ? QUICK : FULL;
  const pairs = positive('--pairs', values.pairs ?? usual.pairs);
  const bytes = positive('--size', values.size ?? usual.size) * 1e6;
  return { ...values, words: positionals, pairs, bytes };
}

function positive(name, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name}: "${text}" is no whole number from 1 on`);
  return value;
}

async function main(signal) {
  const start = performance.now();
  const options = readOptions();
  await prepare({ install: true, build: options.hook === undefined });
  const peers = await preparePeers();
  if (!peers.ready) throw new Error(`restic and rest-server are needed: ${peers.reason}`);
  // Imported late: on a fresh clone the packages are there only now.
  const { findQuestions, runQuestions } = await import('../bench/run.mjs');
  const { describe, save, terminalTable } = await import('../bench/report.mjs');

  const programs = {
    restic: join(peersFolder, 'restic-latest'),
    restServer: join(peersFolder, 'rest-server-latest'),
    node: resolve(options.node),
    hook: resolve(options.hook ?? join(root, 'dist/instance-sync.mjs')),
  };
  const { bytes, pairs, temp: folder } = options;
  const questions = await findQuestions(options.words);
  const found = await runQuestions(questions, { programs, bytes, pairs, folder, signal, tell: console.error });
  const report = { ...(await surroundings(programs)), pairs, ...found };
  console.log(`\n${describe(report).join('\n')}\n\n${terminalTable(report.results)}`);
  if (options.save) for (const path of save(root, report)) console.error(`wrote ${path}`);
  console.error(`\ndone in ${since(start)}`);
}

async function surroundings({ restic, restServer, node }) {
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: thisMachine(),
    node: await versionOf(node, ['--version']),
    restic: await versionOf(restic, ['version']),
    server: await versionOf(restServer, ['--version']),
  };
}

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => interrupted.abort(new Error('interrupted')));
try {
  await main(interrupted.signal);
} catch (error) {
  const reason = interrupted.signal.aborted ? interrupted.signal.reason : error;
  console.error(reason instanceof Error ? reason.message : reason);
  process.exitCode = 1;
}
