/** The table of the scale run: the large size, and what became of the time and the memory as the size grew fourfold. */
import { join } from 'node:path';
import { alignTable, describeMachine, markdownTable, writeBetween } from './table.mjs';

const PROGRAMS = [
  ['ours', 'restic-ts'],
  ['restic', 'restic'],
];
/** Below this (seconds of CPU time at the small size), a program's start is most of what was measured. */
const TOO_SHORT = 0.1;

/** `small` and `large`: what runScale returned at a quarter of the size, and at the whole. */
export function scaleTable({ small, large }) {
  const head = PROGRAMS.flatMap(([word]) => [`${word} s`, `${word} CPU s`, `${word} MB`, `${word} growth`]);
  const rows = large.results.map((result, i) => [
    result.command,
    ...PROGRAMS.flatMap(([, name]) => cells(result[name], small.results[i]?.[name])),
  ]);
  return [['command', ...head], ...rows];
}

function cells(outcome, before) {
  const { failed, over, seconds, cpu, peak } = outcome;
  if (over !== undefined) return [`> ${over}`, '-', '-', '-'];
  if (failed !== undefined) return ['failed', '-', '-', '-'];
  const megabytes = peak === undefined ? '-' : (peak / 1e6).toFixed(0);
  return [seconds.toFixed(2), cpu?.toFixed(2) ?? '-', megabytes, growth(outcome, before)];
}

/** Of the CPU time, which other programs on the machine spoil less; of the wall time where that is not known. */
function growth(outcome, before) {
  if (before?.seconds === undefined) return '-';
  const [from, to] = before.cpu === undefined ? [before.seconds, outcome.seconds] : [before.cpu, outcome.cpu];
  return from < TOO_SHORT ? '-' : (to / from).toFixed(1);
}

export function failures({ small, large }) {
  return [small, large].flatMap(({ size, results }) =>
    results.flatMap((result) =>
      PROGRAMS.filter(([, name]) => result[name].failed !== undefined).map(
        ([, name]) => `${name}, ${result.command}, ${size.files} files: ${result[name].failed}`,
      ),
    ),
  );
}

export function describeScale(report) {
  const sizeOf = ({ size, packs }) => `${size.files} files, ${packs} packs, ${size.snapshots} snapshots`;
  return [
    `${describeMachine(report.machine)}; Node ${report.node}`,
    `restic ${report.restic}, local repositories; \`${report.line}\``,
    `${sizeOf(report.large)}; growth from ${sizeOf(report.small)}`,
  ];
}

export function scaleText(report) {
  return alignTable(scaleTable(report), 1);
}

/** Puts the table into docs/performance.md; returns the path. */
export function saveScale(root, report) {
  const page = join(root, 'docs', 'performance.md');
  const failed = failures(report).map((line) => `- failed: ${line}\n`);
  const list = failed.length > 0 ? `\n\n${failed.join('')}` : '';
  const table = markdownTable(scaleTable(report), 1);
  writeBetween(page, 'scale', `${describeScale(report).join('.  \n')}.\n\n${table}${list}`);
  return page;
}
