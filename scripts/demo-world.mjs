/**
 * A small game folder like a player's, for the demo: two worlds with region files as the game lays them out (an 8 KiB
 * header, then compressed chunks in sectors of 4 KiB), options, a mod's configuration, a screenshot, and the mods and
 * logs that are nobody's business but the pack's.
 */
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';

const SECTOR = 4096;
const HEADER = 2 * SECTOR;

export async function makeGameFolder(folder) {
  await put(folder, 'options.txt', 'lang:en_us\nfov:0.0\nkey_key.jump:key.keyboard.space\n');
  await put(folder, 'servers.dat', randomBytes(400));
  await put(folder, 'config/minimap.toml', 'zoom = 2\n'.repeat(400));
  await put(folder, 'screenshots/2026-11-21_20.14.03.png', randomBytes(300_000));
  await put(folder, 'mods/some-mod.jar', randomBytes(400_000));
  await put(folder, 'logs/latest.log', '[main/INFO]: Loading\n'.repeat(2000));
  for (const [world, regions] of [
    ['New World', 4],
    ['Skyblock \u00fc', 2],
  ]) {
    const base = `saves/${world}`;
    await put(folder, `${base}/level.dat`, randomBytes(2500));
    await put(folder, `${base}/session.lock`, '\u2603');
    await put(folder, `${base}/playerdata/8667ba71-b85a-4004-af54-457a9734eed7.dat`, randomBytes(3000));
    await mkdir(join(folder, base, 'datapacks'), { recursive: true });
    for (let x = 0; x < regions; x++) await put(folder, `${base}/region/r.${x}.0.mca`, regionFile(300));
  }
}

/** What an evening leaves behind: rewritten chunks, a changed option, one more screenshot. */
export async function playSession(folder) {
  const regions = join(folder, 'saves/New World/region');
  const names = await readdir(regions).catch(() => []);
  for (const name of names.slice(0, 2)) await rewriteChunks(join(regions, name), 5);
  await appendFile(join(folder, 'options.txt'), 'renderClouds:"fast"\n');
  await put(folder, 'screenshots/2026-11-22_21.40.55.png', randomBytes(250_000));
}

function regionFile(chunks) {
  const parts = [Buffer.alloc(HEADER)];
  let sector = HEADER / SECTOR;
  for (let i = 0; i < chunks; i++) {
    const chunk = chunkSectors();
    parts[0].writeUInt32BE((sector << 8) | (chunk.length / SECTOR), i * 4);
    parts.push(chunk);
    sector += chunk.length / SECTOR;
  }
  return Buffer.concat(parts);
}

/** Length, compression (2: zlib), data, padding to whole sectors. Half of a chunk compresses well, half does not. */
function chunkSectors() {
  const data = deflateSync(Buffer.concat([randomBytes(2500), Buffer.alloc(4000, 'stone')]));
  const whole = Math.ceil((data.length + 5) / SECTOR) * SECTOR;
  const out = Buffer.alloc(whole);
  out.writeUInt32BE(data.length + 1, 0);
  out[4] = 2;
  data.copy(out, 5);
  return out;
}

async function rewriteChunks(path, count) {
  const file = await open(path, 'r+');
  try {
    const header = Buffer.alloc(HEADER);
    await file.read(header, 0, HEADER, 0);
    for (let i = 0; i < count; i++) {
      const at = header.readUInt32BE(i * 40) >>> 8;
      if (at > 0) await file.write(chunkSectors().subarray(0, SECTOR), 0, SECTOR, at * SECTOR);
      header.writeUInt32BE(Math.floor(Date.now() / 1000), SECTOR + i * 40);
    }
    await file.write(header, 0, HEADER, 0);
  } finally {
    await file.close();
  }
}

async function put(folder, path, content) {
  const full = join(folder, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
}
