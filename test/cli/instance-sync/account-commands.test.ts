import { describe, expect, it } from 'vitest';
import { instanceLines, pickInstance, recoveryCodeLines } from '../../../src/cli/instance-sync/account-commands.js';
import type { ListedInstance } from '../../../src/index.js';
import { createConsole } from '../../../src/ui/console.js';

function instance(label: string, more: Partial<ListedInstance> = {}): ListedInstance {
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const made = '2026-11-22T10:00:00.000Z';
  return { id, label, made, changed: made, host: 'steamdeck', here: false, ...more };
}

/** Answers in turn; what was said. */
async function pick(
  instances: readonly ListedInstance[],
  ...answers: string[]
): Promise<{ chosen: ListedInstance | undefined; said: string }> {
  let said = '';
  const out = { write: (text: string) => (said += text) };
  const console = createConsole({ json: false, out, err: out, env: {}, hook: false });
  const chosen = await pickInstance(console, instances, async () => answers.shift() ?? '');
  return { chosen, said };
}

describe('the list of instances', () => {
  it('has one line each, in columns', () => {
    expect(instanceLines([instance('Sky', { minecraft: '1.21.1' }), instance('Survival', { here: true })])).toEqual([
      '01ARZ3NDEKTSV4RRFFQ69G5FAV  Sky       Minecraft 1.21.1, made 2026-11-22 on steamdeck',
      '01ARZ3NDEKTSV4RRFFQ69G5FAV  Survival  made 2026-11-22 on steamdeck (here)',
    ]);
    expect(instanceLines([instance('x', { made: '', host: '' })])[0]).toMatch(/made some day on some PC$/);
  });

  it('lets no name move the cursor', async () => {
    const { said } = await pick([instance('\u001b[2Jfake\nline', { host: '\u0007' })]);
    expect(said.split('\n')).toHaveLength(3);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(said).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

describe('choosing an instance', () => {
  const three = ['a', 'b', 'c'].map((label) => instance(label));

  it('is by its number', async () => {
    expect((await pick(three, ' 2 ')).chosen?.label).toBe('b');
  });

  it('asks again after what is no number of the list', async () => {
    const { chosen, said } = await pick(three, '0', '4', 'b', '-1', '1e0', '3');
    expect(chosen?.label).toBe('c');
    expect(said.match(/please type a number from 1 to 3/g)).toHaveLength(5);
  });

  it('takes an empty answer, or an end of input, for a new instance; asks nothing where none is known', async () => {
    expect((await pick(three, '')).chosen).toBeUndefined();
    expect(await pick([], '1')).toEqual({ chosen: undefined, said: '' });
  });
});

it('the recovery code stands alone on its line', () => {
  const shown = {
    outcome: 'recovery-code',
    code: 'AAAA-BBBB',
    isNew: true,
    instances: ['a', 'b'],
    warnings: [],
  } as const;
  expect(recoveryCodeLines(shown)).toContain('    AAAA-BBBB');
  expect(recoveryCodeLines(shown).join('\n')).toContain('(now: a, b)');
});
