/**
 * Entry of a worker thread. It holds the codec and answers jobs; a job that needs the main thread's word
 * (is this blob new? is there room?) waits for its answer while other jobs go on.
 */
import type { MessagePort } from 'node:worker_threads';
import { parentPort, workerData } from 'node:worker_threads';
import type { Bytes } from '../base/bytes.js';
import { loadZstd } from '../compress/zstd.js';
import { defaultCrypto } from '../crypto/select.js';
import { openPartNow } from '../repo/loader.js';
import type { FileTools } from './file-task.js';
import { saveFile } from './file-task.js';
import type { FromWorker, PlainError, ToWorker, WorkerSetup } from './messages.js';
import { fromPlainError, ownBuffer, toPlainError } from './messages.js';
import { fileTools } from './split.js';

interface Waiting {
  resolve(yes: boolean): void;
  reject(error: Error): void;
}

async function makeTools(setup: WorkerSetup): Promise<FileTools> {
  const { key, version, compression } = setup;
  const codec = { crypto: defaultCrypto(), zstd: await loadZstd(), key, version, compression };
  return fileTools(codec, setup.polynomial);
}

function serve(port: MessagePort, setup: WorkerSetup): void {
  const tools = makeTools(setup);
  tools.catch(() => {
    // Each job waits for the tools and tells of this error itself.
  });
  const waiting = new Map<number, Waiting>();
  const post = (message: FromWorker, transfer: readonly ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer);
  const ask = (job: number, message: FromWorker, transfer?: readonly ArrayBuffer[]): Promise<boolean> =>
    new Promise((resolve, reject) => {
      waiting.set(job, { resolve, reject });
      post(message, transfer);
    });
  const answer = (job: number, act: (one: Waiting) => void): void => {
    const one = waiting.get(job);
    waiting.delete(job);
    if (one) act(one);
  };

  const save = async (job: number, path: string): Promise<void> => {
    const result = await saveFile(await tools, path, {
      claim: (id, plainLength) => ask(job, { kind: 'claim', job, id, plainLength }),
      emit: async (blob, plainLength) => {
        const message: FromWorker = { kind: 'blob', job, blob, plainLength };
        await ask(job, message, ownBuffer(blob.sealed));
      },
    });
    post({ kind: 'saved', job, result });
  };

  const open = async (message: ToWorker & { kind: 'open' }): Promise<void> => {
    const opened = openPartNow((await tools).codec, message.part, message.bytes);
    const blobs = opened.map((one): Bytes | PlainError => (one instanceof Uint8Array ? one : toPlainError(one)));
    const transfer = opened.flatMap((one) => (one instanceof Uint8Array ? ownBuffer(one) : []));
    post({ kind: 'opened', job: message.job, blobs }, transfer);
  };

  port.on('message', (message: ToWorker) => {
    const { job } = message;
    const failed = (error: unknown): void => post({ kind: 'failed', job, error: toPlainError(error) });
    if (message.kind === 'save') save(job, message.path).catch(failed);
    else if (message.kind === 'open') open(message).catch(failed);
    else if (message.kind === 'answer') answer(job, (one) => one.resolve(message.yes));
    else answer(job, (one) => one.reject(fromPlainError(message.error)));
  });
}

if (parentPort) serve(parentPort, workerData);
