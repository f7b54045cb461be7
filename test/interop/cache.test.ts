/** The cache: both programs use the same one, and list it and clean it up in the same way. */
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { type CommandResult, resticTs } from '../cli/restic/run-command.js';
import { cheapenKey } from '../helpers/local-repository.js';
import { describeInterop, type RestServer, restic, startRestServer } from '../helpers/peers.js';
import type { Finished } from '../helpers/process.js';
import { noise } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const DAY = 24 * 60 * 60;
/** The contents of the two files, each in a pack of its own; trees come from the cache. */
const PACKS_OF_FILES = { snapshots: 0, index: 0, data: 2 };

describeInterop('the cache', ['restic-latest', 'rest-server-latest'], () => {
  const password = 'secret';
  const work = tempFolder();
  let server: RestServer;
  let repo = '';

  beforeAll(async () => {
    server = await startRestServer('rest-server-latest');
    repo = `rest:${server.url}repo`;
    mkdirSync(join(work, 'source/deep'), { recursive: true });
    writeFileSync(join(work, 'source/deep/file'), noise(100_000));
    writeFileSync(join(work, 'more'), 'more');
    expect(await restic('restic-latest', ['init'], { repo, password })).toMatchObject({ code: 0 });
    await cheapenKey(join(server.path, 'repo'), password);
    for (const args of [['source'], ['source', 'more']]) {
      const options = { repo, password, cwd: work };
      expect(await restic('restic-latest', ['backup', ...args], options)).toMatchObject({ code: 0 });
    }
  });

  const ours = (cache: string, ...args: string[]): Promise<CommandResult> =>
    resticTs(args, { repo, password, env: { RESTIC_CACHE_DIR: cache } });
  const theirs = (cache: string, ...args: string[]): Promise<Finished> =>
    restic('restic-latest', args, { repo, password, env: { RESTIC_CACHE_DIR: cache } });

  /** Requests for the contents of snapshots, index files and packs while `work` runs. */
  async function fetched(run: () => Promise<{ code: number }>): Promise<Record<string, number>> {
    const before = server.log().length;
    expect(await run()).toMatchObject({ code: 0 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const counts: Record<string, number> = { snapshots: 0, index: 0, data: 0 };
    for (const [, type = ''] of server
      .log()
      .slice(before)
      .matchAll(/"GET \/repo\/(snapshots|index|data)\/\w{64} /g)) {
      counts[type] = (counts[type] ?? 0) + 1;
    }
    return counts;
  }

  it('that restic filled serves us', async () => {
    const cache = tempFolder();
    const cold = await fetched(() => theirs(cache, 'ls', 'latest'));
    expect(cold).toMatchObject({ snapshots: 2, index: 2 });
    expect(await fetched(() => ours(cache, 'dump', 'latest', '/'))).toEqual(PACKS_OF_FILES);
  });

  it('that we filled serves restic', async () => {
    const cache = tempFolder();
    const cold = await fetched(() => ours(cache, 'dump', 'latest', '/'));
    expect(cold).toMatchObject({ snapshots: 2, index: 2 });
    expect(await fetched(() => theirs(cache, 'ls', 'latest'))).toEqual({ snapshots: 0, index: 0, data: 0 });
    expect(await fetched(() => theirs(cache, 'dump', 'latest', '/'))).toEqual(PACKS_OF_FILES);
  });

  it('is listed and cleaned up in the same words', async () => {
    const cache = tempFolder();
    await theirs(cache, 'snapshots');
    const now = Date.now() / 1000;
    for (const [name, days] of [
      ['ab'.repeat(32), 29.5],
      ['cd'.repeat(32), 40],
      ['restic-check-cache-123', 31],
      ['something else', 99],
    ] as const) {
      mkdirSync(join(cache, name, 'index'), { recursive: true });
      writeFileSync(join(cache, name, 'index/file'), noise(19_008));
      utimesSync(join(cache, name), now - days * DAY, now - days * DAY);
    }
    for (const flags of [[], ['--no-size'], ['--max-age', '7'], ['-q']]) {
      expect(await ours(cache, 'cache', ...flags)).toMatchObject(await theirs(cache, 'cache', ...flags));
    }
    const none = tempFolder();
    for (const flags of [[], ['--cleanup']]) {
      expect(await ours(none, 'cache', ...flags)).toMatchObject(await theirs(none, 'cache', ...flags));
    }
    expect(existsSync(join(none, 'CACHEDIR.TAG'))).toBe(false);
    expect(await ours(cache, 'cache', '--cleanup')).toMatchObject({
      code: 0,
      stdout: 'remove 2 old cache directories\n',
    });
    expect(readdirSync(cache)).toContain('something else');
    expect(readdirSync(cache)).toHaveLength(4);
    expect(await ours(cache, 'cache')).toMatchObject(await theirs(cache, 'cache'));
    expect(await ours(cache, 'cache', '--cleanup', '-q')).toMatchObject({ code: 0, stdout: '' });
    expect(await ours(cache, 'cache', 'x')).toMatchObject({ code: 1 });
    expect(await ours(cache, 'cache', '--no-cache')).toMatchObject(await theirs(cache, 'cache', '--no-cache'));
  });
});
