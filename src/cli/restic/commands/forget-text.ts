/** What `forget` decides, as tables and as JSON. */
import type { NamedSnapshot } from '../../../browse/select.js';
import type { ForgetGroup, ForgetPlan } from '../../../maintain/forget.js';
import { goJsonString } from '../../../repo/go-json.js';
import type { Output } from '../output.js';
import { snapshotJson } from '../snapshot-json.js';
import { groupHeader, snapshotTable } from '../snapshot-table.js';
import { idList } from './prune-text.js';

/** The tables of all groups, and what a dry run leaves out. */
export function tellPlan(out: Output, { groups, remove }: ForgetPlan, settings: TableSettings): void {
  for (const group of groups) tellGroup(out, group, settings);
  if (settings.dryRun && remove.length > 0) {
    out.info(`Would have removed the following snapshots:\n${idList(remove)}\n`);
  }
}

export interface TableSettings {
  readonly compact: boolean;
  readonly dryRun: boolean;
  readonly isGrouped: boolean;
}

function tellGroup(out: Output, { key, keep, remove }: ForgetGroup, { compact, isGrouped }: TableSettings): void {
  const header = isGrouped ? groupHeader(key) : undefined;
  if (header !== undefined) out.verbose(header);
  const reasons = new Map(keep.map((one) => [one.snapshot.id, one.reasons]));
  tellTable(
    out,
    'keep',
    snapshotTable(oldestFirst(keep.map((one) => one.snapshot)), { compact, reasons }),
    keep.length,
  );
  tellTable(out, 'remove', snapshotTable(oldestFirst(remove), { compact }), remove.length);
}

function tellTable(out: Output, verb: 'keep' | 'remove', lines: readonly string[], count: number): void {
  if (count === 0) return;
  out.info(`${verb} ${count} snapshots:`);
  for (const line of lines) out.info(line);
  out.info('');
}

function oldestFirst(newestFirst: readonly NamedSnapshot[]): NamedSnapshot[] {
  return [...newestFirst].reverse();
}

/** One object for each group. */
export function planJson({ groups }: ForgetPlan): string {
  return `[${groups.map(groupJson).join(',')}]`;
}

function groupJson({ key, keep, remove }: ForgetGroup): string {
  const reasons = keep.map(
    ({ snapshot, reasons: matches }) => `{"snapshot":${snapshotJson(snapshot)},"matches":${strings(matches)}}`,
  );
  const members = [
    `"tags":${key.tags === null ? 'null' : strings(key.tags)}`,
    `"host":${goJsonString(key.hostname)}`,
    `"paths":${key.paths === null ? 'null' : strings(key.paths)}`,
    `"keep":${list(keep.map(({ snapshot }) => snapshotJson(snapshot)))}`,
    `"remove":${list(remove.map((one) => snapshotJson(one)))}`,
    `"reasons":${list(reasons)}`,
  ];
  return `{${members.join(',')}}`;
}

/** Go has no empty list here. */
function list(items: readonly string[]): string {
  return items.length === 0 ? 'null' : `[${items.join(',')}]`;
}

function strings(items: readonly string[]): string {
  return `[${items.map(goJsonString).join(',')}]`;
}
