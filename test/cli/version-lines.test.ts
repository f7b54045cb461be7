/** What a player reads of versions, and that no flag is taken for another. */
import { describe, expect, it } from 'vitest';
import {
  describeChanges,
  describeCounts,
  describeEntry,
  describeVersion,
  formatLocalTime,
} from '../../src/cli/instance-sync/version-lines.js';
import type { HistoryEntry } from '../../src/index.js';
import { instanceSync } from '../helpers/sync-env.js';

const NONE = { added: 0, changed: 0, removed: 0, bytes: 0, bytesRemoved: 0 };
const ID = '1a2b3c4d'.repeat(8) as HistoryEntry['id'];
const ENTRY: HistoryEntry = {
  id: ID,
  time: '2026-11-22T21:14:59.5Z',
  hostname: 'desk',
  parents: [],
  isHead: false,
  isHere: false,
  unclean: false,
  live: false,
  merge: false,
  conflictLoser: false,
  otherTags: [],
  changes: { worlds: [], other: NONE },
};

it('times are those of the clock on the wall', () => {
  const date = new Date(2026, 10, 2, 9, 5);
  expect(formatLocalTime(date.toISOString())).toBe('2026-11-02 09:05');
  expect(formatLocalTime('never')).toBe('never');
});

describe('a version', () => {
  const when = formatLocalTime(ENTRY.time);

  it('in one line, with what is known of it', () => {
    expect(describeVersion(ID, ENTRY.time, 'desk')).toBe(`1a2b3c4d (desk, ${when})`);
    expect(describeVersion(ID, undefined, undefined)).toBe('1a2b3c4d');
    expect(describeEntry(ENTRY)).toEqual([`${when}  desk  [1a2b3c4d]`, '    no file changed']);
  });

  it('with all its marks, and with what went wrong', () => {
    const marks = { isHead: true, isHere: true, merge: true, unclean: true, live: true, conflictLoser: true };
    const { changes: _, hostname: __, ...rest } = { ...ENTRY, ...marks, minecraft: '1.21.1', loader: 'forge 1' };
    expect(describeEntry({ ...rest, problem: 'tree 1 is gone' })).toEqual([
      `${when}  unknown PC  [1a2b3c4d]  newest; last sync of this PC; merged; sent late, after a crash; ` +
        'saved while the game ran; kept from a conflict; Minecraft 1.21.1; forge 1',
      '    what changed cannot be told: tree 1 is gone',
    ]);
  });

  it('by worlds and other files', () => {
    const worlds = [
      { ...NONE, world: 'saves/A', state: 'new', added: 1, bytes: 2000 },
      { ...NONE, world: 'saves/B', state: 'gone', removed: 2, bytesRemoved: 3 },
      { ...NONE, world: 'saves/C', state: 'changed', added: 1, changed: 2, removed: 3, bytes: 5, bytesRemoved: 9 },
    ] as const;
    expect(describeChanges({ worlds, other: { ...NONE, removed: 1, bytesRemoved: 7 } })).toEqual([
      'A: new, 1 file, 2.0 KB',
      'B: gone, 2 files, 3 B',
      'C: 1 new, 2 changed, 3 removed, 5 B',
      '1 other file: 1 removed, 7 B',
    ]);
    expect(describeCounts(NONE)).toBe('no files');
  });
});

it.each([
  ['history', /not set up; see "instance-sync help init"/],
  ['history --limit x', /--limit is "x"/],
  ['undo', /not set up/],
  ['trash', /not set up/],
  ['restore --world a', /required option '--snapshot <id>'/],
  ['restore --snapshot a --world a --path b', /'--world <name>' cannot be used with option '--path <path>'/],
  ['diff a b c', /too many arguments/],
])('%s', async (line, said) => {
  expect(await instanceSync(line.split(' '))).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(said),
  });
});
