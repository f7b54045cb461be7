/**
 * Compiles the kernels of assembly/ (AssemblyScript) and embeds them as base64 in src/kernel/*-wasm.ts.
 *
 *   node scripts/build-kernels.mjs            writes the files, which are committed
 *   node scripts/build-kernels.mjs --check    writes nothing; fails if a committed file is not what would be written
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main as compile } from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));

/** `pages` of 64 KiB: tables and state in the first, data in the others. */
const kernels = [
  { name: 'rabin', constant: 'RABIN_WASM', pages: 5 },
  { name: 'poly1305', constant: 'POLY1305_WASM', pages: 3 },
  // Two tables of 32 MiB.
  { name: 'scrypt', constant: 'SCRYPT_WASM', pages: 1025 },
];

async function build({ name, constant, pages }) {
  const folder = mkdtempSync(join(tmpdir(), 'kernel-'));
  try {
    const outFile = join(folder, `${name}.wasm`);
    const source = join('assembly', `${name}.ts`);
    const { error, stderr } = await compile([
      source,
      ...['--outFile', outFile, '--baseDir', root, '-O3', '--noAssert', '--converge', '--runtime', 'stub'],
      ...['--initialMemory', String(pages), '--maximumMemory', String(pages)],
      ...['--disable', 'mutable-globals', '--enable', 'simd'],
    ]);
    if (error) throw new Error(`${source}: ${error.message}\n${stderr.toString()}`);
    return text(name, constant, readFileSync(outFile));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function text(name, constant, wasm) {
  const lines = wasm.toString('base64').match(/.{1,100}/g) ?? [];
  return `/** Generated from assembly/${name}.ts by \`node scripts/build-kernels.mjs\`; ${wasm.length} bytes. Do not edit. */
export const ${constant}: string = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
`;
}

const check = process.argv.includes('--check');
for (const kernel of kernels) {
  const file = join(root, 'src', 'kernel', `${kernel.name}-wasm.ts`);
  const wanted = await build(kernel);
  if (!check) {
    writeFileSync(file, wanted);
    console.log(`${kernel.name}: ${/(\d+) bytes/.exec(wanted)?.[1]} bytes`);
  } else if (readFileSync(file, 'utf8').replaceAll('\r\n', '\n') !== wanted) {
    console.error(`src/kernel/${kernel.name}-wasm.ts is stale: run node scripts/build-kernels.mjs`);
    process.exitCode = 1;
  }
}
