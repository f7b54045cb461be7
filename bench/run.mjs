/**
 * One run of the benchmarks: for each set of data a temporary folder with the files and a server, and the questions about
 * them one after the other, both programs in turn. Everything is gone in the end, also after Ctrl-C.
 */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { resticClient, resticTsClient, syncClient } from './clients.mjs';
import { dataSets } from './data-sets.mjs';
import { measure } from './measure.mjs';
import { startServer } from './server.mjs';
import { summarise } from './summary.mjs';

/** No single program takes longer than this, with 20 GB on a slow disk. */
const LIMIT_MS = 3_600_000;

/**
 * `programs`: paths of restic, restServer, node, hook and resticTs. `size`: see data-sets.mjs. `pairs`: for questions that do
 * not say themselves. Calls `tell` with a line for each step, and `found` with each question and what was measured.
 */
export async function runQuestions(questions, { programs, size, pairs, folder, signal, tell, found }) {
  const sets = Object.entries(dataSets(size)).map(([name, set]) => ({
    ...set,
    name,
    questions: questions.filter(({ data }) => data === name),
  }));
  const needed = sets.filter((set) => set.questions.length > 0);
  for (const set of needed) checkRoom(folder, set);
  for (const set of needed)
    await withData(set, { programs, folder, signal, tell }, async (bench) => {
      for (const question of set.questions)
        await found(question, await ask(question, bench, question.pairs ?? pairs, tell));
    });
}

/** One set at a time is on the disk. */
function checkRoom(folder, { name, space }) {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= space) return;
  throw new Error(`${folder} has too little room for the data "${name}": ${Math.ceil(space / 1e9)} GB; see --temp`);
}

async function withData(set, { programs, folder, signal, tell }, work) {
  const temp = mkdtempSync(join(folder, 'instance-sync-bench-'));
  let server;
  try {
    const game = join(temp, 'game');
    mkdirSync(game);
    const data = set.make(game);
    tell(`made ${(data.bytes / 1e6).toFixed(0)} MB in ${data.files} files`);
    server = await startServer(programs.restServer, temp);
    await work(makeBench({ ...programs, temp, game, data, server, signal, limit: LIMIT_MS }));
  } finally {
    await server?.stop();
    rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What questions are given. */
function makeBench(parts) {
  const bench = { ...parts, pushed: new Set() };
  const clients = [resticClient, resticTsClient, syncClient].map((make) => make(bench));
  bench.clients = Object.fromEntries(clients.map((client) => [client.name, client]));
  /** What was written lately goes to the disk before the clock runs, not while it does. */
  bench.settle = async () => {
    if (process.platform !== 'win32') await measure('sync', [], { signal: bench.signal, limit: LIMIT_MS });
  };
  /** The folder as it was made, once, in each of these clients' repositories. */
  bench.ensurePushed = async (...names) => {
    for (const name of names.filter((one) => !bench.pushed.has(one))) {
      await bench.clients[name].newRepository();
      await bench.clients[name].push('sent');
      bench.pushed.add(name);
    }
  };
  return bench;
}

/** Who begins changes with every pair. */
async function ask(question, bench, pairs, tell) {
  await question.prepare(bench);
  const both = { restic: bench.clients.restic, ours: bench.clients[question.program ?? 'instance-sync'] };
  const rounds = [];
  for (let i = 0; i < pairs; i++) {
    const change = await question.change?.(bench, i);
    const round = { change };
    for (const who of i % 2 === 0 ? ['restic', 'ours'] : ['ours', 'restic']) {
      const { seconds, cpu, peak, uploaded, requests } = await question.run(bench, both[who], i);
      round[who] = { seconds, cpu, peak, uploaded, requests };
    }
    rounds.push(round);
    const times = `restic ${round.restic.seconds.toFixed(2)} s, ours ${round.ours.seconds.toFixed(2)} s`;
    tell(`${question.name} ${i + 1}/${pairs}: ${times}${change === undefined ? '' : ` (${change})`}`);
  }
  return { data: bench.data, ...summarise(rounds) };
}
