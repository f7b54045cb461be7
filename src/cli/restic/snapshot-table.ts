/** Snapshots as a table, in restic's columns. */
import { hasZone } from '../../archive/local-zone.js';
import { shortId } from '../../base/ids.js';
import type { GroupKey } from '../../browse/group.js';
import type { NamedSnapshot } from '../../browse/select.js';
import { formatBytesLikeRestic } from '../../ui/bytes.js';
import { localTime } from './node-text.js';
import { renderTable } from './table.js';

export interface SnapshotTableOptions {
  readonly compact?: boolean;
  /** Why each snapshot is kept, for `forget`: by its id. */
  readonly reasons?: ReadonlyMap<string, readonly string[]>;
}

interface Column {
  /** Blanks at its end make the column at least so wide. */
  readonly head: string;
  readonly cell: (one: NamedSnapshot) => string;
}

/** The lines of the table; `snapshots` have the oldest first. */
export function snapshotTable(snapshots: readonly NamedSnapshot[], options: SnapshotTableOptions = {}): string[] {
  const columns = columnsOf(
    options,
    snapshots.some(({ snapshot }) => snapshot.summary !== undefined),
  );
  const wide = options.compact !== true && snapshots.some(({ snapshot }) => (snapshot.paths?.length ?? 0) > 1);
  return renderTable({
    head: columns.map(({ head }) => head),
    rows: snapshots.map((one) => columns.map(({ cell }) => cell(one))),
    footer: [`Timestamps shown in ${localZoneLabel()}`, `${snapshots.length} snapshots`],
    spaced: wide,
  });
}

function columnsOf({ compact = false, reasons }: SnapshotTableOptions, hasSizes: boolean): Column[] {
  const columns: Column[] = [
    { head: 'ID', cell: ({ id }) => shortId(id) },
    { head: 'Time', cell: ({ snapshot }) => localTime(snapshot.time) },
    { head: compact ? 'Host' : 'Host      ', cell: ({ snapshot }) => snapshot.hostname ?? '' },
    {
      head: compact ? 'Tags  ' : 'Tags      ',
      cell: ({ snapshot }) => (snapshot.tags ?? []).join(compact ? '\n' : ','),
    },
  ];
  if (!compact && reasons !== undefined) {
    columns.push({ head: 'Reasons', cell: ({ id }) => (reasons.get(id) ?? []).join('\n') });
  }
  if (!compact) columns.push({ head: 'Paths', cell: ({ snapshot }) => (snapshot.paths ?? []).join('\n') });
  if (hasSizes) columns.push({ head: 'Size', cell: sizeOf });
  return columns;
}

function sizeOf({ snapshot: { summary } }: NamedSnapshot): string {
  return summary === undefined ? '' : formatBytesLikeRestic(summary.totalBytesProcessed);
}

/** The line over a group's table; undefined if its snapshots have nothing in common that counts. */
export function groupHeader({ hostname, tags, paths }: GroupKey): string | undefined {
  const parts: string[] = [];
  if (hostname !== '') parts.push(`host [${hostname}]`);
  if (tags !== null) parts.push(`tags [${tags.join(', ')}]`);
  if (paths !== null) parts.push(`paths [${paths.join(', ')}]`);
  return parts.length === 0 ? undefined : `snapshots for (${parts.join(', ')}):`;
}

/** How Go calls the local zone: by the variable that names it, if that is set. A zone that is not there is UTC. */
function localZoneLabel(): string {
  const tz = process.env['TZ'];
  if (process.platform === 'win32') return 'local time';
  if (!hasZone(tz)) return 'UTC';
  const name = tz?.replace(/^:/, '') ?? '';
  return name === '' || name === '/etc/localtime' ? 'local time' : name;
}
