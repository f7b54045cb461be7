/** Pictures of worlds for the tests: small PNGs of coloured blocks, made here. */
import { deflateSync } from 'node:zlib';

const SIZE = 8;

/** A landscape of blocks: sky, grass, earth; `hue` turns its colours. */
export function worldPicture(hue: number): Uint8Array {
  const rows: number[] = [];
  for (let y = 0; y < SIZE; y += 1) {
    rows.push(0);
    for (let x = 0; x < SIZE; x += 1) rows.push(...colourAt(x, y, hue));
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIZE, 0);
  header.writeUInt32BE(SIZE, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function colourAt(x: number, y: number, hue: number): [number, number, number] {
  const ground = 4 + Math.round(Math.sin((x + hue) * 0.9) * 1.4);
  const shade = ((x * 7 + y * 13 + hue) % 5) * 6;
  if (y < ground) return [120 - shade + (hue % 40), 175 - shade, 225 - shade];
  if (y === ground) return [90 + shade, 150 + shade - (hue % 30), 70];
  return [120 - shade, 85 - shade, 60 + (hue % 20)];
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
