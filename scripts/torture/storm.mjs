/**
 * Two PCs that push at the same instant, as processes, each with work of its own: in different worlds, in one world, or
 * in one file of it. Then both pull, at the same instant too. Whatever either wrote must be in the history in the end, and
 * both must agree.
 */
import { differences, HOME, inScope, makeGame, noise, put, readGame, SKY } from './game.mjs';
import { findLosses } from './losses.mjs';
import { commandsOf } from './trial.mjs';
import { openPlace, PASSWORD } from './workshop.mjs';

const CONFLICT = 20;
/** Worlds that two PCs changed become two: after so many rounds it begins anew. */
const ROUNDS_OF_A_PAIR = 10;
/** Pulls until both have the same: one brings the other's merge, if both made one. */
const SETTLING_PULLS = 4;
const KEEP_BOTH = '--on-conflict=keep-both';

/** What each of the two changes, by the number of the round. */
const KINDS = [
  { name: 'different worlds', paths: { a: `${HOME}/data/storm.dat`, b: `${SKY}/data/storm.dat` }, disjoint: true },
  { name: 'different files of a world', paths: { a: `${HOME}/data/a.dat`, b: `${HOME}/data/b.dat` } },
  { name: 'one file', paths: { a: `${HOME}/level.dat`, b: `${HOME}/level.dat` } },
];

/** { rounds, conflicts, losses, slowest }: `conflicts` are the commands that stopped and asked. */
export async function runStorm(shop, { rounds, tell, signal }) {
  const report = { rounds, conflicts: 0, forks: 0, losses: [] };
  const pairs = Math.ceil(rounds / ROUNDS_OF_A_PAIR);
  const queue = Array.from({ length: pairs }, (_, i) => i).values();
  const work = async (place) => {
    for (const pair of queue) {
      const [first, end] = [pair * ROUNDS_OF_A_PAIR, Math.min(rounds, (pair + 1) * ROUNDS_OF_A_PAIR)];
      await runPair(shop, place, { first, end, report, tell, signal });
    }
  };
  // Each pair keeps both processors busy.
  for (const { status, reason } of await Promise.allSettled(shop.places.slice(0, 2).map(work))) {
    if (status === 'rejected') throw reason;
  }
  return report;
}

async function runPair(shop, place, { first, end, report, tell, signal }) {
  let memory;
  for (let round = first; round < end; round++) {
    signal.throwIfAborted();
    // Without an answer to conflicts there is no way on from one.
    if (round === first || !shop.help.includes('--on-conflict')) memory = await newPair(shop, place);
    const problems = await runRound(shop, place, round, memory, report);
    if (round === end - 1) problems.push(...(await findLosses(shop, place, memory, { readData: true })));
    if (problems.length === 0) continue;
    const loss = [
      `LOSS in round ${round + 1} of the storm (${kindOf(round).name})`,
      ...problems.map((text) => `  ${text}`),
    ];
    report.losses.push(loss);
    for (const line of loss) tell(`    ${line}`);
  }
}

async function newPair(shop, place) {
  await openPlace(place, shop.internals);
  await shop.internals.makeRepository(place.repo, PASSWORD);
  const { a, b } = place.pcs;
  makeGame(a.game);
  for (const run of [commandsOf(a, shop.internals).push, commandsOf(b, shop.internals).pull]) {
    const { outcome, message } = await run();
    if (outcome.startsWith('failed')) throw new Error(`the storm cannot begin: ${outcome}: ${message}`);
  }
  return { had: new Set(), known: new Map(), sums: new Map(), sound: new Set() };
}

const kindOf = (round) => KINDS[round % KINDS.length];

async function runRound(shop, place, round, memory, report) {
  const { paths, disjoint } = kindOf(round);
  const pcs = Object.values(place.pcs);
  for (const { name, game } of pcs) {
    put(game, round, { [paths[name]]: noise(`${round} ${name}`, 900 + round) });
    memory.had.add(readGame(game).get(paths[name]).sha256);
  }
  const problems = [];
  const run = async (pc, command) => problems.push(...(await runOne(shop, pc, command, report)));
  await Promise.all(pcs.map((pc) => run(pc, 'push')));
  await Promise.all(pcs.map((pc) => run(pc, 'pull')));
  const [a, b] = pcs;
  const differing = () => differences(...pcs.map(({ game }) => inScope(readGame(game))));
  for (let i = 0; i < SETTLING_PULLS && differing().length > 0; i++) await run(pcs[i % 2], 'pull');
  const mustAgree = shop.help.includes('--on-conflict');
  if (mustAgree && differing().length > 0) problems.push(`the PCs differ in the end: ${differing().join(', ')}`);
  if (mustAgree && disjoint) {
    for (const { name } of pcs) {
      const [here, there] = [a, b].map(({ game }) => readGame(game).get(paths[name])?.sha256);
      if (!memory.had.has(here) || here !== there)
        problems.push(`PC ${name}'s change of ${paths[name]} is not on both`);
    }
  }
  // The history is read at the end of a pair; where each round is a new one, at once.
  return mustAgree ? problems : [...problems, ...(await findLosses(shop, place, memory, { readData: false }))];
}

async function runOne(shop, { game }, command, report) {
  const answer = shop.help.includes('--on-conflict') ? [KEEP_BOTH] : [];
  const { code, signal, output } = await shop.runner.run([
    command,
    '--pack-folder',
    shop.runner.pathFor(game),
    ...answer,
  ]);
  if (code === CONFLICT) report.conflicts += 1;
  if (code === 0 || (code === CONFLICT && answer.length === 0)) return [];
  return [`${command} ended by ${signal ?? code}: ${output.trim()}`];
}
