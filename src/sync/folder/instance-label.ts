/**
 * What a player calls an instance, for the catalogue and for messages; it is never stored in the game folder. In order:
 * what the caller gives, the launcher's $INST_NAME, the name in instance.cfg beside the game folder, the folder's name.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { fromUtf8 } from '../../base/bytes.js';
import { nodeFs } from '../swap/fs-ops.js';

const LONGEST = 100;
/** What launchers call the game folder of every instance. */
const NO_NAME = new Set(['minecraft', '.minecraft']);
const ESCAPES: Readonly<Record<string, string>> = { n: ' ', r: ' ', t: ' ', '"': '"', '\\': '\\' };

export async function instanceLabel(
  packFolder: string,
  given?: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const folder = resolve(packFolder);
  const cfg = await readCfg(join(folder, '..', 'instance.cfg'));
  const names = [given, launcherName(folder, env), cfg && nameIn(cfg), folderName(folder, cfg !== undefined)];
  return names.map((name) => tidy(name ?? '')).find((name) => name !== '') ?? 'instance';
}

/** The variable counts for the folder that the launcher speaks of only. */
function launcherName(folder: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { INST_MC_DIR: of, INST_NAME: name } = env;
  return of !== undefined && of !== '' && resolve(of) === folder ? name : undefined;
}

/** Undefined if it is not there, or cannot be read: a label is worth no error. */
async function readCfg(path: string): Promise<string | undefined> {
  try {
    const bytes = await nodeFs.readFile(path);
    return bytes && fromUtf8(bytes);
  } catch {
    // A folder of that name, no right to read: there are other names to take.
    return undefined;
  }
}

/** The value of `name` as Qt writes it: in quotes if it has special characters, others as \\xHHHH. */
function nameIn(cfg: string): string | undefined {
  const value = /^name=(.*)$/m.exec(cfg)?.[1]?.trim();
  const plain = value?.replace(/^"(.*)"$/, '$1');
  return plain?.replace(/\\x([0-9a-fA-F]{1,4})|\\(.)/g, (_, hex: string | undefined, char: string | undefined) =>
    hex === undefined ? (ESCAPES[char ?? ''] ?? char ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function folderName(folder: string, isOfInstance: boolean): string {
  const own = basename(folder);
  return isOfInstance || NO_NAME.has(own.toLowerCase()) ? basename(dirname(folder)) || own : own;
}

function tidy(name: string): string {
  return [...name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ').trim()].slice(0, LONGEST).join('');
}
