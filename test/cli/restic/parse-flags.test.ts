/** The command line, as restic's own parser takes it. */
import { describe, expect, it } from 'vitest';
import type { Flag } from '../../../src/cli/restic/command.js';
import { parseFlags } from '../../../src/cli/restic/parse-flags.js';

const FLAGS: readonly Flag[] = [
  { name: 'json', kind: 'bool', help: '' },
  { name: 'verbose', short: 'v', kind: 'count', help: '' },
  { name: 'repo', short: 'r', kind: 'text', env: 'RESTIC_REPOSITORY', help: '' },
  { name: 'tag', kind: 'texts', help: '' },
  { name: 'keep', short: 'l', kind: 'number', default: '3', env: 'KEEP', help: '' },
];

function parse(line: readonly string[], env: Record<string, string> = {}): ReturnType<typeof parseFlags> {
  return parseFlags(line, FLAGS, env);
}

describe('flags', () => {
  it('stand anywhere, with their value behind them or behind an equals sign', () => {
    const { args, flags } = parse(['a', '--repo', 'x', 'b', '--tag=1', '--tag', '2', '-l5', 'c']);
    expect(args).toEqual(['a', 'b', 'c']);
    expect(flags.text('repo')).toBe('x');
    expect(flags.texts('tag')).toEqual(['1', '2']);
    expect(flags.number('keep')).toBe(5);
  });

  it('take a value that looks like a flag, as restic does', () => {
    expect(parse(['--tag', '--json']).flags.texts('tag')).toEqual(['--json']);
    expect(parse(['--keep', '-1']).flags.number('keep')).toBe(-1);
  });

  it('end at --', () => {
    const { args, flags } = parse(['--json', '--', '--repo', '-v']);
    expect(args).toEqual(['--repo', '-v']);
    expect(flags.given('repo')).toBe(false);
  });

  it('count, by repetition, in a bundle, or by number', () => {
    expect(parse(['-vv']).flags.count('verbose')).toBe(2);
    expect(parse(['-v', '--verbose']).flags.count('verbose')).toBe(2);
    expect(parse(['--verbose=2']).flags.count('verbose')).toBe(2);
    expect(parse([]).flags.count('verbose')).toBe(0);
    expect(parse(['-v', 'word']).args).toEqual(['word']);
  });

  it('of yes or no can be taken back', () => {
    expect(parse(['--json']).flags.bool('json')).toBe(true);
    expect(parse(['--json', '--json=false']).flags.bool('json')).toBe(false);
    expect(parse(['--json=F']).flags.bool('json')).toBe(false);
  });

  it('have defaults, and variables that stand for them; empty ones do not count', () => {
    expect(parse([]).flags.number('keep')).toBe(3);
    expect(parse([]).flags.given('keep')).toBe(false);
    expect(parse([], { KEEP: '7' }).flags.number('keep')).toBe(7);
    expect(parse(['-l', '1'], { KEEP: '7' }).flags.number('keep')).toBe(1);
    expect(parse([], { RESTIC_REPOSITORY: '' }).flags.text('repo')).toBeUndefined();
  });

  it.each([
    [['--foo'], 'unknown flag: --foo'],
    [['--foo=1'], 'unknown flag: --foo'],
    [['-z'], "unknown shorthand flag: 'z' in -z"],
    [['-vz'], "unknown shorthand flag: 'z' in -vz"],
    [['--repo'], 'flag needs an argument: --repo'],
    [['--keep', 'x'], 'invalid argument "x" for "--keep" flag: give a whole number'],
    [['--json=maybe'], 'invalid argument "maybe" for "--json" flag: give true or false'],
  ])('%j is refused in one line', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  it('name the variable whose value is wrong', () => {
    expect(() => parse([], { KEEP: 'many' })).toThrow('invalid value for KEEP "many"');
  });
});
