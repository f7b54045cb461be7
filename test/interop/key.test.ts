/** key: what one program adds, changes and removes is so for the other. */
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { resticTs } from '../cli/restic/run-command.js';
import { cheapenKey } from '../helpers/local-repository.js';
import { ALL_RESTICS, describeInterop, type ResticName, restic, startRestServer } from '../helpers/peers.js';
import { tempFolder } from '../helpers/temp.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const list = z.array(
  z.strictObject({
    current: z.boolean(),
    id: z.string().length(64),
    userName: z.string(),
    hostName: z.string(),
    created: z.string(),
  }),
);

describeInterop('key', [...ALL_RESTICS, 'rest-server-latest'], () => {
  const password = 'secret';
  let work = '';
  let repo = '';

  const fresh = join(tempFolder(), 'repo');
  const cheap = join(tempFolder(), 'repo');

  beforeAll(async () => {
    expect(await restic('restic-latest', ['init'], { repo: fresh, password })).toMatchObject({ code: 0 });
    cpSync(fresh, cheap, { recursive: true });
    await cheapenKey(cheap, password);
  });

  function use(from: string): void {
    work = tempFolder();
    repo = join(work, 'repo');
    cpSync(from, repo, { recursive: true });
    writeFileSync(join(work, 'new'), '  pässword \n');
  }

  /** Opened in no time; what needs a key as restic makes it takes `fresh` instead. */
  beforeEach(() => use(cheap));

  const key = (...args: string[]): ReturnType<typeof resticTs> =>
    resticTs(['key', ...args], { repo, password, cwd: work });

  async function opens(name: ResticName, other: string): Promise<number> {
    return (await restic(name, ['cat', 'config', '--no-lock'], { repo, password: other })).code;
  }

  it('a new one opens for every restic, and the lists are the same', async () => {
    use(fresh);
    const added = await key('add', '--new-password-file', 'new', '--user', 'alex', '--host', 'deck');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    const [, id = ''] = /^saved new key with ID (\w{64})\n$/.exec(added.stdout) ?? [];
    const codes = await Promise.all(ALL_RESTICS.map((name) => opens(name, 'pässword')));
    expect(codes).toEqual(ALL_RESTICS.map(() => 0));
    const theirs = await restic('restic-latest', ['key', 'list', '--json', '--no-lock'], { repo, password });
    const ours = await key('list', '--json', '--no-lock');
    const sorted = (text: string): unknown =>
      list.parse(JSON.parse(text)).sort((a, b) => (a.created + a.id < b.created + b.id ? -1 : 1));
    expect(sorted(ours.stdout)).toEqual(sorted(theirs.stdout));
    expect(list.parse(JSON.parse(ours.stdout)).find((one) => one.id === id)).toMatchObject({
      current: false,
      userName: 'alex',
      hostName: 'deck',
    });
    const lines = async (text: Promise<{ stdout: string }>): Promise<string[]> =>
      (await text).stdout.split('\n').sort();
    expect(await lines(key('list', '--no-lock'))).toEqual(
      await lines(restic('restic-latest', ['key', 'list', '--no-lock'], { repo, password })),
    );
  });

  it('a changed one opens, the old one does not; the key in use stays', async () => {
    const changed = await key('passwd', '--new-password-file', 'new');
    expect(changed).toMatchObject({ code: 0, stderr: '' });
    expect(changed.stdout).toMatch(/^saved new key as <Key of .*@.*, created on [-\d]+ [:.\d]+ \+0000 UTC>\n$/);
    expect([await opens('restic-latest', 'pässword'), await opens('restic-latest', password)]).toEqual([0, 12]);
    const [only = ''] = readdirSync(join(repo, 'keys'));
    const options = { repo, password: 'pässword' };
    for (const prefix of [only, only.slice(0, 8)]) {
      const args = ['key', 'remove', prefix];
      const ours = await resticTs(args, options);
      expect(ours).toMatchObject(await restic('restic-latest', args, options));
      expect(ours.code).toBe(1);
    }
    expect(await restic('restic-latest', ['key', 'add', '--new-insecure-no-password'], options)).toMatchObject({
      code: 0,
    });
    const [other = ''] = readdirSync(join(repo, 'keys')).filter((id) => id !== only);
    expect(await resticTs(['key', 'remove', other.slice(0, 12)], options)).toMatchObject({
      code: 0,
      stdout: `removed key ${other}\n`,
    });
    expect(readdirSync(join(repo, 'keys'))).toEqual([only]);
  });

  it.each([
    [['list', 'x']],
    [['add', 'x']],
    [['remove']],
    [['remove', 'zz']],
    [['add', '--new-password-file', 'new', '--new-insecure-no-password']],
  ])('key %j fails in the same words', async (args) => {
    const theirs = await restic('restic-latest', ['key', ...args], { repo, password, cwd: work });
    const ours = await key(...args);
    expect({ ...ours, stderr: ours.stderr.replace('restic-ts help', 'restic help') }).toMatchObject(theirs);
  });

  it('an empty password only where that is asked for', async () => {
    writeFileSync(join(work, 'empty'), '\n');
    expect(await key('add', '--new-password-file', 'empty')).toMatchObject({ code: 1, stdout: '' });
    expect(await key('add', '--new-insecure-no-password')).toMatchObject({ code: 0 });
    const args = ['--insecure-no-password', 'cat', 'config'];
    expect(await restic('restic-latest', args, { repo })).toMatchObject({ code: 0 });
  });

  it('on an append-only server a password is added, but none is changed or removed', async () => {
    const server = await startRestServer('rest-server-latest', { appendOnly: true, path: work });
    const options = { repo: `rest:${server.url}repo`, password, cwd: work };
    const before = readdirSync(join(repo, 'keys'));
    const changed = await resticTs(['key', 'passwd', '--new-password-file', 'new'], options);
    expect(changed).toMatchObject({ code: 1, stdout: '' });
    expect(changed.stderr).toMatch(/^Fatal: [^\n]+\n$/);
    expect(readdirSync(join(repo, 'keys'))).toEqual(before);
    expect(await resticTs(['key', 'add', '--new-password-file', 'new'], options)).toMatchObject({ code: 0 });
    const [other = ''] = readdirSync(join(repo, 'keys')).filter((id) => !before.includes(id));
    const removed = await resticTs(['key', 'remove', other], options);
    expect(removed).toMatchObject({ code: 1, stdout: '' });
    expect(removed.stderr).toMatch(/^Fatal: [^\n]+\n$/);
    expect(readdirSync(join(repo, 'locks'))).toEqual([]);
    await server.stop();
  });
});
