import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { whileBusy } from '../../src/disk/busy.js';
import { ignoreIfUnsupported, syncFolder } from '../../src/disk/sync-folder.js';
import { tempFolder } from '../helpers/temp.js';

const folder = tempFolder();

describe('whileBusy', () => {
  const failing = (errno: string, times: number): { work: () => Promise<string>; tries: () => number } => {
    let tries = 0;
    const work = async (): Promise<string> => {
      if (++tries <= times) throw Object.assign(new Error(errno), { code: errno });
      return 'done';
    };
    return { work, tries: () => tries };
  };

  it.each([
    ['EBUSY', 'win32'],
    ['EPERM', 'win32'],
    ['EACCES', 'win32'],
    ['EBUSY', 'linux'],
  ])('repeats %s on %s', async (errno, platform) => {
    const { work } = failing(errno, 5);
    expect(await whileBusy(work, { platform, firstDelayMs: 0.1 })).toBe('done');
    const stubborn = failing(errno, 1000);
    await expect(whileBusy(stubborn.work, { platform, firstDelayMs: 0.1 })).rejects.toThrow(errno);
    expect(stubborn.tries()).toBe(10);
  });

  it.each([
    ['EPERM', 'linux'],
    ['EACCES', 'darwin'],
    ['ENOENT', 'win32'],
  ])('does not repeat %s on %s', async (errno, platform) => {
    const { work, tries } = failing(errno, 1);
    await expect(whileBusy(work, { platform })).rejects.toThrow(errno);
    expect(tries()).toBe(1);
  });

  it('stops when the signal fires', async () => {
    const { work } = failing('EBUSY', 1000);
    await expect(whileBusy(work, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('syncFolder', () => {
  it('works where it can, ignores what the system lacks, and reports the rest', async () => {
    await syncFolder(folder);
    await expect(syncFolder(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
    const error = (code: string): Error => Object.assign(new Error(code), { code });
    for (const code of ['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP'])
      expect(() => ignoreIfUnsupported(error(code))).not.toThrow();
    expect(() => ignoreIfUnsupported(error('EIO'))).toThrow('EIO');
  });
});
