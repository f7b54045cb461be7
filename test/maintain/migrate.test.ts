/** `upgradeToVersion2`: the config changes and nothing else, and is never lost. */
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../src/base/errors.js';
import { MIGRATIONS, type MigrateOptions, upgradeToVersion2 } from '../../src/maintain/migrate.js';
import { localRepository } from '../helpers/local-repository.js';
import { rejection } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { problems, repairEnv } from './repair-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));
vi.mock('node:os', async (original) => {
  const os = await original<typeof import('node:os')>();
  return { ...os, tmpdir: vi.fn(os.tmpdir) };
});

const sound: MigrateOptions = { check: async () => true };

afterEach(() => vi.mocked(tmpdir).mockReset());

describe('upgradeToVersion2', () => {
  it('makes a sound repository of version 2, which holds data of both', async () => {
    const { repo, backend, reopen } = await repairEnv({ version: 1 });
    const before = await backend.names('data');
    await upgradeToVersion2(repo, sound);
    const again = await reopen();
    expect(again.config).toEqual({ ...repo.config, version: 2 });
    expect(await backend.names('data')).toEqual(before);
    expect(await problems(again)).toEqual([]);
    expect(MIGRATIONS.map((migration) => migration.reason(again))).toEqual([
      'repository is already upgraded to version 2',
    ]);
  });

  it('changes nothing in a repository that is damaged, or of version 2 already', async () => {
    const old = await repairEnv({ version: 1 });
    const config = await old.backend.bytes('config', '');
    const damaged: MigrateOptions = { check: async () => false };
    expect((await rejection(upgradeToVersion2(old.repo, damaged))).code).toBe('damaged');
    expect(await old.backend.bytes('config', '')).toEqual(config);
    const fresh = await repairEnv({ version: 2 });
    expect((await rejection(upgradeToVersion2(fresh.repo, sound))).code).toBe('usage');
  });

  it('puts the config in its place in one step where the backend can', async () => {
    const { path, repo, reopen } = await localRepository({ version: 1 });
    const remove = vi.spyOn(repo.backend, 'remove');
    await upgradeToVersion2(repo, sound);
    expect(remove.mock.calls.filter(([type]) => type === 'config')).toEqual([]);
    expect((await reopen()).config.version).toBe(2);
    expect(readdirSync(path).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('where it cannot, puts the old config back if the new one is refused', async () => {
    const folder = tempFolder();
    vi.mocked(tmpdir).mockReturnValue(folder);
    const { repo, backend, reopen } = await repairEnv({ version: 1 });
    let refused = 0;
    backend.before = ({ method, type }) => {
      if (method === 'write' && type === 'config' && refused++ === 0) throw new SyncError('no-space', 'full');
    };
    expect((await rejection(upgradeToVersion2(repo, sound))).code).toBe('no-space');
    expect((await reopen()).config.version).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('and keeps a copy on this machine if that fails too', async () => {
    const folder = tempFolder();
    vi.mocked(tmpdir).mockReturnValue(folder);
    const { repo, backend, reopen } = await repairEnv({ version: 1 });
    const config = await backend.bytes('config', '');
    backend.before = ({ method, type }) => {
      if (method === 'write' && type === 'config') throw new SyncError('unreachable', 'away');
    };
    const error = await rejection(upgradeToVersion2(repo, sound));
    expect(error.message).toContain('a copy of it is ');
    const copy = String(error.details['copy']);
    expect(dirname(dirname(copy))).toBe(folder);
    expect(new Uint8Array(readFileSync(copy))).toEqual(new Uint8Array(config));
    backend.before = () => undefined;
    await backend.write('config', '', new Uint8Array(readFileSync(copy)));
    expect((await reopen()).config.version).toBe(1);
  });

  it('leaves the config of an append-only server alone', async () => {
    const { repo, backend, reopen } = await repairEnv({ version: 1 });
    backend.before = ({ method, type }) => {
      if (method === 'remove' && type === 'config') throw new SyncError('forbidden', 'append-only');
    };
    expect((await rejection(upgradeToVersion2(repo, sound))).code).toBe('forbidden');
    expect((await reopen()).config.version).toBe(1);
  });
});
