/**
 * npm run torture: the hook is killed at every call to the file system and at every step of every request, and what a
 * launcher runs next must find or make a whole state, with nothing lost; then two PCs push at the same instant, often.
 *
 *   npm run torture                               everything: all points of all scenarios, the storm
 *   npm run torture -- --quick                    a choice of the points, spread evenly, and a shorter storm
 *   npm run torture -- --windows                  a choice of the points on the Windows node under wine; with --quick fewer
 *   --points N          so many points of each scenario and a third as many power cuts
 *   --scenario NAME     only these scenarios (separated by commas); "storm" is one
 *   --point N           only this point of it; with --power a power cut there
 *   --each              goes on from each point, not only from each state that a kill leaves
 *   --server KIND       rest-server (Debian's) or embedded; default: both, the embedded one for requests only
 *   --rounds N          of the storm (100)
 *   --parallel N        points at once (two for each processor)
 *   --hook PATH         another build of the hook; nothing is built then
 *   --temp PATH         where it is done (in memory where the system has such a folder, else its temporary one)
 *   --keep              leaves that folder for a look around
 *
 * Exit code 1 if anything was lost. Each loss is told with the point and how to try that point again.
 */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { peersFolder, preparePeers } from './peers.mjs';
import { prepare } from './prepare.mjs';
import { runMain, wholeNumber } from './program.mjs';
import { node, root, since } from './run.mjs';
import { prepareWine } from './wine.mjs';

const FULL = { rounds: 100 };
const QUICK = { rounds: 9, points: 9 };
/** Where the writing differs most; a start of node.exe takes a second. */
const WINDOWS = { names: ['push', 'pull', 'complete', 'keep-both', 'undo'], points: 6 };
const QUICK_WINDOWS = { names: ['push', 'pull'], points: 2 };
/** The clients are the same: what is left to see there are the requests, of each kind of command, and a shorter storm. */
const EMBEDDED_SCENARIOS = ['first-push', 'push', 'pull', 'keep-both'];
const EMBEDDED_ROUNDS = 1 / 4;

/** A kill leaves the same in memory as on a disk; power cuts are played either way. */
const IN_MEMORY = '/dev/shm';
const SPACE = 512 * 1024 * 1024;

