/**
 * The two shapes in which the sources leave the house.
 *
 *   program   one .mjs file with everything in it, readable; costs nothing but `fs` until a part is needed
 *   library   ESM (with chunks) and CommonJS; dependencies stay imports
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { lazyBuiltins, lazyCrypto, root, slimUndici, target, unpackedZstd, virtualModules } from './plugins.mjs';

const PACKED = "const { packedZstd } = require('virtual:packed-zstd');";

/** `entry` → `outfile`, its source map beside it. `name` is what it calls itself. Returns its size in bytes. */
export async function bundleProgram({ name, entry, outfile, worker }) {
  const result = await build({
    ...common(worker),
    entryPoints: [entry],
    outfile,
    format: 'esm',
    // Not the oldest node that runs it, but the oldest one that still reads far enough to say so (see banner).
    target: 'node14.18',
    charset: 'ascii',
    write: false,
    banner: { js: banner(name) },
    plugins: [virtualModules({ worker }), unpackedZstd(PACKED), slimUndici(), lazyCrypto(), lazyBuiltins()],
    footer: { js: licences() },
  });
  mkdirSync(dirname(outfile), { recursive: true });
  for (const { path, text } of result.outputFiles)
    writeFileSync(path, path.endsWith('.map') ? text : asciiComments(text));
  return { bytes: statSync(outfile).size };
}

/** `entry` → `outdir`/esm/index.js with chunks, `outdir`/cjs/index.js. */
export async function bundleLibrary({ entry, outdir, worker }) {
  const shared = { ...common(worker), packages: 'external', entryPoints: { index: entry } };
  await Promise.all([
    build({
      ...shared,
      format: 'esm',
      splitting: true,
      chunkNames: 'chunks/[name]-[hash]',
      outdir: join(outdir, 'esm'),
    }),
    build({ ...shared, format: 'cjs', outdir: join(outdir, 'cjs') }),
  ]);
}

/**
 * Node holds a text of Latin letters in half the memory and reads it 7 ms faster (node 20, 2.8 MB). esbuild
 * escapes other letters in code but not in comments, where typographic quotes of some package would spoil it.
 */
function asciiComments(text) {
  const plain = {
    '\u2018': "'",
    '\u2019': "'",
    '\u201c': '"',
    '\u201d': '"',
    '\u2013': '-',
    '\u2014': '-',
    '\u2026': '...',
  };
  return text.replace(/(?:^|\s)\/\/ .*$|^\s*\*.*$/gm, (line) =>
    line.replace(/[^\0-\x7f]/g, (letter) => plain[letter] ?? '?'),
  );
}

function common(worker) {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target,
    charset: 'utf8',
    sourcemap: true,
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [virtualModules({ worker })],
  };
}

/**
 * A program's first lines. They run before anything else of the file, and they and their one import are understood by
 * every node that knows ES modules; the rest of the file parses from node 14.18 on, so those get the plain line.
 */
function banner(name) {
  const { version, license, engines } = readPackage('.');
  const [, major, minor] = /^>=(\d+)\.(\d+)/.exec(engines.node) ?? [];
  if (major === undefined) throw new Error(`package.json: engines.node is "${engines.node}", expected ">=MAJOR.MINOR"`);
  return `#!/usr/bin/env node
// ${name} ${version} (${license}): everything it needs is in this one file. Licences of its parts: at the end.
import { createRequire } from 'module';
var nodeVersion = process.versions.node.split('.').map(Number);
if (nodeVersion[0] < ${major} || (nodeVersion[0] === ${major} && nodeVersion[1] < ${minor})) {
  console.log('${name} needs Node.js ${major}.${minor} or newer; this is Node.js ' + process.versions.node + ' (' + process.execPath + ')');
  process.exit(1);
}
var loadBuiltin = createRequire(import.meta.url);`;
}

/** The licences of the packages that a program contains; they ask to travel with every copy. */
function licences() {
  const texts = bundledPackages().map((name) => {
    const { version, license } = readPackage(join('node_modules', name));
    const folder = join(root, 'node_modules', name);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
    return [`${name} ${version} (${license})`, ...text.split(/\r?\n/)].map((line) => `// ${line}`.trimEnd()).join('\n');
  });
  return `// This file contains the following packages.\n//\n${texts.join('\n//\n')}`;
}

/** Runtime dependencies, and theirs. */
function bundledPackages() {
  const found = new Set();
  const visit = (folder) => {
    for (const name of Object.keys(readPackage(folder).dependencies ?? {})) {
      if (found.has(name)) continue;
      found.add(name);
      visit(join('node_modules', name));
    }
  };
  visit('.');
  return [...found].sort();
}

/** A program of ours that is not part of the package (bench/): runs from .cache, with the installed packages. */
export async function bundleScript({ entry, outfile }) {
  await build({ ...common(undefined), packages: 'external', entryPoints: [entry], outfile, format: 'esm' });
}

function readPackage(folder) {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
}
