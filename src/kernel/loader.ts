/**
 * Starts an embedded kernel: base64 → module (compiled once per thread) → instance with its own fixed memory.
 * Synchronous, which engines allow for modules of a few KiB; no file is read, so it works from any bundle.
 */

import type { Bytes } from '../base/bytes.js';
import { fromBase64 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';

/** What is used of the engine's WebAssembly; Node's types leave it to those of browsers. */
interface Engine {
  readonly Module: new (bytes: Bytes) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
}

export interface Kernel {
  /** The whole memory. It never grows, so the view stays valid. */
  readonly memory: Bytes;
  /** An exported function of numbers; throws 'internal' if there is none of that name. */
  call(name: string): (...args: number[]) => number;
}

const modules = new Map<string, object>();

/** undefined where the engine has no WebAssembly or forbids compiling (jitless, a content security policy). */
export function startKernel(
  base64: string,
  engine: unknown = Reflect.get(globalThis, 'WebAssembly'),
): Kernel | undefined {
  if (!isEngine(engine)) return undefined;
  let exports: object;
  try {
    const module = modules.get(base64) ?? new engine.Module(fromBase64(base64));
    modules.set(base64, module);
    exports = new engine.Instance(module).exports;
  } catch {
    // Compiling is forbidden, or memory has run out: the caller has a plain twin of every kernel.
    return undefined;
  }
  const memory: unknown = Reflect.get(exports, 'memory');
  if (!isMemory(memory)) throw new SyncError('internal', 'kernel: its memory is missing');
  return {
    memory: new Uint8Array(memory.buffer),
    call: (name) => {
      const found: unknown = Reflect.get(exports, name);
      if (!isNumeric(found)) throw new SyncError('internal', `kernel: function ${name} is missing`);
      return found;
    },
  };
}

function isEngine(value: unknown): value is Engine {
  return typeof value === 'object' && value !== null && 'Module' in value && 'Instance' in value;
}

function isMemory(value: unknown): value is { buffer: ArrayBuffer } {
  return typeof value === 'object' && value !== null && 'buffer' in value && value.buffer instanceof ArrayBuffer;
}

function isNumeric(value: unknown): value is (...args: number[]) => number {
  return typeof value === 'function';
}
