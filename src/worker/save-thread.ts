/**
 * Saving files, the worker's side: what it has sealed goes to the main thread in parcels, each in memory that comes back
 * when its blobs were taken. One parcel a job is on its way at most, which is what bounds the memory of a full queue.
 */
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { LevelMemory } from '../compress/choose-level.js';
import { newLevelMemory } from '../compress/choose-level.js';
import { maxSealedLength, sealBlobInto } from '../repo/codec.js';
import { cutFile, saveStretch } from './cut-task.js';
import { blockingAccess } from './file-access.js';
import type { FileResult } from './file-task.js';
import { saveFile, saveSmallFiles } from './file-task.js';
import type { PlainError } from './messages.js';
import { ownBuffer, toPlainError } from './messages.js';
import type { FromSaving, ParcelBlob, ToSaving } from './save-messages.js';
import type { Chunk, ChunkSink, FileTools } from './split.js';

/** Asks the main thread, whose answer ends the wait; throws what it answers instead. */
export type Ask = (message: FromSaving, transfer?: readonly ArrayBuffer[]) => Promise<ToSaving>;

/** A round trip for each is nothing beside the work of 10 ms in it. */
const PARCEL_SIZE = 2 * 1024 * 1024;

/** What a message of the main thread asks for anew; undefined for an answer to a question of ours. */
export function savingJob(tools: Promise<FileTools>, message: ToSaving, ask: Ask): Promise<FromSaving> | undefined {
  const { job } = message;
  if (message.kind === 'cut') return cutJob(tools, message, ask);
  if (message.kind === 'save-stretch') {
    const { stretch } = message;
    return withParcels(tools, job, ask, async (ready, sink) => [
      await saveStretch(ready, blockingAccess, stretch, sink),
    ]);
  }
  if (message.kind !== 'save') return undefined;
  const { files, areSmall } = message;
  return withParcels(tools, job, ask, async (ready, sink) => {
    if (areSmall) return saveSmallFiles(ready, blockingAccess, files, sink);
    const [first] = files;
    return first === undefined ? [] : [await saveFile(ready, blockingAccess, first, sink)];
  });
}

async function cutJob(tools: Promise<FileTools>, message: ToSaving & { kind: 'cut' }, ask: Ask): Promise<FromSaving> {
  const { job } = message;
  const done = await cutFile(await tools, blockingAccess, message, async (stretch, stats) => {
    const answer = await ask({ kind: 'stretch', job, stretch, stats });
    if (answer.kind !== 'more') throw wrongAnswer();
  });
  return done === undefined ? { kind: 'not-cut', job } : { kind: 'cut-done', job, ...done };
}

async function withParcels(
  tools: Promise<FileTools>,
  job: number,
  ask: Ask,
  work: (tools: FileTools, sink: ChunkSink) => Promise<readonly (FileResult | SyncError)[]>,
): Promise<FromSaving> {
  const ready = await tools;
  const sink = new ParcelSink(ready, job, ask);
  try {
    const results = await work(ready, sink);
    await sink.flush();
    return { kind: 'saved', job, results: results.map(plainResult) };
  } finally {
    sink.close();
  }
}

function plainResult(result: FileResult | SyncError): FileResult | PlainError {
  return result instanceof SyncError ? toPlainError(result) : result;
}

/** Memory of parcels that ended; it goes with the tools. */
const idleParcels = new WeakMap<FileTools, Bytes[]>();

class ParcelSink implements ChunkSink {
  readonly #tools: FileTools;
  readonly #job: number;
  readonly #ask: Ask;
  /** undefined while it is lent. */
  #memory: Bytes | undefined;
  #used = 0;
  #blobs: ParcelBlob[] = [];
  /** Of the file that the last blob was of. */
  #levels: LevelMemory = newLevelMemory();
  #file = 0;

  constructor(tools: FileTools, job: number, ask: Ask) {
    this.#tools = tools;
    this.#job = job;
    this.#ask = ask;
    this.#memory = idleParcels.get(tools)?.pop();
  }

  async claim(chunks: readonly Chunk[]): Promise<readonly boolean[]> {
    const blobs = chunks.map(({ id, file, plain }) => ({ id, file, plainLength: plain.length }));
    const answer = await this.#ask({ kind: 'claim', job: this.#job, blobs });
    if (answer.kind !== 'claimed') throw wrongAnswer();
    return answer.wanted;
  }

  async store({ id, file, plain, witness }: Chunk): Promise<void> {
    const needed = maxSealedLength(plain.length);
    if (this.#used + needed > (this.#memory?.length ?? PARCEL_SIZE)) await this.flush();
    let memory = this.#memory ?? new Uint8Array(Math.max(PARCEL_SIZE, needed));
    if (memory.length < needed) memory = new Uint8Array(needed);
    this.#memory = memory;
    const { length, uncompressedLength } = sealBlobInto(this.#tools.codec, 'data', id, plain, memory, this.#used, {
      witness,
      levels: this.#levelsOf(file),
    });
    this.#used += length;
    const isCompressed = uncompressedLength !== undefined;
    this.#blobs.push({ id, file, plainLength: plain.length, length, isCompressed });
  }

  #levelsOf(file: number): LevelMemory {
    if (file !== this.#file) this.#levels = newLevelMemory();
    this.#file = file;
    return this.#levels;
  }

  async flush(): Promise<void> {
    const memory = this.#memory;
    if (memory === undefined || this.#used === 0) return;
    const blobs = this.#blobs;
    this.#memory = undefined;
    this.#used = 0;
    this.#blobs = [];
    const answer = await this.#ask({ kind: 'blobs', job: this.#job, memory, blobs }, ownBuffer(memory));
    if (answer.kind !== 'taken') throw wrongAnswer();
    this.#memory = answer.memory;
  }

  close(): void {
    if (this.#memory === undefined) return;
    const idle = idleParcels.get(this.#tools) ?? [];
    idleParcels.set(this.#tools, idle);
    idle.push(this.#memory);
  }
}

function wrongAnswer(): SyncError {
  return new SyncError('internal', 'the main thread answered another question than was asked');
}
