/**
 * npm run scale: restic-ts and restic on large repositories, command by command, at a quarter of a size and at the whole:
 * wall time, CPU time, peak memory, and by which factor the CPU time grew (4 is linear, 16 quadratic).
 *
 *   --files N       small files, in a real folder and in a built repository (200000)
 *   --packs N       about so many packs hold the data of the built one (20000)
 *   --snapshots N   it has so many (2000)
 *   --only WORDS    commands whose name fits this regular expression
 *   --limit S       seconds that each process of restic-ts may take (900)
 *   --peer-limit S  the same for restic (300)
 *   --temp PATH     where the data go; the system's temporary folder
 *   --save          writes the table of docs/performance.md
 *
 * Exit code 0: every command of restic-ts ended well. What restic does not end, or not in time, is only told.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { peersFolder, preparePeers } from './peers.mjs';
import { prepare } from './prepare.mjs';
import { runMain, wholeNumber } from './program.mjs';
import { root, since } from './run.mjs';
import { thisMachine, versionOf } from './surroundings.mjs';

/** The smaller run is so much smaller in every respect. */
const FACTOR = 4;

function readOptions() {
  const { values } = parseArgs({
    options: {
      files: { type: 'string', default: '200000' },
      packs: { type: 'string', default: '20000' },
      snapshots: { type: 'string', default: '2000' },
      only: { type: 'string' },
      limit: { type: 'string', default: '900' },
      'peer-limit': { type: 'string', default: '300' },
      temp: { type: 'string', default: tmpdir() },
      save: { type: 'boolean', default: false },
    },
  });
  if (values.only !== undefined && values.save) throw new Error('--save is for all commands; leave out --only');
  const numbers = ['files', 'packs', 'snapshots', 'limit', 'peer-limit'].map((name) => [
    name,
    wholeNumber(`--${name}`, values[name], FACTOR),
  ]);
  return { ...values, ...Object.fromEntries(numbers), only: values.only && new RegExp(values.only, 'i') };
}

async function main(signal) {
  const start = performance.now();
  const options = readOptions();
  await prepare({ install: true, build: true });
  const peers = await preparePeers();
  if (!peers.ready) throw new Error(`restic is needed: ${peers.reason}`);
  // Imported late: on a fresh clone the packages are there only now.
  const { bundleScript } = await import('./bundle.mjs');
  const { runScale } = await import('../bench/scale-run.mjs');
  const { describeScale, failures, saveScale, scaleText } = await import('../bench/scale-report.mjs');

  // Beside the installed packages, which it imports.
  const maker = join(root, '.cache', 'scale-make.mjs');
  await bundleScript({ entry: 'bench/scale-make.ts', outfile: maker });
  const restic = join(peersFolder, 'restic-latest');
  const programs = {
    'restic-ts': { command: [process.execPath, join(root, 'dist/restic-ts.mjs')], limit: options.limit * 1000 },
    restic: { command: [restic], limit: options['peer-limit'] * 1000 },
  };
  const { only, temp: folder, files, packs, snapshots } = options;
  const runs = [];
  for (const part of [FACTOR, 1]) {
    const size = {
      files: Math.ceil(files / part),
      packs: Math.ceil(packs / part),
      snapshots: Math.ceil(snapshots / part),
    };
    const found = await runScale(size, { programs, only, maker, restic, folder, signal, tell: console.error });
    runs.push({ size, ...found });
  }
  const [small, large] = runs;
  const line = ['npm run scale --', `--files=${files} --packs=${packs} --snapshots=${snapshots}`].join(' ');
  const versions = {
    node: await versionOf(process.execPath, ['--version']),
    restic: await versionOf(restic, ['version']),
  };
  const report = { machine: thisMachine(), ...versions, line, small, large };
  console.log(`\n${describeScale(report).join('\n')}\n\n${scaleText(report)}`);
  for (const failure of failures(report)) console.log(`failed: ${failure}`);
  if (options.save) console.error(`wrote ${saveScale(root, report)}`);
  if (runs.some(({ results }) => results.some((result) => result['restic-ts'].seconds === undefined)))
    process.exitCode = 1;
  console.error(`\ndone in ${since(start)}`);
}

await runMain(main);
