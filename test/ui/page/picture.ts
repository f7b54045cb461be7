/** Pictures of worlds for the tests: small PNGs of coloured blocks, made here. */
import { encodePng } from './png.js';

const SIZE = 8;

/** A landscape of blocks: sky, grass, earth; `hue` turns its colours. */
export function worldPicture(hue: number): Uint8Array {
  const colours = Uint32Array.from({ length: SIZE * SIZE }, (_, at) => colourAt(at % SIZE, Math.floor(at / SIZE), hue));
  return encodePng({ width: SIZE, height: SIZE, colours });
}

function colourAt(x: number, y: number, hue: number): number {
  const ground = 4 + Math.round(Math.sin((x + hue) * 0.9) * 1.4);
  const shade = ((x * 7 + y * 13 + hue) % 5) * 6;
  const [r, g, b] =
    y < ground
      ? [120 - shade + (hue % 40), 175 - shade, 225 - shade]
      : y === ground
        ? [90 + shade, 150 + shade - (hue % 30), 70]
        : [120 - shade, 85 - shade, 60 + (hue % 20)];
  return ((r ?? 0) << 16) | ((g ?? 0) << 8) | (b ?? 0);
}
