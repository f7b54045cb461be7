/**
 * The two programs under one interface, each with a repository of its own on the same server:
 *
 *   newRepository()      an empty one in the place of the last; the game folder is as if never sent
 *   push(outcome)        measured; `outcome` is what this project must answer, restic has no word for it
 *   pull(pc)             measured, into a folder made by newPc()
 *   ask()                measured: is there anything new?
 *   stored()             bytes of the repository on the server's disk
 *
 * Both repositories are made before the clock runs, so that both first pushes do the same work. Neither program has a
 * cache on a new PC; each keeps its own from then on.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './measure.mjs';

const INSTANCE_ID = '01KAT600000000000000000000';
/** Everything in the folder but the sync's own: what restic is told to save as well. */
const SCOPE = '{ "schema": 1, "preset": "everything" }\n';

export function resticClient(bench) {
  const { game, temp, server, restic } = bench;
  const repository = 'restic';
  const cache = join(temp, 'restic-cache');
  const run = (args, { cwd = temp, cacheFolder = cache } = {}) =>
    measure(restic, args, { cwd, env: resticEnv(server, repository, cacheFolder), signal: bench.signal });
  return {
    name: 'restic',
    stored: () => sizeOf(server.folderOf(repository)),
    newRepository: async () => {
      await makeRepository(bench, repository);
      rmSync(cache, { recursive: true, force: true });
    },
    push: () => run(['backup', '--quiet', '--exclude', '.cloud-sync', '.'], { cwd: game }),
    newPc: async () => ({ folder: emptyFolder(temp, 'restic-pc'), cacheFolder: emptyFolder(temp, 'restic-pc-cache') }),
    pull: (pc) => run(['restore', 'latest', '--quiet', '--target', pc.folder], pc),
    ask: () => run(['snapshots', '--quiet']),
  };
}

export function syncClient(bench) {
  const { game, temp, server, node, hook } = bench;
  const token = join(temp, 'token');
  writeFileSync(token, `${server.user}:${server.password}\n`, { mode: 0o600 });
  const env = withoutLauncher(process.env);
  const run = async (command, folder, args = []) => {
    const words = [hook, command, '--pack-folder', folder, '--json', ...args];
    const result = await measure(node, words, { cwd: temp, env, signal: bench.signal });
    return { ...result, said: JSON.parse(result.stdout.trim().split('\n').at(-1)) };
  };
  const configure = async (folder) => {
    await run('init', folder, ['--url', server.url, '--token-file', token, '--instance-id', INSTANCE_ID]);
    writeFileSync(join(folder, '.cloud-sync', 'scope.json'), SCOPE);
  };
  const expecting = (wanted, result) => {
    const { outcome } = result.said;
    if (outcome !== wanted) throw new Error(`instance-sync: the outcome is "${outcome}" instead of "${wanted}"`);
    return result;
  };
  return {
    name: 'instance-sync',
    stored: () => sizeOf(server.folderOf(INSTANCE_ID)),
    newRepository: async () => {
      await makeRepository(bench, INSTANCE_ID);
      rmSync(join(game, '.cloud-sync'), { recursive: true, force: true });
      await configure(game);
    },
    push: async (outcome) => expecting(outcome, await run('push', game)),
    newPc: async () => {
      const folder = emptyFolder(temp, 'sync-pc');
      await configure(folder);
      return { folder };
    },
    pull: async (pc) => expecting('updated', await run('pull', pc.folder)),
    ask: async () => expecting('up-to-date', await run('pull', game)),
  };
}

/**
 * A copy of one new repository: restic measures the machine to choose what its key derivation costs, and both programs
 * have to open the same.
 */
async function makeRepository(bench, name) {
  const { server, temp, restic } = bench;
  const template = server.folderOf('template');
  if (!existsSync(template)) {
    const env = resticEnv(server, 'template', join(temp, 'no-cache'));
    await measure(restic, ['init', '--quiet', '--no-cache'], { cwd: temp, env, signal: bench.signal });
  }
  rmSync(server.folderOf(name), { recursive: true, force: true });
  cpSync(template, server.folderOf(name), { recursive: true });
}

function resticEnv(server, repository, cache) {
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('RESTIC_'))),
    RESTIC_REPOSITORY: `rest:${server.url}${server.user}/${repository}/`,
    RESTIC_REST_USERNAME: server.user,
    RESTIC_REST_PASSWORD: server.password,
    RESTIC_PASSWORD: server.password,
    RESTIC_CACHE_DIR: cache,
  };
}

/** The hook's program must not be told things by the launcher or the terminal that started the benchmark. */
function withoutLauncher(env) {
  return Object.fromEntries(Object.entries(env).filter(([key]) => !/^(INST_|NODE_|npm_)/.test(key)));
}

function emptyFolder(temp, name) {
  const folder = join(temp, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  return folder;
}

function sizeOf(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}
