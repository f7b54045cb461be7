/**
 * npm run demo: the main job from end to end on this machine, with the real command line and the embedded server.
 *
 *   npm run demo                              a small world, made here
 *   npm run demo -- --pack-folder=PATH        a copy of a real game folder
 *   npm run demo -- --keep                    leaves the temporary folder for a look around
 *
 * PC A pushes, PC B pulls, B plays and pushes, A pulls. Exit code 0 only if both folders are equal in the end.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeGameFolder, playSession } from './demo-world.mjs';
import { prepare } from './prepare.mjs';
import { node, root, since } from './run.mjs';

const HOOK = join(root, 'dist/instance-sync.mjs');
const SERVER_STARTS_WITHIN = 15_000;

async function main() {
  const { values } = parseArgs({ options: { 'pack-folder': { type: 'string' }, keep: { type: 'boolean' } } });
  const source = values['pack-folder'];
  if (source !== undefined && !(await stat(source).catch(() => undefined))?.isDirectory())
    throw new Error(`${source} is no folder; give a game folder, the one that holds saves`);
  await prepare();
  const temp = await mkdtemp(join(tmpdir(), 'instance-sync-demo-'));
  const stop = [];
  try {
    return await demo(temp, source, stop);
  } finally {
    for (const end of stop) await end();
    if (values.keep) say(`\nleft for you in ${temp}`);
    else await rm(temp, { recursive: true, force: true });
  }
}

async function demo(temp, source, stop) {
  const [a, b, server] = ['pc-a', 'pc-b', 'server'].map((name) => join(temp, name));
  await mkdir(b);
  title('The server', 'append-only: nobody can delete what was pushed, not even with the token');
  const token = join(temp, 'token');
  const url = await startServer(server, token, stop);

  title('PC A', source ? `a copy of ${source}` : 'a small world, made just now');
  if (source) await copyGame(resolve(source), a);
  else await makeGameFolder(a);
  say(`   ${await describe(a)}`);
  const { instanceId } = await sync('init', a, ['--url', url, '--token-file', token]);
  const first = await sync('push', a);
  await sync('push', a);

  title('PC B', 'an empty game folder, the same instance');
  await sync('init', b, ['--url', url, '--token-file', token, '--instance-id', instanceId]);
  await sync('pull', b);
  await sync('pull', b);

  title('PC B plays', 'a few chunks change, an option, a new screenshot');
  await playSession(b);
  const second = await sync('push', b);

  title('PC A again', 'before the next game');
  await sync('pull', a);

  title('The end', 'do both have the same?');
  await showServer(server, first, second);
  return sameGame(a, b);
}

/** The embedded server with one user; returns its address. */
async function startServer(path, tokenFile, stop) {
  const password = randomBytes(12).toString('base64url');
  const { createHtpasswdLine } = await import(new URL('../dist/esm/index.js', import.meta.url).href);
  await mkdir(path);
  await writeFile(join(path, '.htpasswd'), `${createHtpasswdLine('kim', password)}\n`, { mode: 0o600 });
  await writeFile(tokenFile, `kim:${password}\n`, { mode: 0o600 });
  const args = ['serve', '--path', path, '--listen', '127.0.0.1:0', '--append-only', '--private-repos', '--json'];
  const child = spawn(process.execPath, [HOOK, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => child.once('exit', done));
  stop.push(async () => {
    child.kill();
    await ended;
  });
  say('$ instance-sync serve --path server --append-only --private-repos');
  const address = await Promise.race([
    firstLine(child.stdout).then((line) => JSON.parse(line).url),
    ended.then((code) => Promise.reject(new Error(`the server ended with exit code ${code}`))),
    new Promise((_, fail) => setTimeout(fail, SERVER_STARTS_WITHIN, new Error('the server did not start')).unref()),
  ]);
  say(`   listening on ${address}`);
  return address;
}

async function firstLine(stream) {
  let text = '';
  for await (const chunk of stream) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0];
}

/** Runs one command of the real command line and tells what it said. */
async function sync(command, folder, args = []) {
  const shown = args.map((arg) => (existsSync(arg) ? basename(arg) : arg));
  say(`$ instance-sync ${[command, '--pack-folder', basename(folder), ...shown].join(' ')}`);
  const start = performance.now();
  const { code, output } = await node([HOOK, command, '--pack-folder', folder, '--json', ...args]);
  if (code !== 0) throw new Error(`${command} failed with exit code ${code}\n${output}`);
  const result = JSON.parse(output.trim().split('\n').at(-1));
  say(`   ${tell(result)}   [${since(start)}]`);
  return result;
}

function tell(result) {
  if (result.message_type === 'initialized') return `instance id ${result.instanceId}`;
  const counts = Object.entries(result.files ?? {}).filter(([, count]) => count > 0);
  const files = counts.map(([what, count]) => `${count} ${what}`).join(', ');
  if (result.outcome === 'sent') {
    return `sent: ${files}; ${size(result.bytesNew)} were new to the server, ${size(result.bytesSent)} uploaded`;
  }
  if (result.outcome === 'updated') return `received: ${files}; ${size(result.bytesWritten)}`;
  return result.outcome.replaceAll('-', ' ');
}

async function showServer(server, first, second) {
  const files = await listFiles(server);
  const bytes = await total(server, files);
  say(`   the server holds ${files.length - 1} files, ${size(bytes)}, all encrypted`);
  say(`   first push ${size(first.bytesSent)}, the one after the session ${size(second.bytesSent)}`);
}

/** Everything that B has is on A byte for byte, and both count the same in scope. */
async function sameGame(a, b) {
  const onB = await listFiles(b);
  const differing = [];
  for (const path of onB) {
    const [one, other] = await Promise.all([a, b].map((folder) => readFile(join(folder, path)).catch(() => undefined)));
    if (one === undefined || other === undefined || !one.equals(other)) differing.push(path);
  }
  const [stateA, stateB] = [await inScope(a), await inScope(b)];
  const same = differing.length === 0 && stateA === stateB;
  for (const path of differing.slice(0, 10)) say(`   differs: ${path}`);
  if (stateA !== stateB) say(`   in scope on A: ${stateA}, on B: ${stateB}`);
  say(same ? `   yes: ${onB.length} files are equal on both PCs` : '   NO');
  return same;
}

async function inScope(folder) {
  const { output } = await node([HOOK, 'status', '--pack-folder', folder, '--json']);
  const { files, bytes } = JSON.parse(output.trim().split('\n').at(-1));
  return `${files} files, ${bytes} bytes`;
}

async function copyGame(from, to) {
  const filter = (path) => basename(path) !== '.cloud-sync' && basename(path) !== 'session.lock';
  await cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, filter });
}

async function describe(folder) {
  const files = await listFiles(folder);
  return `${files.length} files, ${size(await total(folder, files))}`;
}

async function total(folder, files) {
  const sizes = await Promise.all(files.map(async (path) => (await stat(join(folder, path))).size));
  return sizes.reduce((sum, one) => sum + one, 0);
}

async function listFiles(folder, inside = '') {
  const found = [];
  for (const entry of await readdir(join(folder, inside), { withFileTypes: true })) {
    const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (path === '.cloud-sync') continue;
    if (entry.isDirectory()) found.push(...(await listFiles(folder, path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function title(name, text) {
  say(`\n${name}: ${text}`);
}

function say(text) {
  console.log(text);
}

try {
  const equal = await main();
  process.exitCode = equal ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
