/** Which locks calls take, how long they hold them, and what an index is worth after others had the repository. */
import { describe, expect, it } from 'vitest';
import { backup } from '../../src/library/backup.js';
import { check } from '../../src/library/check.js';
import { copy } from '../../src/library/copy.js';
import { forget } from '../../src/library/forget.js';
import { openedOf } from '../../src/library/opened.js';
import { prune } from '../../src/library/prune.js';
import { restore } from '../../src/library/restore.js';
import { acquireLock } from '../../src/repo/lock.js';
import { at, rejection } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { all, backedUp, bytesOf, folderRepository, gameFolder, memoryRepository } from './env.js';

describe('reading', () => {
  it('holds one lock for all loops, until the last of them is left', async () => {
    const { repo, locks } = await folderRepository();
    await backedUp(repo);
    expect(locks()).toEqual([]);
    for await (const _ of repo.walk('latest')) {
      expect(locks().length).toBe(1);
      for await (const _piece of repo.readFile('latest', '/game/mods/big.jar')) {
        expect(locks().length).toBe(1);
        break;
      }
      expect(locks().length).toBe(1);
      break;
    }
    expect(locks()).toEqual([]);
    await repo.close();
  });

  it('takes one lock and one look at the index for many look-ups', async () => {
    const { repo, backend } = await memoryRepository();
    await backedUp(repo);
    const { tree } = await repo.snapshot('latest');
    openedOf(repo).engine.forgetIndex();
    await openedOf(repo).reading.settle();
    const [wrote, listed, read] = [
      backend.count('write', 'locks'),
      backend.count('list', 'index'),
      backend.count('read', 'index'),
    ];
    await Promise.all(Array.from({ length: 50 }, () => repo.tree(tree)));
    for (let i = 0; i < 5; i++) await repo.tree(tree);
    expect(backend.count('write', 'locks') - wrote).toBe(1);
    expect(backend.count('list', 'index') - listed).toBe(1);
    expect(backend.count('read', 'index') - read).toBe(1);
    expect((await backend.names('locks')).length).toBe(1);
    await repo.close();
    expect(await backend.names('locks')).toEqual([]);
  });

  it('gives the lock of a look-up back when no other follows', async () => {
    const { repo, backend } = await memoryRepository();
    await backedUp(repo);
    await repo.snapshot('latest');
    expect((await backend.names('locks')).length).toBe(1);
    await expect.poll(() => backend.names('locks'), { timeout: 5000 }).toEqual([]);
    await repo.close();
  });

  it('is refused while another has the repository alone, and waits where it was told to', async () => {
    const { repo, open } = await folderRepository();
    await backedUp(repo);
    const other = openedOf(await open()).engine;
    const lock = await acquireLock(other.locks, { exclusive: true });
    for (const call of [
      () => repo.snapshot('latest'),
      () => all(repo.walk('latest')),
      () => backup(repo, { paths: [tempFolder()] }),
      () => restore(repo, 'latest', { target: tempFolder() }),
      () => check(repo),
      () => prune(repo),
    ]) {
      expect((await rejection(call())).code).toBe('locked');
    }
    const holders: string[] = [];
    const { path, password } = { path: repo.location, password: 'correct horse' };
    const { Repository } = await import('../../src/library/repository.js');
    const waiting = await Repository.open({
      repository: path,
      password,
      lockWaitMs: 30_000,
      onLockWait: (holder) => {
        holders.push(holder);
        void lock.release();
      },
    });
    expect((await waiting.snapshot('latest')).hostname).toBe('pc');
    expect(at(holders, 0)).toContain('held exclusively');
    await waiting.close();
    await repo.close();
  });
});

describe('a call that needs the repository alone', () => {
  it('follows a look-up at once, and is refused while something is read', async () => {
    const { repo, locks } = await folderRepository();
    await backedUp(repo);
    for (const call of [
      () => check(repo),
      () => prune(repo),
      () => forget(repo, { keep: { last: 1 } }),
      () => forget(repo, { keep: { last: 1 }, dryRun: true }),
    ]) {
      await repo.snapshot('latest');
      await call();
      expect(locks()).toEqual([]);
    }
    for await (const _ of repo.walk('latest')) {
      expect((await rejection(prune(repo))).code).toBe('locked');
      break;
    }
    await repo.close();
  });
});

