/**
 * npm run build: makes `dist/` anew.
 *
 *   dist/instance-sync.mjs (+ .map)   the hook, one file with everything in it
 *   dist/restic-ts.mjs (+ .map)       restic's command line, one file as well
 *   dist/esm, dist/cjs                the library with its types, for import and for require
 *
 * It is made in a folder aside and then put in place, so that a running test never sees half of it.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleLibrary, bundleProgram } from './bundle.mjs';
import { cache, root, since, tool } from './run.mjs';

const start = performance.now();
const work = join(cache, `build-${process.pid}`);
const dist = join(root, 'dist');
try {
  mkdirSync(work, { recursive: true });
  await declarations();
  await bundleLibrary({ entry: 'src/index.ts', outdir: work });
  const hook = await program('instance-sync', 'src/cli/instance-sync/main.ts');
  const restic = await program('restic-ts', 'src/cli/restic/main.ts');
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(dist)) rmSync(join(dist, name), { recursive: true, force: true });
  for (const name of readdirSync(work)) renameSync(join(work, name), join(dist, name));
  console.log(`dist/instance-sync.mjs ${hook}, dist/restic-ts.mjs ${restic}, dist/esm, dist/cjs in ${since(start)}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function program(name, entry) {
  const { bytes } = await bundleProgram({ name, entry, outfile: join(work, `${name}.mjs`) });
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The same declarations serve both: the folder's package.json says to which kind of module they belong. */
async function declarations() {
  const { code, output } = await tool('typescript/bin/tsc', [
    '-p',
    'tsconfig.build.json',
    '--outDir',
    join(work, 'esm'),
  ]);
  if (code !== 0) throw new Error(`types of the library:\n${output}`);
  if (!existsSync(join(work, 'esm/index.d.ts'))) throw new Error('types of the library: tsc wrote no index.d.ts');
  cpSync(join(work, 'esm'), join(work, 'cjs'), { recursive: true });
  writeFileSync(join(work, 'cjs/package.json'), '{ "type": "commonjs" }\n');
}
