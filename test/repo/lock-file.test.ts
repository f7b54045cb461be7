import { describe, expect, it, test } from 'vitest';
import { fromUtf8, utf8 } from '../../src/base/bytes.js';
import type { LockFile } from '../../src/repo/lock-file.js';
import { decodeLockFile, encodeLockFile } from '../../src/repo/lock-file.js';
import { expectOnlySyncErrors, failureOf, goldenFiles } from './golden.js';

it.each(goldenFiles('lock', '.json'))('%s: read, and written to the same bytes', (_, bytes) => {
  const lock = decodeLockFile(bytes, 'lock');
  expect(lock).toMatchObject({ exclusive: false, username: 'root' });
  expect(lock.pid).toBeGreaterThan(0);
  expect(encodeLockFile(lock)).toEqual(bytes);
});

const LOCK: LockFile = {
  time: '2024-05-06T07:08:09.123Z',
  exclusive: true,
  hostname: 'höst <&>',
  username: 'DOMAIN\\user',
  pid: 4711,
  uid: 1000,
  gid: 100,
};

test('members in the order of restic', () => {
  const text = fromUtf8(encodeLockFile(LOCK));
  expect(text).toBe(
    '{"time":"2024-05-06T07:08:09.123Z","exclusive":true,"hostname":"höst \\u003c\\u0026\\u003e",' +
      '"username":"DOMAIN\\\\user","pid":4711,"uid":1000,"gid":100}',
  );
  expect(decodeLockFile(utf8(text), 'lock')).toEqual(LOCK);
});

test('root has no uid and gid in it, as in restic', () => {
  expect(fromUtf8(encodeLockFile({ ...LOCK, uid: 0, gid: 0 }))).toMatch(/"pid":4711}$/);
});

describe('what is refused', () => {
  const cases: [string, object][] = [
    ['no time', { time: undefined }],
    ['a time that is none', { time: 'soon' }],
    ['exclusive a number', { exclusive: 1 }],
    ['hostname a list', { hostname: [] }],
    ['pid a text', { pid: '1' }],
    ['pid negative', { pid: -1 }],
    ['uid beyond u32', { uid: 2 ** 32 }],
  ];
  it.each(cases)('%s', (_, change) => {
    const bytes = utf8(JSON.stringify({ ...LOCK, ...change }));
    expect(failureOf(() => decodeLockFile(bytes, 'lock abc')).code).toBe('damaged');
  });

  it('only SyncErrors, whatever the bytes', () => {
    const samples = goldenFiles('lock', '.json').map(([, bytes]) => bytes);
    expectOnlySyncErrors(samples, (bytes) => decodeLockFile(bytes, 'lock'), ['damaged']);
  });
});
