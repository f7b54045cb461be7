/**
 * npm test: everything that must hold before a change is good, on a fresh clone as well.
 *
 *   npm test                                all of it
 *   npm test -- test/chunker -t 'limits'    the same, vitest with these arguments
 *
 * Prints a line per step and the output of what failed; vitest speaks for itself, last. CI=true turns tests that would
 * be skipped for want of a real program into failures.
 */
import { prepare } from './prepare.mjs';
import { since, tool } from './run.mjs';

const failed = [];

async function step(name, work) {
  const start = performance.now();
  const { code, output } = await work();
  if (code !== 0) failed.push(name);
  console.log(`${name.padEnd(10)} ${code === 0 ? 'ok    ' : 'FAILED'}  ${since(start)}`);
  if (code !== 0) console.log(output);
}

async function main() {
  await prepare({ install: true, build: true });
  // Imported late: on a fresh clone nothing but node itself is there until now.
  const { preparePeers } = await import('./peers.mjs');
  const { prepareWine } = await import('./wine.mjs');
  // Downloads, most of it, the first time: they run beside lint and types.
  const programs = [
    ['peers', preparePeers()],
    ['wine', prepareWine()],
  ];
  await step('lint', () => tool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '--colors=off']));
  for (const project of ['.', 'src/ui/page', 'test/ui'])
    await step('types', () => tool('typescript/bin/tsc', ['-p', project, '--pretty', 'false']));
  for (const [name, prepared] of programs) {
    const start = performance.now();
    const { ready, reason } = await prepared;
    console.log(`${name.padEnd(10)} ${ready ? 'ready ' : 'absent'}  ${since(start)}${ready ? '' : `  (${reason})`}`);
  }
  console.log();
  const vitest = await tool('vitest/vitest.mjs', ['run', ...process.argv.slice(2)], { show: true, timeout: 3_600_000 });
  if (vitest.code !== 0) failed.push('tests');
}

try {
  await main();
} catch (error) {
  failed.push('set-up');
  console.error(error instanceof Error ? error.message : error);
}
if (failed.length > 0) {
  process.exitCode = 1;
  // vitest has already said so when only its tests failed.
  if (failed.some((name) => name !== 'tests')) console.error(`FAILED: ${failed.join(', ')}`);
}
