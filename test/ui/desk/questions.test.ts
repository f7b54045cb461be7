/** What becomes of the library's questions on their way to a page. */
import { describe, expect, it } from 'vitest';
import type { ConflictDetails, ConflictQuestion } from '../../../src/index.js';
import { conflictView, deletionView } from '../../../src/ui/desk/question-views.js';
import { Questions } from '../../../src/ui/desk/questions.js';

const HEADING = { task: 'pull', label: 'Pack' } as const;
const size = { files: 3, bytes: 40 };
const stand = { ...size, added: 1, changed: 0, removed: 0, changes: [] };
const PICTURE = Uint8Array.of(1, 2, 3);

const CONFLICT: ConflictQuestion = {
  reason: 'both-changed',
  local: { where: 'this-pc', hostname: 'here' },
  cloud: { where: 'cloud', hostname: 'den', time: '2026-11-22T10:00:00Z' },
  units: [
    { id: 'saves/A', kind: 'world', local: size, cloud: size },
    { id: '__proto__', kind: 'file', local: undefined, cloud: size },
  ],
  details: async () => DETAILS,
};
const DETAILS: ConflictDetails = {
  local: { aloneWorlds: ['saves/Mine'], aloneFiles: 2 },
  cloud: {
    time: '2026-11-22T10:00:00Z',
    since: '2026-11-20T10:00:00Z',
    minecraft: '1.21.1',
    aloneWorlds: [],
    aloneFiles: 0,
  },
  units: [{ id: 'saves/A', name: 'My World', local: stand, cloud: stand, icon: async () => PICTURE }],
};

describe('a conflict', () => {
  it('is shown with all that is known of it', async () => {
    const questions = new Questions();
    const view = conflictView(CONFLICT, DETAILS, 'q', HEADING, questions.iconsOf('q'));
    expect(view).toEqual({
      view: 'conflict',
      question: 'q',
      ...HEADING,
      reason: 'both-changed',
      local: { where: 'this-pc', device: 'here', aloneWorlds: ['Mine'], aloneFiles: 2 },
      cloud: { where: 'cloud', device: 'den', ...DETAILS.cloud },
      units: [
        {
          id: 'saves/A',
          kind: 'world',
          name: 'My World',
          local: stand,
          cloud: stand,
          icon: expect.stringMatching(/^[\w-]{16}$/),
          choices: ['local', 'cloud', 'keep-both'],
        },
        {
          id: '__proto__',
          kind: 'file',
          name: '__proto__',
          cloud: { ...size, added: 0, changed: 0, removed: 0, changes: [] },
          choices: ['local', 'cloud'],
        },
      ],
    });
    expect(await questions.icon(view.units[0]?.icon ?? '')).toEqual(PICTURE);
    expect(await questions.icon('saves/A')).toBeUndefined();
  });

  it('a name that every object has is no answer, and can be one', async () => {
    const questions = new Questions();
    const asked = questions.ask(conflictView(CONFLICT, DETAILS, 'q', HEADING, () => undefined));
    const answer = (text: string): void => questions.answer('q', { kind: 'conflict', units: JSON.parse(text) });
    expect(() => answer('{"saves/A":"local","toString":"cloud"}')).toThrow(/no answer/);
    expect(() => answer('{"saves/A":"local"}')).toThrow(/no answer/);
    answer('{"saves/A":"local","__proto__":"cloud"}');
    expect(await asked).toMatchObject({ kind: 'conflict' });
  });
});

it('a deletion names the worlds as the player does', () => {
  const view = deletionView({ files: 7, ofFiles: 9, worlds: ['saves/A'] }, 'q', HEADING);
  expect(view).toEqual({ view: 'deletion', question: 'q', ...HEADING, files: 7, ofFiles: 9, worlds: ['A'] });
});
