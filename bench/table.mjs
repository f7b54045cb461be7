/** Tables for a terminal and for a page, and the places in pages where they go. */
import { readFileSync, writeFileSync } from 'node:fs';

/** The first row is the head. The first `words` columns hold words, the others numbers. */
export function alignTable(rows, words) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row) =>
    row.map((cell, i) => (i < words ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** The same in Markdown. */
export function markdownTable([head, ...rows], words) {
  const line = (values) => `| ${values.join(' | ')} |`;
  return [head, head.map((_, i) => (i < words ? '---' : '---:')), ...rows].map(line).join('\n');
}

/** Replaces what stands in a page between the lines `<!-- name:begin -->` and `<!-- name:end -->`. */
export function writeBetween(page, name, content) {
  const text = readFileSync(page, 'utf8');
  const [first, last] = ['begin', 'end'].map((which) => `<!-- ${name}:${which} -->`);
  const [begin, end] = [text.indexOf(first), text.indexOf(last)];
  if (begin < 0 || end < begin) throw new Error(`${page}: the lines ${first} and ${last} are missing`);
  writeFileSync(page, `${text.slice(0, begin + first.length)}\n\n${content.trimEnd()}\n\n${text.slice(end)}`);
}

export function describeMachine({ cpu, cores, memoryGiB, platform }) {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}`;
}
