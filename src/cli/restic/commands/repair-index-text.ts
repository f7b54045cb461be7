/** What repairing the index tells, in restic's words; `repair packs` and `recover` do it too, as a part of theirs. */
import type { RepairIndexEvent } from '../../../maintain/repair-index.js';
import type { Counter, Output } from '../output.js';

export interface IndexTeller {
  on(event: RepairIndexEvent): void;
  /** Draws the last line of what is being counted. */
  done(): void;
}

export function indexTeller(out: Output): IndexTeller {
  let bar: Counter | undefined;
  const done = (): void => {
    bar?.done();
    bar = undefined;
  };
  const begin = (label: string, total: number): void => {
    done();
    bar = out.counter(label, total);
  };
  const on: IndexTeller['on'] = (event) => {
    switch (event.type) {
      case 'reading':
        out.info('reading pack files');
        return begin('packs', event.packs);
      case 'read':
        return bar?.add(1);
      case 'rebuilding':
        done();
        out.info('rebuilding index');
        begin('indexes processed', event.files);
        return bar?.add(event.files);
      case 'removing':
        return begin('old indexes deleted', event.files);
      case 'removed':
        out.debug(`removed index ${event.id}`);
        return bar?.add(1);
      case 'bad-pack':
        done();
        return out.warn(`skipped incomplete pack file: ${event.id}`);
      case 'loading':
        return out.info('loading indexes...');
      case 'listing':
        return out.info('getting pack files to read...');
      default:
        return out.warn(finding(event));
    }
  };
  return { on, done };
}

type Finding = Extract<RepairIndexEvent, { type: 'bad-index' | 'pack-missing' | 'pack-unknown' | 'pack-differs' }>;

function finding(event: Finding): string {
  const { id } = event;
  switch (event.type) {
    case 'bad-index':
      return `removing invalid index ${id}: ${messageOf(event.error)}`;
    case 'pack-missing':
      return `removing not found pack file ${id}`;
    case 'pack-unknown':
      return `adding pack file to index ${id}`;
    case 'pack-differs':
      return event.size === event.expected
        ? `reindexing pack file ${id}, whose blobs cannot lie as the index says`
        : `reindexing pack file ${id} with unexpected size ${event.size} instead of ${event.expected}`;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
