/**
 * A disk that is full at one call that needs room, at every one, for that call only or until somebody makes room: the
 * folder is in its old state or in its new one, and the next command completes.
 */
import { existsSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { codeOf } from '../helpers/two-pcs.js';
import { ACTS, type Act, forEachPoint } from './bad-luck-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

/** Asked before each call that needs room, with its name and a path; throws what the system says. */
const disk = vi.hoisted(() => ({ before: (_call: string, _path: string): void => undefined }));

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const watched = (handle: FileHandle, path: string): FileHandle =>
    new Proxy(handle, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        const isWrite = ['write', 'writeFile', 'sync'].includes(String(key));
        return (...args: unknown[]): unknown => {
          if (!isWrite) return value.apply(target, args);
          return Promise.resolve().then(() => {
            disk.before(String(key), path);
            return value.apply(target, args);
          });
        };
      },
    });
  const guarded = <F extends (...args: never[]) => Promise<unknown>>(name: string, call: F, at: number): F =>
    (async (...args: Parameters<F>): Promise<unknown> => {
      disk.before(name, String(args[at]));
      return call(...args);
    }) as F;
  const open: typeof fs.open = async (path, flags, mode) => {
    const isRead = flags === undefined || flags === 'r' || (typeof flags === 'number' && (flags & 3) === 0);
    if (isRead) return fs.open(path, flags, mode);
    disk.before('open', String(path));
    return watched(await fs.open(path, flags, mode), String(path));
  };
  const changed = {
    open,
    mkdir: guarded('mkdir', fs.mkdir, 0),
    rename: guarded('rename', fs.rename, 1),
    symlink: guarded('symlink', fs.symlink, 1),
    writeFile: guarded('writeFile', fs.writeFile, 0),
  };
  return { ...fs, ...changed, default: { ...fs, ...changed } };
});

type Until = 'for one call' | 'until room is made';

async function fillAtEach(act: Act, until: Until): Promise<number> {
  return forEachPoint(act, async (scene, n) => {
    let count = 0;
    disk.before = (call, path) => {
      if (!path.startsWith(scene.pc.game)) return;
      count += 1;
      if (until === 'for one call' ? count !== n : count < n) return;
      throw Object.assign(new Error(`ENOSPC: ${call} ${path}`), { code: 'ENOSPC', syscall: call });
    };
    const code = await codeOf(scene.run());
    disk.before = () => undefined;
    const isLast = count < n;
    expect(isLast ? ['ok'] : ['ok', 'no-space']).toContain(code);
    // A move back that finds no room either is left to the next command, which knows of it.
    const isLeft = until !== 'for one call' && existsSync(join(scene.pc.cloudFolder, 'journal.json'));
    return { isLast, isLeft };
  });
}

const called = (wanted: RegExp): readonly Act[] => ACTS.filter(({ title }) => wanted.test(title));

describe('no room until some is made', () => {
  it.each(called(/first|later|a pull$|pull that merges/))(
    'from each write of $title',
    { timeout: 60_000 },
    async (act) => {
      expect(await fillAtEach(act, 'until room is made')).toBeGreaterThan(10);
    },
  );
});

describe('no room for one call', () => {
  it.each(called(/a pull$/))('each write of $title', { timeout: 60_000 }, async (act) => {
    expect(await fillAtEach(act, 'for one call')).toBeGreaterThan(30);
  });
});
