/** Headers of stored packs: short ones in one request, long ones in two, broken ones told. */
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import type { PackId } from '../../src/base/ids.js';
import { headerOfPack } from '../../src/repo/pack-header.js';
import { addData, type TestRepository, testRepository } from '../helpers/repository.js';

async function packOf(count: number): Promise<TestRepository & { id: PackId; size: number }> {
  const test = await testRepository();
  await test.repo.write({}, async (session) => {
    for (let i = 0; i < count; i++) await addData(test.repo, session, utf8(`blob ${i}`));
    await session.flush();
  });
  const [file] = await test.backend.list('data');
  return { ...test, id: (file?.name ?? '') as PackId, size: file?.size ?? 0 };
}

describe('readPackHeader', () => {
  it.each([1, 15, 16, 40])('finds all of %i blobs where the index has them', async (count) => {
    const { repo, id, size, backend } = await packOf(count);
    const blobs = await repo.readPackHeader(id, size);
    expect(blobs).toHaveLength(count);
    for (const blob of blobs) expect(repo.index.locate('data', blob.id)).toEqual([{ ...blob, pack: id }]);
    expect(headerOfPack(repo.codec, await backend.read('data', id), 'pack')).toEqual(blobs);
  });

  it('throws damaged for a flipped bit, a wrong size, and not-found for a pack that is gone', async () => {
    const { repo, backend, id, size } = await packOf(3);
    const bytes = (await backend.read('data', id)).slice();
    const at = bytes.length - 20;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await backend.remove('data', id);
    await expect(repo.readPackHeader(id, size)).rejects.toMatchObject({ code: 'not-found' });
    await backend.write('data', id, bytes);
    await expect(repo.readPackHeader(id, size)).rejects.toMatchObject({ code: 'damaged' });
    await expect(repo.readPackHeader(id, size - 7)).rejects.toMatchObject({ code: 'damaged' });
  });
});
