/**
 * Files that programs change in place, page by page: region files of the game, SQLite databases. Cut by content, a page
 * that changed takes its whole chunk of 1 MiB along; cut at fixed places on page boundaries, only its group of pages.
 * Every reader of the format takes a file as its list of blobs, wherever it was cut.
 *
 *   region file   8 KiB of places and times, then sectors of 4 KiB
 *   SQLite        pages of 512 bytes to 64 KiB; the first one holds a counter that every transaction changes
 */
import type { Bytes } from '../base/bytes.js';

export interface PageLayout {
  /** Bytes that are cut off the file's start: they change whenever anything does. */
  readonly head: number;
  /** Bytes of each further blob, whole pages; the last one is what remains. */
  readonly group: number;
  /** Bytes of a blob where a group has changed before, whole pages: it will again (page-cutter.ts). */
  readonly fine: number;
}

/** Why so many bytes: docs/performance.md, "Files changed in place". */
const LEAST_GROUP = 16 * 1024;
const MOST_GROUP = 1024 * 1024;
const FINE = 8 * 1024;
/**
 * A folder's tree names every blob of its files and is sent with each push: 32,768 ids take 1.2 MB. And each costs 35 us
 * of the first push.
 */
const BLOBS_AT_FIRST = 32_768;

const SECTOR = 4096;
const REGION_HEAD = 2 * SECTOR;
const REGION_NAME = /\.mc[ar]$/i;

const SQLITE_MAGIC = 'SQLite format 3\0';
const PAGE_SIZE_AT = 16;
const MIN_PAGE = 512;
const MAX_PAGE = 64 * 1024;

/**
 * undefined for a file that is cut by content: of another kind, or too small for two groups. `path` is its name or path,
 * `start` its first bytes, 18 at least or all of them, `size` its length. `total`: bytes of all region files and the like
 * that are sent together, as far as it is known; the more there are, the larger the groups.
 */
export function pageLayoutOf(path: string, start: Bytes, size: number, total: number = size): PageLayout | undefined {
  const isRegion = isRegionFile(path);
  const page = isRegion ? SECTOR : sqlitePageSize(start);
  if (page === undefined) return undefined;
  const layout = {
    head: isRegion ? REGION_HEAD : page,
    group: Math.max(groupOf(Math.max(size, total)), page),
    fine: Math.max(FINE, page),
  };
  return size > layout.head + layout.group ? layout : undefined;
}

export function isRegionFile(path: string): boolean {
  return REGION_NAME.test(path);
}

function groupOf(total: number): number {
  let group = LEAST_GROUP;
  while (group < MOST_GROUP && total / group > BLOBS_AT_FIRST) group *= 2;
  return group;
}

/** In bytes; undefined for anything but the start of a SQLite database. */
function sqlitePageSize(start: Bytes): number | undefined {
  for (let i = 0; i < SQLITE_MAGIC.length; i++) if (start[i] !== SQLITE_MAGIC.charCodeAt(i)) return undefined;
  const written = (start[PAGE_SIZE_AT] ?? 0) * 256 + (start[PAGE_SIZE_AT + 1] ?? 0);
  // 65,536 does not fit into the field's two bytes.
  const size = written === 1 ? MAX_PAGE : written;
  return size >= MIN_PAGE && (size & (size - 1)) === 0 ? size : undefined;
}
