/**
 * The examples, as anybody can run them after `npm run build`: each prints exactly what its last lines say, and nothing
 * else. The documents quote them. And programs that use the package in ways that no example should.
 */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../helpers/process.js';
import { tempFolder } from '../helpers/temp.js';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'examples');
const names = readdirSync(folder).sort();

describe('the examples', () => {
  it('are there', () => {
    expect(names.length).toBeGreaterThan(8);
  });

  it.concurrent.each(names)('%s', async (name) => {
    const promised = /\n\/\/ Prints:\n((?:\/\/ .*\n)+)$/.exec(read(name))?.[1];
    expect(promised, 'the last lines of an example say what it prints').toBeDefined();
    const temp = tempFolder();
    // On Windows the folder for temporary files has other names.
    const env = { TMPDIR: temp, TEMP: temp, TMP: temp };
    const { code, stdout, stderr } = await runProgram(process.execPath, [join(folder, name)], { env, cwd: temp });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(promised?.replace(/^\/\/ /gm, ''));
    expect(readdirSync(temp), 'nothing is left behind').toEqual([]);
  });
});

describe('docs/library.md', () => {
  const text = readFileSync(join(root, 'docs/library.md'), 'utf8').replaceAll('\r\n', '\n');

  it('quotes the examples, word for word', () => {
    const sources = names.map((name) => dedented(read(name)));
    const quoted = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => dedented(match[1] ?? ''));
    expect(quoted.length).toBeGreaterThan(5);
    expect(quoted.filter((code) => !sources.some((source) => source.includes(code)))).toEqual([]);
  });

  it('names every example', () => {
    expect(names.filter((name) => !text.includes(`examples/${name}`))).toEqual([]);
  });
});

describe('a program that uses the package', () => {
  it('may have two copies of it, side by side on one repository', async () => {
    const text = `
      import { createRequire } from 'node:module';
      import * as one from 'instance-sync';
      const other = createRequire(import.meta.url)('instance-sync');
      const address = { repository: 'repository', password: 'x' };
      const [a, b] = [await one.Repository.init(address), await other.Repository.open(address)];
      const wrong = await other.check(a).catch((error) => error);
      console.log(one.Repository === other.Repository, one.isSyncError(wrong, 'usage'), wrong.message.slice(0, 20));
      await Promise.all([
        one.backup(a, { paths: ['game'], hostname: 'a' }),
        other.backup(b, { paths: ['game'], hostname: 'b' }),
      ]);
      for (const repo of [a, b]) for await (const one of repo.snapshots()) console.log(one.hostname);
      await b.close();
      console.log((await one.check(a, { readData: 'all' })).summary.numErrors);
      await a.close();`;
    const { code, stdout, stderr } = await run(text);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [first, ...rest] = stdout.split('\n');
    expect(first).toBe('false true not a repository tha');
    expect(rest.slice(0, 4).sort()).toEqual(['a', 'a', 'b', 'b']);
    expect(rest.slice(4)).toEqual(['0', '']);
  });

  it('ends, warns of nothing and leaves no lock, though it closes nothing and uses one signal all the time', async () => {
    const text = `
      import { readdirSync } from 'node:fs';
      import { backup, Repository, startServer } from 'instance-sync';
      const { signal } = new AbortController();
      const server = await startServer({ path: 'served', listen: '127.0.0.1:0', noAuth: true });
      const repo = await Repository.init({ repository: 'rest:' + server.url, password: 'x', signal });
      await backup(repo, { paths: ['game'], signal });
      const { tree } = await repo.snapshot('latest', { signal });
      await Promise.all(Array.from({ length: 60 }, () => repo.tree(tree, { signal })));
      const loops = Array.from({ length: 30 }, async () => {
        for await (const _ of repo.walk('latest', { signal })) break;
      });
      await Promise.all(loops);
      await repo.tree(tree, { signal });
      console.log(readdirSync('served/locks').length);
      process.once('beforeExit', () => console.log(readdirSync('served/locks').length));
      while (readdirSync('served/locks').length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      await server.close();`;
    expect(await run(text)).toEqual({ code: 0, stdout: '1\n0\n', stderr: '' });
  });

  it('has types for all of it, without looking the other way', async () => {
    const cwd = consumer();
    const text = `import { backup, check, copy, forget, prune, Repository, restore } from 'instance-sync';
      import type { BackupEvent, ForgetEvent, SnapshotId, SnapshotInfo, TreeNode } from 'instance-sync';
      export async function main(options: { readonly signal: AbortSignal }): Promise<SnapshotId | undefined> {
        const repo = await Repository.open({ repository: 'x', password: 'y', lockWaitMs: 1000 });
        const onEvent = (event: BackupEvent): number => (event.type === 'item' ? event.added.dataSize : 0);
        const made = await backup(repo, { paths: ['x'], filter: (path, { stats }) => stats.size < 5n, onEvent, ...options });
        let last: SnapshotInfo | undefined;
        for await (const one of repo.snapshots({ hosts: ['x'] }, options)) last = one;
        const nodes: readonly TreeNode[] = await repo.tree(last?.tree ?? '');
        for await (const piece of repo.readFile(last ?? 'latest', nodes[0]?.name ?? '')) void piece.subarray(1);
        await restore(repo, { tree: nodes[0]?.subtree ?? '' }, { target: 'x', overwrite: 'never', ...options });
        const told = (event: ForgetEvent): string => (event.type === 'problem' ? event.id : event.type);
        await forget(repo, { keep: { last: 3 }, prune: { maxUnused: { share: 0.1 } }, onEvent: told });
        const [id] = (await copy(repo, repo)).copied.values();
        const bytes: number = (await prune(repo)).totals.bytes + (await check(repo)).findings.length;
        // @ts-expect-error: options are checked
        await check(repo, { readDate: 'all' });
        // @ts-expect-error: it is made by open and init alone
        new Repository();
        return bytes > 0 ? id : made.snapshotId;
      }`;
    writeFileSync(join(cwd, 'a.mts'), text);
    const typeRoots = [join(root, 'node_modules/@types')];
    const options = { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, types: ['node'], typeRoots };
    const compilerOptions = { ...options, exactOptionalPropertyTypes: true, skipLibCheck: false };
    writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['a.mts'] }));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { code, stdout } = await runProgram(process.execPath, [tsc, '-p', cwd]);
    expect(code, stdout).toBe(0);
  });
});

/** Runs a module in a folder that has this package among its node_modules, and a folder \`game\` with a file in it. */
function run(text: string): ReturnType<typeof runProgram> {
  const cwd = consumer();
  mkdirSync(join(cwd, 'game'));
  writeFileSync(join(cwd, 'game/options.txt'), 'fov:90');
  writeFileSync(join(cwd, 'a.mjs'), text);
  return runProgram(process.execPath, ['a.mjs'], { cwd, timeout: 30_000 });
}

function consumer(): string {
  const cwd = tempFolder();
  mkdirSync(join(cwd, 'node_modules'));
  symlinkSync(root, join(cwd, 'node_modules/instance-sync'), 'junction');
  return cwd;
}

function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n');
}

/** Indentation does not count. */
function dedented(code: string): string {
  return code.replace(/^ +/gm, '');
}
