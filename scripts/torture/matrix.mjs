/** The kill matrix of one scenario: its state is prepared, its points are listed, and all or some of them are tried. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandsOf, makeReference, tryPoint } from './trial.mjs';
import { copyTree, keep, openPlace, PASSWORD, resetStore } from './workshop.mjs';

/**
 * `shop.each`: whether the way on is gone from each point, and not only from each state that one leaves.
 * `choose(points)` gives the trials: { number, power }. `tell(line)` gets a line for each loss. Returns { points, trials,
 * outcomes, goneOn, losses, slowest }; `slowest` in seconds, of the commands after a kill.
 */
export async function runScenario(shop, scenario, { choose, tell, signal }) {
  const [first] = shop.places;
  const prepared = join(shop.folder, 'prepared', scenario.name);
  const more = await prepare(shop, first, scenario, prepared);
  const whole = { ...scenario, command: [...scenario.command, ...more] };
  const reference = await makeReference(shop, first, whole, prepared);
  const trials = choose(reference.points);
  const report = {
    points: reference.points.length,
    trials: trials.length,
    outcomes: {},
    goneOn: 0,
    losses: [],
    slowest: 0,
  };
  const queue = trials.entries();
  const atWork = shop.places.map((place) => work(shop, place, whole, reference, { queue, report, tell, signal }));
  // If one fails, the others end what they are at: nothing may be at work in folders that are about to go.
  for (const { status, reason } of await Promise.allSettled(atWork)) if (status === 'rejected') throw reason;
  if (!shop.keep) rmSync(prepared, { recursive: true, force: true });
  return report;
}

async function prepare(shop, place, scenario, folder) {
  await openPlace(place, shop.internals);
  if (!scenario.withoutRepository) await shop.internals.makeRepository(place.repo, PASSWORD);
  const pcs = Object.fromEntries(
    Object.values(place.pcs).map((pc) => {
      const { push, pull } = commandsOf(pc, shop.internals);
      return [pc.name, { ...pc, push: mustSucceed(push), pull: mustSucceed(pull) }];
    }),
  );
  const built = await scenario.build(
    { ...pcs, posix: shop.posix },
    { fork: (one, other) => fork(place, folder, one, other) },
  );
  keep(place, folder);
  return Array.isArray(built) ? built : [];
}

/** The server after each of two pushes from the same base, both of which thought that they were alone. */
async function fork({ store }, folder, one, other) {
  const [before, first] = ['before', 'first'].map((name) => join(`${folder}-fork`, name));
  copyTree(store, before);
  await one();
  copyTree(store, first);
  resetStore(before, store);
  await other();
  copyTree(first, store);
  rmSync(`${folder}-fork`, { recursive: true });
}

const mustSucceed = (command) => async () => {
  const result = await command();
  if (result.outcome.startsWith('failed')) throw new Error(`while preparing: ${result.outcome}: ${result.message}`);
  return result;
};

/** One place does trial after trial until none is left. */
async function work(shop, place, scenario, reference, { queue, report, tell, signal }) {
  for (const [i, trial] of queue) {
    signal.throwIfAborted();
    // Reading all data of the repository costs time: at the first and the last trial, else its structure is checked.
    const readData = i === 0 || i === report.trials - 1;
    const how = { ...trial, readData, each: shop.each };
    const { outcome, problems, died, seconds } = await tryPoint(shop, place, scenario, reference, how);
    const kind = died === undefined ? 'ended' : outcome;
    report.outcomes[kind] = (report.outcomes[kind] ?? 0) + 1;
    if (seconds !== undefined) report.goneOn += 1;
    report.slowest = Math.max(report.slowest, seconds ?? 0);
    if (problems.length === 0) continue;
    const point = `point ${trial.number}${trial.power ? ' with a power cut' : ''}, "${died ?? 'not reached'}"`;
    const again = `--scenario ${scenario.name} --point ${trial.number}${trial.power ? ' --power' : ''}`;
    const loss = [`LOSS at ${point}`, ...problems.map((text) => `  ${text}`), `  again: npm run torture -- ${again}`];
    report.losses.push(loss);
    for (const line of loss) tell(`    ${line}`);
  }
}
