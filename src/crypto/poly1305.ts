/** Poly1305 on the WebAssembly kernel (assembly/poly1305.ts); data go through its memory in slices. */
import type { Bytes } from '../base/bytes.js';
import { startKernel } from '../kernel/loader.js';
import { POLY1305_WASM } from '../kernel/poly1305-wasm.js';

/** A multiple of 32, of which the kernel takes pairs of blocks. */
const SLICE = 64 * 1024;

/** A function with the contract of CryptoProvider.poly1305; undefined where WebAssembly does not work. */
export function wasmPoly1305(): ((key: Bytes, data: Bytes) => Bytes) | undefined {
  const kernel = startKernel(POLY1305_WASM);
  if (kernel === undefined) return undefined;
  const { memory } = kernel;
  const [init, update, finish] = [kernel.call('init'), kernel.call('update'), kernel.call('finish')];
  const keyAt = kernel.call('keyAddress')();
  const tagAt = kernel.call('tagAddress')();
  const dataAt = kernel.call('dataAddress')();
  return (key, data) => {
    if (key.length !== 32) throw new RangeError(`poly1305: a key of ${key.length} bytes instead of 32`);
    memory.set(key, keyAt);
    init();
    for (let at = 0; at < data.length; at += SLICE) {
      const slice = data.subarray(at, at + SLICE);
      memory.set(slice, dataAt);
      update(slice.length);
    }
    finish();
    return memory.slice(tagAt, tagAt + 16);
  };
}
