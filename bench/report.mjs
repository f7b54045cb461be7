/** What the benchmarks found: as a table in the terminal, as JSON in bench/results, as a table in docs/performance.md. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './measure.mjs';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** Medians over the rounds; the ratio is that of each round, so that a machine that slows down counts less. */
export function summarise(question, rounds) {
  const of = (client, what) => median(rounds.map((round) => round[client][what]));
  const figures = (client) => ({
    seconds: of(client, 'seconds'),
    cpu: of(client, 'cpu'),
    peak: of(client, 'peak'),
    uploaded: of(client, 'uploaded'),
    requests: of(client, 'requests'),
  });
  return {
    title: question.title,
    against: question.against,
    restic: figures('restic'),
    sync: figures('sync'),
    ratio: median(rounds.map(({ restic, sync }) => sync.seconds / restic.seconds)),
    rounds,
  };
}

const COLUMNS = [
  'question',
  'against',
  ...['restic s', 'ours s', 'ratio'],
  ...['restic CPU s', 'ours CPU s'],
  ...['restic peak MB', 'ours peak MB'],
  ...['restic sent MB', 'ours sent MB'],
  ...['restic requests', 'ours requests'],
];

function cells({ title, against, restic, sync, ratio }) {
  const pair = (what, scale, digits) => [restic, sync].map((one) => number(one[what], scale, digits));
  const [wall, ourWall] = pair('seconds', 1, 2);
  return [
    title,
    against,
    wall,
    ourWall,
    ratio.toFixed(2),
    ...pair('cpu', 1, 2),
    ...pair('peak', 1e6, 0),
    ...pair('uploaded', 1e6, 1),
    ...pair('requests', 1, 0),
  ];
}

function number(value, scale, digits) {
  return value === undefined ? '-' : (value / scale).toFixed(digits);
}

export function terminalTable(results) {
  return alignTable([COLUMNS, ...results.map(cells)], 2);
}

/** The first `words` columns hold words, the others numbers. */
export function alignTable(rows, words) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row) =>
    row.map((cell, i) => (i < words ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** The same in Markdown; the first row is the head. */
export function markdownTable([head, ...rows], words) {
  const line = (values) => `| ${values.join(' | ')} |\n`;
  return [head, head.map((_, i) => (i < words ? '---' : '---:')), ...rows].map(line).join('');
}

export function describeMachine({ machine, node }) {
  return `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}; Node ${node}`;
}

export function describe({ machine, data, pairs, node, restic, server }) {
  return [
    describeMachine({ machine, node }),
    `restic ${restic}, rest-server ${server}, on loopback`,
    `${(data.bytes / 1e6).toFixed(0)} MB in ${data.files} files; ${pairs === 1 ? 'one pair' : `medians of ${pairs} pairs`}`,
  ];
}

/** Writes bench/results/node-<major>.json and puts all results there are into the page. Returns the paths. */
export function save(root, report) {
  const folder = join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `node-${/^v?(\d+)/.exec(report.node)?.[1]}.json`);
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
  const page = join(root, 'docs', 'performance.md');
  const reports = readdirSync(folder)
    .filter((name) => /^node-\d+\.json$/.test(name))
    .sort((a, b) => Number(/\d+/.exec(a)) - Number(/\d+/.exec(b)))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const tables = reports.map(markdown).join('\n');
  writeBetween(page, BEGIN, END, tables);
  return [file, page];
}

/** Replaces what stands in a page between two lines. */
export function writeBetween(page, first, last, content) {
  const text = readFileSync(page, 'utf8');
  const [begin, end] = [text.indexOf(first), text.indexOf(last)];
  if (begin < 0 || end < begin) throw new Error(`${page}: the lines ${first} and ${last} are missing`);
  writeFileSync(page, `${text.slice(0, begin + first.length)}\n\n${content}\n${text.slice(end)}`);
}

function markdown(report) {
  return `${describe(report).join('.  \n')}.\n\n${markdownTable([COLUMNS, ...report.results.map(cells)], 2)}`;
}
