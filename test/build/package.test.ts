/** The package as it would be published (`npm run build` first; `npm test` does): both kinds of import, types, files. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { npm } from '../../scripts/run.mjs';
import { runProgram } from '../helpers/process.js';
import { tempFolder } from '../helpers/temp.js';

const root = join(import.meta.dirname, '../..');
const node = process.execPath;

describe('the package', () => {
  it('is built', () => {
    for (const path of ['dist/instance-sync.mjs', 'dist/restic-ts.mjs', 'dist/esm/index.js', 'dist/cjs/index.js']) {
      expect(existsSync(join(root, path)), `${path}: run \`npm run build\``).toBe(true);
    }
  });

  it('has nothing that publint objects to', async () => {
    const { messages, pkg } = await publint({ pkgDir: root, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('packs what it needs and nothing else, with types that resolve for every kind of import', async () => {
    const folder = tempFolder();
    const packed = await npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]);
    expect(packed.code, packed.output).toBe(0);
    const archive = join(folder, z.string().parse(readdirSync(folder)[0]));
    const listed = await runProgram('tar', ['tzf', archive]);
    const outside = listed.stdout
      .split('\n')
      .filter((name) => name !== '' && !/^package\/dist\/(esm|cjs)\//.test(name));
    expect(outside.map((name) => name.replace('package/', '')).sort()).toEqual([
      'LICENSE',
      'README.md',
      'dist/instance-sync.mjs',
      'dist/restic-ts.mjs',
      'package.json',
    ]);
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const { code, stdout, stderr } = await runProgram(node, [attw, archive, '--format', 'ascii', '--no-color']);
    expect(code, stdout + stderr).toBe(0);
  });

  it('gives import and require the same names, prints nothing and keeps nothing alive', async () => {
    const folder = consumer();
    const names = 'console.log(JSON.stringify(Object.keys(api).sort()))';
    writeFileSync(join(folder, 'a.mjs'), `import * as api from 'instance-sync';\n${names}`);
    writeFileSync(join(folder, 'b.cjs'), `const api = require('instance-sync');\n${names}`);
    const esm = await runProgram(node, ['a.mjs'], { cwd: folder, timeout: 10_000 });
    const cjs = await runProgram(node, ['b.cjs'], { cwd: folder, timeout: 10_000 });
    expect(cjs).toEqual(esm);
    expect(esm).toMatchObject({ code: 0, stderr: '' });
    const exported = z.array(z.string()).parse(JSON.parse(esm.stdout));
    expect(exported).toEqual(expect.arrayContaining(['disable', 'init', 'pull', 'push', 'status', 'SyncError']));
  });

  it('compiles in a strict consumer, as a module and as CommonJS', async () => {
    const folder = consumer();
    const text = `import { pull, type SyncOptions } from 'instance-sync';
      const options: SyncOptions = {};
      // @ts-expect-error: options are checked, so the types are really there
      export const wrong = pull({ packFolder: 1 });
      export const right = pull(options);`;
    writeFileSync(join(folder, 'a.mts'), text);
    writeFileSync(join(folder, 'b.cts'), text);
    // As every TypeScript program for node has.
    const typeRoots = [join(root, 'node_modules/@types')];
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      strict: true,
      noEmit: true,
      types: ['node'],
      typeRoots,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['a.mts', 'b.cts'] }));
    const { code, stdout } = await runProgram(node, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]);
    expect(code, stdout).toBe(0);
  });

  it('runs as a command that names its version', async () => {
    const { code, stdout } = await runProgram(node, [join(root, 'dist/instance-sync.mjs'), '--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\d+\.\d+\.\d+/);
  });

  /** A folder with this package among its node_modules. */
  function consumer(): string {
    const folder = tempFolder();
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/instance-sync'), 'junction');
    return folder;
  }
});
