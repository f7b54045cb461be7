import { describe, expect, it } from 'vitest';
import { chooseHeld, type HeldInput } from '../../src/sync/held.js';
import { makeScope } from '../../src/sync/scope/scope.js';
import { manifestFrom } from '../helpers/two-pcs.js';

const scope = makeScope({ preset: 'everything', exclude: ['private/**'] });

function held(files: Record<string, string>, more: Partial<HeldInput> = {}): string[] {
  const base = { scope, platform: 'linux', caseBlind: false, linksWork: true } as const;
  const rest = { isHere: () => false, isAside: () => false };
  const chosen = chooseHeld({ head: manifestFrom(files), ...base, ...rest, ...more });
  for (const line of chosen.warnings) expect(line).toMatch(/ was left out: .*; it stays in the cloud$/);
  return [...chosen.held].sort();
}

describe('what a PC does not take', () => {
  it('is out of scope, silently', () => {
    const head = manifestFrom({ 'private/a': '1', 'b/c': '2' });
    const input = { head, scope, platform: 'linux', caseBlind: false, linksWork: true } as const;
    const chosen = chooseHeld({ ...input, isHere: () => false, isAside: () => false });
    expect(chosen).toEqual({ held: new Set(['private/a']), warnings: [] });
  });

  it('is what no scope can hold, however it is spelled', () => {
    const never = ['.cloud-sync/token', '.Cloud-Sync/a', '.cloud-sync./x', 'saves/W/session.lock', 'accounts.json'];
    expect(held({ ...Object.fromEntries(never.map((path) => [path, 'x'])), 'a/.cloud-sync/b': 'x' })).toEqual(
      never.sort(),
    );
  });

  it('are links that lead outside', () => {
    const links = { 'saves/W/l': '-> level.dat', 'saves/W/out': '-> ../../../x', root: '-> /', share: '-> \\\\a\\b' };
    expect(held(links)).toEqual(['root', 'saves/W/out', 'share']);
  });

  it('are all links where none can be made', () => {
    expect(held({ 'saves/W/l': '-> level.dat', a: '1' }, { linksWork: false })).toEqual(['saves/W/l']);
  });

  it('on Windows: names and targets that cannot be', () => {
    const files = { 'a/con': '1', 'a/b:c': '1', 'a/x.': '1', 'd ./f': '1', ok: '1', l: '-> a/nul', m: '-> ../ok' };
    expect(held(files)).toEqual(['m']);
    expect(held(files, { platform: 'win32' })).toEqual(['a/b:c', 'a/con', 'a/x.', 'd ./f', 'l', 'm']);
  });

  it('is what lies where this PC has something of its own that is never sent', () => {
    const isAside = (path: string): boolean => path.startsWith('saves/W/');
    expect(held({ 'saves/W/a': '1', 'saves/V/a': '1' }, { isAside })).toEqual(['saves/W/a']);
  });

  describe('of names that are one on this disk', () => {
    const twins = { 'saves/World/a': '1', 'saves/world/a': '2', 'saves/world/b': '3', 'x.TXT': '1', 'x.txt': '2' };
    const caseBlind = true;

    it('both stay where the disk tells them apart', () => expect(held(twins)).toEqual([]));

    it('the first stays if none is here', () => {
      expect(held(twins, { caseBlind })).toEqual(['saves/world/a', 'saves/world/b', 'x.txt']);
    });

    it('the one that is here stays, be it a folder', () => {
      const here = new Set(['saves', 'saves/world', 'saves/world/a', 'x.txt']);
      const isHere = (path: string): boolean => here.has(path);
      expect(held(twins, { caseBlind, isHere })).toEqual(['saves/World/a', 'x.TXT']);
    });

    it('all that are here stay', () => {
      const isHere = (path: string): boolean => path.startsWith('x.');
      expect(held({ 'x.TXT': '1', 'x.txt': '2' }, { caseBlind, isHere })).toEqual([]);
    });

    it('a held one is no twin of another', () => {
      expect(held({ 'private/A': '1', 'private/a': '1', 'Private/b': '1' }, { caseBlind })).toEqual([
        'private/A',
        'private/a',
      ]);
    });
  });
});
