import { execFile } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { workerSource } from 'virtual:worker-source';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { type Bytes, concatBytes, utf8 } from '../../src/base/bytes.js';
import { SyncError } from '../../src/base/errors.js';
import type { BlobId, PackId } from '../../src/base/ids.js';
import { createPlainChunker, MAX_CHUNK, MIN_CHUNK } from '../../src/chunker/chunker.js';
import { parsePolynomial } from '../../src/chunker/polynomial.js';
import { loadZstd } from '../../src/compress/zstd.js';
import type { Codec, SealedBlob } from '../../src/repo/codec.js';
import { blobId, openBlob, sealBlob } from '../../src/repo/codec.js';
import { newMasterKey } from '../../src/repo/key-file.js';
import type { PackPart } from '../../src/repo/loader.js';
import type { Executor, FileSink } from '../../src/worker/executor.js';
import { inlineExecutor } from '../../src/worker/executor.js';
import { poolExecutor } from '../../src/worker/pool.js';
import { onPosix } from '../helpers/only-where.js';
import { at, crypto, noise, POLYNOMIAL, rejection } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const key = newMasterKey(crypto);
const codec: Codec = { crypto, zstd: await loadZstd(), key, version: 2 };
const polynomial = parsePolynomial(POLYNOMIAL);
const setup = { key, version: 2, polynomial: POLYNOMIAL } as const;

const inline = inlineExecutor({ codec, newChunker: () => createPlainChunker(polynomial) });
const pool = poolExecutor({ threads: 2, source: workerSource, setup });
afterAll(() => pool.close());

const folder = tempFolder();
let made = 0;
function fileOf(bytes: Bytes): string {
  const path = join(folder, `file-${made++}`);
  writeFileSync(path, bytes);
  return path;
}

/** Takes every blob that it has not seen. */
class Collector implements FileSink {
  readonly blobs = new Map<BlobId, SealedBlob>();
  readonly #claimed = new Set<BlobId>();

