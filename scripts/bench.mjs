/**
 * npm run bench: the benchmarks in bench/, one file per question.
 *
 *   npm run bench                          all of them
 *   npm run bench -- push --size=200       those whose name contains "push", with the option passed on
 *
 * Each is bundled from the sources as they are and runs in a process of its own.
 */
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { prepare } from './prepare.mjs';
import { cache, node, root } from './run.mjs';

const words = process.argv.slice(2);
const options = words.filter((word) => word.startsWith('-'));
const wanted = words.filter((word) => !word.startsWith('-'));

await prepare({ install: true, build: true });
const { bundleScript } = await import('./bundle.mjs');
const folder = join(root, 'bench');
const files = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((name) => name.endsWith('.bench.ts'))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
if (files.length === 0) {
  console.error(`no benchmark in bench/ matches ${wanted.join(', ') || '*.bench.ts'}`);
  process.exitCode = 1;
}
const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
console.log(
  `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${memory}, ${process.platform}, Node ${process.version}\n`,
);
for (const file of files) {
  const outfile = join(cache, 'bench', file.replace(/\.ts$/, '.mjs'));
  await bundleScript({ entry: join(folder, file), outfile });
  console.log(`--- ${basename(file, '.bench.ts')}`);
  const { code } = await node(['--enable-source-maps', outfile, ...options], { show: true, timeout: 3_600_000 });
  if (code !== 0) process.exitCode = 1;
}
