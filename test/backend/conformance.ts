/** What every backend must do, decorated or not. The memory backend is the oracle of the random run. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { LISTED_TYPES } from '../../src/backend/backend.js';
import { memoryBackend } from '../../src/backend/memory.js';
import type { Bytes } from '../../src/base/bytes.js';
import { utf8 } from '../../src/base/bytes.js';

export interface Subject {
  readonly backend: Backend;
  /** Takes away what the subject left behind; called after `backend.close()`. */
  readonly clean?: () => Promise<void>;
}

export function sha256(data: Bytes): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Bytes that do not repeat, the same for one seed. */
export function patternBytes(length: number, seed = 1): Bytes {
  const data = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state >>> 24;
  }
  return data;
}

const ABSENT = 'f'.repeat(64);
const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);

export function describeConformance(title: string, open: () => Promise<Subject>): void {
  describe(`${title}: conformance`, () => {
    let subject: Subject;
    let backend: Backend;
    beforeEach(async () => {
      subject = await open();
      backend = subject.backend;
      await backend.create();
    });
    afterEach(async () => {
      await backend.close();
      await subject.clean?.();
    });

    it('lists nothing in a new repository, and creating it again is no error', async () => {
      await backend.create();
      for (const type of LISTED_TYPES) expect(await backend.list(type)).toEqual([]);
      expect(await backend.stat('config', '')).toBeUndefined();
    });

    it('gives back what was stored, for every type', async () => {
      const config = utf8('the config');
      await backend.write('config', '', config);
      expect(await backend.read('config', '')).toEqual(config);
      expect(await backend.stat('config', '')).toBe(config.length);
      for (const [i, type] of LISTED_TYPES.entries()) {
        const files = [patternBytes(1000 + i, i + 1), patternBytes(6000 + i, i + 9)];
        for (const data of files) await backend.write(type, sha256(data), data);
        for (const data of files) {
          expect(await backend.read(type, sha256(data))).toEqual(data);
          expect(await backend.stat(type, sha256(data))).toBe(data.length);
        }
        const expected = files.map((data) => ({ name: sha256(data), size: data.length }));
        expect((await backend.list(type)).sort(byName)).toEqual(expected.sort(byName));
      }
    });

    it('stores an empty file and a large one', async () => {
      for (const data of [new Uint8Array(0), patternBytes(3_000_001)]) {
        await backend.write('data', sha256(data), data);
        expect(Buffer.compare(await backend.read('data', sha256(data)), data)).toBe(0);
      }
    });

    it('reads exactly the range', async () => {
      const data = patternBytes(5000);
      const name = sha256(data);
      await backend.write('data', name, data);
      for (const [offset, length] of [
        [0, 1],
        [0, 5000],
        [4999, 1],
        [17, 1234],
        [0, 0],
        [5000, 0],
      ] as const) {
        expect(await backend.read('data', name, { offset, length })).toEqual(data.slice(offset, offset + length));
      }
    });

    it("throws 'damaged' if the file ends before the range does", async () => {
      const data = patternBytes(100);
      const name = sha256(data);
      await backend.write('data', name, data);
      for (const [offset, length] of [
        [0, 101],
        [99, 2],
        [100, 1],
        [5000, 10],
        [101, 0],
      ] as const) {
        await expect(backend.read('data', name, { offset, length })).rejects.toMatchObject({ code: 'damaged' });
      }
      expect(await backend.read('data', name)).toEqual(data);
    });

    it("throws 'not-found' for a file that is not there, with its type and the start of its name", async () => {
      for (const type of LISTED_TYPES) {
        const error = { code: 'not-found', retryable: false, message: expect.stringContaining(`${type}/ffffffff`) };
        await expect(backend.read(type, ABSENT)).rejects.toMatchObject(error);
        await expect(backend.read(type, ABSENT, { offset: 0, length: 4 })).rejects.toMatchObject(error);
        expect(await backend.stat(type, ABSENT)).toBeUndefined();
      }
      await expect(backend.read('config', '')).rejects.toMatchObject({ code: 'not-found' });
    });

    it("throws 'exists' for a second write and leaves the first", async () => {
      const data = patternBytes(333);
      await backend.write('keys', sha256(data), data);
      await expect(backend.write('keys', sha256(data), data)).rejects.toMatchObject({ code: 'exists' });
      await backend.write('config', '', utf8('one'));
      await expect(backend.write('config', '', utf8('two'))).rejects.toMatchObject({
        code: 'exists',
        retryable: false,
      });
      expect(await backend.read('config', '')).toEqual(utf8('one'));
    });

    it('removes a file, and what is not there', async () => {
      const data = patternBytes(50);
      for (const type of ['locks', 'data'] as const) {
        await backend.write(type, sha256(data), data);
        await backend.remove(type, sha256(data));
        expect(await backend.stat(type, sha256(data))).toBeUndefined();
        expect(await backend.list(type)).toEqual([]);
        await backend.remove(type, sha256(data));
        await backend.write(type, sha256(data), data);
      }
    });

    it('refuses names that are no ids', async () => {
      for (const name of ['', 'x', '../config', 'A'.repeat(64), `${'a'.repeat(63)}/`, `${'a'.repeat(64)}\n`]) {
        const error = { code: 'internal' };
        await expect(backend.write('data', name, new Uint8Array(1))).rejects.toMatchObject(error);
        await expect(backend.read('data', name)).rejects.toMatchObject(error);
        await expect(backend.stat('data', name)).rejects.toMatchObject(error);
        await expect(backend.remove('data', name)).rejects.toMatchObject(error);
      }
      await expect(backend.read('config', ABSENT)).rejects.toMatchObject({ code: 'internal' });
    });

    it('does nothing once the signal has fired', async () => {
      const signal = AbortSignal.abort();
      const error = { code: 'aborted', retryable: false };
      await expect(backend.create({ signal })).rejects.toMatchObject(error);
      await expect(backend.list('keys', { signal })).rejects.toMatchObject(error);
      await expect(backend.stat('keys', ABSENT, { signal })).rejects.toMatchObject(error);
      await expect(backend.read('keys', ABSENT, undefined, { signal })).rejects.toMatchObject(error);
      await expect(backend.write('keys', ABSENT, utf8('x'), { signal })).rejects.toMatchObject(error);
      await expect(backend.remove('keys', ABSENT, { signal })).rejects.toMatchObject(error);
      expect(await backend.list('keys')).toEqual([]);
    });

    it('does many things at once', async () => {
      const files = Array.from({ length: 40 }, (_, i) => patternBytes(500 + i * 37, i + 1));
      await Promise.all(files.map((data) => backend.write('data', sha256(data), data)));
      const read = await Promise.all(files.map((data) => backend.read('data', sha256(data))));
      expect(read).toEqual(files);
      expect(await backend.list('data')).toHaveLength(files.length);
    });

    it('does what the memory backend does, in any order of calls', async () => {
      const contents = Array.from({ length: 5 }, (_, i) => patternBytes(i * 700 + i, i + 77));
      const step = fc.record({
        call: fc.constantFrom('write', 'read', 'range', 'stat', 'remove', 'list'),
        type: fc.constantFrom(...LISTED_TYPES),
        data: fc.constantFrom(...contents),
        offset: fc.nat(900),
        length: fc.nat(900),
      });
      const oracle = memoryBackend();
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          for (const { call, type, data, offset, length } of steps) {
            const run = async (target: Backend): Promise<unknown> => {
              const name = sha256(data);
              try {
                if (call === 'write') return await target.write(type, name, data);
                if (call === 'read') return await target.read(type, name);
                if (call === 'range') return await target.read(type, name, { offset, length });
                if (call === 'stat') return await target.stat(type, name);
                if (call === 'remove') return await target.remove(type, name);
                return (await target.list(type)).sort(byName);
              } catch (error) {
                return error instanceof Error && 'code' in error ? `error ${String(error.code)}` : error;
              }
            };
            expect(await run(backend)).toEqual(await run(oracle));
          }
        }),
        { numRuns: 15 },
      );
    });
  });
}
