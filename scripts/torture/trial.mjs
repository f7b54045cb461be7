/**
 * One point: the state is laid out, the command is killed there, and what a launcher runs next is run. Then everything
 * that a player had must be somewhere, both PCs must agree, and restic must find nothing wrong with the repository.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { differences, inScope, readGame } from './game.mjs';
import { contentsInHistory, contentsOnPcs, findLosses } from './losses.mjs';
import { enumerate, killAt } from './programs.mjs';
import { stateOf } from './state.mjs';
import { hasJournal, layOut, leftovers } from './workshop.mjs';

/** The server has a request, and what becomes of it is not seen. */
const AT_WORK = /^(POST|DELETE) .*: (headers )?sent$/;
const ANSWERS = { headless: true, onConflict: 'keep-both', onDeletion: 'send' };

/** The commands of a PC in this process; each resolves to what the library says, or to { outcome: code of the error }. */
export function commandsOf({ game }, { push, pull, isSyncError }) {
  const run = (work) => async (more) => {
    try {
      return await work({ packFolder: game, ...ANSWERS, ...more });
    } catch (error) {
      if (!isSyncError(error)) throw error;
      return { outcome: `failed: ${error.code}`, message: error.message };
    }
  };
  return { push: run(push), pull: run(pull) };
}

/** What all trials of a scenario are held against, from a life without a kill. Throws if that goes wrong. */
export async function makeReference(shop, place, scenario, prepared) {
  const reference = {
    prepared,
    known: new Map(),
    sums: new Map(),
    sound: new Set(),
    interruptions: new Map(),
    passed: new Set(),
  };
  await begin(shop, place, scenario, reference);
  const victim = place.pcs[scenario.pc];
  reference.had = await contentsHad(shop, place, reference);
  await recoverOnly(shop, victim);
  reference.old = readGame(victim.game);
  reference.ends = [await endWithoutKill(shop, place, scenario, reference)];
  await begin(shop, place, scenario, reference);
  const { points, code, output } = await enumerate(shop.runner, argsFor(shop, scenario, victim), place.log);
  if (!isGood(code, scenario)) throw new Error(`${scenario.name}: exit code ${code} without any kill: ${output}`);
  reference.points = points;
  reference.new = readGame(victim.game);
  reference.ends.push(await endWithoutKill(shop, place, scenario, reference));
  return reference;
}

/** How it ends when nothing goes wrong from here on. */
async function endWithoutKill(shop, place, scenario, reference) {
  const problems = await goOn(shop, place, scenario, { ...reference, ends: undefined }, { readData: true });
  if (problems.length > 0) throw new Error(`${scenario.name}, without any kill: ${problems.join('; ')}`);
  return inScope(readGame(place.pcs[scenario.pc].game));
}

/**
 * { outcome, problems, died, seconds }. `outcome`: 'old', 'new', or 'between' with a journal that finishes it; `seconds`:
 * of the way on, undefined if another point had left the same state (`each`: it is gone on from all the same).
 */
export async function tryPoint(shop, place, scenario, reference, { number, power, readData, each }) {
  const victim = place.pcs[scenario.pc];
  await begin(shop, place, scenario, reference);
  const { died, code, output } = await killAt(shop.runner, argsFor(shop, scenario, victim), place.log, {
    number,
    power,
  });
  const problems = [];
  if (died === undefined && !isGood(code, scenario)) problems.push(`exit code ${code}: ${output.trim()}`);
  const outcome = outcomeOf(readGame(victim.game), reference);
  if (outcome === undefined && !hasJournal(victim.game)) {
    problems.push(`a mixed state that no journal finishes: ${describe(victim, reference)}`);
  }
  const trial = { outcome: outcome ?? 'between', problems, died };
  // A server that is still at work on what was sent to it leaves a state that is not known yet.
  const state = AT_WORK.test(died ?? '') ? undefined : stateOf(place, scenario.pc, reference.prepared);
  if (!each && problems.length === 0 && reference.passed.has(state)) return trial;
  const started = performance.now();
  await recoverOnly(shop, victim);
  if (outcomeOf(readGame(victim.game), reference) === undefined) {
    problems.push(`neither old nor new after the recovery: ${describe(victim, reference)}`);
  }
  problems.push(...(await goOn(shop, place, scenario, reference, { readData })));
  if (problems.length === 0 && state !== undefined) reference.passed.add(state);
  return { ...trial, seconds: (performance.now() - started) / 1000 };
}

