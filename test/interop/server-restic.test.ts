/** The real restics, unchanged, against this server: what they store comes back, and what they may not do they cannot. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type AccessLogEntry, createHtpasswdLine } from '../../src/server/server.js';
import { cheapenKey } from '../helpers/local-repository.js';
import { ALL_RESTICS, describeInterop, type ResticName, restic } from '../helpers/peers.js';
import type { Finished } from '../helpers/process.js';
import { tempFolder } from '../helpers/temp.js';
import { filesBelow, startFixture } from '../server/fixture.js';

const PASSWORD = 'repository password';

/** Bytes that no one can compress, always the same for a seed. */
function noise(seed: string, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i * 64 < length; i++) parts.push(createHash('sha512').update(`${seed} ${i}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

function makeWorld(): string {
  const world = tempFolder();
  mkdirSync(join(world, 'saves', 'region'), { recursive: true });
  writeFileSync(join(world, 'saves', 'region', 'r.0.0.mca'), noise('region', 6_000_000));
  writeFileSync(join(world, 'saves', 'level.dat'), noise('level', 3_000));
  writeFileSync(join(world, 'options.txt'), 'fov:1.0\n'.repeat(5_000));
  writeFileSync(join(world, 'empty'), '');
  return world;
}

function runner(name: ResticName, repo: string, timeout = 60_000) {
  const cache = tempFolder();
  return async (...args: string[]): Promise<Finished> =>
    restic(name, args, { repo, password: PASSWORD, env: { RESTIC_CACHE_DIR: cache }, timeout });
}

/** The standard output; what went wrong is shown when a restic fails. */
function ok({ code, stdout, stderr }: Finished): string {
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function expectSameFiles(actual: string, wanted: string): Promise<void> {
  const files = await filesBelow(wanted);
  expect(await filesBelow(actual)).toEqual(files);
  for (const file of files) {
    expect(readFileSync(join(actual, file)).equals(readFileSync(join(wanted, file))), file).toBe(true);
  }
}

const LIMIT = 120_000;

for (const name of ALL_RESTICS) {
  describeInterop(`${name} with this server`, [name], () => {
    it('backs up, checks, restores, forgets and prunes', { timeout: LIMIT }, async () => {
      const log: AccessLogEntry[] = [];
      const server = await startFixture({ onRequest: (entry) => log.push(entry) });
      const run = runner(name, `rest:${server.url}some/where/`);
      const world = makeWorld();
      ok(await run('init'));
      await cheapenKey(join(server.path, 'some/where'), PASSWORD);
      ok(await run('backup', world));
      writeFileSync(join(world, 'options.txt'), 'fov:0.5\n');
      ok(await run('backup', world));
      expect(JSON.parse(ok(await run('snapshots', '--json')))).toHaveLength(2);
      ok(await run('check', '--read-data'));
      const target = tempFolder();
      ok(await run('restore', 'latest', '--verify', '--target', target));
      await expectSameFiles(join(target, world), world);
      ok(await run('forget', '--keep-last', '1', '--prune'));
      expect(JSON.parse(ok(await run('snapshots', '--json')))).toHaveLength(1);
      ok(await run('check', '--read-data'));
      expect((await filesBelow(server.path)).filter((file) => file.includes('/locks/'))).toEqual([]);
      expect(log.filter(({ status }) => status >= 500)).toEqual([]);
    });

    it('adds but cannot remove in append-only mode', { timeout: LIMIT }, async () => {
      const log: AccessLogEntry[] = [];
      const server = await startFixture({
        appendOnly: true,
        privateRepos: true,
        htpasswd: `${createHtpasswdLine('alice', 'secret')}\n`,
        onRequest: (entry) => log.push(entry),
      });
      const address = server.url.replace('//', '//alice:secret@');
      const run = runner(name, `rest:${address}alice/world/`);
      const world = makeWorld();
      ok(await run('init'));
      await cheapenKey(join(server.path, 'alice/world'), PASSWORD);
      ok(await run('backup', world));
      const before = await filesBelow(server.path);
      const [snapshot]: { id: string }[] = JSON.parse(ok(await run('snapshots', '--json')));
      // restic 0.14 takes a 403 for something that passes and repeats it for 44 s, so it is ended, and leaves its lock.
      const forgotten = await runner(name, `rest:${address}alice/world/`, 5_000)('forget', snapshot?.id ?? '');
      expect(forgotten.stderr + forgotten.stdout).toContain('403');
      ok(await run('unlock', '--remove-all'));
      expect(await filesBelow(server.path)).toEqual(before);
      ok(await run('check', '--read-data'));
      const removed = log.filter(({ method, status }) => method === 'DELETE' && status === 200);
      expect(removed.length).toBeGreaterThan(0);
      expect(removed.filter(({ path }) => !path.startsWith('/alice/world/locks/'))).toEqual([]);
      expect((await filesBelow(server.path)).filter((file) => file.includes('/locks/'))).toEqual([]);
      const other = await restic(name, ['snapshots'], { repo: `rest:${address}bob/`, password: PASSWORD });
      expect(other.code).not.toBe(0);
      expect(log.at(-1)).toMatchObject({ status: 401, user: 'alice' });
    });
  });
}
