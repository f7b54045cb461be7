/**
 * The local time zone as restic sees it, in which the times of nodes and snapshots are written: the variable TZ (a name
 * of the zone database or the path of a file), else /etc/localtime, else UTC. Windows has no such files: there it is
 * what Node knows of the zone.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatGoTimeAt } from '../repo/go-time.js';
import type { ZoneFile } from './zone-file.js';
import { parseZoneFile, zoneAt } from './zone-file.js';

/** A zone: seconds east of UTC at `seconds` since 1970. */
export type Zone = (seconds: number) => number;

const ZONE_FOLDERS = ['/usr/share/zoneinfo', '/usr/share/lib/zoneinfo', '/usr/lib/locale/TZ', '/etc/zoneinfo'];
const NS = 1_000_000_000n;

const utc: Zone = () => 0;

/** `tz` is the variable TZ, undefined where it is not set. */
export function localZone(
  tz: string | undefined = process.env['TZ'],
  platform: NodeJS.Platform = process.platform,
): Zone {
  if (platform === 'win32') return (seconds) => -60 * new Date(seconds * 1000).getTimezoneOffset();
  const file = findZone(tz);
  return file === undefined ? utc : (seconds) => zoneAt(file, seconds).offset;
}

/**
 * What the zone calls itself at `seconds` since 1970, such as "CEST", where `offset` (in seconds) holds then; undefined
 * where another does, and where nobody knows.
 */
export function zoneName(
  seconds: number,
  offset: number,
  tz: string | undefined = process.env['TZ'],
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const file = platform === 'win32' ? undefined : findZone(tz);
  if (file === undefined) return undefined;
  const found = zoneAt(file, seconds);
  return found.offset === offset ? found.name : undefined;
}

/** Whether there is such a zone, other than UTC. */
export function hasZone(tz: string | undefined): boolean {
  return findZone(tz) !== undefined;
}

/** undefined for UTC, and for a zone that is not there. */
function findZone(tz: string | undefined): ZoneFile | undefined {
  for (const path of zonePaths(tz)) {
    const file = readZone(path);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** RFC 3339 in the zone. */
export function formatLocalTime(ns: bigint, zone: Zone): string {
  // Division cuts towards zero; before 1970 a fraction belongs to the second below.
  const seconds = Number(ns / NS) - (ns % NS < 0n ? 1 : 0);
  return formatGoTimeAt(ns, zone(seconds));
}

function zonePaths(tz: string | undefined): string[] {
  if (tz === undefined) return ['/etc/localtime'];
  const name = tz.replace(/^:/, '');
  if (name === '' || name === 'UTC') return [];
  // Go refuses names that climb out of the database.
  if (name.split('/').includes('..') && !name.startsWith('/')) return [];
  return name.startsWith('/') ? [name] : ZONE_FOLDERS.map((folder) => join(folder, name));
}

function readZone(path: string): ZoneFile | undefined {
  try {
    return parseZoneFile(readFileSync(path));
  } catch {
    // A zone that is not there counts as UTC.
    return undefined;
  }
}