function quickFolder() {
  if (!existsSync(IN_MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(IN_MEMORY);
  return bavail * bsize > SPACE ? IN_MEMORY : tmpdir();
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      windows: { type: 'boolean', default: false },
      points: { type: 'string' },
      scenario: { type: 'string' },
      point: { type: 'string' },
      power: { type: 'boolean', default: false },
      server: { type: 'string' },
      rounds: { type: 'string' },
      parallel: { type: 'string' },
      hook: { type: 'string' },
      temp: { type: 'string', default: quickFolder() },
      each: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const { quick, windows, server, scenario } = values;
  if (values.point !== undefined && scenario === undefined) throw new Error('--point needs --scenario');
  const usual = windows ? (quick ? QUICK_WINDOWS : WINDOWS) : quick ? QUICK : FULL;
  const servers = windows || values.point !== undefined ? ['rest-server'] : ['rest-server', 'embedded'];
  return {
    ...values,
    names: scenario?.split(',') ?? usual.names,
    points: whole('--points', values.points) ?? usual.points,
    point: whole('--point', values.point),
    rounds: whole('--rounds', values.rounds) ?? usual.rounds,
    parallel: whole('--parallel', values.parallel) ?? availableParallelism() * 2,
    servers: server === undefined ? servers : [server],
  };
}

function whole(name, text) {
  return text === undefined ? undefined : wholeNumber(name, text);
}

async function main(signal) {
  const start = performance.now();
  const options = readOptions();
  await prepare({ install: true, build: options.hook === undefined });
  const peers = await preparePeers();
  if (!peers.ready) throw new Error(`restic and rest-server are needed: ${peers.reason}`);
  const wine = options.windows ? await prepareWine() : { ready: true };
  if (!wine.ready) throw new Error(wine.reason);
  const folder = realpathSync(mkdtempSync(join(options.temp, 'instance-sync-torture-')));
  try {
    const losses = await torture(folder, options, signal);
    console.log(`${losses === 0 ? 'nothing lost' : `${losses} LOSSES`} in ${since(start)}`);
    process.exitCode = losses === 0 ? 0 : 1;
  } finally {
    if (options.keep) console.error(`left for you in ${folder}`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Returns the number of losses. */
async function torture(folder, options, signal) {
  // Imported late: on a fresh clone the packages are there only now.
  const { loadInternals, openShop } = await import('./torture/shop.mjs');
  const { nativeHook } = await import('./torture/programs.mjs');
  const { windowsHook } = await import('./torture/windows.mjs');
  const hook = join(folder, 'instance-sync.mjs');
  writeFileSync(
    hook,
    withCheapKeys(readFileSync(resolve(options.hook ?? join(root, 'dist/instance-sync.mjs')), 'utf8')),
  );
  const programs = {
    hook,
    restic: join(peersFolder, 'restic-latest'),
    restServer: join(peersFolder, 'rest-server-latest'),
  };
  const help = (await node([hook, 'help'])).output + (await node([hook, 'help', 'pull'])).output;
  const runner = options.windows ? windowsHook(hook, folder) : nativeHook(hook);
  const { keep, each, windows } = options;
  const parts = { folder, programs, help, runner, internals: await loadInternals(), keep, each, windows };
  let losses = 0;
  for (const kind of options.servers) {
    const shop = await openShop(kind, options.parallel, parts);
    try {
      losses += await tortureOn(shop, options, signal);
    } finally {
      await shop.close();
    }
  }
  return losses;
}

/** Deriving a key from a password takes longer than all else that a small push does, and is not what is tortured. */
function withCheapKeys(program) {
  return program.replace(/(DEFAULT_SCRYPT = )\{[^{}]*\}/, '$1{ N: 128, r: 1, p: 1 }');
}

async function tortureOn(shop, options, signal) {
  const { SCENARIOS } = await import('./torture/scenarios.mjs');
  const { runScenario } = await import('./torture/matrix.mjs');
  const unknown = options.names?.find((name) => name !== 'storm' && !SCENARIOS.some((one) => one.name === name));
  if (unknown !== undefined) {
    throw new Error(`no scenario "${unknown}": ${SCENARIOS.map(({ name }) => name).join(', ')}, storm`);
  }
  const names = options.names ?? (shop.kind === 'embedded' ? [...EMBEDDED_SCENARIOS, 'storm'] : undefined);
  const wanted = SCENARIOS.filter(({ name }) => names?.includes(name) ?? true);
  console.log(`on ${shop.kind === 'embedded' ? 'the embedded server' : 'rest-server'}`);
  let losses = 0;
  for (const scenario of wanted) {
    if (scenario.needs !== undefined && !shop.help.includes(scenario.needs)) continue;
    const start = performance.now();
    const choose = await chooserFor(shop, options);
    const report = await runScenario(shop, scenario, { choose, tell: console.log, signal });
    losses += report.losses.length;
    console.log(lineOf(scenario, report, since(start)));
  }
  if (names?.includes('storm') ?? true) losses += await storm(shop, options, signal);
  return losses;
}

async function storm(shop, options, signal) {
  const { runStorm } = await import('./torture/storm.mjs');
  const { rounds: all = FULL.rounds } = options;
  const rounds = shop.kind === 'embedded' ? Math.ceil(all * EMBEDDED_ROUNDS) : all;
  const start = performance.now();
  const { conflicts, losses } = await runStorm(shop, { rounds, tell: console.log, signal });
  const found = `${rounds} rounds, ${conflicts} commands stopped at a conflict, ${losses.length} losses`;
  console.log(`  ${'storm'.padEnd(12)} ${found}, ${since(start)}   two PCs push at the same instant`);
  return losses.length;
}

async function chooserFor({ kind }, { point, power, points: count }) {
  const { allTrials, requestTrials, someTrials, spread } = await import('./torture/choice.mjs');
  if (point !== undefined) return () => [{ number: point, power }];
  if (kind !== 'embedded') return (points) => (count === undefined ? allTrials(points) : someTrials(points, count));
  return (points) => spread(requestTrials(points), count ?? Number.POSITIVE_INFINITY);
}

function lineOf({ name, title }, { points, trials, outcomes, goneOn, losses, slowest }, seconds) {
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const found = `${points} points, ${trials} tried (${counts.join(', ')}; ${goneOn} states), ${losses.length} losses`;
  return `  ${name.padEnd(12)} ${found}, ${seconds}, slowest way on ${slowest.toFixed(1)} s   ${title}`;
}

await runMain(main);
