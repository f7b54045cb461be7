/**
 * Where the time goes: the CPU time of each part of a push and of a pull for a gigabyte, their sum, and beside it what the
 * whole program took. What the whole takes more is the price of putting the parts together.
 */
import { alignTable, markdownTable } from './table.mjs';

const GB = 1e9;
const HEAD = ['part', 'MB/s', 'push, CPU s per GB', 'pull, CPU s per GB'];
/** The questions whose CPU time is that of the whole. */
const WHOLE = { push: 'first-push', pull: 'pull' };

export function partsTerminal(parts) {
  return alignTable([HEAD, ...rowsOf(parts, {})], 1);
}

/** `report`: what saved.mjs keeps of one Node. */
export function partsReport({ parts, questions = {} }, major) {
  const whole = Object.fromEntries(Object.entries(WHOLE).map(([way, name]) => [way, wholeOf(questions[name])]));
  const { zstd, files, blobs, bytes } = parts;
  const about = `zstd of ${zstd}; ${(bytes / 1e6).toFixed(0)} MB in ${files} files, ${blobs} blobs; ${parts.date}.`;
  return [`### Node ${major}`, about, markdownTable([HEAD, ...rowsOf(parts, whole)], 1)].join('\n\n');
}

function wholeOf(result) {
  return result?.ours.cpu === undefined ? undefined : (result.ours.cpu / result.data.bytes) * GB;
}

/** Parts of the same name stand in one row: the speed is that of both together. */
function rowsOf({ push, pull, bytes, scrypt, start }, whole) {
  const scale = GB / bytes;
  const names = [...new Set([...push, ...pull].map(({ name }) => name))];
  const of = (list, name) => list.find((part) => part.name === name);
  const seconds = (part) => (part === undefined ? '-' : (part.seconds * scale).toFixed(2));
  const speed = (parts) => {
    const [sum, time] = ['bytes', 'seconds'].map((what) => parts.reduce((total, part) => total + part[what], 0));
    return time === 0 ? '-' : (sum / 1e6 / time).toFixed(0);
  };
  const rows = names.map((name) => {
    const both = [of(push, name), of(pull, name)];
    return [name, speed(both.filter((part) => part !== undefined)), ...both.map(seconds)];
  });
  const once = [
    ['key derivation, once', '-', scrypt.toFixed(2), scrypt.toFixed(2)],
    ['start of the process, once', '-', start.toFixed(2), start.toFixed(2)],
  ];
  const sums = [push, pull].map((list) => list.reduce((sum, part) => sum + part.seconds * scale, scrypt + start));
  const total = ['**sum of the parts**', '', ...sums.map((value) => value.toFixed(2))];
  const measured = ['**the whole, measured**', '', ...['push', 'pull'].map((way) => whole[way]?.toFixed(2) ?? '-')];
  return [...rows, ...once, total, measured];
}
