/**
 * The scale run at one size: makes the data, then asks both programs everything of scale-commands.mjs, one process after
 * the other, each program on repositories of its own with a cache folder of its own. In the end real restic checks what
 * this project has left. Everything is removed, also after Ctrl-C.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './measure.mjs';
import { COMMANDS } from './scale-commands.mjs';

const PASSWORD = 'correct horse';
const MAKE_LIMIT = 1_800_000;

/**
 * `size`: { files, packs, snapshots }. `programs`: name → { command: [path, ...args], limit }, the latter for each
 * process in milliseconds. `maker`: the bundled scale-make.ts. Returns { packs, results }, a list of
 * { command, <name>: outcome }, where an outcome is { seconds, cpu, peak }, { failed: reason } or { over: seconds }.
 */
export async function runScale(size, { programs, only, maker, restic, folder, signal, tell }) {
  const temp = mkdtempSync(join(folder, 'scale-'));
  try {
    const names = Object.keys(programs);
    const repositories = (place) => names.map((name) => join(temp, name, place));
    const make = (wanted) => measure(process.execPath, [maker, JSON.stringify(wanted)], { signal, limit: MAKE_LIMIT });
    for (const name of names) mkdirSync(join(temp, name), { recursive: true });
    const tree = join(temp, 'tree');
    const { seconds } = await make({ tree, files: size.files });
    tell(`${size.files} files: made in ${seconds.toFixed(1)} s`);
    for (const place of ['tree', 'copy']) await make({ repositories: repositories(place), password: PASSWORD });
    const big = await make({ repositories: repositories('big'), password: PASSWORD, ...size });
    const packs = countPacks(join(temp, names[0], 'big'));
    tell(`repository of ${packs} packs and ${size.snapshots} snapshots: made in ${big.seconds.toFixed(1)} s`);
    await measure('sync', [], { signal });

    const runs = names.map((name) => new ProgramRun(name, programs[name], { temp, tree, size, signal }));
    for (const run of runs) await run.findEnds(restic);
    const results = [];
    for (const command of COMMANDS.filter(({ name }) => only === undefined || only.test(name))) {
      const result = { command: command.name };
      for (const run of runs) result[run.name] = await run.ask(command);
      tell(`${command.name}: ${runs.map((run) => `${run.name} ${describeOutcome(result[run.name])}`).join(', ')}`);
      results.push(result);
    }
    for (const run of runs) await run.verify(restic, tell);
    return { packs, results };
  } finally {
    rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
  }
}

class ProgramRun {
  constructor(name, { command: [path, ...first], limit }, { temp, tree, size, signal }) {
    this.name = name;
    this.command = path;
    this.first = first;
    this.options = { signal, limit, killSignal: 'SIGKILL', discard: true };
    this.cache = join(temp, name, 'cache');
    /** What the commands may use. */
    this.known = {
      tree,
      target: join(temp, name, 'restored'),
      snapshots: size.snapshots,
      /** The name of one file that all snapshots have, and of no folder. */
      file: String(size.files - 1).padStart(8, '0'),
      password: PASSWORD,
      folderOf: (place) => join(temp, name, place),
    };
  }

  /** The ids of the oldest and the newest snapshot, for `diff`. */
  async findEnds(restic) {
    const { stdout } = await measure(restic, ['snapshots', '--json', '--no-cache'], {
      ...this.options,
      discard: false,
      env: this.#env('big'),
    });
    const all = JSON.parse(stdout).sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
    this.known.first = all.at(0).id;
    this.known.last = all.at(-1).id;
  }

  async ask({ place, args, env, after }) {
    const { options, known } = this;
    const all = { ...options, env: { ...this.#env(place), ...env?.(known) } };
    const start = performance.now();
    try {
      const { seconds, cpu, peak } = await measure(this.command, [...this.first, ...args(known)], all);
      return { seconds, cpu, peak };
    } catch (error) {
      options.signal.throwIfAborted();
      // One that was killed has left its lock.
      for (const one of ['tree', 'big', 'copy']) removeLocks(known.folderOf(one));
      if (performance.now() - start >= options.limit) return { over: options.limit / 1000 };
      const words = error.message.replace(this.command, this.name).trim().split('\n');
      return { failed: words.slice(-3).join(' / ').slice(0, 300) };
    } finally {
      after?.(known);
    }
  }

  /** Throws where restic finds fault with what is there now. */
  async verify(restic, tell) {
    for (const place of ['tree', 'big', 'copy']) {
      const env = this.#env(place);
      await measure(restic, ['check', '--no-cache'], { ...this.options, env, limit: MAKE_LIMIT });
    }
    tell(`restic finds no fault with the repositories of ${this.name}`);
  }

  /** Without what the environment says of some other repository. */
  #env(place) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('RESTIC_'));
    return {
      ...Object.fromEntries(inherited),
      RESTIC_REPOSITORY: this.known.folderOf(place),
      RESTIC_PASSWORD: PASSWORD,
      RESTIC_CACHE_DIR: this.cache,
    };
  }
}

function countPacks(repository) {
  const data = join(repository, 'data');
  return readdirSync(data).reduce((sum, two) => sum + readdirSync(join(data, two)).length, 0);
}

function removeLocks(repository) {
  for (const name of readdirSync(join(repository, 'locks'))) rmSync(join(repository, 'locks', name), { force: true });
}

function describeOutcome({ failed, over, seconds, peak }) {
  if (over !== undefined) return `not done after ${over} s`;
  if (failed !== undefined) return failed;
  return `${seconds.toFixed(2)} s${peak === undefined ? '' : ` ${(peak / 1e6).toFixed(0)} MB`}`;
}