function isGood(code, { refused = false }) {
  return (code === 0) !== refused;
}

function argsFor(shop, { command: [command, ...flags] }, { game }) {
  return [command, '--pack-folder', shop.runner.pathFor(game), ...flags];
}

async function begin(shop, place, scenario, reference) {
  layOut(place, reference.prepared, shop.tables);
  const victim = place.pcs[scenario.pc];
  const interrupt = (isPoint, nth) => interruptAt(shop, place, scenario, reference, isPoint, nth);
  await scenario.before?.({ pcs: place.pcs, victim, interrupt });
}

/** Kills a pull at the nth point of a kind, with a journal on the disk afterwards. */
async function interruptAt(shop, place, scenario, { interruptions, prepared }, isPoint, nth) {
  const victim = place.pcs[scenario.pc];
  const args = argsFor(shop, { command: ['pull'] }, victim);
  if (!interruptions.has(scenario.name)) {
    const { points } = await enumerate(shop.runner, args, place.log);
    const found = points.filter(({ name }) => isPoint(name));
    if (found.length < nth) throw new Error(`${scenario.name}: nothing to interrupt`);
    interruptions.set(scenario.name, found[nth - 1].number);
    layOut(place, prepared, shop.tables);
  }
  // Calls that run beside each other do not come in the same order each time.
  for (let number = interruptions.get(scenario.name); ; number++) {
    const { died } = await killAt(shop.runner, args, place.log, { number });
    if (hasJournal(victim.game)) return;
    if (died === undefined) throw new Error(`${scenario.name}: the first kill came too late`);
    layOut(place, prepared, shop.tables);
  }
}

/** A pull that gets no further than to the server's "who are you?": an interrupted swap is finished, nothing else. */
async function recoverOnly(shop, victim) {
  const { outcome } = await shop.commandsOf(victim).pull({ token: 'nobody:at-all' });
  if (!outcome.startsWith('failed')) throw new Error(`a pull with a wrong token ended with "${outcome}"`);
}

/** A push leaves the folder as it is: then both are 'old'. */
function outcomeOf(game, reference) {
  if (differences(reference.old, game).length === 0) return 'old';
  return differences(reference.new, game).length === 0 ? 'new' : undefined;
}

function describe({ game }, reference) {
  const now = readGame(game);
  return `old: ${differences(reference.old, now).join(', ')}; new: ${differences(reference.new, now).join(', ')}`;
}

async function contentsHad(shop, place, { known, sums }) {
  const had = contentsOnPcs(place);
  if (!existsSync(join(place.repo, 'config'))) return had;
  return new Set([...had, ...(await contentsInHistory(shop, place, known, sums))]);
}

/** What a launcher runs next on both PCs, and what must hold then; returns what does not. */
async function goOn(shop, place, scenario, reference, { readData }) {
  const victim = place.pcs[scenario.pc];
  const other = Object.values(place.pcs).find((pc) => pc !== victim);
  const problems = [];
  const [mine, theirs] = [shop.commandsOf(victim), commandsOf(other, shop.internals)];
  for (const [pc, command, run] of [
    [victim, 'pull', mine.pull],
    [victim, 'push', mine.push],
    [other, 'pull', theirs.pull],
    [other, 'push', theirs.push],
    [victim, 'pull', mine.pull],
  ]) {
    const { outcome, message } = await run();
    if (outcome.startsWith('failed')) problems.push(`${command} on PC ${pc.name} afterwards ${outcome} (${message})`);
  }
  const [here, there] = [victim, other].map(({ game }) => inScope(readGame(game)));
  const differing = differences(here, there);
  if (differing.length > 0) problems.push(`the PCs differ in the end: ${differing.join(', ')}`);
  // Whether the command was carried out or never begun can make a difference (undo), but there is nothing in between.
  const strayed = (reference.ends ?? []).map((end) => differences(end, here));
  if (strayed.length > 0 && strayed.every((lines) => lines.length > 0)) {
    problems.push(`another end than without the kill: ${strayed[0].join(', ')}`);
  }
  for (const { game } of [victim, other]) problems.push(...leftovers(game).map((name) => `${name} is left`));
  problems.push(...(await findLosses(shop, place, reference, { readData })));
  return problems;
}
