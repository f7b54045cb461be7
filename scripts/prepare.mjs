/**
 * What every command needs before it can start, on a fresh clone too: packages installed as the lock file says, and
 * `dist/` built from the sources as they are. Both do nothing when nothing changed.
 *
 *   await prepare({ install: true, build: true });
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cache, node, npm, root, since } from './run.mjs';

const BUILT = [
  'dist/instance-sync.mjs',
  'dist/restic-ts.mjs',
  'dist/esm/index.js',
  'dist/esm/index.d.ts',
  'dist/cjs/index.js',
  'dist/cjs/index.d.ts',
];
const BUILT_FROM = ['src', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const STAMP = join(cache, 'build.sha256');

/** Prints one line per thing done; throws an Error with the output of what failed. */
export async function prepare({ install = true, build = true } = {}) {
  if (install && !installed()) await step('install', () => npm(['ci', '--no-audit', '--no-fund']));
  if (!build) return;
  const stamp = hashOf(BUILT_FROM);
  if (BUILT.every((path) => existsSync(join(root, path))) && readText(STAMP) === stamp) return;
  await step('build', () => node([join(root, 'scripts/build.mjs')]));
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, stamp);
}

async function step(name, work) {
  const start = performance.now();
  const { code, output } = await work();
  if (code !== 0) throw new Error(`${name} failed (exit code ${code})\n${output}`);
  console.log(`${name.padEnd(10)} done    ${since(start)}`);
}

/**
 * Whether node_modules is what the lock file asks for. npm keeps its own record of what it installed, and writes it
 * last, so that an interrupted installation has none.
 */
function installed() {
  const record = readText(join(root, 'node_modules/.package-lock.json'));
  if (record === undefined) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(record).packages;
  const missing = Object.entries(wanted).some(([path, { version, integrity, optional }]) => {
    if (path === '' || (optional && present[path] === undefined)) return false;
    return present[path]?.version !== version || present[path]?.integrity !== integrity;
  });
  return !missing && Object.keys(present).every((path) => wanted[path] !== undefined);
}

/** One hash over the names and contents of files and folders. */
function hashOf(paths) {
  const hash = createHash('sha256');
  const files = paths.flatMap((path) => filesOf(path)).sort();
  for (const file of files)
    hash.update(`${file}\0`).update(
      createHash('sha256')
        .update(readFileSync(join(root, file)))
        .digest(),
    );
  return hash.digest('hex');
}

function filesOf(path) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (stat?.isDirectory()) return readdirSync(join(root, path)).flatMap((name) => filesOf(`${path}/${name}`));
  return stat?.isFile() ? [path] : [];
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
