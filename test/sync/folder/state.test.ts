import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BlobId, SnapshotId } from '../../../src/base/ids.js';
import { parseId } from '../../../src/base/ids.js';
import { decodeFileTable, encodeFileTable, type FileRecord } from '../../../src/sync/folder/file-table.js';
import type { Instance } from '../../../src/sync/folder/instance.js';
import { newState, readState, readStateHead, type State, writeState } from '../../../src/sync/folder/state.js';
import { temporaryFolder } from '../temporary-folder.js';

async function instanceIn(folder: string, instanceId = '01ARZ3NDEKTSV4RRFFQ69G5FAV'): Promise<Instance> {
  const cloudFolder = join(folder, '.cloud-sync');
  await mkdir(cloudFolder, { recursive: true });
  return { packFolder: folder, cloudFolder, settings: { schema: 1, url: 'http://a', instanceId, extra: {} } };
}

const id = <T extends BlobId | SnapshotId>(digit: string): T => parseId<T>(digit.repeat(64), 'test');
const record: FileRecord = {
  type: 'file',
  size: 2 ** 40,
  executable: true,
  content: [id<BlobId>('a'), id<BlobId>('b')],
  mtimeMs: 1_700_000_000_123,
  mtimeNs: 1_700_000_000_123_456_789n,
  ctimeNs: -1n,
  inode: 2n ** 64n - 1n,
};
const state: State = {
  base: id<SnapshotId>('1'),
  root: id<BlobId>('2'),
  seen: new Set([id('3'), id('1')]),
  keyHint: 'abc',
  scopeFingerprint: 'f',
  deviceId: '01ARZ3NDEKTSV4RRFFQ69G5FAW',
  files: new Map<string, FileRecord>([
    ['saves/W/level.dat', record],
    ['saves/raw\udcff', { ...record, content: [], held: true }],
    ['saves/link', { ...record, type: 'symlink', content: [], linktarget: '', executable: false }],
    ['saves/empty', { ...record, type: 'dir', content: [] }],
  ]),
};

describe('the state', () => {
  test('is read back as it was written', async () => {
    const instance = await instanceIn(await temporaryFolder());
    expect(await readState(instance)).toEqual({ state: undefined, warnings: [] });
    await writeState(instance, state);
    const found = await readState(instance);
    expect(found).toEqual({ state: { ...state, files: found.state?.files }, warnings: [] });
    expect(new Map(found.state?.files)).toEqual(state.files);
    const { files: _, ...head } = state;
    expect(await readStateHead(instance)).toEqual({ state: head, warnings: [] });
    await writeState(instance, newState());
    const fresh = (await readState(instance)).state;
    expect([fresh?.files.size, fresh?.seen]).toEqual([0, new Set()]);
    expect((await readdir(instance.cloudFolder)).sort()).toEqual(['files.bin', 'state.json']);
  });

  test('a table that is missing, cut, changed or of another state counts as empty', async () => {
    const instance = await instanceIn(await temporaryFolder());
    await writeState(instance, state);
    const path = join(instance.cloudFolder, 'files.bin');
    const table = await readFile(path);
    const flipped = Buffer.from(table);
    flipped[40] = (flipped[40] ?? 0) ^ 1;
    for (const bytes of [table.subarray(0, -1), flipped, Buffer.alloc(0), Buffer.from(encodeFileTable(new Map()))]) {
      await writeFile(path, bytes);
      const { state: found, warnings } = await readState(instance);
      expect(found).toEqual({ ...state, files: new Map() });
      expect(warnings).toEqual([]);
    }
  });

  test("another instance's, an older one and the predecessor's count as missing", async () => {
    const folder = await temporaryFolder();
    const instance = await instanceIn(folder);
    await writeState(instance, state);
    const other = await instanceIn(folder, '01ARZ3NDEKTSV4RRFFQ69G5FAX');
    expect(await readState(other)).toEqual({ state: undefined, warnings: [] });
    const path = join(instance.cloudFolder, 'state.json');
    const { instanceId } = instance.settings;
    for (const text of ['{"schema":1}', '{}', `{"schema":2,"instance_id":"${instanceId}","last":"x"}`]) {
      await writeFile(path, text);
      expect(await readState(instance), text).toEqual({ state: undefined, warnings: [] });
    }
  });

  test('a broken one counts as missing, with a warning; a newer one is refused', async () => {
    const instance = await instanceIn(await temporaryFolder());
    const path = join(instance.cloudFolder, 'state.json');
    await writeState(instance, state);
    const good: Record<string, unknown> = JSON.parse(await readFile(path, 'utf8'));
    const broken = ['{', '[]', '{"schema":"2"}'];
    for (const change of [
      { base: 7 },
      { root: 'x' },
      { seen: ['x'] },
      { scope: 1 },
      { device_id: 1 },
      { files: 1 },
      { key_hint: 1 },
    ]) {
      broken.push(JSON.stringify({ ...good, ...change }));
    }
    for (const text of broken) {
      await writeFile(path, text);
      const { state: found, warnings } = await readState(instance);
      expect([found, warnings], text).toEqual([undefined, [expect.stringContaining('state.json')]]);
    }
    await writeFile(path, '{"schema":3}');
    await expect(readState(instance)).rejects.toMatchObject({ code: 'bad-settings' });
    await expect(readStateHead(instance)).rejects.toThrow('update instance-sync');
  });
});

