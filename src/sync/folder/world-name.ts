/** A world as a player types it: "World", "saves/World" or "saves/World/", in any letter case that leaves no doubt. */
import { foldName } from '../swap/windows-names.js';

const WORLDS = 'saves/';

/** The folder that is meant of `folders` ("saves/World"): the one of that very name, else the only one that fits. */
export function findWorld(folders: Iterable<string>, typed: string): string | undefined {
  const all = [...folders];
  const exact = WORLDS + bareName(typed);
  if (all.includes(exact)) return exact;
  const [first, ...more] = all.filter((folder) => sameWorld(folder, typed));
  return more.length === 0 ? first : undefined;
}

export function sameWorld(folder: string, typed: string): boolean {
  return foldName(bareName(folder)) === foldName(bareName(typed));
}

function bareName(typed: string): string {
  const name = typed.endsWith('/') ? typed.slice(0, -1) : typed;
  return name.startsWith(WORLDS) ? name.slice(WORLDS.length) : name;
}
