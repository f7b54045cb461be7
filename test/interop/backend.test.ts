/** The backends against real servers, and on repositories and caches of real restics. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { LISTED_TYPES } from '../../src/backend/backend.js';
import { cacheBackend } from '../../src/backend/cache.js';
import { localBackend } from '../../src/backend/local.js';
import { memoryBackend } from '../../src/backend/memory.js';
import { restBackend } from '../../src/backend/rest.js';
import { retryBackend } from '../../src/backend/retry.js';
import { utf8 } from '../../src/base/bytes.js';
import { describeConformance, patternBytes, sha256 } from '../backend/conformance.js';
import { cheapenKey } from '../helpers/local-repository.js';
import {
  ALL_REST_SERVERS,
  ALL_RESTICS,
  describeInterop,
  type ResticName,
  type RestServer,
  restic,
  startRestServer,
} from '../helpers/peers.js';
import { tempFolder } from '../helpers/temp.js';

const data = patternBytes(3_000_000);
const name = sha256(data);
const password = 'secret';

for (const serverName of ALL_REST_SERVERS) {
  describeInterop(serverName, [serverName], () => {
    let shared: RestServer | undefined;
    let count = 0;
    afterAll(() => shared?.stop());
    describeConformance(`rest against ${serverName}`, async () => {
      shared ??= await startRestServer(serverName);
      return { backend: restBackend({ url: `${shared.url}user/repo${count++}/` }) };
    });

    it('append-only: nothing but locks is removed, files that exist are told from forbidden ones', async () => {
      const server = await startRestServer(serverName, { appendOnly: true });
      const backend = retryBackend(restBackend({ url: `${server.url}r/` }));
      await backend.create();
      await backend.write('config', '', utf8('config'));
      for (const type of LISTED_TYPES) await backend.write(type, name, data);
      for (const type of LISTED_TYPES) {
        if (type === 'locks') continue;
        await expect(backend.remove(type, name)).rejects.toMatchObject({ code: 'forbidden', retryable: false });
        await expect(backend.write(type, name, data)).rejects.toMatchObject({ code: 'exists' });
      }
      await backend.remove('locks', name);
      expect(await backend.list('locks')).toEqual([]);
      await expect(backend.remove('config', '')).rejects.toMatchObject({ code: 'forbidden' });
      await expect(backend.write('config', '', utf8('other'))).rejects.toMatchObject({ code: 'exists' });
      await backend.close();
      await server.stop();
    });

    it('private repositories: wrong password, none, and the path of another user are unauthorized', async () => {
      const users = { ann: 'a:1 ü', bob: 'b' };
      const server = await startRestServer(serverName, { privateRepos: true, users });
      const call = async (path: string, username?: string, pass?: string): Promise<unknown> => {
        const backend = restBackend({ url: server.url + path, username, password: pass });
        try {
          return await backend.list('keys');
        } finally {
          await backend.close();
        }
      };
      expect(await call('ann/', 'ann', users.ann)).toEqual([]);
      for (const [path, user, pass] of [
        ['ann/', 'ann', 'wrong'],
        ['ann/', undefined, undefined],
        ['bob/', 'ann', users.ann],
        ['', 'ann', users.ann],
      ] as const) {
        await expect(call(path, user, pass)).rejects.toMatchObject({ code: 'unauthorized', retryable: false });
      }
      await server.stop();
    });

    it('a full quota is no-space, a corrupted upload is refused', async () => {
      const server = await startRestServer(serverName, { flags: ['--max-size', '4000000'] });
      const backend = restBackend({ url: `${server.url}r/` });
      await backend.create();
      await backend.write('data', name, data);
      const more = patternBytes(3_000_000, 5);
      await expect(backend.write('data', sha256(more), more)).rejects.toMatchObject({ code: 'no-space' });
      const small = patternBytes(5);
      await expect(backend.write('data', sha256(small), patternBytes(5, 9))).rejects.toMatchObject({
        code: 'server',
        retryable: true,
        details: { status: 400 },
      });
      expect(await backend.list('data')).toEqual([{ name, size: data.length }]);
      await backend.close();
      await server.stop();
    });
  });
}

/** Whatever a restic made, every file of it hashes to its name; `config` is there. */
async function expectWhole(backend: Backend): Promise<void> {
  expect(await backend.stat('config', '')).toBe(155);
  for (const type of ['keys', 'snapshots', 'index', 'data'] as const) {
    const files = await backend.list(type);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const content = await backend.read(type, file.name);
      expect([sha256(content), content.length]).toEqual([file.name, file.size]);
    }
  }
}

