/**
 * A command line by the flags of its command, as restic's parser (pflag) takes it: flags anywhere, `--flag=value` or
 * `--flag value`, `--bool=false`, `-vv`, `--` ends them. Environment variables stand in for flags that are not given.
 */
import { parseArgs } from 'node:util';
import { SyncError } from '../../base/errors.js';
import type { Flag } from './command.js';
import type { FlagValues } from './flag-values.js';
import { flagError, lineError } from './plain-error.js';
import { UNSUPPORTED_FLAGS, unsupported } from './unsupported.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ParsedLine {
  readonly args: readonly string[];
  readonly flags: FlagValues;
}

interface Found {
  readonly given: boolean;
  readonly values: readonly string[];
}

/** Throws 'usage' with pflag's words, which scripts may know. */
export function parseFlags(line: readonly string[], flags: readonly Flag[], env: Environment): ParsedLine {
  const options = Object.fromEntries(
    flags.map((flag) => {
      const type: 'boolean' | 'string' = isSwitch(flag) ? 'boolean' : 'string';
      return [flag.name, flag.short === undefined ? { type } : { type, short: flag.short }];
    }),
  );
  const byName = new Map(flags.map((flag) => [flag.name, flag]));
  const given = new Map<string, string[]>();
  const args: string[] = [];
  const { tokens } = parseArgs({ args: [...line], options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = byName.get(token.name);
    if (flag === undefined) throw unknownFlag(token.rawName, line);
    add(
      given,
      flag.name,
      readValue(flag, token.value, () => noValue(token.rawName, line)),
    );
  }
  return { args, flags: new Values(byName, given, env) };
}

function isSwitch(flag: Flag): boolean {
  return flag.kind === 'bool' || flag.kind === 'count';
}

function unknownFlag(rawName: string, line: readonly string[]): SyncError {
  const why = UNSUPPORTED_FLAGS.get(rawName.slice(2));
  if (why !== undefined) return unsupported(`the flag ${rawName}`, why);
  if (rawName.startsWith('--')) return lineError(`unknown flag: ${rawName}`);
  return lineError(`unknown shorthand flag: ${letterIn(rawName, line)}`);
}

function noValue(rawName: string, line: readonly string[]): SyncError {
  return lineError(`flag needs an argument: ${rawName.startsWith('--') ? rawName : letterIn(rawName, line)}`);
}

/** A short flag and the word that it stands in: "'r' in -vr". */
function letterIn(rawName: string, line: readonly string[]): string {
  const letter = rawName.slice(1);
  return `'${letter}' in ${line.find((one) => /^-[^-]/.test(one) && one.includes(letter)) ?? rawName}`;
}

function add(given: Map<string, string[]>, name: string, value: string): void {
  const list = given.get(name);
  if (list) list.push(value);
  else given.set(name, [value]);
}

function readValue(flag: Flag, value: string | undefined, noValue: () => SyncError): string {
  if (value === undefined) {
    if (flag.kind === 'bool') return 'true';
    if (flag.kind === 'count') return '+1';
    throw noValue();
  }
  check(flag, value, `--${flag.name}`);
  return value;
}

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

function check(flag: Flag, value: string, where: string): void {
  const wrong = (why: string): never => {
    throw flagError(value, where, why);
  };
  if (flag.kind === 'bool' && !TRUE.includes(value) && !FALSE.includes(value)) wrong('give true or false');
  const isNumber = flag.kind === 'number' || flag.kind === 'count';
  if (isNumber && !/^[+-]?\d{1,15}$/.test(value)) wrong('give a whole number');
}

class Values implements FlagValues {
  readonly #found = new Map<string, Found>();

  constructor(flags: ReadonlyMap<string, Flag>, given: ReadonlyMap<string, readonly string[]>, env: Environment) {
    for (const [name, flag] of flags) {
      const values = given.get(name);
      const variable = flag.env === undefined ? undefined : env[flag.env];
      if (values !== undefined) this.#found.set(name, { given: true, values });
      else if (variable) this.#found.set(name, { given: true, values: [fromEnvironment(flag, variable)] });
      else this.#found.set(name, { given: false, values: flag.default === undefined ? [] : [flag.default] });
    }
  }

  given(name: string): boolean {
    return this.#of(name).given;
  }

  bool(name: string): boolean {
    return TRUE.includes(this.#of(name).values.at(-1) ?? 'false');
  }

  count(name: string): number {
    return this.#of(name).values.reduce((sum, value) => (value === '+1' ? sum + 1 : Number(value)), 0);
  }

  text(name: string): string | undefined {
    return this.#of(name).values.at(-1);
  }

  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }

  texts(name: string): readonly string[] {
    return this.#of(name).values;
  }

  #of(name: string): Found {
    const found = this.#found.get(name);
    if (found === undefined) throw new SyncError('internal', `the command has no flag --${name}`);
    return found;
  }
}

function fromEnvironment(flag: Flag, value: string): string {
  try {
    check(flag, value, flag.name);
  } catch {
    // Told in the words for a variable.
    throw lineError(`invalid value for ${flag.env} "${value}": it is not what --${flag.name} takes`);
  }
  return value;
}
