/**
 * What the benchmarks found, as tables: against the targets, and in detail; in the terminal, in docs/performance.md and, in
 * short, in the README.
 *
 * An entry is { question, result, major }, where `major` is that of Node.
 */
import { judge } from './summary.mjs';
import { alignTable, describeMachine, markdownTable } from './table.mjs';

const MB = 1e6;
const SUFFIX = { time: '', bytes: ', bytes sent', peak: ', peak memory' };

const TARGET_HEAD = ['question', 'ours', "restic's", 'restic', 'ours', 'ratio', 'at most', 'met'];
const DETAIL_HEAD = [
  'question',
  ...['restic CPU s', 'ours CPU s', 'ratio'],
  ...['restic peak MB', 'ours peak MB'],
  ...['restic sent MB', 'ours sent MB'],
  ...['restic requests', 'ours requests'],
];

/** Both tables, and above them where it was. */
export function terminalReport(entries) {
  const parts = [
    describe(entries).join('\n'),
    alignTable(targetTable(entries), 3),
    alignTable(detailTable(entries), 1),
  ];
  return parts.join('\n\n');
}

/** The results of one Node, as docs/performance.md has them. */
export function pageReport(entries) {
  const tables = [markdownTable(targetTable(entries), 3), markdownTable(detailTable(entries), 1)];
  return [`### Node ${majorOf(entries)}`, `${describe(entries).join('.  \n')}.`, ...tables].join('\n\n');
}

/** For players: what has a target, with the figures of the newest Node and the ratios of the others beside them. */
export function shortReport(groups) {
  const [newest, ...older] = groups.toSorted((a, b) => majorOf(b) - majorOf(a));
  const head = ['', 'restic', 'instance-sync', 'ratio', ...older.map((entries) => `on Node ${majorOf(entries)}`)];
  const rows = newest.flatMap(({ question, result, major }) =>
    judge(question, result, major)
      .filter(({ target }) => target !== undefined)
      .map((row) => [
        `${question.title}${SUFFIX[row.what]}`,
        ...[row.restic, row.ours].map((value) => amount(row.what, value)),
        number(row.ratio, 1, 2),
        ...older.map((entries) => ratioIn(entries, question.name, row.what)),
      ]),
  );
  return `${markdownTable([head, ...rows], 1)}\n\n${describe(newest).join('; ')}.`;
}

function majorOf(entries) {
  return entries[0].major;
}

function ratioIn(entries, name, what) {
  const found = entries.find(({ question }) => question.name === name);
  if (found === undefined) return '-';
  const row = judge(found.question, found.result, found.major).find((one) => one.what === what);
  return number(row?.ratio, 1, 2);
}

function targetTable(entries) {
  const rows = entries.flatMap(({ question, result, major }) =>
    judge(question, result, major).map(({ what, restic, ours, ratio, target, isMet }) => [
      `${question.title}${SUFFIX[what]}`,
      `\`${question.ours}\``,
      `\`${question.against}\``,
      amount(what, restic),
      amount(what, ours),
      number(ratio, 1, 2),
      target === undefined ? '-' : what === 'peak' ? amount(what, target) : target.toFixed(2),
      isMet === undefined ? '-' : isMet ? 'yes' : 'no',
    ]),
  );
  return [TARGET_HEAD, ...rows];
}

function detailTable(entries) {
  const rows = entries.map(({ question, result: { restic, ours } }) => {
    const pair = (what, scale, digits) => [restic, ours].map((one) => number(one[what], scale, digits));
    const cpu = restic.cpu === undefined ? undefined : ours.cpu / restic.cpu;
    return [
      question.title,
      ...[...pair('cpu', 1, 2), number(cpu, 1, 2)],
      ...pair('peak', MB, 0),
      ...pair('uploaded', MB, 1),
      ...pair('requests', 1, 0),
    ];
  });
  return [DETAIL_HEAD, ...rows];
}

/** Time in seconds, bytes and memory in MB. */
function amount(what, value) {
  if (value === undefined) return '-';
  if (what === 'time') return `${value.toFixed(2)} s`;
  return `${(value / MB).toFixed(what === 'bytes' ? 1 : 0)} MB`;
}

function number(value, scale, digits) {
  return value === undefined ? '-' : (value / scale).toFixed(digits);
}

/** Whatever differs between the entries is told with all that it was: they may come from several campaigns. */
function describe(entries) {
  const all = (say) => [...new Set(entries.map(({ result }) => say(result)))].sort().join(' and ');
  const pairs = all(({ pairs }) => (pairs === 1 ? 'one pair' : `medians of ${pairs} pairs`));
  return [
    `${all(({ machine }) => describeMachine(machine))}; Node ${all(({ node }) => node)}; ${all(({ date }) => date)}`,
    `restic ${all(({ resticVersion }) => resticVersion)}, rest-server ${all(({ server }) => server)}, on loopback`,
    `${all(({ data }) => `${(data.bytes / MB).toFixed(0)} MB in ${data.files} files`)}; ${pairs}`,
  ];
}
