import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import type { SnapshotId, TreeId } from '../../src/base/ids.js';
import type { Snapshot, SnapshotSummary } from '../../src/repo/snapshot.js';
import { decodeSnapshot, encodeSnapshot } from '../../src/repo/snapshot.js';
import { expectOnlySyncErrors, failureOf, golden, goldenFiles, hexId, unicodeText } from './golden.js';

const ID = 'ab'.repeat(32);
const GOOD = { time: '2024-05-06T07:08:09.070+02:00', tree: ID, paths: ['/a'] };
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

it.each(goldenFiles('snapshot-', '.json'))('%s: read, and written to the same bytes', (_, bytes) => {
  expect(encodeSnapshot(decodeSnapshot(bytes, 'snapshot'))).toEqual(bytes);
});

test('every member of restic 0.19 has its field', () => {
  const first = decodeSnapshot(golden('0.19-v2', 'snapshot-0.json'), 'snapshot');
  expect(first).toMatchObject({
    hostname: 'güld <&>',
    username: 'root',
    excludes: ['*.no'],
    tags: ['a', 'b <c>'],
    programVersion: 'restic 0.19.1',
  });
  expect(first.summary).toMatchObject({ filesNew: 60, dirsNew: 5, dataBlobs: 6, totalBytesProcessed: 1221 });
  expect(decodeSnapshot(golden('0.19-v2', 'snapshot-2.json'), 'snapshot').original).toMatch(/^[0-9a-f]{64}$/);
});

const text = unicodeText;
const time = fc.constantFrom('2024-05-06T07:08:09Z', '1999-12-31T23:59:59.000000001-03:30', '0001-01-01T00:00:00Z');
const u32 = fc.integer({ min: 1, max: 0xffffffff });
const count = fc.maxSafeNat();
const summary: fc.Arbitrary<SnapshotSummary> = fc.record({
  backupStart: time,
  backupEnd: time,
  filesNew: count,
  filesChanged: count,
  filesUnmodified: count,
  dirsNew: count,
  dirsChanged: count,
  dirsUnmodified: count,
  dataBlobs: count,
  treeBlobs: count,
  dataAdded: count,
  dataAddedPacked: count,
  totalFilesProcessed: count,
  totalBytesProcessed: count,
});
const snapshot: fc.Arbitrary<Snapshot> = fc.record(
  {
    time,
    parent: hexId.map((id) => id as SnapshotId),
    tree: hexId.map((id) => id as TreeId),
    paths: fc.option(fc.array(text)),
    hostname: text,
    username: text,
    uid: u32,
    gid: u32,
    excludes: fc.array(text, { minLength: 1 }),
    tags: fc.array(text, { minLength: 1 }),
    original: hexId.map((id) => id as SnapshotId),
    programVersion: text,
    summary,
  },
  { requiredKeys: ['time', 'tree', 'paths'], noNullPrototype: true },
);

test('property: what is encoded decodes to the same', () => {
  fc.assert(
    fc.property(snapshot, (value) => {
      expect(decodeSnapshot(encodeSnapshot(value), 'snapshot')).toEqual(value);
    }),
  );
});

test('empty and zero members are not written', () => {
  const empty = {
    ...decodeSnapshot(json(GOOD), 's'),
    hostname: '',
    username: '',
    uid: 0,
    gid: 0,
    tags: [],
    excludes: [],
  };
  expect(encodeSnapshot({ ...empty, paths: null, programVersion: '' })).toEqual(
    utf8(`{"time":"${GOOD.time}","tree":"${ID}","paths":null}`),
  );
});

test('what rustic adds is passed over', () => {
  const rustic = {
    ...GOOD,
    program_version: 'rustic 0.9',
    parents: [ID],
    label: '',
    tags: [],
    username: '',
    delete: 'NotSet',
    description: null,
    summary: { command: 'x', backup_duration: 0.5, total_duration: 1.25, files_new: 3, backup_start: GOOD.time },
  };
  expect(decodeSnapshot(json(rustic), 'snapshot')).toMatchObject({
    time: GOOD.time,
    tags: [],
    programVersion: 'rustic 0.9',
    summary: { filesNew: 3, backupStart: GOOD.time, backupEnd: '0001-01-01T00:00:00Z', dataAdded: 0 },
  });
});

describe('what is refused', () => {
  const cases: [string, object][] = [
    ['no tree', { tree: undefined }],
    ['tree null', { tree: null }],
    ['tree in capitals', { tree: ID.toUpperCase() }],
    ['tree too short', { tree: 'ab' }],
    ['no time', { time: undefined }],
    ['time a number', { time: 5 }],
    ['time that is none', { time: '2024-02-30T00:00:00Z' }],
    ['paths a text', { paths: '/a' }],
    ['a path that is no text', { paths: ['/a', 7] }],
    ['parent no id', { parent: 'x' }],
    ['parent a number', { parent: 7 }],
    ['hostname an object', { hostname: {} }],
    ['uid negative', { uid: -1 }],
    ['uid beyond u32', { uid: 2 ** 32 }],
    ['tags an object', { tags: {} }],
    ['summary a list', { summary: [] }],
    ['summary with a fraction', { summary: { files_new: 1.5 } }],
    ['summary with a wrong time', { summary: { backup_end: 'x' } }],
  ];
  it.each(cases)('%s', (_, change) => {
    const error = failureOf(() => decodeSnapshot(json({ ...GOOD, ...change }), 'snapshot abc'));
    expect(error.code).toBe('damaged');
    expect(error.message).toContain('snapshot abc');
  });

  it('only SyncErrors, whatever the bytes', () => {
    const samples = goldenFiles('snapshot-', '.json').map(([, bytes]) => bytes);
    expectOnlySyncErrors(samples, (bytes) => decodeSnapshot(bytes, 'snapshot'), ['damaged']);
  });
});
