import { describe, expect, it } from 'vitest';
import { isSyncError } from '../../src/base/errors.js';
import { refuseConflict, refuseFileAsFolder, refuseMixedWorlds, unseenVersion } from '../../src/sync/conflict.js';
import type { KnownSnapshot } from '../../src/sync/heads.js';
import type { SyncSession } from '../../src/sync/session.js';
import { newState } from '../../src/sync/state.js';
import { anyId, manifestFrom } from '../helpers/two-pcs.js';

type Files = Readonly<Record<string, string>>;

const head: KnownSnapshot = {
  id: anyId(),
  snapshot: {
    time: '2026-01-01T00:00:00Z',
    tree: anyId() as string as KnownSnapshot['snapshot']['tree'],
    paths: null,
    hostname: 'den',
  },
};

/** The message with which the work is refused; undefined if it is not. */
function refusal(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isSyncError(error, 'conflict')) return error.message;
    throw error;
  }
}

function meeting(base: Files | undefined, mine: Files, theirs: Files, isHeadKnown = false): string | undefined {
  const known = isHeadKnown ? { base: head.id } : {};
  // No other member is looked at.
  const session = { state: { ...newState(), ...known } } as SyncSession;
  const [local, cloud] = [manifestFrom(mine), manifestFrom(theirs)];
  return refusal(() => refuseConflict(session, head, base && manifestFrom(base), local, cloud, local));
}

describe('a conflict', () => {
  const base = { a: '1', b: '1' };

  it('is when both sides changed, whatever they changed', () => {
    expect(meeting(base, { ...base, a: '2' }, { ...base, b: '2' })).toMatch(
      /both sides changed: .*1 files, such as a.*den/,
    );
    expect(meeting(base, { a: '1' }, { ...base, c: '3' })).toMatch(/such as b/);
    expect(meeting(base, { ...base, n: '1' }, {})).toMatch(/such as n/);
  });

  it('is not when one side alone changed, or both the same', () => {
    expect(meeting(base, base, { c: '1' })).toBeUndefined();
    expect(meeting(base, { c: '1' }, base)).toBeUndefined();
    expect(meeting(base, { c: '1' }, { c: '1' })).toBeUndefined();
    expect(meeting(base, { c: '1' }, base, true)).toBeUndefined();
  });

  it('at first contact is about worlds', () => {
    const world = { 'saves/W/level.dat': '1' };
    expect(meeting(undefined, { a: '1' }, { a: '2' })).toBeUndefined();
    expect(meeting(undefined, world, { ...world, a: '2' })).toBeUndefined();
    expect(meeting(undefined, world, { 'saves/W/level.dat': '2' })).toMatch(/never met/);
    expect(meeting(undefined, world, { a: '1' })).toMatch(/never met/);
    expect(meeting(undefined, {}, world)).toBeUndefined();
  });
});

describe('a world that was not synchronised here', () => {
  const mixed = (path: string, mine: string, ...cloud: (string | undefined)[]): string | undefined => {
    const sides = cloud.map((text) => (text === undefined ? undefined : manifestFrom({ [path]: text })));
    return refusal(() => refuseMixedWorlds([path], manifestFrom({ [path]: mine }), ...sides));
  };

  it('is refused if the cloud has another one', () => {
    expect(mixed('saves/W/level.dat', '1', '2')).toMatch(/saves\/W\/level.dat was not synchronised/);
    expect(mixed('saves/W/level.dat', '1', '2', '3')).toBeDefined();
    expect(mixed('saves/W/level.dat', '1', undefined)).toBeDefined();
  });

  it('is not if it is the same as the one before or the one now, or no world', () => {
    expect(mixed('saves/W/level.dat', '1', '1', '2')).toBeUndefined();
    expect(mixed('saves/W/level.dat', '2', '1', '2')).toBeUndefined();
    expect(mixed('options.txt', '1', '2')).toBeUndefined();
  });
});

describe('what is sent', () => {
  it('has nothing below a file', () => {
    expect(refusal(() => refuseFileAsFolder(manifestFrom({ 'a/b': '1', 'a/c/d': '2', e: 'folder' })))).toBeUndefined();
    expect(refusal(() => refuseFileAsFolder(manifestFrom({ a: 'folder', 'a/b': '1' })))).toBeUndefined();
    expect(refusal(() => refuseFileAsFolder(manifestFrom({ 'a/b/c': '1', 'a/b': '2' })))).toMatch(/a\/b is a file/);
    expect(refusal(() => refuseFileAsFolder(manifestFrom({ 'a/b/c': '1', a: '-> x' })))).toMatch(/rename/);
  });

  it('names who was quicker, if it is known', () => {
    expect(unseenVersion(head).message).toMatch(/den \(2026-01-01T00:00:00Z\) has sent/);
    expect(unseenVersion(undefined).message).toMatch(/another PC has sent/);
  });
});
