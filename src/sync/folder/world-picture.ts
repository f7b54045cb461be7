/** A world's icon.png: written by the game, or by another PC. */
import type { Bytes } from '../../base/bytes.js';

/** Bytes. The game's own pictures are 64 by 64. */
export const LARGEST_ICON: number = 1024 * 1024;
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** The bytes if they begin as a PNG file does. */
export function pngOf(bytes: Bytes | undefined): Bytes | undefined {
  return bytes !== undefined && PNG.every((byte, i) => bytes[i] === byte) ? bytes : undefined;
}
