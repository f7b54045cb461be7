/**
 * The programs under one interface, each with a repository of its own on the same server:
 *
 *   newRepository()      an empty one in the place of the last; the game folder is as if never sent
 *   push(outcome)        measured; `outcome` is what the hook must answer, the others have no word for it
 *   newPc()              where nothing is yet: a folder to pull to, and no cache
 *   pull(pc, from)       measured, into a folder made by newPc(); of the repository `from`, where given
 *   ask()                measured: is there anything new?
 *   check()              measured: is all that is stored whole?
 *   stored()             bytes of the repository on the server's disk
 *   discard()            removes it
 *
 * What is measured: { seconds, cpu, peak } of the process (measure.mjs), and the `requests` that the server had from it.
 *
 * Repositories are made before the clock runs, so that all first pushes do the same work. restic-ts restores and checks
 * what restic has stored, so that both read the same; it has a repository of its own for what it saves.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './measure.mjs';

const INSTANCE_ID = '01KAT600000000000000000000';
/** Everything in the folder but the sync's own: what restic is told to save as well. */
const SCOPE = '{ "schema": 1, "preset": "everything" }\n';

export function resticClient(bench) {
  return resticLike(bench, { name: 'restic', command: [bench.restic], readsFrom: 'restic' });
}

export function resticTsClient(bench) {
  return resticLike(bench, { name: 'restic-ts', command: [bench.node, bench.resticTs], readsFrom: 'restic' });
}

function resticLike(bench, { name, command: [program, ...first], readsFrom }) {
  const { game, temp, server } = bench;
  const cache = join(temp, `${name}-cache`);
  const run = (args, { cwd = temp, cacheFolder = cache, repository = name } = {}) =>
    measureOn(bench, program, [...first, ...args], { cwd, env: resticEnv(server, repository, cacheFolder) });
  return {
    name,
    repository: name,
    ...repositoryFolder(bench, name),
    newRepository: async () => {
      await makeRepository(bench, name);
      rmSync(cache, { recursive: true, force: true });
    },
    push: () => run(['backup', '--quiet', '--exclude', '.cloud-sync', '.'], { cwd: game }),
    newPc: async () => ({
      folder: emptyFolder(temp, `${name}-pc`),
      cacheFolder: emptyFolder(temp, `${name}-pc-cache`),
    }),
    pull: ({ folder, cacheFolder }, repository = readsFrom) =>
      run(['restore', 'latest', '--quiet', '--target', folder], { cacheFolder, repository }),
    ask: () => run(['snapshots', '--quiet']),
    check: () => run(['check', '--read-data', '--quiet'], { repository: readsFrom }),
  };
}

export function syncClient(bench) {
  const { game, temp, server, node, hook } = bench;
  const token = join(temp, 'token');
  writeFileSync(token, `${server.user}:${server.password}\n`, { mode: 0o600 });
  const env = withoutLauncher(process.env);
  const run = async (command, folder, args = []) => {
    const words = [hook, command, '--pack-folder', folder, '--json', ...args];
    const result = await measureOn(bench, node, words, { cwd: temp, env });
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
    repository: INSTANCE_ID,
    ...repositoryFolder(bench, INSTANCE_ID),
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

/** With the requests that the server has had from it. */
async function measureOn({ server, signal, limit }, program, args, options) {
  const before = server.requests();
  const measured = await measure(program, args, { ...options, signal, limit });
  return { ...measured, requests: server.requests() - before };
}

function repositoryFolder({ server }, repository) {
  const folder = server.folderOf(repository);
  return { stored: () => sizeOf(folder), discard: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * A copy of one new repository: restic measures the machine to choose what its key derivation costs, and all programs
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
    ...withoutLauncher(process.env),
    RESTIC_REPOSITORY: `rest:${server.url}${server.user}/${repository}/`,
    RESTIC_REST_USERNAME: server.user,
    RESTIC_REST_PASSWORD: server.password,
    RESTIC_PASSWORD: server.password,
    RESTIC_CACHE_DIR: cache,
  };
}

/** The programs must not be told things by the launcher, the terminal or the repository at home of whoever measures. */
function withoutLauncher(env) {
  return Object.fromEntries(Object.entries(env).filter(([key]) => !/^(INST_|NODE_|npm_|RESTIC_)/.test(key)));
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