describe('the table of files', () => {
  const hex = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
  const records = fc.record({
    type: fc.constantFrom('file', 'symlink', 'dir'),
    size: fc.maxSafeNat(),
    executable: fc.boolean(),
    content: fc.array(
      hex.map((text) => parseId<BlobId>(text, 'test')),
      { maxLength: 3 },
    ),
    mtimeMs: fc.maxSafeInteger(),
    mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    ctimeNs: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    inode: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  });
  const extras = fc.record({ linktarget: fc.string(), held: fc.constant(true) }, { requiredKeys: [] });
  const rows = fc.tuple(records, extras).map(([one, extra]): FileRecord => ({ ...one, ...extra }));
  const names = fc.string({ unit: fc.constantFrom('a', '/', 'ü', '\udc80', '😀', '\n'), minLength: 1 });

  test('comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(names, rows)), (list) => {
        const table = new Map(
          list.map(([name, row]) => [
            name,
            { ...row, ...(row.linktarget === undefined ? {} : { linktarget: row.linktarget.replaceAll('\0', '') }) },
          ]),
        );
        const stored = decodeFileTable(encodeFileTable(table));
        expect(new Map(stored)).toEqual(table);
        for (const [path, record] of table) expect(stored?.get(path)).toEqual(record);
        expect([stored?.size, [...(stored?.values() ?? [])]]).toEqual([table.size, [...table.values()]]);
      }),
    );
  });

  test('any bytes are a table or none, never an exception', () => {
    const good = encodeFileTable(state.files);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 5 }),
        fc.nat(good.length),
        (edits, cut) => {
          const bytes = new Uint8Array(good);
          for (const [at, value] of edits) bytes[at] = value;
          for (const some of [bytes, bytes.subarray(0, cut)]) for (const _ of decodeFileTable(some) ?? []);
        },
      ),
    );
  });
});

test('50,000 files are saved and loaded in a moment', async () => {
  const instance = await instanceIn(await temporaryFolder());
  const files = new Map<string, FileRecord>();
  for (let i = 0; i < 50_000; i++)
    files.set(`saves/World ${i % 7}/region/r.${i}.${i % 100}.mca`, { ...record, inode: BigInt(i) });
  const started = performance.now();
  await writeState(instance, { ...state, files });
  const saved = performance.now();
  const { state: found } = await readState(instance);
  const loaded = performance.now();
  expect(found?.files.size).toBe(50_000);
  expect(found?.files.get('saves/World 3/region/r.3.3.mca')).toEqual({ ...record, inode: 3n });
  if (process.env['SHOW_TIMES']) process.stderr.write(`save ${saved - started} ms, load ${loaded - saved} ms\n`);
  expect(loaded - started).toBeLessThan(5000);
});
