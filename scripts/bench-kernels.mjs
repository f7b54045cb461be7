/**
 * npm run bench:kernels: MB/s of the kernels of assembly/, of their plain twins, and of what stands beside them.
 *
 *   --size MB     random data (256)
 *   --node PATH   a Node to measure on (the one that runs this script); may be given several times
 *   --save        writes the table of docs/performance.md
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';
import { runMain, wholeNumber } from './program.mjs';
import { cache, root, since } from './run.mjs';
import { thisMachine, versionOf } from './surroundings.mjs';

const LIMIT = 300_000;

function readOptions() {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '256' },
      node: { type: 'string', multiple: true, default: [process.execPath] },
      save: { type: 'boolean', default: false },
    },
  });
  return { ...values, nodes: values.node.map((path) => resolve(path)), size: wholeNumber('--size', values.size) };
}

async function main(signal) {
  const start = performance.now();
  const { nodes, size, save } = readOptions();
  await prepare({ install: true, build: false });
  // Imported late: on a fresh clone the packages are there only now.
  const { bundleScript } = await import('./bundle.mjs');
  const { measure } = await import('../bench/measure.mjs');
  const { alignTable, describeMachine, markdownTable, writeBetween } = await import('../bench/table.mjs');
  const program = join(cache, 'kernels.mjs');
  await bundleScript({ entry: 'bench/kernels.ts', outfile: program });
  const columns = [];
  for (const node of nodes) {
    const { stdout } = await measure(node, [program, String(size)], { signal, limit: LIMIT });
    columns.push({ head: `Node ${await versionOf(node, ['--version'])}, MB/s`, rows: JSON.parse(stdout) });
  }
  const names = columns[0].rows.map(([name]) => name.replace(/^(node:zlib|zstd-codec)/, 'zstd'));
  const cells = names.map((name, i) => [name, ...columns.map(({ rows }) => rows[i][1].toFixed(0))]);
  const table = [['kernel', ...columns.map(({ head }) => head)], ...cells];
  console.log(alignTable(table, 1));
  if (save) {
    const about = `${describeMachine(thisMachine())}; random data of ${size} MiB, one thread, best of five runs.`;
    writeBetween(join(root, 'docs/performance.md'), 'kernels', `${about}\n\n${markdownTable(table, 1)}`);
  }
  console.error(`\ndone in ${since(start)}`);
}

await runMain(main);
