/** Modes as trees hold them (Go's FileMode) and as Unix does. */
import type { NodeType } from '../repo/tree.js';

const GO_SETUID = 2 ** 23;
const GO_SETGID = 2 ** 22;
const GO_STICKY = 2 ** 20;

const TYPES: Readonly<Record<NodeType, number>> = {
  file: 0o100000,
  dir: 0o040000,
  symlink: 0o120000,
  dev: 0o060000,
  chardev: 0o020000,
  fifo: 0o010000,
  socket: 0o140000,
  irregular: 0o100000,
};

/** The 12 bits of chmod. */
export function unixMode(mode: number): number {
  const bit = (go: number, unix: number): number => (Math.floor(mode / go) % 2 === 1 ? unix : 0);
  return (mode & 0o777) | bit(GO_SETUID, 0o4000) | bit(GO_SETGID, 0o2000) | bit(GO_STICKY, 0o1000);
}

/** The bits of st_mode that tell what a file is. */
export function unixType(type: NodeType): number {
  return TYPES[type];
}
