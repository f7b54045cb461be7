/** Work on the blobs of a downloaded part, given to a thread and waited for. */
import type { FromWorker } from './messages.js';
import { fromPlainError, lentBuffer, ownBuffer } from './messages.js';
import type { FromOpening, ToOpening } from './open-messages.js';
import type { PartWork } from './part-work.js';
import type { PoolThread } from './pool-thread.js';
import { wrongAnswer } from './pool-thread.js';

/** `nextJob` numbers the pool's jobs; `idlest` is the thread with the fewest. */
export function pooledPartWork(idlest: () => PoolThread, nextJob: () => number): PartWork {
  const ask = async (message: ToOpening, transfer: readonly ArrayBuffer[]): Promise<FromOpening> => {
    const answer = await new Promise<FromWorker>((done, failed) => {
      const hear = (said: FromWorker): undefined => {
        done(said);
      };
      idlest().start(message, { hear, failed }, transfer);
    });
    if (answer.kind === 'opened' || answer.kind === 'written' || answer.kind === 'checked') return answer;
    throw wrongAnswer();
  };
  return {
    openPart: async (part, bytes) => {
      const answer = await ask({ kind: 'open', job: nextJob(), part, bytes }, ownBuffer(bytes));
      if (answer.kind !== 'opened') throw wrongAnswer();
      return answer.blobs.map((one) => (one instanceof Uint8Array ? one : fromPlainError(one)));
    },
    writePart: async (part, bytes, places) => {
      const answer = await ask({ kind: 'write', job: nextJob(), part, bytes, places }, lentBuffer(bytes));
      if (answer.kind !== 'written') throw wrongAnswer();
      const damaged = new Map(answer.damaged.map(([blob, error]) => [blob, fromPlainError(error)]));
      return { damaged, failed: new Map(answer.failed), unfinished: answer.unfinished, bytes: answer.bytes };
    },
    checkPack: async ({ id, blobs }, bytes) => {
      const pack = { id, blobs: [...blobs] };
      const answer = await ask({ kind: 'check', job: nextJob(), pack, bytes }, lentBuffer(bytes));
      if (answer.kind !== 'checked') throw wrongAnswer();
      return { ...answer.found, bytes: answer.bytes };
    },
  };
}
