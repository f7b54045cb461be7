/**
 * scrypt with two lanes at a time, on the WebAssembly kernel (assembly/scrypt.ts) in a thread of its own: for keys as
 * restic makes them 120 ms less than OpenSSL, which takes one lane after the other (docs/performance.md, "Kernels").
 */
import * as nodeCrypto from 'node:crypto';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import { SCRYPT_WASM } from '../kernel/scrypt-wasm.js';
import type { ScryptParams } from './provider.js';

const pbkdf2 = promisify(nodeCrypto.pbkdf2);

/** What the kernel's memory has room for. */
const MAX_R = 8;
const MAX_TABLE = 32 * 1024 * 1024;
/** Bytes mixed, 128·N·r·p. Below this the start of the thread and compiling take more than is gained. */
const MIN_WORK = 64 * 1024 * 1024;

/** The thread's program. Lanes go through the kernel two at a time, and back to where they were. */
const SOURCE = `
const { parentPort, workerData: { wasm, lanes, N, r } } = require('node:worker_threads');
const { memory, lanesAddress, romix } = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports;
const [bytes, place, size] = [new Uint8Array(memory.buffer), lanesAddress(), 128 * r];
for (let at = 0; at < lanes.length; at += 2 * size) {
  const pair = lanes.subarray(at, at + 2 * size);
  bytes.set(pair, place);
  romix(pair.length / size, N, r);
  pair.set(bytes.subarray(place, place + pair.length));
}
parentPort.postMessage(lanes);
`;

/** Whether `scryptInLanes` can take these parameters and is likely to be the faster way. */
export function isForLanes({ N, r, p }: ScryptParams): boolean {
  return p > 1 && r <= MAX_R && 128 * N * r <= MAX_TABLE && 128 * N * r * p >= MIN_WORK;
}

/** Rejects where threads or WebAssembly with vectors are not to be had, or memory for both tables. */
export async function scryptInLanes(
  password: Bytes,
  salt: Bytes,
  params: ScryptParams,
  length: number,
): Promise<Bytes> {
  const { N, r, p } = params;
  const lanes = new Uint8Array(await pbkdf2(password, salt, 1, 128 * r * p, 'sha256'));
  const mixed = await inThread({ wasm: Buffer.from(SCRYPT_WASM, 'base64'), lanes, N, r });
  return new Uint8Array(await pbkdf2(password, mixed, 1, length, 'sha256'));
}

function inThread(workerData: { wasm: Bytes; lanes: Bytes; N: number; r: number }): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    // Without the options of this process: one like --input-type=module would turn the source into something else.
    const worker = new Worker(SOURCE, { eval: true, workerData, execArgv: [], name: 'instance-sync scrypt' });
    worker.once('message', (lanes: Bytes) => resolve(lanes));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new SyncError('internal', `scrypt: its thread ended with ${code}`)));
  });
}
