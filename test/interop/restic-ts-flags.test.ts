/** Every command and flag of real restic is there, with its short form; or it is on the list of what is not. */
import { beforeAll, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/restic/commands.js';
import { GLOBAL_FLAGS } from '../../src/cli/restic/global-flags.js';
import { UNSUPPORTED_COMMANDS, UNSUPPORTED_FLAGS } from '../../src/cli/restic/unsupported.js';
import { describeInterop, restic } from '../helpers/peers.js';

/** What a help text says below a title: the first words of each line, up to the next blank line. */
function below(help: string, title: string): string[] {
  const lines = help.split('\n');
  const from = lines.findIndex((line) => line.startsWith(title));
  const found: string[] = [];
  for (const line of from < 0 ? [] : lines.slice(from + 1)) {
    if (line.trim() === '') break;
    found.push(line.trim());
  }
  return found;
}

/** "-n, --dry-run  text" and "--tag list  text" → "n dry-run", "tag". */
function flagOf(line: string): string {
  const [, short, long] = /^(?:-(\w), )?--([\w-]+)/.exec(line) ?? [];
  return short === undefined ? (long ?? '') : `${short} ${long}`;
}

async function helpOf(words: readonly string[]): Promise<string> {
  return (await restic('restic-latest', [...words, '--help'])).stdout;
}

describeInterop('the command line of restic', ['restic-latest'], () => {
  const names: string[] = [];

  beforeAll(async () => {
    const help = await helpOf([]);
    for (const title of ['Available Commands:', 'Advanced Options:', 'Additional Commands:']) {
      for (const line of below(help, title)) {
        const name = line.split(' ')[0] ?? '';
        const inner = below(await helpOf([name]), 'Available Commands:');
        if (inner.length === 0) names.push(name);
        else names.push(...inner.map((one) => `${name} ${one.split(' ')[0]}`));
      }
    }
  });

  it('has no command that is neither here nor on the list', () => {
    expect(names.length).toBeGreaterThan(30);
    const ours = [...COMMANDS.map((one) => one.name), ...UNSUPPORTED_COMMANDS.keys(), 'help'];
    expect(names.filter((name) => !ours.includes(name))).toEqual([]);
  });

  it('has no flag that is neither here nor on the list', async () => {
    const missing: string[] = [];
    for (const name of names) {
      const spec = COMMANDS.find((one) => one.name === name);
      if (spec === undefined) continue;
      const ours = [...spec.flags, ...GLOBAL_FLAGS].map(({ name, short }) => (short ? `${short} ${name}` : name));
      const theirs = below(await helpOf(name.split(' ')), 'Flags:').map(flagOf);
      const known = (flag: string): boolean => ours.includes(flag) || UNSUPPORTED_FLAGS.has(flag);
      missing.push(...theirs.filter((flag) => !known(flag)).map((flag) => `${name}: ${flag}`));
    }
    expect(missing).toEqual([]);
  });

  it('has no global flag that is not here', async () => {
    const ours = GLOBAL_FLAGS.map(({ name, short }) => (short ? `${short} ${name}` : name));
    const theirs = below(await helpOf([]), 'Flags:').map(flagOf);
    expect(theirs.length).toBeGreaterThan(20);
    expect(theirs.filter((flag) => !ours.includes(flag))).toEqual([]);
  });
});
