/**
 * One run of the benchmarks: a temporary folder with the game and the server's data, the questions one after the
 * other, restic and this project in turn. Everything is gone in the end, also after Ctrl-C.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { resticClient, syncClient } from './clients.mjs';
import { makeGame } from './data.mjs';
import { measure } from './measure.mjs';
import { summarise } from './report.mjs';
import { startServer } from './server.mjs';

/** The game, two repositories of it, and one folder that it is pulled to. */
const SPACE = 4.5;
const SEED = 1;

/** The questions whose file names contain one of the words; all without words. */
export async function findQuestions(words) {
  const folder = new URL('questions/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
  const wanted = names.filter((name) => words.length === 0 || words.some((word) => name.includes(word)));
  if (wanted.length === 0) throw new Error(`no question in bench/questions matches ${words.join(', ')}`);
  return Promise.all(wanted.sort().map((name) => import(new URL(name, folder).href)));
}

/**
 * `programs`: paths of restic, restServer, node and hook. Calls `tell` with a line for each step.
 * Returns { data, results }.
 */
export async function runQuestions(questions, { programs, bytes, pairs, folder, signal, tell }) {
  const { bavail, bsize } = statfsSync(folder);
  const needed = bytes * SPACE;
  if (bavail * bsize < needed) {
    throw new Error(`${folder} has too little room: ${Math.ceil(needed / 1e9)} GB are needed; see --temp`);
  }
  const temp = mkdtempSync(join(folder, 'instance-sync-bench-'));
  let server;
  try {
    const game = join(temp, 'game');
    mkdirSync(game);
    const data = makeGame(game, { bytes, seed: SEED });
    tell(`made ${(data.bytes / 1e6).toFixed(0)} MB in ${data.files} files`);
    server = await startServer(programs.restServer, temp);
    const bench = makeBench({ ...programs, temp, game, server, signal });
    const results = [];
    for (const question of questions) results.push(await ask(question, bench, pairs, tell));
    return { data, results };
  } finally {
    await server?.stop();
    rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
  }
}

function makeBench(parts) {
  const bench = { ...parts, pushed: new Set() };
  bench.clients = { restic: resticClient(bench), sync: syncClient(bench) };
  /** What was written lately goes to the disk before the clock runs, not while it does. */
  bench.settle = async () => {
    if (process.platform !== 'win32') await measure('sync', [], { signal: bench.signal });
  };
  bench.ensurePushed = async () => {
    for (const client of Object.values(bench.clients)) {
      if (bench.pushed.has(client.name)) continue;
      await client.newRepository();
      await client.push('sent');
      bench.pushed.add(client.name);
    }
  };
  return bench;
}

/** Who begins changes with every pair. */
async function ask(question, bench, pairs, tell) {
  await question.prepare(bench);
  const rounds = [];
  for (let i = 0; i < pairs; i++) {
    const change = await question.change?.(bench, i);
    const round = {};
    const order = i % 2 === 0 ? ['restic', 'sync'] : ['sync', 'restic'];
    for (const name of order) {
      const before = bench.server.requests();
      const { seconds, cpu, peak, uploaded } = await question.run(bench, bench.clients[name], i);
      round[name] = { seconds, cpu, peak, uploaded, requests: bench.server.requests() - before };
    }
    rounds.push({ change, ...round });
    const both = `restic ${round.restic.seconds.toFixed(2)} s, instance-sync ${round.sync.seconds.toFixed(2)} s`;
    tell(`${question.title} ${i + 1}/${pairs}: ${both}${change === undefined ? '' : ` (${change})`}`);
  }
  return summarise(question, rounds);
}
