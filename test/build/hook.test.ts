/**
 * The one-file hook, made from a stand-in of its sources: alone in an empty folder it has everything, at its start it
 * loads nothing but what node has loaded anyway, and an old node gets one plain line.
 */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bundleProgram } from '../../scripts/bundle.mjs';
import { runProgram } from '../helpers/process.js';
import { tempFolder } from '../helpers/temp.js';

const fixtures = join(import.meta.dirname, 'fixtures');
const report = z.object({
  started: z.array(z.string()),
  late: z.array(z.string()).optional(),
  result: z.record(z.string(), z.unknown()).optional(),
});

describe('the hook in one file', () => {
  let made = '';

  beforeAll(async () => {
    made = join(tempFolder(), 'hook.mjs');
    const worker = join(fixtures, 'thread.ts');
    await bundleProgram({ name: 'instance-sync', entry: join(fixtures, 'hook.ts'), worker, outfile: made });
  });

  /** Runs a copy of it alone in a new folder that holds only `present`. */
  async function runAlone(present: readonly string[], nodeArgs: readonly string[] = []): ReturnType<typeof runProgram> {
    const cwd = tempFolder();
    copyFileSync(made, join(cwd, 'hook.mjs'));
    for (const name of present) writeFileSync(join(cwd, name), '');
    return await runProgram(process.execPath, [...nodeArgs, 'hook.mjs'], { cwd });
  }

  it('brings its packages and its thread along', async () => {
    const { code, stdout, stderr } = await runAlone(['sync.json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(report.parse(JSON.parse(stdout)).result).toEqual({
      zstd: 'ready',
      hashes: { native: abc, portable: abc, zstd: 'ready' },
      version: z.object({ version: z.string() }).parse(readJson('package.json')).version,
      commander: 'x',
      http: 'function',
    });
  });

  it('loads nothing of it before it is needed', async () => {
    const idle = report.parse(JSON.parse((await runAlone(['tell'])).stdout)).started;
    const empty = join(tempFolder(), 'empty.mjs');
    writeFileSync(
      empty,
      "import 'fs'; import 'module'; import.meta.url; console.log(JSON.stringify(process.moduleLoadList))",
    );
    const always = z.array(z.string()).parse(JSON.parse((await runProgram(process.execPath, [empty])).stdout));
    expect(idle.filter((name) => !always.includes(name))).toEqual([]);

    const busy = report.parse(JSON.parse((await runAlone(['sync.json'])).stdout));
    expect(busy.late).toContain('NativeModule http');
    expect(busy.late).toContain('NativeModule worker_threads');
  });

  it('is silent when there is nothing to do', async () => {
    expect(await runAlone([])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('tells an old node what it needs, in one line', async () => {
    const old = join(tempFolder(), 'old.cjs');
    for (const version of ['14.21.3', '20.18.3']) {
      writeFileSync(
        old,
        `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
      );
      const { code, stdout, stderr } = await runAlone(['sync.json'], ['--require', old]);
      expect(stdout).toMatch(/^instance-sync needs Node\.js 20\.19 or newer; this is Node\.js [^\n]*\n$/);
      expect(stdout).toContain(version);
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    }
    for (const version of ['20.19.0', '22.0.0', '100.1.0']) {
      writeFileSync(
        old,
        `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
      );
      expect(await runAlone([], ['--require', old])).toEqual({ code: 0, stdout: '', stderr: '' });
    }
  });

  it('stays readable, with its source map aside and the licences of its parts', () => {
    const text = readFileSync(made, 'utf8');
    expect(text.startsWith('#!/usr/bin/env node\n// instance-sync ')).toBe(true);
    expect(text).toContain('\n//# sourceMappingURL=hook.mjs.map\n');
    expect(readdirSync(join(made, '..')).sort()).toEqual(['hook.mjs', 'hook.mjs.map']);
    // Held by node in one byte per letter.
    expect(text).not.toMatch(/[^\0-\xff]/);
    expect(text).toContain('async function heavy() {');
    // The thread's program too: line by line, under its own names.
    expect(text).toMatch(/^ *"\/\/ test\/build\/fixtures\/thread\.ts",$/m);
    // But for zstd-codec, which is there once, packed.
    expect(text.match(/packedZstd = ["'][A-Za-z0-9+/]{1000}/g)).toHaveLength(1);
    expect(text).not.toContain('asmLibraryArg');
    for (const name of ['undici', 'commander', '@noble/hashes'])
      expect(text).toMatch(new RegExp(`^// ${name} \\d+\\.`, 'm'));
    // Only the head's import, of a module that node always has.
    expect(text.match(/^import .*$/gm)).toEqual(["import { createRequire } from 'module';"]);
  });
});

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
