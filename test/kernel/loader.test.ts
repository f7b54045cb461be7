import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startKernel } from '../../src/kernel/loader.js';
import { POLY1305_WASM } from '../../src/kernel/poly1305-wasm.js';
import { RABIN_WASM } from '../../src/kernel/rabin-wasm.js';

test('kernels start, with a memory of their own', () => {
  const a = startKernel(RABIN_WASM);
  const b = startKernel(RABIN_WASM);
  expect(a?.memory.length).toBeGreaterThan(64 * 1024);
  a?.memory.fill(1);
  expect(b?.memory[5000]).toBe(0);
  expect(startKernel(POLY1305_WASM)?.call('dataAddress')()).toBeGreaterThan(0);
});

test('an engine without WebAssembly, or one that forbids compiling, has no kernel', () => {
  expect(startKernel(RABIN_WASM, null)).toBeUndefined();
  const forbids = {
    Module: class {
      constructor() {
        throw new Error('Wasm code generation disallowed by embedder');
      }
    },
    Instance: class {},
  };
  expect(startKernel(`${RABIN_WASM}\n`, forbids)).toBeUndefined();
});

test('a missing function is an error', () => {
  expect(() => startKernel(RABIN_WASM)?.call('nothing')).toThrow(/nothing/);
});

test('the committed kernels are those of assembly/', () => {
  const script = join(import.meta.dirname, '../../scripts/build-kernels.mjs');
  execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' });
}, 60_000);