describe('a lock that is just given back', () => {
  it('is waited for by a call that needs the repository alone', async () => {
    const { repo, backend } = await memoryRepository();
    await backedUp(repo);
    let release = (): void => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    await repo.snapshot('latest');
    backend.before = ({ method, type }) => (method === 'remove' && type === 'locks' ? slow : undefined);
    const removing = (): boolean => backend.calls.at(-1)?.method === 'remove';
    await expect.poll(removing, { timeout: 5000 }).toBe(true);
    const checked = check(repo);
    backend.before = () => undefined;
    setTimeout(release, 50);
    expect((await checked).isSound).toBe(true);
    await repo.close();
  });
});

describe('an index that was loaded before others pruned', () => {
  it('makes no backup believe that data is there', async () => {
    const { repo, open } = await folderRepository();
    const cwd = await backedUp(repo);
    const other = await open();
    const { id } = await other.snapshot('latest');
    const { totals } = (await forget(other, { snapshots: [id], prune: true })).prune ?? {};
    expect(totals?.remainingBlobs).toBe(0);
    const again = await backup(repo, { cwd, paths: ['game'] });
    expect(again.summary.dataBlobs).toBeGreaterThan(1);
    expect((await check(other, { readData: 'all' })).findings).toEqual([]);
    await Promise.all([repo.close(), other.close()]);
  });

  it('is good enough to read on', async () => {
    const { repo, open } = await folderRepository();
    const cwd = gameFolder();
    await backup(repo, { cwd, paths: ['game'], exclude: ['options.txt'], time: new Date(2026, 0, 1) });
    await backup(repo, { cwd, paths: ['game'], time: new Date(2026, 0, 2) });
    expect((await bytesOf(repo.readFile('latest', '/game/options.txt'))).toString()).toBe('fov:90\n');
    const other = await open();
    await forget(other, { keep: { last: 1 }, prune: { maxUnused: { bytes: 0 } } });
    expect((await bytesOf(repo.readFile('latest', '/game/options.txt'))).toString()).toBe('fov:90\n');
    const blobs = (await all(repo.blobs())).length;
    expect(blobs).toBe((await all(other.blobs())).length);
    // And what others add.
    await backedUp(other);
    expect((await all(repo.snapshots())).length).toBe(2);
    expect((await all(repo.blobs())).length).toBe((await all(other.blobs())).length);
    await Promise.all([repo.close(), other.close()]);
  });

  it('is asked again for what others have added since', async () => {
    const { repo, open } = await folderRepository();
    await backedUp(repo);
    await repo.tree((await repo.snapshot('latest')).tree);
    const other = await open();
    await backedUp(other);
    // Within the time that a lock waits for the next look-up, and the index counts as loaded.
    const { tree } = await other.snapshot('latest');
    expect((await repo.tree(tree)).map(({ name }) => name)).toEqual(['game']);
    expect((await all(repo.walk({ tree }))).length).toBe(7);
    await Promise.all([repo.close(), other.close()]);
  });

  it('is loaded anew after a check that found it broken', async () => {
    const { repo, backend } = await memoryRepository();
    await backedUp(repo);
    const [name = ''] = await backend.names('index');
    const bytes = await backend.bytes('index', name);
    await backend.replace('index', name, bytes.slice(1));
    expect((await check(repo)).isSound).toBe(false);
    await backend.replace('index', name, bytes);
    expect((await all(repo.walk('latest'))).length).toBe(7);
    await repo.close();
  });
});

describe('copy', () => {
  it('locks both sides, and neither for longer', async () => {
    const [a, b] = [await folderRepository(1), await folderRepository(2)];
    await backedUp(a.repo);
    const seen: number[] = [];
    await copy(a.repo, b.repo, {
      onEvent: (event) => {
        if (event.type === 'begun') seen.push(a.locks().length, b.locks().length);
      },
    });
    expect(seen).toEqual([1, 1]);
    expect([a.locks(), b.locks()]).toEqual([[], []]);
    await Promise.all([a.repo.close(), b.repo.close()]);
  });
});
