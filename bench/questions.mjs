/**
 * The questions, each a module of bench/questions, in the order of their file names:
 *
 *   title           what is done, for the tables
 *   ours, against   the commands of this project and of restic
 *   program         the client of ours: 'instance-sync' (the hook; default) or 'restic-ts'
 *   data            which of data-sets.mjs
 *   targets         at most: time, timeOnNode20, bytes (as ratios to restic), peak (in bytes)
 *   pairs           optional: so many, whatever is usual
 *   onlyAsked       optional: only when its name is given
 *   prepare(bench)  once
 *   change(bench, round)       optional: before each pair; says what has changed
 *   run(bench, client, round)  measures, and returns { seconds, cpu, peak, requests, uploaded }
 */
import { readdirSync } from 'node:fs';

/** All of them, each with its `name`. */
export async function loadQuestions() {
  const folder = new URL('questions/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.mjs'));
  const modules = await Promise.all(files.sort().map((file) => import(new URL(file, folder).href)));
  return modules.map((module, i) => ({ ...module, name: nameOf(files[i]) }));
}

/** Those whose names contain one of the words; without words all that need not be asked for. */
export function chooseQuestions(all, words) {
  if (words.length === 0) return all.filter(({ onlyAsked }) => !onlyAsked);
  const silent = words.find((word) => !all.some(({ name }) => name.includes(word)));
  if (silent !== undefined) throw new Error(`no question's name contains "${silent}"; --list shows them`);
  return all.filter(({ name }) => words.some((word) => name.includes(word)));
}

/** "03-push-nothing.mjs" is "push-nothing". */
function nameOf(file) {
  return file.replace(/^\d+-/, '').replace(/\.mjs$/, '');
}