async function backUp(
  resticName: ResticName,
  repo: string,
  env: Record<string, string> = {},
  folder?: string,
): Promise<void> {
  const source = tempFolder();
  writeFileSync(join(source, 'file'), patternBytes(10_000));
  const initialised = await restic(resticName, ['init'], { repo, password, env });
  expect(initialised.code).toBe(0);
  if (folder !== undefined) await cheapenKey(folder, password);
  const done = await restic(resticName, ['backup', '.'], { repo, password, cwd: source, env });
  expect(done.code).toBe(0);
}

for (const resticName of ALL_RESTICS) {
  describeInterop(`the local backend and ${resticName}`, [resticName], () => {
    it('reads its folder, and copies it into one that it reads', async () => {
      const folder = join(tempFolder(), 'repo');
      await backUp(resticName, folder);
      const original = localBackend(folder);
      await expectWhole(original);
      const copyFolder = join(tempFolder(), 'copy');
      const copy = localBackend(copyFolder);
      await copy.create();
      await copy.write('config', '', await original.read('config', ''));
      for (const type of ['keys', 'data', 'index', 'snapshots'] as const) {
        for (const file of await original.list(type))
          await copy.write(type, file.name, await original.read(type, file.name));
      }
      const checked = await restic(resticName, ['check', '--read-data', '--no-lock'], { repo: copyFolder, password });
      expect(checked.code).toBe(0);
    });
  });

  describeInterop(`the cache and ${resticName}`, [resticName, 'rest-server-latest'], () => {
    it('is shared both ways: each reads what the other has kept, without asking the server', async () => {
      const server = await startRestServer('rest-server-latest');
      const [repo, cacheFolder] = [`rest:${server.url}r/`, join(tempFolder(), 'cache')];
      const env = { RESTIC_CACHE_DIR: cacheFolder };
      await backUp(resticName, repo, env, join(server.path, 'r'));
      const rest = restBackend({ url: repo });
      await expectWhole(rest);
      const [repositoryId = ''] = (await readdir(cacheFolder)).filter((entry) => entry.length === 64);

      // Its cache, read by us with a store that has nothing.
      const offline = cacheBackend(memoryBackend(), { folder: cacheFolder, repositoryId });
      const held: string[] = [];
      for (const type of ['snapshots', 'index'] as const) {
        for (const file of await rest.list(type)) {
          expect(sha256(await offline.read(type, file.name))).toBe(file.name);
          held.push(`${type}/${file.name}`);
        }
      }
      const tag = await readFile(join(cacheFolder, 'CACHEDIR.TAG'), 'utf8');

      // Our cache, with a leftover of an interrupted write, read by it: the server's log shows that it asked for nothing.
      await rm(cacheFolder, { recursive: true });
      const cached = cacheBackend(rest, { folder: cacheFolder, repositoryId, cacheData: () => true });
      for (const type of ['snapshots', 'index', 'data'] as const) {
        for (const file of await cached.list(type)) await cached.read(type, file.name);
      }
      expect(await readFile(join(cacheFolder, 'CACHEDIR.TAG'), 'utf8')).toBe(tag);
      mkdirSync(join(cacheFolder, repositoryId, 'index', 'aa'), { recursive: true });
      writeFileSync(join(cacheFolder, repositoryId, 'index', 'aa', `${'aa'.repeat(32)}-tmp-0011`), 'x');
      const before = server.log().length;
      const listed = await restic(resticName, ['ls', 'latest'], { repo, password, env });
      expect(listed.code).toBe(0);
      expect(listed.stdout).toContain('/file');
      await expect.poll(() => server.log().slice(before)).toMatch(/GET \/r\/snapshots\/ HTTP/);
      const asked = server.log().slice(before);
      for (const file of held) expect(asked).not.toContain(`GET /r/${file}`);
      expect(asked).not.toMatch(/GET \/r\/data\//);
      await rest.close();
      await server.stop();
    });
  });
}
