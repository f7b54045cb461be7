import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workerSource } from 'virtual:worker-source';
import { afterAll, describe, expect, it } from 'vitest';
import { type Bytes, concatBytes, toHex, utf8 } from '../../src/base/bytes.js';
import type { PackId } from '../../src/base/ids.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { seal } from '../../src/crypto/box.js';
import { encodeHeader } from '../../src/pack/header.js';
import type { Codec } from '../../src/repo/codec.js';
import { blobId, sealBlob } from '../../src/repo/codec.js';
import { newMasterKey } from '../../src/repo/key-file.js';
import type { PackPart } from '../../src/repo/loader.js';
import { inlinePartWork, type PartWork } from '../../src/worker/part-work.js';
import { poolExecutor } from '../../src/worker/pool.js';
import { at, crypto, noise, POLYNOMIAL, rejection } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const key = newMasterKey(crypto);
const codec: Codec = { crypto, zstd: await loadZstd(), key, version: 2 };
const setup = { key, version: 2, polynomial: POLYNOMIAL } as const;
const pool = poolExecutor({ threads: 2, source: workerSource, setup });
afterAll(() => pool.close());

const ONE = utf8('one '.repeat(2000));
const TWO = noise(5000);
const ZEROS = new Uint8Array(20_000);
const PLAINS: readonly Bytes[] = [ONE, TWO, ZEROS];
const FROM = 100;
const MTIME = 1_700_000_000_123;

/** A part with the three blobs, in the middle of a larger buffer, as lent memory is. */
function partOf(plains: readonly Bytes[] = PLAINS): { part: PackPart; bytes: Bytes } {
  const pack = 'ab'.repeat(32) as PackId;
  const sealed = plains.map((plain) => sealBlob(codec, 'data', blobId(crypto, plain), plain));
  let offset = FROM;
  const blobs = sealed.map(({ sealed: box, ...rest }) => {
    const entry = { ...rest, offset, length: box.length, pack };
    offset += box.length;
    return entry;
  });
  const memory = new Uint8Array(64 * 1024);
  memory.set(concatBytes(sealed.map((one) => one.sealed)));
  return { part: { pack, offset: FROM, length: offset - FROM, blobs }, bytes: memory.subarray(0, offset - FROM) };
}

const places = (...triples: readonly (readonly [number, number, number])[]): Float64Array =>
  Float64Array.from(triples.flat());

