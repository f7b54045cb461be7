/** Saving files, the main thread's side: answers a worker's questions from the sinks of the files it works on. */
import type { Bytes } from '../base/bytes.js';
import { SyncError, throwIfAborted } from '../base/errors.js';
import type { FromWorker, ToWorker } from './messages.js';
import { fromPlainError, ownBuffer } from './messages.js';
import type { Answer, Job } from './pool-thread.js';
import { wrongAnswer } from './pool-thread.js';
import type { Claim, ParcelBlob } from './save-messages.js';
import type { Batch, SaveRequest } from './save-queue.js';

/** What the worker is told to do. */
export function saveMessage(job: number, { requests, areSmall }: Batch): ToWorker {
  const stretch = requests[0]?.stretch;
  if (stretch !== undefined) return { kind: 'save-stretch', job, stretch };
  return {
    kind: 'save',
    job,
    areSmall,
    files: requests.map(({ path, pages, lookAfter }) => ({ path, pages, lookAfter })),
  };
}

/** `ended` is called when the job has ended, either way. */
export function saveJob(job: number, { requests }: Batch, ended: () => void): Job {
  const failAll = (error: unknown): void => {
    ended();
    for (const request of requests) request.failed(error);
  };
  const finish = (results: (FromWorker & { kind: 'saved' })['results']): void => {
    ended();
    for (const [i, request] of requests.entries()) {
      const result = results[i];
      if (result === undefined) request.failed(wrongAnswer());
      else if ('code' in result) request.failed(fromPlainError(result));
      else request.done(result);
    }
  };
  return {
    hear: (message) => {
      if (message.kind === 'claim') return claim(job, requests, message.blobs);
      if (message.kind === 'blobs') return take(job, requests, message.memory, message.blobs);
      if (message.kind === 'saved') finish(message.results);
      else failAll(wrongAnswer());
      return undefined;
    },
    failed: failAll,
  };
}

async function claim(job: number, requests: readonly SaveRequest[], blobs: readonly Claim[]): Promise<Answer> {
  const wanted: boolean[] = [];
  for (const { id, file, plainLength } of blobs) {
    const { sink, signal } = requestOf(requests, file);
    throwIfAborted(signal);
    const isWanted = sink.claim(id, plainLength);
    wanted.push(typeof isWanted === 'boolean' ? isWanted : await isWanted);
  }
  return { message: { kind: 'claimed', job, wanted } };
}

async function take(
  job: number,
  requests: readonly SaveRequest[],
  memory: Bytes,
  blobs: readonly ParcelBlob[],
): Promise<Answer> {
  let at = 0;
  for (const { id, file, length, plainLength, isCompressed } of blobs) {
    const { sink, signal } = requestOf(requests, file);
    throwIfAborted(signal);
    const blob = { id, type: 'data', sealed: memory.subarray(at, at + length) } as const;
    await sink.emit(isCompressed ? { ...blob, uncompressedLength: plainLength } : blob, plainLength);
    at += length;
  }
  return { message: { kind: 'taken', job, memory }, transfer: ownBuffer(memory) };
}

function requestOf(requests: readonly SaveRequest[], file: number): SaveRequest {
  const request = requests[file];
  if (request === undefined)
    throw new SyncError('internal', `a worker thread speaks of file ${file}, which it was not given`);
  return request;
}
