/** What there is to know of a folder's contents, to be compared: everything that lstat, content and attributes tell. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isThere } from './odd-files.js';

/** By path, with bytes that are not UTF-8 as latin1. Of the folder itself nothing is told. */
export type Facts = Record<string, Record<string, unknown>>;

export function factsOf(root: string): Facts {
  const found: Found[] = [];
  lookInto(Buffer.from(root), '', found);
  const facts: Facts = {};
  const names = new Map<bigint, string[]>();
  for (const { key, there } of found) {
    if (there.isFile()) names.set(there.ino, [...(names.get(there.ino) ?? []), key].sort());
  }
  for (const { key, path, there } of found) {
    const { mode, uid, gid, mtimeNs, atimeNs, size, rdev: device } = there;
    const base = { mode: mode.toString(8), owner: `${uid}:${gid}`, mtimeNs, atimeNs };
    if (there.isFile()) facts[key] = { ...base, size, hash: hashOf(path), names: names.get(there.ino)?.join(' = ') };
    else if (there.isSymbolicLink()) facts[key] = { ...base, to: readlinkSync(path, 'buffer').toString('latin1') };
    else facts[key] = there.isDirectory() ? base : { ...base, device };
  }
  if (isThere('getfattr')) addAttributes(root, facts);
  return facts;
}

interface Found {
  readonly key: string;
  readonly path: Buffer;
  readonly there: BigIntStats;
}

/** Everything is looked at before anything is read, which may change times of access. */
function lookInto(folder: Buffer, prefix: string, found: Found[]): void {
  const below: Found[] = readdirSync(folder, { encoding: 'buffer' }).map((name) => {
    const path = Buffer.concat([folder, Buffer.from('/'), name]);
    return { key: prefix + name.toString('latin1'), path, there: lstatSync(path, { bigint: true }) };
  });
  for (const one of below) {
    found.push(one);
    if (one.there.isDirectory()) lookInto(one.path, `${one.key}/`, found);
  }
}

function hashOf(path: Buffer): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function addAttributes(root: string, facts: Facts): void {
  const args = ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '--absolute-names', '.'];
  const text = execFileSync('getfattr', args, { cwd: root, encoding: 'latin1', stdio: ['ignore', 'pipe', 'pipe'] });
  for (const block of text.split('\n\n')) {
    const [head = '', ...lines] = block.split('\n');
    if (head !== '' && head !== '# file: .') facts[`attributes of ${head}`] = { lines: lines.sort() };
  }
}