describe.each([
  ['inline', inlinePartWork(codec)],
  ['pool', pool],
] as [string, PartWork][])('%s: a part', (_name, work) => {
  it('is written: whole files are made and finished, others filled', async () => {
    const folder = tempFolder();
    const [whole, twice, spread] = ['whole', 'twice', 'spread'].map((name) => join(folder, name));
    writeFileSync(spread ?? '', 'x'.repeat(30_000));
    const { part, bytes } = partOf();
    const files = [
      { path: whole ?? '', whole: { mtimeMs: MTIME, mode: 0o640 } },
      { path: twice ?? '', whole: { length: 2 * ONE.length } },
      { path: spread ?? '' },
    ];
    const where = places([0, 1, 0], [0, 1, ONE.length], [0, 2, 7], [1, 0, 0]);
    const written = await work.writePart(part, bytes, { files, places: where });
    expect([written.damaged.size, written.failed.size, written.unfinished]).toEqual([0, 0, []]);
    expect(written.bytes.buffer.byteLength).toBe(64 * 1024);
    expect(readFileSync(whole ?? '').equals(TWO)).toBe(true);
    expect(Math.round(statSync(whole ?? '').mtimeMs)).toBe(MTIME);
    if (process.platform !== 'win32') expect(statSync(whole ?? '').mode & 0o777).toBe(0o640);
    expect(readFileSync(twice ?? '').equals(concatBytes([ONE, ONE]))).toBe(true);
    const filled = readFileSync(spread ?? '');
    expect(filled.subarray(7, 7 + ONE.length).equals(ONE)).toBe(true);
    expect([filled.length, filled.subarray(0, 7).toString()]).toEqual([30_000, 'xxxxxxx']);
  });

  it('leaves out zeros of sparse files only', async () => {
    const folder = tempFolder();
    const [sparse, full] = [join(folder, 'sparse'), join(folder, 'full')];
    for (const path of [sparse, full]) writeFileSync(path, 'x'.repeat(ZEROS.length));
    const { part, bytes } = partOf();
    const files = [{ path: sparse, sparse: true }, { path: full }];
    await work.writePart(part, bytes, { files, places: places([2, 0, 0], [2, 1, 0]) });
    expect(readFileSync(full).equals(ZEROS)).toBe(true);
    expect(readFileSync(sparse, 'utf8')).toBe('x'.repeat(ZEROS.length));
  });

  it('with a damaged blob, or a file that cannot be written, tells which, and does the rest', async () => {
    const folder = tempFolder();
    const name = (n: string): string => join(folder, n);
    writeFileSync(name('there'), 'somebody was here');
    mkdirSync(name('folder'));
    const { part, bytes } = partOf();
    const second = at(part.blobs, 1).offset - FROM + 20;
    bytes[second] = (bytes[second] ?? 0) ^ 1;
    const files = [
      { path: name('good'), whole: {} },
      { path: name('half'), whole: { length: 20_000 } },
      { path: name('never'), whole: {} },
      { path: name('there'), whole: {} },
      { path: name('folder') },
    ];
    const where = places([0, 0, 0], [0, 1, 0], [0, 3, 0], [0, 4, 0], [1, 1, ONE.length], [1, 2, 0]);
    const written = await work.writePart(part, bytes, { files, places: where });
    expect([...written.damaged].map(([blob, { code }]) => [blob, code])).toEqual([[1, 'damaged']]);
    expect([...written.failed].map(([file, { errno }]) => [file, errno])).toEqual([
      [3, 'EEXIST'],
      [4, 'EISDIR'],
    ]);
    expect(written.unfinished).toEqual([1]);
    expect(readdirSync(folder).sort()).toEqual(['folder', 'good', 'half', 'there']);
    expect(readFileSync(name('good')).equals(ONE)).toBe(true);
    expect(readFileSync(name('half')).length).toBe(20_000);
    expect(readFileSync(name('there'), 'utf8')).toBe('somebody was here');
  });

  it('of more files than may be open at once is written all the same', async () => {
    const folder = tempFolder();
    const files = Array.from({ length: 40 }, (_, i) => ({ path: join(folder, String(i)), whole: { length: 13_000 } }));
    const rounds = [0, 1].flatMap((blob) => files.map((_, i) => [blob, i, blob * ONE.length] as const));
    const { part, bytes } = partOf();
    const written = await work.writePart(part, bytes, { files, places: places(...rounds) });
    expect(written.unfinished).toEqual([]);
    for (const { path } of files) expect(readFileSync(path).equals(concatBytes([ONE, TWO]))).toBe(true);
  });

  it('that is a whole pack is looked into', async () => {
    const { part, bytes } = partOf();
    const blobs = part.blobs.map(({ pack: _, ...blob }) => ({ ...blob, offset: blob.offset - FROM }));
    const header = seal(crypto, key, encodeHeader(blobs));
    const end = new Uint8Array(4);
    new DataView(end.buffer).setUint32(0, header.length, true);
    const pack = concatBytes([bytes, header, end]);
    const id = toHex(crypto.sha256(pack)) as PackId;
    const sound = await work.checkPack({ id, blobs }, pack.slice());
    expect([sound.ofPack, sound.ofIndex, sound.bytes.length]).toEqual([[], [], pack.length]);
    const wrong = await work.checkPack({ id, blobs: blobs.slice(1) }, pack.slice());
    expect([wrong.ofPack, wrong.ofIndex.length]).toEqual([[], 1]);
    pack[30] = (pack[30] ?? 0) ^ 1;
    const bad = await work.checkPack({ id, blobs }, pack.slice());
    expect(bad.ofPack).toHaveLength(2);
  });
});

describe('a thread that ends', () => {
  it('fails what it was writing', async () => {
    const dying = poolExecutor({ threads: 1, source: 'setTimeout(() => process.exit(3), 50);', setup });
    const { part, bytes } = partOf();
    const path = join(tempFolder(), 'x');
    const files = [{ path, whole: {} }];
    const error = await rejection(dying.writePart(part, bytes, { files, places: places([0, 0, 0]) }));
    expect([error.code, existsSync(path)]).toEqual(['internal', false]);
    await dying.close();
  });
});
