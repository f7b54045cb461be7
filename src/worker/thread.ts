/**
 * Entry of a worker thread. It holds the codec and answers jobs; a job that needs the main thread's word (which blobs
 * are new? is there room?) waits for its answer while another job goes on.
 */
import type { MessagePort } from 'node:worker_threads';
import { parentPort, workerData } from 'node:worker_threads';
import { loadZstd } from '../compress/zstd.js';
import { defaultCrypto } from '../crypto/select.js';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js';
import { fromPlainError, toPlainError } from './messages.js';
import { openJob } from './open-thread.js';
import type { ToSaving } from './save-messages.js';
import { savingJob } from './save-thread.js';
import type { FileTools } from './split.js';
import { fileTools } from './split.js';

interface Waiting {
  resolve(answer: ToSaving): void;
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
  /** By job, which asks one question at a time. */
  const waiting = new Map<number, Waiting>();
  const post = (message: FromWorker, transfer: readonly ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer);
  const ask = (message: FromWorker, transfer?: readonly ArrayBuffer[]): Promise<ToSaving> =>
    new Promise((resolve, reject) => {
      waiting.set(message.job, { resolve, reject });
      post(message, transfer);
    });

  const start = async (message: ToWorker): Promise<void> => {
    if (message.kind === 'open' || message.kind === 'write' || message.kind === 'check') {
      const { message: answer, transfer } = openJob(await tools, message);
      post(answer, transfer);
      return;
    }
    const saving = message.kind === 'stop' ? undefined : savingJob(tools, message, ask);
    if (saving !== undefined) {
      post(await saving);
      return;
    }
    const one = waiting.get(message.job);
    waiting.delete(message.job);
    if (message.kind === 'stop') one?.reject(fromPlainError(message.error));
    else one?.resolve(message);
  };

  port.on('message', (message: ToWorker) => {
    start(message).catch((error: unknown) => post({ kind: 'failed', job: message.job, error: toPlainError(error) }));
  });
}

if (parentPort) serve(parentPort, workerData);
