/**
 * The results that are kept: bench/results/node-<major>.json, which are completed question by question, each with the
 * date and the programs of its own, and the tables that docs/performance.md and the README have of them.
 *
 *   { "questions": { <name>: { date, machine, node, resticVersion, server, data, pairs, … } }, "parts": … }
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { partsReport } from './parts-report.mjs';
import { pageReport, shortReport } from './report.mjs';
import { writeBetween } from './table.mjs';

/**
 * Puts `found`, { questions: { name: result }, parts }, in the place of what is kept of the same, and leaves the rest.
 * `version` is Node's, of the program that was measured; `names` are those of all questions there are, in their order.
 * Returns the path.
 */
export function keep(root, version, found, names) {
  const folder = join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `node-${majorOf(version)}.json`);
  const kept = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const all = { ...kept.questions, ...found.questions };
  const questions = Object.fromEntries(
    names.filter((name) => all[name] !== undefined).map((name) => [name, all[name]]),
  );
  const part = `${path}.part`;
  writeFileSync(part, `${JSON.stringify({ questions, parts: found.parts ?? kept.parts }, undefined, 2)}\n`);
  renameSync(part, path);
  return path;
}

/** Writes all kept results into both pages; returns their paths. */
export function writePages(root, questions) {
  const kept = readKept(root);
  const groups = kept.map(({ major, report }) => entriesOf(questions, report, major)).filter((one) => one.length > 0);
  const pages = ['docs/performance.md', 'README.md'].map((path) => join(root, path));
  if (groups.length > 0) {
    writeBetween(pages[0], 'bench', groups.map(pageReport).join('\n\n'));
    writeBetween(pages[1], 'bench', shortReport(groups));
  }
  const parts = kept.filter(({ report }) => report.parts !== undefined);
  if (parts.length > 0)
    writeBetween(pages[0], 'parts', parts.map(({ report, major }) => partsReport(report, major)).join('\n\n'));
  return pages;
}

/** Of each Node that has been measured, the oldest first. */
function readKept(root) {
  const folder = join(root, 'bench', 'results');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files
    .map((file) => ({ file, major: Number(/^node-(\d+)\.json$/.exec(file)?.[1]) }))
    .filter(({ major }) => major > 0)
    .sort((a, b) => a.major - b.major)
    .map(({ file, major }) => ({ major, report: JSON.parse(readFileSync(join(folder, file), 'utf8')) }));
}

/** For report.mjs, in the order of the questions. */
export function entriesOf(questions, report, major) {
  return questions.flatMap((question) => {
    const result = report.questions[question.name];
    return result === undefined ? [] : [{ question, result, major }];
  });
}

export function majorOf(version) {
  return Number(/^v?(\d+)/.exec(version)?.[1]);
}
