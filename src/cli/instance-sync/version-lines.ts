/** The words in which a player is told of versions and of what changed in them. */
import type { ChangeTotals, FileCounts, HistoryEntry, VersionChanges, WorldChanges } from '../../index.js';
import { formatBytes, formatCount } from '../../ui/format.js';

/** "2026-11-22 21:14", as the clock on the wall shows it here. */
export function formatLocalTime(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** "1a2b3c4d (desk, 2026-11-22 21:14)". */
export function describeVersion(id: string, time: string | undefined, hostname: string | undefined): string {
  const facts = [hostname, time === undefined ? undefined : formatLocalTime(time)].filter((fact) => fact !== undefined);
  return facts.length === 0 ? id.slice(0, 8) : `${id.slice(0, 8)} (${facts.join(', ')})`;
}

/** A line with when, who and which, and below it what changed. */
export function describeEntry(entry: HistoryEntry): string[] {
  const { id, time, hostname = 'unknown PC', changes, problem } = entry;
  const marks = marksOf(entry);
  const head = `${formatLocalTime(time)}  ${hostname}  [${id.slice(0, 8)}]${marks === '' ? '' : `  ${marks}`}`;
  if (changes === undefined) return [head, `    what changed cannot be told: ${problem ?? 'unknown'}`];
  return [head, ...describeChanges(changes).map((line) => `    ${line}`)];
}

/** One line a world, and one for all other files. */
export function describeChanges({ worlds, other }: VersionChanges): string[] {
  const lines = worlds.map((world) => `${nameOf(world.world)}: ${describeWorld(world)}`);
  const others = countAll(other);
  if (others > 0) lines.push(`${formatCount(others, 'other file')}: ${describeTotals(other)}`);
  return lines.length === 0 ? ['no file changed'] : lines;
}

/** "2 new, 9 changed, 1 removed". */
export function describeCounts({ added, changed, removed }: FileCounts): string {
  const parts = [
    [added, 'new'],
    [changed, 'changed'],
    [removed, 'removed'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return told.length === 0 ? 'no files' : told.join(', ');
}

/** Of "saves/World" the name. */
export function nameOf(world: string): string {
  return world.replace(/^saves\//, '');
}

function describeWorld(world: WorldChanges): string {
  if (world.state === 'new') return `new, ${formatCount(world.added, 'file')}, ${formatBytes(world.bytes)}`;
  if (world.state === 'gone') return `gone, ${formatCount(world.removed, 'file')}, ${formatBytes(world.bytesRemoved)}`;
  return describeTotals(world);
}

function describeTotals(totals: ChangeTotals): string {
  const isOnlyGone = totals.added + totals.changed === 0;
  return `${describeCounts(totals)}, ${formatBytes(isOnlyGone ? totals.bytesRemoved : totals.bytes)}`;
}

function countAll({ added, changed, removed }: FileCounts): number {
  return added + changed + removed;
}

function marksOf(entry: HistoryEntry): string {
  const marks: [boolean, string][] = [
    [entry.isHead, 'newest'],
    [entry.isHere, 'last sync of this PC'],
    [entry.merge, 'merged'],
    [entry.unclean, 'sent late, after a crash'],
    [entry.live, 'saved while the game ran'],
    [entry.conflictLoser, 'kept from a conflict'],
  ];
  const told = marks.filter(([isTrue]) => isTrue).map(([, text]) => text);
  const game = [entry.minecraft === undefined ? undefined : `Minecraft ${entry.minecraft}`, entry.loader];
  return [...told, ...game.filter((text) => text !== undefined)].join('; ');
}
