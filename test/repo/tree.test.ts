import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { compareBytes, fromUtf8, utf8 } from '../../src/base/bytes.js';
import type { BlobId, TreeId } from '../../src/base/ids.js';
import { rawFromBytes, rawToBytes } from '../../src/base/raw-string.js';
import type { NodeType, TreeNode } from '../../src/repo/tree.js';
import { compareNames, decodeTree, encodeTree, sortNodes } from '../../src/repo/tree.js';
import {
  expectOnlySyncErrors,
  failureOf,
  GOLDEN_SETS,
  goldenFiles,
  goldenNames,
  hexId,
  unicodeText,
} from './golden.js';

const ID = 'ab'.repeat(32);
const BLOB = ID as BlobId;
const TREE = ID as TreeId;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What restic 0.16.5 for Windows writes: no inode, links or owner. */
const WINDOWS_FILE =
  '{"name":"rustic.rs","type":"file","mode":438,"mtime":"2023-03-25T22:11:19.1234567+01:00",' +
  '"atime":"2023-03-25T22:11:19.1234567+01:00","ctime":"2023-03-25T22:11:19.1234567+01:00","uid":0,"gid":0,"size":903,' +
  `"content":["${ID}"]}`;
/** And since 0.17: what only Windows knows of a file. */
const WINDOWS_ATTRIBUTES =
  '{"name":"x","type":"dir","mode":2147484159,"mtime":"2024-05-06T07:08:09Z","atime":"2024-05-06T07:08:09Z",' +
  '"ctime":"2024-05-06T07:08:09Z","uid":0,"gid":0,"generic_attributes":' +
  '{"windows.creation_time":{"LowDateTime":3456789012,"HighDateTime":31000000},"windows.file_attributes":16,' +
  `"windows.security_descriptor":"AQAUvBQAAAAwAAAA"},"content":null,"subtree":"${ID}"}`;

/**
 * Go before 1.22 (restic 0.14 to 0.16) wrote two control characters in their long form, and restic before 0.16 kept of
 * a link's bytes that are not UTF-8 only an escaped U+FFFD, which reads as the character.
 */
function asOfToday(tree: string): string {
  if (tree.includes('linktarget_raw')) return tree;
  return tree.replaceAll('\\u0008', '\\b').replaceAll('\\u000c', '\\f').replaceAll('\\ufffd', '\ufffd');
}

describe('trees that restic wrote', () => {
  it.each(goldenFiles('tree-', '.json'))('%s: read, and written to the same bytes', (name, bytes) => {
    expect(sha256(bytes).slice(0, 8)).toBe(/tree-(\w{8})/.exec(name)?.[1]);
    const nodes = decodeTree(bytes, 'tree');
    expect(fromUtf8(encodeTree(nodes))).toBe(asOfToday(fromUtf8(bytes)));
    expect(sortNodes([...nodes].reverse())).toEqual(nodes);
  });

  test('folders without anything are all one tree', () => {
    expect(sha256(encodeTree([]))).toBe('ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8');
  });

  it.each([WINDOWS_FILE, WINDOWS_ATTRIBUTES])('Windows: %s', (node) => {
    const bytes = utf8(`{"nodes":[${node}]}\n`);
    expect(fromUtf8(encodeTree(decodeTree(bytes, 'tree')))).toBe(fromUtf8(bytes));
  });
});

