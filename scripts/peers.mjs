/**
 * npm run peers: the real programs that the interop tests run against, unpacked from Debian's packages without being
 * installed, into .cache/peers (or $INSTANCE_SYNC_PEERS). Needs apt-get and dpkg-deb, no root.
 *
 * Each suite gets lists of its own, so that the system's package sources stay untouched; apt checks Debian's
 * signatures as always. A program appears under its name only when it is complete; what is there is kept.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lock } from './lock.mjs';
import { cache, run, since } from './run.mjs';

export const peersFolder = resolve(process.env.INSTANCE_SYNC_PEERS ?? join(cache, 'peers'));

/** name → Debian's suite, package and the program's path in it. */
const PEERS = {
  'restic-0.14': ['bookworm', 'restic', 'usr/bin/restic'],
  'restic-0.18': ['trixie', 'restic', 'usr/bin/restic'],
  'restic-latest': ['sid', 'restic', 'usr/bin/restic'],
  'rest-server-0.13': ['trixie', 'restic-rest-server', 'usr/bin/restic-rest-server'],
  'rest-server-latest': ['sid', 'restic-rest-server', 'usr/bin/restic-rest-server'],
};
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const missing = () => Object.keys(PEERS).filter((name) => !existsSync(join(peersFolder, name)));

/** Makes what is missing. Never throws for the system's want of something: `reason` says it, in one line. */
export async function preparePeers() {
  if (missing().length === 0) return { ready: true };
  mkdirSync(peersFolder, { recursive: true });
  const held = await lock(peersFolder);
  const work = mkdtempSync(join(tmpdir(), 'peers-'));
  try {
    for (const name of missing()) {
      await unpack(work, name);
      held.alive();
    }
    return { ready: true };
  } catch (error) {
    return { ready: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    rmSync(work, { recursive: true, force: true });
    held.release();
  }
}

async function unpack(work, name) {
  const [suite, archive, path] = PEERS[name];
  const folder = await unpackPackage(work, suite, archive);
  const program = join(folder, path);
  chmodSync(program, 0o755);
  // Another file system, perhaps: copy beside the place, then rename.
  const part = join(peersFolder, `.${name}.${process.pid}`);
  await must('cp', [program, part], work);
  renameSync(part, join(peersFolder, name));
}

/** A Debian package's files in a folder below `work`, which is returned. Throws, in one line, where that cannot be. */
export async function unpackPackage(work, suite, archive) {
  const options = await suiteOptions(work, suite);
  const folder = join(work, `${suite}-${archive}`);
  mkdirSync(folder);
  await must('apt-get', ['-qq', ...options, 'download', archive], folder);
  const file = readdirSync(folder).find((entry) => entry.endsWith('.deb'));
  if (file === undefined) throw new Error(`apt-get downloaded no package ${archive} of ${suite}`);
  await must('dpkg-deb', ['-x', file, 'root'], folder);
  return join(folder, 'root');
}

/** apt's options for one suite with lists, cache and sources of its own below `work`; fetches the lists once. */
async function suiteOptions(work, suite) {
  const state = join(work, suite);
  const options = [
    `Dir::State=${state}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${state}`,
    `Dir::Etc::sourcelist=${join(state, 'sources.list')}`,
    'Dir::Etc::sourceparts=-',
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'Acquire::Retries=3',
  ].flatMap((option) => ['-o', option]);
  if (existsSync(state)) return options;
  for (const folder of ['lists/partial', 'archives/partial']) mkdirSync(join(state, folder), { recursive: true });
  writeFileSync(join(state, 'sources.list'), `deb [signed-by=${KEYRING}] ${await mirror()} ${suite} main\n`);
  await must('apt-get', ['-qq', ...options, 'update'], state);
  return options;
}

/** The Debian mirror that this system's apt uses already. */
async function mirror() {
  if (!existsSync(KEYRING)) throw new Error(`not a Debian system: no ${KEYRING}`);
  const { code, output } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']);
  if (code !== 0) throw new Error('apt-get is missing');
  const found = output.split('\n').find((line) => /\/debian\/?$/.test(line));
  if (found === undefined) throw new Error('apt names no Debian mirror; run apt-get update first');
  return found;
}

async function must(command, args, cwd) {
  const { code, output } = await run(command, args, { cwd, timeout: 240_000 });
  if (code === 0) return;
  throw new Error(`${command} ${args.at(-1)}: ${output.trim().split('\n').at(-1) || `exit code ${code}`}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const start = performance.now();
  const { ready, reason } = await preparePeers();
  console.log(ready ? `peers ready in ${peersFolder} (${since(start)})` : `no peers: ${reason}`);
  for (const name of ready ? Object.keys(PEERS) : []) {
    const version = await run(join(peersFolder, name), [name.startsWith('restic-') ? 'version' : '--version']);
    console.log(`  ${name.padEnd(20)} ${version.output.trim()}`);
  }
  process.exitCode = ready ? 0 : 1;
}
