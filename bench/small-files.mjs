/**
 * What mods and resource packs leave unpacked in a game folder: very many small files of 200 bytes to 12.8 KB, 128 in a
 * folder. Seven of eight are text, the others are compressed already. Each has content of its own.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random, text } from './random.mjs';

const IN_A_FOLDER = 128;
const [SHORTEST, LONGEST] = [200, 12_800];
/** Texts are cut out of so much of it, each at a place of its own: to make all of it anew takes a minute. */
const POOL = 16 * 1024 * 1024;

/** Returns { files, bytes }. */
export function makeSmallFiles(folder, { files, seed }) {
  const random = new Random(`small ${seed}`);
  const pool = text(random, Math.min(POOL, files * LONGEST));
  let bytes = 0;
  for (let i = 0; i < files; i++) {
    const at = join(folder, 'config', `pack-${Math.floor(i / IN_A_FOLDER)}`);
    if (i % IN_A_FOLDER === 0) mkdirSync(at, { recursive: true });
    const length = random.between(SHORTEST, LONGEST);
    const isText = i % 8 > 0;
    const from = random.below(pool.length - length);
    const content = isText
      ? Buffer.concat([Buffer.from(`# ${i}\n`), pool.subarray(from, from + length)])
      : random.bytes(length);
    writeFileSync(join(at, `${random.word()}-${i}.${isText ? 'json' : 'png'}`), content);
    bytes += content.length;
  }
  return { files, bytes };
}
