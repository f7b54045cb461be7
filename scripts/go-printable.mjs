/**
 * Makes src/repo/go-printable.ts: which code points a restic writes into a tree as they are, and which it escapes.
 *
 *   node scripts/go-printable.mjs RESTIC > src/repo/go-printable.ts
 *
 * The table is observed, not copied: file names that hold every code point are backed up by the restic program given,
 * and its tree is read back. Needs a POSIX file system that takes any bytes in a name; about 20,000 empty files.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LAST = 0x10ffff;
const PER_NAME = 56;

/** Every code point that a file name can hold, in groups; a name is at most 255 bytes. */
function groups() {
  const all = [];
  for (let code = 1; code <= LAST; code++) {
    if (code === 0x2f || (code >= 0xd800 && code <= 0xdfff)) continue;
    all.push(code);
  }
  const out = [];
  for (let i = 0; i < all.length; i += PER_NAME) out.push(all.slice(i, i + PER_NAME));
  return out;
}

function observe(restic, folder) {
  const names = join(folder, 'names');
  mkdirSync(names);
  const wanted = new Map();
  for (const group of groups()) {
    const prefix = `${group[0].toString(16)}-`;
    wanted.set(prefix, group);
    writeFileSync(join(names, prefix + String.fromCodePoint(...group)), '');
  }
  const env = { ...process.env, RESTIC_PASSWORD: 'observe', RESTIC_REPOSITORY: join(folder, 'repo') };
  const run = (...args) =>
    execFileSync(restic, ['--no-cache', ...args], { cwd: names, env, encoding: 'utf8', maxBuffer: 1 << 30 });
  run('init');
  run('backup', '-q', '.');
  const tree = JSON.parse(run('snapshots', '--json'))[0].tree;
  const printable = new Uint8Array(LAST + 1);
  // A slash cannot be in a file name; it is an ordinary printable character.
  printable[0x2f] = 1;
  for (const { name } of JSON.parse(run('cat', 'blob', tree)).nodes) {
    const prefix = name.slice(0, name.indexOf('-') + 1);
    readName(name, name.indexOf('-') + 1, wanted.get(prefix), printable);
    wanted.delete(prefix);
  }
  if (wanted.size > 0) throw new Error(`${wanted.size} names are missing from the tree`);
  return printable;
}

/** A quoted name is the literal characters and escapes of the group, in order. */
function readName(name, from, group, printable) {
  let at = from;
  for (const code of group) {
    const char = String.fromCodePoint(code);
    if (name.startsWith(char, at) && char !== '\\') {
      printable[code] = 1;
      at += char.length;
    } else if (name.startsWith(`\\${char}`, at) && (char === '\\' || char === '"')) {
      printable[code] = 1;
      at += 2;
    } else {
      const escaped = /\\(?:[abfnrtv]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})/y;
      escaped.lastIndex = at;
      if (!escaped.test(name)) throw new Error(`U+${code.toString(16)}: cannot read ${JSON.stringify(name.slice(at))}`);
      at = escaped.lastIndex;
    }
  }
  if (at !== name.length) throw new Error(`${JSON.stringify(name.slice(at))} is left over`);
}

/** Lengths of alternating runs from U+0000: escaped, printable, escaped, ... in base 36. */
function runs(printable) {
  const out = [];
  let start = 0;
  for (let code = 1; code <= LAST + 1; code++) {
    if (code <= LAST && printable[code] === printable[start]) continue;
    out.push((code - start).toString(36));
    start = code;
  }
  return out;
}

function lines(words) {
  const out = [''];
  for (const word of words) {
    if (out.at(-1).length + word.length > 112) out.push('');
    out[out.length - 1] += `${word} `;
  }
  return out.map((line, i) => `  '${i === out.length - 1 ? line.trimEnd() : line}'`).join(' +\n');
}

const [restic] = process.argv.slice(2);
if (!restic) throw new Error('usage: node scripts/go-printable.mjs RESTIC');
const folder = mkdtempSync(join(tmpdir(), 'go-printable-'));
try {
  const printable = observe(restic, folder);
  const version = /restic (\S+) compiled with go([\d.]+)/.exec(execFileSync(restic, ['version'], { encoding: 'utf8' }));
  const count = printable.reduce((sum, one) => sum + one, 0);
  process.stdout.write(`/**
 * Which code points Go's strconv.Quote calls printable, as seen in file names that restic ${version[1]} (Go ${version[2]}) wrote:
 * ${count} of them. Made by scripts/go-printable.mjs; do not edit.
 * Pinned here because a name's quoted form decides a tree's id, and runtimes differ in their version of Unicode.
 */

/** Lengths of alternating runs from U+0000, escaped first, in base 36. */
export const PRINTABLE_RUNS: string =
${lines(runs(printable))};
`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