  claim(id: BlobId): boolean {
    if (this.#claimed.has(id)) return false;
    this.#claimed.add(id);
    return true;
  }

  async emit(blob: SealedBlob, plainLength: number): Promise<void> {
    expect(plainLength).toBe(this.plain(blob).length);
    // The bytes are lent.
    this.blobs.set(blob.id, { ...blob, sealed: blob.sealed.slice() });
  }

  plain(blob: SealedBlob | undefined): Bytes {
    if (!blob) throw new Error('a blob is missing');
    const { sealed, ...rest } = blob;
    return openBlob(codec, { ...rest, offset: 0, length: sealed.length }, sealed, 'test');
  }

  file(content: readonly BlobId[]): Bytes {
    return concatBytes(content.map((id) => this.plain(this.blobs.get(id))));
  }
}

/** Of several chunks. */
const large = noise(6 * 1024 * 1024, 7);
const FILES: readonly [string, Bytes][] = [
  ['empty', new Uint8Array(0)],
  ['of one byte', utf8('x')],
  ['one byte below the smallest chunk', noise(MIN_CHUNK - 1)],
  ['as long as the smallest chunk', noise(MIN_CHUNK)],
  ['one byte above the smallest chunk', noise(MIN_CHUNK + 1)],
  ['as long as the largest chunk', noise(MAX_CHUNK, 3)],
  ['of 20 MiB', noise(20 * 1024 * 1024, 8)],
  ['of zeros', new Uint8Array(MAX_CHUNK + MIN_CHUNK + 5)],
  // Never a cut: the fingerprint of ones is not zero.
  ['that is cut at the largest size only', new Uint8Array(2 * MAX_CHUNK + 100).fill(0xff)],
];

describe.each([
  ['inline', inline],
  ['pool', pool],
] as [string, Executor][])('%s', (_name, executor) => {
  it.each(FILES)('saves a file %s so that it can be put together again', async (_what, bytes) => {
    const sink = new Collector();
    const result = await executor.saveFile(fileOf(bytes), sink);
    expect(result.size).toBe(bytes.length);
    expect(Buffer.compare(sink.file(result.content), bytes)).toBe(0);
    for (const id of result.content.slice(0, -1)) {
      const { length } = sink.plain(sink.blobs.get(id));
      expect(length >= MIN_CHUNK && length <= MAX_CHUNK).toBe(true);
    }
  });

  it('stores nothing twice, and nothing that nobody wants', async () => {
    const sink = new Collector();
    const { content } = await executor.saveFile(fileOf(new Uint8Array(3 * MIN_CHUNK)), sink);
    expect(content).toHaveLength(3);
    expect(sink.blobs.size).toBe(1);
    const none: FileSink = { claim: () => false, emit: () => Promise.reject(new Error('not wanted')) };
    expect((await executor.saveFile(fileOf(large), none)).content.length).toBeGreaterThan(3);
  });

  it('tells why a file cannot be read', async () => {
    const sink = new Collector();
    const gone = await rejection(executor.saveFile(join(folder, 'gone'), sink));
    expect([gone.code, gone.details['errno']]).toEqual(['io', 'ENOENT']);
    expect(gone.message).toContain('gone');
    mkdirSync(join(folder, 'a-folder'), { recursive: true });
    expect((await rejection(executor.saveFile(join(folder, 'a-folder'), sink))).code).toBe('io');
  });

  onPosix('follows no link and waits for no pipe', async () => {
    const link = join(folder, `link-${made++}`);
    symlinkSync(fileOf(utf8('secret')), link);
    expect((await rejection(executor.saveFile(link, new Collector()))).details['errno']).toBe('ELOOP');
    const pipe = join(folder, `pipe-${made++}`);
    await promisify(execFile)('mkfifo', [pipe]);
    expect((await rejection(executor.saveFile(pipe, new Collector()))).code).toBe('io');
  });

  it('saves what there is of a file that changes meanwhile', async () => {
    for (const [what, change] of [
      ['grows', (path: string) => appendFileSync(path, noise(MIN_CHUNK, 9))],
      ['shrinks', (path: string) => truncateSync(path, MIN_CHUNK * 3)],
      ['vanishes', (path: string) => unlinkSync(path)],
    ] as const) {
      if (what === 'vanishes' && process.platform === 'win32') continue;
      const path = fileOf(large);
      const sink = new Collector();
      let first = true;
      const slow: FileSink = {
        claim: (id) => sink.claim(id),
        emit: async (blob, length) => {
          if (first) change(path);
          first = false;
          await sink.emit(blob, length);
        },
      };
      const result = await executor.saveFile(path, slow);
      expect(sink.file(result.content).length, what).toBe(result.size);
    }
  });

  it('ends with the error that the sink throws', async () => {
    class OwnError extends Error {}
    const error = new OwnError('of the sink');
    const path = fileOf(large);
    const refuse = async (): Promise<never> => {
      await Promise.resolve();
      throw error;
    };
    await expect(executor.saveFile(path, { claim: refuse, emit: async () => undefined })).rejects.toBe(error);
    await expect(executor.saveFile(path, { claim: () => true, emit: refuse })).rejects.toBe(error);
    expect((await executor.saveFile(path, new Collector())).size).toBe(large.length);
  });

  it('stops when the caller gives up', async () => {
    const path = fileOf(large);
    const before = await rejection(executor.saveFile(path, new Collector(), { signal: AbortSignal.abort() }));
    expect(before.code).toBe('aborted');
    const stop = new AbortController();
    const sink = new Collector();
    const stopping: FileSink = {
      claim: (id) => sink.claim(id),
      emit: async (blob, length) => {
        stop.abort();
        await sink.emit(blob, length);
      },
    };
    expect((await rejection(executor.saveFile(path, stopping, { signal: stop.signal }))).code).toBe('aborted');
    expect(sink.blobs.size).toBe(1);
  });

  it('holds one parcel per file while the sink has no room', async () => {
    let emitted = 0;
    let open = (): void => undefined;
    const room = new Promise<void>((resolve) => {
      open = resolve;
    });
    const sink: FileSink = {
      claim: () => true,
      emit: () => {
        emitted += 1;
        return room;
      },
    };
    const saves = [1, 2].map((seed) => executor.saveFile(fileOf(noise(4 * 1024 * 1024, seed)), sink));
    await expect.poll(() => emitted, { timeout: 10_000 }).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(emitted).toBe(2);
    open();
    await Promise.all(saves);
  });

  it('opens the blobs of a part, and gives an error in the place of a damaged one', async () => {
    const plains = [utf8('one '.repeat(50)), noise(500), utf8('')];
    const sealed = plains.map((plain) => sealBlob(codec, 'data', blobId(crypto, plain), plain));
    let offset = 100;
    const pack = 'ab'.repeat(32) as PackId;
    const blobs = sealed.map(({ sealed: box, ...rest }) => {
      const entry = { ...rest, offset, length: box.length, pack };
      offset += box.length;
      return entry;
    });
    const part: PackPart = { pack, offset: 100, length: offset - 100, blobs };
    const bytes = concatBytes(sealed.map((one) => one.sealed));
    expect(await executor.openPart(part, bytes.slice())).toEqual(plains);
    const second = at(blobs, 1).offset - 100 + 20;
    bytes[second] = (bytes[second] ?? 0) ^ 1;
    const [one, two, three] = await executor.openPart(part, bytes);
    expect([one, three]).toEqual([plains[0], plains[2]]);
    expect(two).toBeInstanceOf(SyncError);
    expect(two).toMatchObject({ code: 'damaged' });
  });
});

describe('both', () => {
  it('give the same ids and sizes', async () => {
    for (const [what, bytes] of FILES) {
      const path = fileOf(bytes);
      const none: FileSink = { claim: () => false, emit: async () => undefined };
      const [a, b] = await Promise.all([inline.saveFile(path, none), pool.saveFile(path, none)]);
      expect(b, what).toEqual(a);
    }
  });

  it('do many files at once, with one buffer each', async () => {
    const none: FileSink = { claim: async () => false, emit: async () => undefined };
    const paths = Array.from({ length: 12 }, (_, i) => fileOf(noise(MIN_CHUNK * 2, i + 20)));
    const [a, b] = await Promise.all(
      [inline, pool].map((one) => Promise.all(paths.map((path) => one.saveFile(path, none)))),
    );
    expect(b).toEqual(a);
    expect(new Set(a?.map((result) => result.content.join())).size).toBe(12);
  });
});

describe('a very large file on several threads', () => {
  const spreading = poolExecutor({ threads: 2, source: workerSource, setup, spreadFrom: MIN_CHUNK });
  afterAll(() => spreading.close());
  const bytes = noise(20 * 1024 * 1024, 8);
  const save = (path: string, sink: FileSink): ReturnType<Executor['saveFile']> =>
    spreading.saveFile(path, sink, { size: bytes.length });

  it('is cut where one thread cuts it', async () => {
    const path = fileOf(bytes);
    const sink = new Collector();
    const result = await save(path, sink);
    expect(result).toEqual(await inline.saveFile(path, new Collector()));
    expect(Buffer.compare(sink.file(result.content), bytes)).toBe(0);
  });

  it('and more of them at once than there are threads: none waits for the others for ever', async () => {
    const none: FileSink = { claim: () => false, emit: async () => undefined };
    // Long enough that each has more stretches than may wait.
    const path = fileOf(noise(48 * 1024 * 1024, 40));
    const { size, content } = await inline.saveFile(path, none);
    const results = await Promise.all(Array.from({ length: 5 }, () => spreading.saveFile(path, none, { size })));
    for (const result of results) expect(result.content).toEqual(content);
  });

  it('ends when it is given up, with those that wait for their turn, and the next one is saved', async () => {
    const path = fileOf(noise(48 * 1024 * 1024, 41));
    const { size } = statSync(path);
    const stop = new AbortController();
    const sink: FileSink = { claim: () => false, emit: async () => undefined };
    const stopping: FileSink = {
      ...sink,
      claim: () => {
        stop.abort();
        return false;
      },
    };
    const options = { size, signal: stop.signal };
    const saved = await Promise.allSettled(
      Array.from({ length: 4 }, () => spreading.saveFile(path, stopping, options)),
    );
    expect(saved.map(({ status }) => status)).toEqual(saved.map(() => 'rejected'));
    expect((await spreading.saveFile(path, sink, { size })).size).toBe(size);
  });

  it('is read again, whole, if it changes meanwhile', async () => {
    const path = fileOf(bytes);
    const sink = new Collector();
    let isFirst = true;
    const changing: FileSink = {
      claim: (id) => {
        if (isFirst) appendFileSync(path, noise(MIN_CHUNK, 9));
        isFirst = false;
        return sink.claim(id);
      },
      emit: (blob, length) => sink.emit(blob, length),
    };
    const result = await save(path, changing);
    expect(result.size).toBe(bytes.length + MIN_CHUNK);
    expect(Buffer.compare(sink.file(result.content), readFileSync(path))).toBe(0);
  });

  it('ends with the error of its sink, and with its own', async () => {
    const error = new Error('no room');
    const refusing: FileSink = { claim: () => true, emit: () => Promise.reject(error) };
    await expect(save(fileOf(bytes), refusing)).rejects.toBe(error);
    expect((await rejection(save(join(folder, 'gone'), new Collector()))).details['errno']).toBe('ENOENT');
    expect((await save(fileOf(bytes), new Collector())).size).toBe(bytes.length);
  });
});

describe('small files', () => {
  it('go in batches, and one that cannot be read or has grown does no harm to the others', async () => {
    const contents = Array.from({ length: 150 }, (_, i) => noise(1000 * (i % 7), i));
    const paths = contents.map(fileOf);
    const [lost, grown, empty] = [at(paths, 20), at(paths, 30), at(paths, 0)];
    unlinkSync(lost);
    appendFileSync(grown, noise(2 * MIN_CHUNK, 5));
    const sinks = paths.map(() => new Collector());
    const results = await Promise.allSettled(
      paths.map((path, i) => pool.saveFile(path, at(sinks, i), { size: at(contents, i).length })),
    );
    for (const [i, path] of paths.entries()) {
      const result = at(results, i);
      if (path === lost) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'io' } });
      else if (result.status === 'fulfilled') {
        expect(Buffer.compare(at(sinks, i).file(result.value.content), readFileSync(path)), path).toBe(0);
        expect(result.value.stats.size).toBe(BigInt(readFileSync(path).length));
      } else throw result.reason;
    }
    expect(at(results, paths.indexOf(empty))).toMatchObject({ value: { content: [], size: 0 } });
  });
});

