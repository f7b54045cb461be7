/**
 * npm run matrix: the suite on every supported node, one after the other.
 *
 *   npm run matrix                                       npm test on Node 20, 22, 24 and 26
 *   npm run matrix -- --node=20,24 -- npm run demo       another command, on some of them
 *
 * The binaries come from the npm packages node-<system>-<cpu>, unpacked into .cache/node; nothing is installed.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lock } from './lock.mjs';
import { cache, npm, run, since } from './run.mjs';

export const SUPPORTED = ['20', '22', '24', '26'];

/** The path of a node of this major version (or exact version), fetched if it is not there yet. */
export async function nodeBinary(version) {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const folder = join(cache, 'node');
  const path = join(folder, version, 'bin', file);
  if (existsSync(path)) return path;
  const held = await lock(folder);
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    const packed = await npm(['pack', '--silent', `${name}@${version}`], { cwd: work });
    const archive = readdirSync(work).find((entry) => entry.endsWith('.tgz'));
    if (packed.code !== 0 || archive === undefined)
      throw new Error(`npm pack ${name}@${version}: ${packed.output.trim()}`);
    const unpacked = await run('tar', ['xzf', archive], { cwd: work });
    if (unpacked.code !== 0) throw new Error(`${archive}: ${unpacked.output.trim()}`);
    mkdirSync(dirname(path), { recursive: true });
    renameSync(join(work, 'package/bin', file), path);
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
    held.release();
  }
}

async function main(args) {
  const separator = args.indexOf('--');
  const command = separator < 0 ? ['npm', 'test'] : args.slice(separator + 1);
  const chosen = /^--node=(.+)$/.exec(args[0] ?? '')?.[1]?.split(',') ?? SUPPORTED;
  const rows = [];
  for (const version of chosen) {
    const binary = await nodeBinary(version);
    // First on PATH, so that everything the command starts by name is this node, too.
    const env = { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` };
    const found = (await run(binary, ['--version'])).output.trim();
    console.log(`=== Node ${found}: ${command.join(' ')}`);
    const start = performance.now();
    const { code } = await runOn(binary, command, env);
    rows.push(`Node ${found.padEnd(10)} ${code === 0 ? 'passed' : `FAILED (exit code ${code})`}  ${since(start)}`);
    if (code !== 0) process.exitCode = 1;
  }
  console.log(`\n${command.join(' ')}\n${rows.join('\n')}`);
}

/** npm is a script: it runs on the node that it is given to. */
async function runOn(binary, [program, ...args], env) {
  const options = { env, show: true, timeout: 3_600_000 };
  const cli = process.env.npm_execpath;
  if (program === 'npm' && cli !== undefined) return await run(binary, [cli, ...args], options);
  return await run(program === 'node' ? binary : program, args, options);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2));
