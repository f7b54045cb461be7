import { describe, expect, it } from 'vitest';
import { isSyncError } from '../../../src/base/errors.js';
import { refuseFileAsFolder, refuseMixedWorlds } from '../../../src/sync/merge/conflict.js';
import { manifestFrom } from '../../helpers/two-pcs.js';

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
});
