/**
 * Cuts a file that is changed in place along the version of it that was sent before: a range that still is what its old
 * blob was keeps that blob, wherever that was cut, and only what has changed is cut anew. So
 *
 *   - equal bytes get an equal list of blobs, also where the old version was cut by content or by other rules: lists are
 *     how versions of a file are compared;
 *   - a world that was sent in chunks of 1 MiB needs no second first push;
 *   - what changed once and is likely to change again is cut finer, while the rest stays in few blobs.
 *
 * Without an earlier version it is cut after the head and after each group. Pure but for the hash that it is given.
 */
import type { Bytes } from '../base/bytes.js';
import type { BlobId } from '../base/ids.js';
import { MAX_CHUNK } from './limits.js';
import type { PageLayout } from './pages.js';

/** A blob of an earlier version. */
export interface SentBlob {
  readonly id: BlobId;
  /** Of its plain bytes. */
  readonly length: number;
}

/** What is known before a file is read that may be changed in place. */
export interface PageHistory {
  /** The blobs of the version that it is to be held against, from its start on; none for a new file. */
  readonly sent: readonly SentBlob[];
  /** As for pageLayoutOf. */
  readonly total: number;
}

/** A blob of the present version. */
export interface Piece {
  readonly id: BlobId;
  /** Where it ends, counted from the start of the bytes that were given; it starts where the one before it ends. */
  readonly end: number;
}

export interface PageCutter {
  /**
   * The pieces at the start of `data`, which goes on where the last piece ended. The bytes after them are to be given
   * again with more behind them, 8 MiB at most; none are left over where `isEnd` says that the file ends here.
   */
  cut(data: Bytes, isEnd: boolean): Piece[];
}

/** For one file. `sent`: the blobs of the earlier version from its start on, as far as they are known. `idOf` hashes. */
export function createPageCutter(
  layout: PageLayout,
  sent: readonly SentBlob[],
  idOf: (plain: Bytes) => BlobId,
): PageCutter {
  // A blob of no bytes is no place to stop at.
  const old = sent.filter(({ length }) => length > 0).values();
  /** In the file: where the present piece starts, and how far what has changed goes, in pieces of `step`. */
  let position = 0;
  let changedTo = 0;
  let step = layout.group;
  /** The old blob that starts here, until it is known whether it is still what lies here. */
  let waiting: SentBlob | undefined;

  /** undefined: it takes more bytes to tell. */
  function nextPiece(rest: Bytes, isEnd: boolean): { readonly id: BlobId; readonly length: number } | undefined {
    if (position === changedTo) {
      waiting ??= old.next().value;
      const length = waiting?.length ?? Number.POSITIVE_INFINITY;
      if (length <= MAX_CHUNK && length > rest.length && !isEnd) return undefined;
      const same = waiting !== undefined && length <= rest.length && idOf(rest.subarray(0, length)) === waiting.id;
      const piece = same ? waiting : undefined;
      waiting = undefined;
      changedTo = position + length;
      if (piece !== undefined) return piece;
      step = length > layout.group ? layout.group : layout.fine;
    }
    const length = Math.min(nextCut(), changedTo) - position;
    if (length > rest.length && !isEnd) return undefined;
    const plain = rest.subarray(0, length);
    return { id: idOf(plain), length: plain.length };
  }

  /** Cuts lie on one grid, so that two PCs which change the same place cut it alike. */
  function nextCut(): number {
    if (position < layout.head) return layout.head;
    return position + step - ((position - layout.head) % step);
  }

  return {
    cut(data, isEnd) {
      const pieces: Piece[] = [];
      for (let at = 0; at < data.length; ) {
        const piece = nextPiece(data.subarray(at), isEnd);
        if (piece === undefined) break;
        at += piece.length;
        position += piece.length;
        pieces.push({ id: piece.id, end: at });
      }
      return pieces;
    },
  };
}