describe.each(GOLDEN_SETS)('what restic %s saw', (set) => {
  const all = new Map<string, TreeNode>();
  for (const name of goldenNames(set, 'tree-', '.json')) {
    const [, bytes] = goldenFiles('tree-', '.json').find(([file]) => file === `${set}/${name}`) ?? [];
    for (const node of decodeTree(bytes ?? new Uint8Array(0), name)) all.set(node.name, node);
  }

  test('kinds', () => {
    const kinds: [string, NodeType, number | undefined][] = [
      ['one', 'file', 0o644],
      ['none', 'file', undefined],
      ['setuid', 'file', 0o755 + 2 ** 23 + 2 ** 22],
      ['sticky', 'dir', 0o777 + 2 ** 31 + 2 ** 20],
      ['link', 'symlink', 0o777 + 2 ** 27],
      ['fifo', 'fifo', 0o644 + 2 ** 25],
      ['dev', 'dev', 0o644 + 2 ** 26],
      ['chardev', 'chardev', 0o644 + 2 ** 26 + 2 ** 21],
    ];
    for (const [name, type, mode] of kinds) {
      expect(all.get(name)).toMatchObject({ type });
      expect(all.get(name)?.mode).toBe(mode);
    }
    expect(all.get('dev')?.device).toBe(BigInt(7 * 256 + 200));
    expect(all.get('stranger')).toMatchObject({ uid: 4_000_000_000, gid: 123_456 });
    expect(all.get('one')?.links).toBe(2n);
    expect(all.get('one')?.inode).toBe(all.get('one-again')?.inode);
  });

  test('content', () => {
    expect(all.get('one')?.content).toEqual([createHash('sha256').update('one\n').digest('hex')]);
    expect(all.get('two')).toMatchObject({ size: 1200 });
    expect(all.get('empty')?.content).toEqual([]);
    expect(all.get('empty')).not.toHaveProperty('size');
    expect(all.get('fifo')).not.toHaveProperty('content');
    expect(all.get('empty-dir')?.subtree).toMatch(/^ac08ce34/);
  });

  test('links', () => {
    expect(all.get('link-odd')?.linktarget).toBe('a <&> \u2028 "q" \\ \x07 \b\f 日本');
    expect(all.get('link-replacement')?.linktarget).toBe('\ufffd');
    // restic 0.16 and later keep the bytes.
    const bytes = [0x61, 0xff, 0x2f, 0xc3];
    const target = set.startsWith('0.14') ? 'a\ufffd/\ufffd' : rawFromBytes(Uint8Array.from(bytes));
    expect(all.get('link-raw')?.linktarget).toBe(target);
  });

  test('extended attributes', () => {
    const attributes = all.get('attributes')?.extendedAttributes ?? [];
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(attributes.find(({ name }) => name === 'user.bytes')?.value).toEqual(bytes);
    expect(attributes.find(({ name }) => name === 'user.<ä>')?.value).toEqual(utf8('x'));
    expect(attributes.find(({ name }) => name === 'user.empty')?.value?.length).toBe(0);
  });

  test('names', () => {
    const names = [
      '__proto__',
      'constructor',
      '...',
      'back\\slash',
      'line\nfeed',
      'bom\ufeff',
      '😀',
      '\uff5e',
      '\u{10000}',
    ];
    const bytes = [[0x61, 0xff, 0x62], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xff, 0xfe, 0x22, 0x5c]];
    for (const name of [...names, ...bytes.map((one) => rawFromBytes(Uint8Array.from(one)))]) {
      expect(all.get(name), JSON.stringify(name)).toBeDefined();
    }
  });
});

