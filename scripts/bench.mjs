/**
 * npm run bench: restic and this project in turn, on the same data, against the same real rest-server on loopback.
 *
 *   npm run bench                        the questions of bench/questions, 1 GB, medians of 5 pairs
 *   npm run bench -- push                those whose names contain "push"
 *   npm run bench -- memory              the two about 20 GB, which are asked only then
 *   npm run bench -- parts               the speed of each part alone, instead: where the time goes
 *   --list         what there is to ask
 *   --pairs N      pairs of runs for each question (5)
 *   --size MB      of the game folder (1000; 20000 for the questions about memory; 300 for the parts)
 *   --files N      small files (50000)
 *   --quick        40 MB, 1000 files and one pair: whether everything works, not how fast
 *   --node PATH    the Node that runs this project's programs (the one that runs this script)
 *   --hook PATH    another build of the hook, to compare two; nothing is built then
 *   --restic-ts PATH  the same for restic-ts
 *   --temp PATH    where the data go; the system's temporary folder
 *   --save         completes bench/results/node-<major>.json, and writes the tables of docs/performance.md and the README
 *   --saved ROOT   the folder in which --save does so (this project's)
 */
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { peersFolder, preparePeers } from './peers.mjs';
import { prepare } from './prepare.mjs';
import { runMain, wholeNumber } from './program.mjs';
import { root, since } from './run.mjs';
import { thisMachine, versionOf } from './surroundings.mjs';

const FULL = { size: 1000, huge: 20_000, parts: 300, files: 50_000, pairs: 5 };
const QUICK = { size: 40, huge: 40, parts: 40, files: 1000, pairs: 1 };

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      pairs: { type: 'string' },
      size: { type: 'string' },
      files: { type: 'string' },
      quick: { type: 'boolean', default: false },
      node: { type: 'string', default: process.execPath },
      hook: { type: 'string' },
      'restic-ts': { type: 'string' },
      temp: { type: 'string', default: tmpdir() },
      save: { type: 'boolean', default: false },
      saved: { type: 'string', default: root },
    },
  });
  if (values.quick && values.save) throw new Error('--quick measures nothing worth saving; leave out one of the two');
  const usual = values.quick ? QUICK : FULL;
  const number = (name) => wholeNumber(`--${name}`, values[name] ?? usual[name]);
  const size = (name) => (values.size === undefined ? usual[name] : number('size')) * 1e6;
  const sizes = { game: size('size'), huge: size('huge'), parts: size('parts'), small: number('files') };
  return { ...values, words: positionals, pairs: number('pairs'), sizes };
}

async function main(signal) {
  const start = performance.now();
  const options = readOptions();
  const isBuilt = options.hook !== undefined || options['restic-ts'] !== undefined;
  await prepare({ install: true, build: !isBuilt && !options.list });
  // Imported late: on a fresh clone the packages are there only now.
  const { chooseQuestions, loadQuestions } = await import('../bench/questions.mjs');
  const all = await loadQuestions();
  if (options.list) return console.log(await listOf(all));
  const peers = await preparePeers();
  if (!peers.ready) throw new Error(`restic and rest-server are needed: ${peers.reason}`);
  const programs = {
    restic: join(peersFolder, 'restic-latest'),
    restServer: join(peersFolder, 'rest-server-latest'),
    node: resolve(options.node),
    hook: resolve(options.hook ?? join(root, 'dist/instance-sync.mjs')),
    resticTs: resolve(options['restic-ts'] ?? join(root, 'dist/restic-ts.mjs')),
  };
  const campaign = { programs, surroundings: await surroundings(programs), options, all, signal };
  if (options.words.includes('parts')) await measureParts(campaign);
  const words = options.words.filter((word) => word !== 'parts');
  const questions = options.words.length > 0 && words.length === 0 ? [] : chooseQuestions(all, words);
  if (questions.length > 0) await askAll(questions, campaign);
  console.error(`\ndone in ${since(start)}`);
}

async function listOf(all) {
  const { alignTable } = await import('../bench/table.mjs');
  const rows = all.map(({ name, ours, against, data, onlyAsked }) => [
    name,
    ours,
    against,
    onlyAsked ? `${data} (only if asked)` : data,
  ]);
  return alignTable([['name', 'ours', "restic's", 'data'], ...rows], 4);
}

/** Each answer is kept as soon as it is there: a campaign that is interrupted goes on with the questions that are left. */
async function askAll(questions, { programs, surroundings, options, all, signal }) {
  const { runQuestions } = await import('../bench/run.mjs');
  const { terminalReport } = await import('../bench/report.mjs');
  const { majorOf } = await import('../bench/saved.mjs');
  const { sizes: size, pairs, temp: folder } = options;
  const entries = [];
  const found = async (question, measured) => {
    const result = { ...surroundings, ...measured };
    entries.push({ question, result, major: majorOf(surroundings.node) });
    if (options.save) await save(options, surroundings.node, { questions: { [question.name]: result } }, all);
  };
  await runQuestions(questions, { programs, size, pairs, folder, signal, tell: console.error, found });
  const inOrder = all.flatMap(({ name }) => entries.filter(({ question }) => question.name === name));
  console.log(`\n${terminalReport(inOrder)}`);
}

async function measureParts({ programs, surroundings, options, all, signal }) {
  const { runParts } = await import('../bench/parts-run.mjs');
  const { partsTerminal } = await import('../bench/parts-report.mjs');
  const { sizes, temp: folder } = options;
  const parts = await runParts({ programs, bytes: sizes.parts, folder, signal, tell: console.error });
  console.log(`\n${partsTerminal(parts)}`);
  if (options.save) await save(options, surroundings.node, { parts: { ...surroundings, ...parts } }, all);
}

async function save({ saved }, version, found, all) {
  const { keep, writePages } = await import('../bench/saved.mjs');
  const names = all.map(({ name }) => name);
  for (const path of [keep(saved, version, found, names), ...writePages(saved, all)]) console.error(`wrote ${path}`);
}

async function surroundings({ restic, restServer, node }) {
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: thisMachine(),
    node: await versionOf(node, ['--version']),
    resticVersion: await versionOf(restic, ['version']),
    server: await versionOf(restServer, ['--version']),
  };
}

await runMain(main);
