/** What completion scripts ask of flags. */
import type { Flag } from './command.js';

export function takesValue(flag: Flag): boolean {
  return flag.kind !== 'bool' && flag.kind !== 'count';
}

/** Whether it may be given more than once. */
export function repeats(flag: Flag): boolean {
  return flag.kind === 'texts' || flag.kind === 'count';
}

/** `--exclude`, `-e`. */
export function spellings(flag: Flag): string[] {
  return flag.short === undefined ? [`--${flag.name}`] : [`--${flag.name}`, `-${flag.short}`];
}

/** A name of a shell function. */
export function functionName(program: string): string {
  return `_${program.replace(/\W/g, '_')}`;
}
