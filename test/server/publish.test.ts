import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publish } from '../../src/server/publish.js';
import { temporaryFolder } from './fixture.js';

/** As on FAT and some network shares. */
const noLinks = {
  link: (): Promise<void> => Promise.reject(Object.assign(new Error('no links here'), { code: 'EPERM' })),
};

describe.each([
  ['with hard links', undefined],
  ['without hard links', noLinks],
])('publish %s', (_, calls) => {
  it.each([true, false])('gives one of many the name (named by hash: %s)', async (named) => {
    const folder = await temporaryFolder();
    const path = join(folder, 'name');
    const parts = await Promise.all(
      Array.from({ length: 6 }, async (_unused, i) => {
        const part = join(folder, `part-${i}`);
        await writeFile(part, `bytes of ${i}`);
        return part;
      }),
    );
    const results = await Promise.allSettled(parts.map((part) => publish(part, path, named, calls)));
    const winners = results.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(await readFile(path, 'utf8')).toBe(`bytes of ${winners[0]}`);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'exists' });
    }
  });
});

describe('publish', () => {
  it('does not take a full disk for missing links', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'part'), 'x');
    const full = { link: (): Promise<void> => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })) };
    await expect(publish(join(folder, 'part'), join(folder, 'name'), true, full)).rejects.toMatchObject({
      code: 'ENOSPC',
    });
    await expect(readFile(join(folder, 'name'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
