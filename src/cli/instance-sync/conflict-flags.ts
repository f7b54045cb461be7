/** `--on-conflict`, which may be given several times: a choice for everything, and one for a single world or file. */
import { InvalidArgumentError } from 'commander';
import type { Choice, Conflict, Resolution } from '../../index.js';

const CHOICES: readonly string[] = ['local', 'cloud', 'keep-both'];

export interface ConflictFlag {
  readonly default?: 'abort' | Choice;
  /** By id; a world's is "saves/World". */
  readonly units: Readonly<Record<string, Choice>>;
}

/** "cloud", "saves/World=cloud", or "World=cloud" for short. Throws InvalidArgumentError. */
export function parseConflictFlag(value: string, before: ConflictFlag | undefined): ConflictFlag {
  const flag = before ?? { units: {} };
  const cut = value.lastIndexOf('=');
  const [id, choice] = [value.slice(0, Math.max(cut, 0)), value.slice(cut + 1)];
  if (cut < 0 && (choice === 'abort' || isChoice(choice))) return { ...flag, default: choice };
  if (id === '' || !isChoice(choice)) {
    throw new InvalidArgumentError(`Allowed are abort, ${CHOICES.join(', ')}, and for one world saves/World=cloud.`);
  }
  const ids = id.startsWith('saves/') ? [id] : [id, `saves/${id}`];
  const units = [...Object.entries(flag.units), ...ids.map((one) => [one, choice] as const)];
  return { ...flag, units: Object.fromEntries(units) };
}

function isChoice(text: string): text is Choice {
  return CHOICES.includes(text);
}

/** What the flags say to the units of a conflict. */
export function flaggedUnits({ units }: ConflictFlag, conflict: Conflict): Record<string, Choice> {
  const named = conflict.units.filter(({ id }) => Object.hasOwn(units, id));
  return Object.fromEntries(named.map(({ id }) => [id, units[id] as Choice]));
}

/** For when nobody is asked. Undefined without the flag: then a decision that was written down counts. */
export function resolutionOf(flag: ConflictFlag | undefined): Resolution | undefined {
  return flag && { default: flag.default ?? 'abort', units: flag.units };
}
