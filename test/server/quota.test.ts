import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countBytes, createQuota } from '../../src/server/quota.js';
import { temporaryFolder } from './fixture.js';

describe('quota', () => {
  it('reserves up to the limit and not beyond, and takes back what is released', () => {
    const quota = createQuota(100, 40);
    quota.reserve(60);
    expect(quota.used).toBe(100);
    expect(() => quota.reserve(1)).toThrow(expect.objectContaining({ code: 'no-space' }));
    expect(quota.used).toBe(100);
    quota.release(10);
    quota.reserve(10);
    expect(() => quota.reserve(1)).toThrow();
  });

  it('counts the bytes of all files', async () => {
    const path = await temporaryFolder();
    expect(await countBytes(path)).toBe(0);
    await mkdir(join(path, 'a', 'b'), { recursive: true });
    await writeFile(join(path, 'a', 'b', 'x'), 'x'.repeat(1000));
    await writeFile(join(path, 'y'), 'y'.repeat(24));
    expect(await countBytes(path)).toBe(1024);
    expect(await countBytes(join(path, 'none'))).toBe(0);
  });
});
