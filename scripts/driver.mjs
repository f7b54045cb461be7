/**
 * npm run driver: an existing program that drives restic by its command line and its JSON, run twice: over restic, and
 * over restic-ts in its place, under the same name. Both times it makes a repository, backs up, backs up again after
 * changes, forgets, prunes and checks. What it reports is compared, line by line and object by object; then real restic
 * checks both repositories and compares their trees.
 *
 * The program is backupninja, from Debian, as it comes; it wants to be root. Exit code 0: no difference.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peersFolder, preparePeers, unpackPackage } from './peers.mjs';
import { prepare } from './prepare.mjs';
import { cache, root, run, since } from './run.mjs';

const PASSWORD = 'correct horse';
const ninja = join(cache, 'backupninja');

/** Unpacked once; its shell library finds everything by the configuration file. */
async function prepareDriver() {
  if (existsSync(ninja)) return;
  const work = mkdtempSync(join(tmpdir(), 'driver-'));
  try {
    const unpacked = await unpackPackage(work, 'trixie', 'backupninja');
    const part = `${ninja}.${process.pid}`;
    const { code, output } = await run('cp', ['-R', unpacked, part]);
    if (code !== 0) throw new Error(output);
    renameSync(part, ninja);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function makeSource(folder) {
  for (let i = 0; i < 40; i++) {
    mkdirSync(join(folder, `folder ${i % 5}`), { recursive: true });
    writeFileSync(join(folder, `folder ${i % 5}`, `file ${i}`), `${i}\n`.repeat(i * 500));
  }
  mkdirSync(join(folder, 'left out'));
  writeFileSync(join(folder, 'left out', 'x'), 'x');
}

/** Between the two backups. */
function changeSource(folder) {
  writeFileSync(join(folder, 'folder 1', 'file 1'), 'changed\n');
  writeFileSync(join(folder, 'folder 2', 'new file'), 'new\n');
}

/** A place for one run: `bin/restic` is the program under test. */
function makePlace(work, name, program, source) {
  const place = join(work, name);
  for (const folder of ['bin', 'backup.d', 'cache']) mkdirSync(join(place, folder), { recursive: true, mode: 0o700 });
  writeFileSync(join(place, 'bin/restic'), `#!/bin/sh\nexec ${program} "$@"\n`);
  chmodSync(join(place, 'bin/restic'), 0o755);
  const settings = {
    loglevel: 5,
    logfile: join(place, 'log'),
    configdirectory: join(place, 'backup.d'),
    scriptdirectory: join(ninja, 'usr/share/backupninja'),
    libdirectory: join(ninja, 'usr/lib/backupninja'),
    usecolors: 'no',
    reportemail: '',
    when: 'everyday at 01:00',
  };
  writeFileSync(join(place, 'conf'), lines(settings));
  writeFileSync(join(place, 'backup.d/10.restic'), actions(place, source), { mode: 0o600 });
  return place;
}

function actions(place, source) {
  const general = { run_backup: 'yes', run_forget: 'yes', run_prune: 'yes', run_check: 'yes', json: 'yes' };
  const repository = { repository: join(place, 'repo'), password: PASSWORD, cache_dir: join(place, 'cache') };
  return [
    lines({ when: 'everyday at 01:00' }),
    '[general]',
    lines({ ...general, ...repository }),
    '[backup]',
    lines({ init: 'yes', include: source, exclude: `${source}/left out`, tag: 'nightly' }),
    '[forget]',
    lines({ keep_last: 1 }),
    '[check]',
    lines({ read_data: 'yes' }),
  ].join('\n');
}

function lines(settings) {
  return Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('');
}

async function drive(place) {
  const env = { ...process.env, PATH: `${join(place, 'bin')}:${process.env.PATH}`, USER: 'root', HOME: place };
  const script = join(ninja, 'usr/sbin/backupninja');
  const { code, output } = await run('bash', [script, '-n', '-d', '-f', join(place, 'conf')], {
    env,
    timeout: 120_000,
  });
  return { code, output };
}

/** What is another one in every run: times, ids, sizes after compression, the place, the folders above the source. */
function comparable(log, place) {
  return log
    .split('\n')
    .map((line) =>
      line
        .replaceAll(place, 'PLACE')
        .replaceAll(place.slice(1).replaceAll('/', '_'), 'PLACE')
        .replace(/^[A-Z][a-z]{2} +\d+ [\d:]+ /, ''),
    )
    .flatMap((line) => line.replace(/^(Debug|Warning|Error): (?=[[{])/, '').split(/(?<=[}\]]) (?=[{[])/))
    .map(normal)
    .filter((line) => line !== undefined);
}

/** A line of JSON keeps its shape and what both programs must agree on; progress comes as often as it likes. */
function normal(line) {
  let value;
  try {
    value = JSON.parse(line);
  } catch {
    return line.replace(/\d[\d.]* ([KMG]i)?B\b/g, 'SIZE').replace(/(unable to open config file): .*/, '$1');
  }
  if (value?.message_type === 'status') return undefined;
  return JSON.stringify(value, (key, inner) => (VARIES.test(key) ? typeof inner : inner));
}
const VARIES =
  /^(time|tree|id|short_id|snapshot_id|original|parent|data_added|data_added_packed|total_duration|backup_start|backup_end|program_version)$/;

function difference(a, b) {
  const only = (from, other) => from.filter((line) => !other.includes(line));
  return [...only(a, b).map((line) => `- ${line}`), ...only(b, a).map((line) => `+ ${line}`)];
}

async function main() {
  const start = performance.now();
  await prepare({ install: true, build: true });
  const { ready, reason } = await preparePeers();
  if (!ready) throw new Error(reason);
  await prepareDriver();
  const restic = join(peersFolder, 'restic-latest');
  const programs = { restic, 'restic-ts': `${process.execPath} ${join(root, 'dist/restic-ts.mjs')}` };
  const work = mkdtempSync(join(tmpdir(), 'driver-'));
  try {
    const source = join(work, 'source');
    makeSource(source);
    const places = Object.entries(programs).map(([name, program]) => makePlace(work, name, program, source));
    const codes = [];
    for (const change of [undefined, changeSource]) {
      change?.(source);
      for (const place of places) codes.push((await drive(place)).code);
    }
    const logs = places.map((place) => comparable(readFileSync(join(place, 'log'), 'utf8'), place));
    const found = difference(...logs);
    for (const line of found) console.log(line);
    const trees = [];
    for (const place of places) trees.push(await inspect(restic, place, source));
    console.log(`backupninja over restic and over restic-ts: exit codes ${codes.join(', ')}; ${logs[0].length} lines`);
    console.log(
      `${found.length} differences (- restic, + restic-ts); trees ${trees[0] === trees[1] ? 'equal' : 'DIFFER'}`,
    );
    console.log(`in ${since(start)}`);
    if (found.length > 0 || trees[0] !== trees[1] || codes.some((code) => code !== codes[0])) process.exitCode = 1;
    if (logs[0].length === 0) throw new Error('backupninja wrote no log');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Real restic's word on what came out: a clean check, and the tree of the source in each snapshot. */
async function inspect(restic, place, source) {
  const env = { ...process.env, RESTIC_PASSWORD: PASSWORD, RESTIC_REPOSITORY: join(place, 'repo') };
  const check = await run(restic, ['check', '--read-data', '--no-cache'], { env });
  if (check.code !== 0) throw new Error(`restic check of ${place}:\n${check.output}`);
  const { output } = await run(restic, ['snapshots', '--json', '--no-cache'], { env });
  const trees = JSON.parse(output).map(async ({ id }) => {
    const tree = await run(restic, ['cat', 'tree', `${id}:${source}`, '--no-cache'], { env });
    if (tree.code !== 0) throw new Error(`restic cat tree: ${tree.output}`);
    return tree.output;
  });
  return (await Promise.all(trees)).join();
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
