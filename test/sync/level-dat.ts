/** A small level.dat as the game writes it: gzip'd NBT with a name, and a number that makes two of them differ. */
import { gzipSync } from 'node:zlib';

function named(type: number, name: string, payload: Buffer): Buffer {
  const head = Buffer.from([type, 0, name.length]);
  return Buffer.concat([head, Buffer.from(name, 'latin1'), payload]);
}

export function levelDat(levelName: string, day: number): Buffer {
  const text = Buffer.from(levelName, 'latin1');
  const name = named(8, 'LevelName', Buffer.concat([Buffer.from([0, text.length]), text]));
  const time = named(3, 'DayTime', Buffer.from([0, 0, 0, day]));
  const data = named(10, 'Data', Buffer.concat([time, name, Buffer.from([0])]));
  return gzipSync(named(10, '', Buffer.concat([data, Buffer.from([0])])));
}
