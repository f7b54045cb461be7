import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../src/server/routes.js';

const ID = 'ab'.repeat(32);
const WINDOWS = { windowsNames: true, foldCase: true };

describe('parseTarget', () => {
  it.each([
    ['/', { kind: 'repository', folder: [] }],
    ['/a/', { kind: 'repository', folder: ['a'] }],
    ['/a/b/', { kind: 'repository', folder: ['a', 'b'] }],
    ['/a/b/c/', { kind: 'nothing', folder: ['a', 'b'] }],
    ['/config', { kind: 'config', folder: [] }],
    ['/a/b/config', { kind: 'config', folder: ['a', 'b'] }],
    ['/a/config/config', { kind: 'nothing', folder: ['a'] }],
    ['/keys/', { kind: 'list', folder: [], type: 'keys' }],
    ['/a/data/', { kind: 'list', folder: ['a'], type: 'data' }],
    ['/a/data', { kind: 'nothing', folder: ['a'] }],
    [`/a/locks/${ID}`, { kind: 'file', folder: ['a'], type: 'locks', name: ID }],
    [`/a/b/c/locks/${ID}`, { kind: 'nothing', folder: ['a', 'b'] }],
    [`/a/locks/${ID.toUpperCase()}`, { kind: 'nothing', folder: ['a'] }],
    [`/data/data/${ID}`, { kind: 'nothing', folder: [] }],
    ['/a%2Fb/', { kind: 'repository', folder: ['a', 'b'] }],
    ['/caf%C3%A9/', { kind: 'repository', folder: ['café'] }],
    ['/a\\b/', { kind: 'repository', folder: ['a\\b'] }],
    ['/%00/', { kind: 'nothing', folder: ['\0'] }],
    ['/%FF/', { kind: 'nothing', folder: [] }],
    ['/%zz/', { kind: 'malformed' }],
    ['*', { kind: 'malformed' }],
    ['', { kind: 'malformed' }],
    ['//evil.example/x', { kind: 'redirect', location: '/evil.example/x' }],
    ['/a/../../b/?create=true', { kind: 'redirect', location: '/b/?create=true' }],
    ['/%2e%2e/b', { kind: 'redirect', location: '/b' }],
  ])('%s', (url, route) => {
    expect(parseTarget(url).route).toEqual(route);
  });

  it('reads the first create of the query', () => {
    expect(parseTarget('/a/?x=1&create=true&create=false').create).toBe(true);
    expect(parseTarget('/a/?create=1&create=true').create).toBe(false);
  });

  it.each(['con', 'NUL.txt', 'com1', 'LPT¹', 'a.', 'a ', 'a:b', 'a\\b', 'a*', 'ALICEL~1', 'Data', 'CONFIG', 'CONIN$'])(
    'takes no folder %s on Windows',
    (name) => {
      expect(parseTarget(`/${encodeURIComponent(name)}/`, WINDOWS).route.kind).toBe('nothing');
      expect(parseTarget(`/u/${encodeURIComponent(name)}/config`, WINDOWS).route.kind).toBe('nothing');
      expect(parseTarget(`/${encodeURIComponent(name)}/`).route.kind).toBe('repository');
    },
  );

  it('never lets a segment through that leads elsewhere', () => {
    const piece = fc.oneof(
      fc.constantFrom('..', '.', '', '%2e%2e', '%2f', '/', '\\', 'a', 'data', 'config', ID, '%00', 'C:', '%5c..', '~'),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, windows) => {
        const { route } = parseTarget(`/${pieces.join('/')}`, windows ? WINDOWS : {});
        if (route.kind === 'redirect') {
          expect(route.location).toMatch(/^\/(?![/\\])/);
          const next = parseTarget(route.location, windows ? WINDOWS : {}).route.kind;
          expect(next).not.toBe('redirect');
          return;
        }
        if (route.kind === 'malformed' || route.kind === 'nothing') return;
        expect(route.folder.length).toBeLessThanOrEqual(2);
        for (const segment of route.folder) {
          expect(['', '.', '..', 'data', 'config']).not.toContain(segment);
          expect(segment).not.toMatch(windows ? /[/\\\0:]/ : /[/\0]/);
        }
      }),
    );
  });
});
