/** The programs of a run, each in processes of its own: the hook (whole, or to be killed), the two servers, restic. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startListening } from '../listening.mjs';

const PRELOAD = fileURLToPath(new URL('preload.mjs', import.meta.url));
/** Longer than anything here takes, also on a busy machine: what lasts longer hangs. */
const ENDS_WITHIN_MS = 120_000;

/** None of a launcher's variables, and none that change how node runs. */
function cleanEnv(more) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(INST|NODE|RESTIC|TORTURE)_/.test(name));
  return { ...Object.fromEntries(inherited), ...more };
}

/**
 * Resolves to { code, signal, output } when the program has ended. Output comes by pipes, or through the file
 * `outputFile`, which is open as `output`.
 */
export function runProgram(command, args, { env = {}, cwd, output: file, outputFile } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', file ?? 'pipe', file ?? 'pipe'];
    const options = { env: cleanEnv(env), cwd, stdio, timeout: ENDS_WITHIN_MS, killSignal: 'SIGTERM' };
    const child = spawn(command, args, options);
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const output = Buffer.concat(chunks).toString();
      resolve({ code, signal, output: outputFile === undefined ? output : readFileSync(outputFile, 'utf8') });
    });
  });
}

/** How this system's node runs the hook; windows.mjs has the other way. */
export function nativeHook(hook) {
  return {
    /** How the hook is told a path of this system. */
    pathFor: (path) => path,
    run: (args, env, preload) => {
      const load = preload === undefined ? [] : ['--import', pathToFileURL(preload).href];
      return runProgram(process.execPath, [...load, hook, ...args], { env, cwd: dirname(hook) });
    },
  };
}

/** Runs the hook to its end, and lists the points at which it could be killed. */
export async function enumerate(runner, args, log) {
  const ended = await runner.run(args, { TORTURE_POINT: '0', TORTURE_LOG: runner.pathFor(log) }, PRELOAD);
  if (!existsSync(log)) throw new Error(`${args.join(' ')} ended by ${ended.signal ?? ended.code}: ${ended.output}`);
  const points = JSON.parse(readFileSync(log, 'utf8'));
  rmSync(log);
  return { ...ended, points: points.map((one, i) => ({ ...one, number: i + 1 })) };
}

/** Runs the hook until the point; `died` is the point's name, undefined if it ended without coming there. */
export async function killAt(runner, args, log, { number, power = false }) {
  const env = { TORTURE_POINT: String(number), TORTURE_LOG: runner.pathFor(log), TORTURE_POWER: power ? '1' : '0' };
  const ended = await runner.run(args, env, PRELOAD);
  if (!existsSync(log)) return { ...ended, died: undefined };
  const { name } = JSON.parse(readFileSync(log, 'utf8'));
  rmSync(log);
  return { ...ended, died: name };
}

/** What `restic check` complains of; undefined if nothing. The repository is a folder. */
export async function resticCheck(restic, folder, password, readData) {
  const args = ['-r', folder, '--no-cache', '--no-lock', 'check', ...(readData ? ['--read-data'] : [])];
  const { code, output } = await runProgram(restic, args, { env: { RESTIC_PASSWORD: password } });
  return code === 0 ? undefined : output.trim().split('\n').slice(-4).join(' | ');
}

/**
 * `kind`: 'rest-server' (Debian's) or 'embedded' (the hook's own), append-only with private repositories; `users` have
 * the password. Returns { url, path, stop() }.
 */
export async function startServer(kind, { restServer, hook, folder, users, passwordLine }) {
  if (kind !== 'embedded' && kind !== 'rest-server') throw new Error(`no server "${kind}": rest-server, embedded`);
  const path = join(folder, 'data');
  mkdirSync(path);
  const htpasswd = join(folder, 'htpasswd');
  writeFileSync(htpasswd, users.map((user) => `${user}:${passwordLine}\n`).join(''), { mode: 0o600 });
  const args = ['--path', path, '--listen', '127.0.0.1:0', '--htpasswd-file', htpasswd];
  const [command, ...first] = kind === 'embedded' ? [process.execPath, hook, 'serve'] : [restServer];
  const all = [...first, ...args, '--append-only', '--private-repos'];
  const { address, stop } = await startListening(command, all, { env: cleanEnv({}) });
  return { url: `http://${address}/`, path, stop };
}