const anyName: fc.Arbitrary<string> = fc
  .oneof(fc.uint8Array({ minLength: 1, maxLength: 20 }).map(rawFromBytes), unicodeText)
  .filter((name) => !/^\.{1,2}$|\//.test(name) && !name.includes('\0'));
const time = fc.constantFrom('2024-05-06T07:08:09Z', '1969-12-31T23:59:59.000000001-03:30', '0001-01-01T00:00:00Z');
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
const text = unicodeText;
const id = hexId.map((hex) => hex as BlobId);
const common = {
  name: anyName,
  mtime: time,
  atime: time,
  ctime: time,
  uid: u32,
  gid: u32,
};
const sometimes = {
  mode: fc.integer({ min: 1, max: 0xffffffff }),
  user: text,
  group: text,
  inode: u64,
  deviceId: u64,
  links: u64,
  device: u64,
  size: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  linktarget: fc.oneof(text, fc.uint8Array({ minLength: 1 }).map(rawFromBytes)),
  extendedAttributes: fc.array(fc.record({ name: text, value: fc.option(fc.uint8Array()) }), { minLength: 1 }),
  genericAttributes: fc
    .dictionary(text, fc.json({ maxDepth: 2 }), { minKeys: 1, maxKeys: 3, noNullPrototype: true })
    .map((all) => Object.fromEntries(Object.entries(all).map(([key, json]) => [key, compact(json)]))),
  error: text,
};
const node: fc.Arbitrary<TreeNode> = fc.oneof(
  fc.record(
    { ...common, ...sometimes, type: fc.constant('file' as const), content: fc.array(id) },
    { requiredKeys: ['name', 'type', 'mtime', 'atime', 'ctime', 'uid', 'gid', 'content'], noNullPrototype: true },
  ),
  fc.record(
    { ...common, ...sometimes, type: fc.constant('dir' as const), subtree: id },
    { requiredKeys: ['name', 'type', 'mtime', 'atime', 'ctime', 'uid', 'gid', 'subtree'], noNullPrototype: true },
  ),
  fc.record(
    {
      ...common,
      ...sometimes,
      type: fc.constantFrom<NodeType>('symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'),
    },
    { requiredKeys: ['name', 'type', 'mtime', 'atime', 'ctime', 'uid', 'gid'], noNullPrototype: true },
  ),
);

/** As Go would store it: what the encoder leaves alone. */
function compact(json: string): string {
  return JSON.stringify(JSON.parse(json)).replace(/[<>&\u2028\u2029]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

test('property: what is encoded decodes to the same, and encodes to the same again', () => {
  fc.assert(
    fc.property(fc.uniqueArray(node, { selector: ({ name }) => name, maxLength: 5 }), (nodes) => {
      const sorted = sortNodes(nodes);
      const bytes = encodeTree(sorted);
      const back = decodeTree(bytes, 'tree');
      expect(back).toEqual(sorted);
      expect(encodeTree(back)).toEqual(bytes);
    }),
    { numRuns: 150 },
  );
});

test('property: names are ordered by their bytes', () => {
  fc.assert(
    fc.property(anyName, anyName, (a, b) => {
      expect(Math.sign(compareNames(a, b))).toBe(Math.sign(compareBytes(rawToBytes(a), rawToBytes(b))));
      expect(compareNames(a, a)).toBe(0);
    }),
    { numRuns: 500 },
  );
  // UTF-16 orders these the other way round.
  expect(compareNames('\uff5e', '😀')).toBeLessThan(0);
  expect(compareNames('\uff5e', '\udcff')).toBeLessThan(0);
  expect(compareNames('a\ud83d\ude00', 'a\ud83d\ude01')).toBeLessThan(0);
});

const file = (change: object = {}): string => JSON.stringify({ name: 'a', type: 'file', content: [], ...change });
const tree = (...nodes: string[]): Uint8Array => utf8(`{"nodes":[${nodes.join(',')}]}\n`);

describe('what other writers leave', () => {
  test('unknown members, before and behind the nodes and in them', () => {
    const text = `{"a":{"b":[1e400,{}]},"nodes":[${file({ future: { x: [null] } })}],"z":"\\ud800"}`;
    expect(decodeTree(utf8(text), 'tree')).toEqual([{ name: 'a', type: 'file', content: [] }]);
  });

  test('rustic on Windows leaves mode, owner and times out', () => {
    const [only] = decodeTree(tree(file()), 'tree');
    expect(only).toEqual({ name: 'a', type: 'file', content: [] });
    const zero = '"0001-01-01T00:00:00Z"';
    expect(fromUtf8(encodeTree(only ? [only] : []))).toBe(
      `{"nodes":[{"name":"a","type":"file","mtime":${zero},"atime":${zero},"ctime":${zero},"uid":0,"gid":0,"content":[]}]}\n`,
    );
  });

  test('null is absent', () => {
    const nulls = {
      mode: null,
      mtime: null,
      user: null,
      size: null,
      extended_attributes: null,
      generic_attributes: null,
    };
    expect(decodeTree(tree(file({ ...nulls, subtree: null, error: null })), 'tree')).toEqual(
      decodeTree(tree(file()), 'tree'),
    );
    expect(decodeTree(utf8('{"nodes":null}'), 'tree')).toEqual([]);
  });

  test('numbers beyond 2^53 stay what they are', () => {
    const text = file().replace('"content"', '"inode":18446744073709551615,"device_id":9007199254740993,"content"');
    const [only] = decodeTree(tree(text), 'tree');
    expect(only).toMatchObject({ inode: 2n ** 64n - 1n, deviceId: 9007199254740993n });
  });

  test('attributes keep their text; the order of keys is Go\u2019s', () => {
    const text = file().replace(
      '"content"',
      '"generic_attributes":{"z": [1.50, 1e400] ,"\\uff5e":"<","a":null},"content"',
    );
    const [only] = decodeTree(tree(text), 'tree');
    expect(only?.genericAttributes).toEqual({ z: '[1.50, 1e400]', '\uff5e': '"<"', a: 'null' });
    expect(fromUtf8(encodeTree(only ? [only] : []))).toContain('{"a":null,"z":[1.50,1e400],"\uff5e":"\\u003c"}');
  });

  test('linktarget_raw wins', () => {
    const link = { name: 'l', type: 'symlink', linktarget: 'other', linktarget_raw: '/2E=' };
    expect(decodeTree(tree(JSON.stringify(link)), 'tree')[0]?.linktarget).toBe('\udcffa');
  });
});

describe('what is refused', () => {
  const cases: [string, string, Uint8Array][] = [
    ['empty', 'damaged', new Uint8Array(0)],
    ['no nodes', 'damaged', utf8('{}')],
    ['nodes an object', 'damaged', utf8('{"nodes":{}}')],
    ['a node that is null', 'damaged', tree('null')],
    ['text behind the end', 'damaged', utf8('{"nodes":[]}\n[]')],
    ['cut off', 'damaged', tree(file()).subarray(0, 30)],
    ['no name', 'damaged', tree(file({ name: undefined }))],
    ['name null', 'damaged', tree(file({ name: null }))],
    ['name a number', 'damaged', tree(file({ name: 7 }))],
    ['name empty', 'damaged', tree(file({ name: '' }))],
    ['name "."', 'damaged', tree(file({ name: '.' }))],
    ['name ".."', 'damaged', tree(file({ name: '..' }))],
    ['name ".." escaped', 'damaged', tree(file({ name: '\\x2e\\u002e' }))],
    ['name with a slash', 'damaged', tree(file({ name: '../x' }))],
    ['name with an escaped slash', 'damaged', tree(file({ name: '..\\x2fx' }))],
    ['an absolute name', 'damaged', tree(file({ name: '/etc' }))],
    ['name with NUL', 'damaged', tree(file({ name: 'a\\x00' }))],
    ['name with a raw NUL', 'damaged', tree(file({ name: 'a\0' }))],
    ['name wrongly quoted', 'damaged', tree(file({ name: 'a"b' }))],
    ['two of one name', 'damaged', tree(file(), file())],
    ['two of one name, one escaped', 'damaged', tree(file(), file({ name: '\\x61' }))],
    ['unsorted', 'damaged', tree(file({ name: 'b' }), file())],
    ['sorted as UTF-16', 'damaged', tree(file({ name: '😀' }), file({ name: '\uff5e' }))],
    ['no type', 'damaged', tree(file({ type: undefined }))],
    ['type empty', 'damaged', tree(file({ type: '' }))],
    ['type unknown', 'unsupported', tree(file({ type: 'door' }))],
    ['a file without content', 'damaged', tree(file({ content: undefined }))],
    ['a file with content null', 'damaged', tree(file({ content: null }))],
    ['content no list', 'damaged', tree(file({ content: ID }))],
    ['content with a short id', 'damaged', tree(file({ content: ['ab'] }))],
    ['content with a number', 'damaged', tree(file({ content: [7] }))],
    ['content with null', 'damaged', tree(file({ content: [null] }))],
    ['a folder without subtree', 'damaged', tree(file({ type: 'dir' }))],
    ['a folder with a path as subtree', 'damaged', tree(file({ type: 'dir', subtree: '../x' }))],
    ['a file with subtree', 'damaged', tree(file({ subtree: ID }))],
    ['mode negative', 'damaged', tree(file({ mode: -1 }))],
    ['mode over u32', 'damaged', tree(file({ mode: 2 ** 32 }))],
    ['mode a text', 'damaged', tree(file({ mode: '420' }))],
    ['size negative', 'damaged', tree(file({ size: -1 }))],
    ['size beyond 2^53', 'damaged', tree(file({ size: 2 ** 53 }))],
    ['inode beyond u64', 'damaged', tree(file().replace('"content"', '"inode":18446744073709551616,"content"'))],
    ['mtime no time', 'damaged', tree(file({ mtime: '2024-13-01T00:00:00Z' }))],
    ['mtime a number', 'damaged', tree(file({ mtime: 0 }))],
    ['user a list', 'damaged', tree(file({ user: [] }))],
    ['linktarget_raw not base64', 'damaged', tree(file({ linktarget_raw: '%' }))],
    ['extended attributes an object', 'damaged', tree(file({ extended_attributes: {} }))],
    ['an extended attribute with a number', 'damaged', tree(file({ extended_attributes: [{ name: 'a', value: 7 }] }))],
    ['generic attributes a list', 'damaged', tree(file({ generic_attributes: [] }))],
  ];
  it.each(cases)('%s: %s', (_, code, bytes) => {
    const error = failureOf(() => decodeTree(bytes, 'tree abc'));
    expect(error.code).toBe(code);
    expect(error.message).toContain('tree abc');
    expect(error.message.length).toBeLessThan(300);
  });

  it('only SyncErrors, whatever the bytes', () => {
    const samples = goldenFiles('tree-', '.json').map(([, bytes]) => bytes);
    const windows = [tree(WINDOWS_FILE), tree(WINDOWS_ATTRIBUTES)];
    expectOnlySyncErrors([...samples, ...windows], (bytes) => {
      const nodes = decodeTree(bytes, 'tree');
      // What is accepted can be written again.
      encodeTree(nodes);
    });
  });
});

describe('what must not be written', () => {
  const good: TreeNode = { name: 'a', type: 'file', content: [BLOB] };
  const cases: [string, TreeNode[]][] = [
    ['unsorted', [{ ...good, name: 'b' }, good]],
    ['two of one name', [good, good]],
    [
      'UTF-16 order',
      [
        { ...good, name: '😀' },
        { ...good, name: '\uff5e' },
      ],
    ],
    ['name empty', [{ ...good, name: '' }]],
    ['name "..', [{ ...good, name: '..' }]],
    ['name with a slash', [{ ...good, name: 'a/b' }]],
    ['name with NUL', [{ ...good, name: 'a\0' }]],
    ['name with half a surrogate pair', [{ ...good, name: 'a\ud83d' }]],
    ['name with escaped bytes that are UTF-8', [{ ...good, name: '\udcc3\udca4' }]],
    ['a file without content', [{ name: 'a', type: 'file' }]],
    ['a file with content null', [{ name: 'a', type: 'file', content: null }]],
    ['a folder without subtree', [{ name: 'a', type: 'dir' }]],
    ['a link with subtree', [{ name: 'a', type: 'symlink', subtree: TREE }]],
    ['a negative mode', [{ ...good, mode: -(2 ** 31) }]],
    ['a size that is no whole number', [{ ...good, size: 0.5 }]],
    ['a size that is none', [{ ...good, size: Number.NaN }]],
    ['a time that is none', [{ ...good, mtime: 'now' }]],
    ['another time that is none', [{ ...good, mtime: '2024-05-06T07:08:09Z', ctime: '2024-05-06' }]],
  ];
  it.each(cases)('%s', (_, nodes) => expect(failureOf(() => encodeTree(nodes)).code).toBe('internal'));
});