describe('pool', () => {
  it('lets the process end when it is idle or closed, whatever options node was started with', async () => {
    const script = join(folder, 'pool.mjs');
    await build({
      stdin: {
        contents: `
          import { readFileSync } from 'node:fs';
          import { poolExecutor } from './src/worker/pool.ts';
          const key = { encrypt: new Uint8Array(32).fill(1), macK: new Uint8Array(16).fill(2), macR: new Uint8Array(16).fill(3) };
          const [source, file, close] = process.argv.slice(-3);
          const options = { threads: 2, source: readFileSync(source, 'utf8'), setup: { key, version: 2, polynomial: '${POLYNOMIAL}' } };
          const pool = poolExecutor(options);
          const sink = { claim: () => false, emit: async () => undefined };
          console.log((await pool.saveFile(file, sink)).size);
          if (close === 'close') await pool.close();
        `,
        resolveDir: process.cwd(),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: script,
      logLevel: 'silent',
    });
    const source = join(folder, 'worker.cjs');
    writeFileSync(source, workerSource);
    const file = fileOf(noise(MIN_CHUNK + 7));
    const program = readFileSync(script, 'utf8');
    const run = promisify(execFile);
    for (const how of ['close', 'leave']) {
      const limit = { timeout: 15_000 };
      expect((await run(process.execPath, [script, source, file, how], limit)).stdout.trim()).toBe(
        String(MIN_CHUNK + 7),
      );
      const args = ['--input-type=module', '--eval', program, source, file, how];
      expect((await run(process.execPath, args, limit)).stdout.trim()).toBe(String(MIN_CHUNK + 7));
    }
  });

  it('fails the jobs of a thread that ends, and all later ones, and hangs none', async () => {
    const dying = poolExecutor({
      threads: 1,
      source: `${workerSource}\nsetTimeout(() => process.exit(3), 400);`,
      setup,
    });
    const never: FileSink = { claim: () => new Promise(() => undefined), emit: async () => undefined };
    const error = await rejection(dying.saveFile(fileOf(utf8('x')), never));
    expect(error.code).toBe('internal');
    expect(error.message).toMatch(/ended unexpectedly/);
    expect((await rejection(dying.saveFile(fileOf(utf8('x')), never))).code).toBe('internal');
    await dying.close();
  });

  it('fails jobs where the thread cannot even start, and tells a wrong setup', async () => {
    const broken = poolExecutor({ threads: 1, source: 'throw new Error("no such thing");', setup });
    expect((await rejection(broken.saveFile(fileOf(utf8('x')), new Collector()))).message).toMatch(/no such thing/);
    await broken.close();
    const wrong = poolExecutor({ threads: 1, source: workerSource, setup: { ...setup, polynomial: '3' } });
    expect((await rejection(wrong.saveFile(fileOf(utf8('x')), new Collector()))).code).toBe('damaged');
    await wrong.close();
  });

  it('fails what is under way when it is closed', async () => {
    const closing = poolExecutor({ threads: 1, source: workerSource, setup });
    const never: FileSink = { claim: () => new Promise(() => undefined), emit: async () => undefined };
    const pending = rejection(closing.saveFile(fileOf(utf8('x')), never));
    await closing.close();
    expect((await pending).code).toBe('internal');
    await closing.close();
  });

  it('goes on with other files after the sink has refused one', async () => {
    const path = fileOf(large);
    for (let i = 0; i < 5; i++) {
      await expect(
        pool.saveFile(path, { claim: () => true, emit: () => Promise.reject(new Error('no')) }),
      ).rejects.toThrow('no');
    }
    expect((await pool.saveFile(path, new Collector())).size).toBe(large.length);
  });
});
