/**
 * Passwords and the catalogue on real servers, append-only and private: recovery code, rotation, recovery; and restic
 * opens and checks all that comes of it. The commands are the built hook's.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import {
  changeToken,
  createHtpasswdLine,
  init,
  listKnownInstances,
  pull,
  push,
  recoveryCode,
  startServer,
} from '../../src/index.js';
import type { ResticName, RestServerName } from '../helpers/peers.js';
import { ALL_REST_SERVERS, describeInterop, restic, startRestServer } from '../helpers/peers.js';
import type { Finished } from '../helpers/process.js';
import { instanceSync, succeeded } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

// Keys of this process cost nothing; those of the built hook are real.
vi.mock('../../src/crypto/kdf.js', async (original) => ({
  ...(await original<typeof import('../../src/crypto/kdf.js')>()),
  DEFAULT_SCRYPT: { N: 128, r: 1, p: 1 },
}));

const [OLD, NEW] = ['first pässword:1/%', 'second'];
const LIMIT = { timeout: 60_000 };

interface TestServer {
  readonly url: string;
  /** Paths of what was removed. */
  removed(): string[];
  stop(): Promise<void>;
}

/** With the user kim; on the address of an earlier one, if that is given. */
type Start = (path: string, password: string, url?: string) => Promise<TestServer>;

const listenOf = (url?: string): string => (url === undefined ? '127.0.0.1:0' : new URL(url).host);

function realServer(name: RestServerName): Start {
  return async (path, password, url) => {
    const flags = ['--listen', listenOf(url)];
    const server = await startRestServer(name, {
      appendOnly: true,
      privateRepos: true,
      users: { kim: password },
      path,
      flags,
    });
    const removed = (): string[] => [...server.log().matchAll(/"DELETE (\S+)/g)].map(([, at = '']) => at);
    return { url: server.url, removed, stop: server.stop };
  };
}

const toStop: TestServer[] = [];
afterAll(async () => {
  for (const server of toStop) await server.stop();
});

const ownServer: Start = async (path, password, url) => {
  const removed: string[] = [];
  writeFileSync(join(path, '.htpasswd'), `${createHtpasswdLine('kim', password)}\n`);
  const onRequest = ({ method, path: at }: { readonly method: string; readonly path: string }): void => {
    if (method === 'DELETE') removed.push(at);
  };
  const server = await startServer({ path, listen: listenOf(url), appendOnly: true, privateRepos: true, onRequest });
  const found = { url: server.url, removed: () => removed, stop: () => server.close() };
  toStop.push(found);
  return found;
};

const SERVERS: readonly (readonly [string, Start])[] = [
  ...ALL_REST_SERVERS.map((name) => [name, realServer(name)] as const),
  ['serve', ownServer],
];

/** A game folder with one file, that is set up. */
async function makeGame(url: string, label: string, password: string): Promise<{ game: string; id: string }> {
  const game = join(tempFolder(), label, 'minecraft');
  mkdirSync(game, { recursive: true });
  writeFileSync(join(game, 'options.txt'), `name:${label}\n`);
  const { instanceId } = await init({ packFolder: game, url, token: `kim:${password}` });
  return { game, id: instanceId };
}

describeInterop('accounts', [...ALL_REST_SERVERS, 'restic-0.14', 'restic-latest'], () => {
  /** Runs restic on a repository of kim's, which it opens by `password`. */
  const asRestic = async (
    server: TestServer,
    name: ResticName,
    login: string,
    at: string,
    password: string,
    ...args: string[]
  ) => {
    const repo = `rest:${server.url.replace('//', `//kim:${encodeURIComponent(login)}@`)}kim/${at}/`;
    return succeeded(await restic(name, [...args, '--no-lock'], { repo, password }), `${name} ${args[0]} of ${at}`);
  };

  it.each(SERVERS)('%s: a password is changed, with nothing lost on any PC', LIMIT, async (_, start) => {
    const path = join(tempFolder(), 'data');
    mkdirSync(path);
    const before = await start(path, OLD);
    const first = await makeGame(before.url, 'First', OLD);
    const { code, isNew } = await codeOf(first.game);
    expect(isNew).toBe(true);
    expect((await push({ packFolder: first.game })).outcome).toBe('sent');
    const second = await makeGame(before.url, 'Second', OLD);
    expect((await push({ packFolder: second.game })).outcome).toBe('sent');
    expect(await codeOf(second.game)).toMatchObject({ code, isNew: false, instances: ['Second', 'First'] });
    // From a folder that is not set up, as a second PC asks.
    const listed = await listKnownInstances({ packFolder: tempFolder(), url: before.url, token: `kim:${OLD}` });
    expect(listed).toMatchObject({
      instances: [
        { id: first.id, label: 'First' },
        { id: second.id, label: 'Second' },
      ],
    });
    for (const at of ['catalogue', second.id]) {
      const checked = await asRestic(before, 'restic-0.14', OLD, at, code, 'check', '--read-data');
      expect(checked).toContain('no errors were found');
    }
    expect(await asRestic(before, 'restic-latest', OLD, first.id, code, 'key', 'list')).toMatch(/\*\S+ +recovery-code/);
    await before.stop();

    const after = await start(path, NEW, before.url);
    await expect(pull({ packFolder: first.game })).rejects.toMatchObject({ code: 'unauthorized' });
    const changed = await changeToken({ packFolder: first.game, token: `kim:${NEW}` });
    expect(changed).toMatchObject({ outcome: 'changed', keysAdded: ['instance', 'catalogue'] });
    await init({ packFolder: second.game, url: after.url, token: `kim:${NEW}` });
    writeFileSync(join(second.game, 'options.txt'), 'played on\n');
    expect((await push({ packFolder: second.game })).outcome).toBe('sent');
    for (const { game } of [first, second]) {
      expect(readdirSync(join(game, '.cloud-sync')).filter((name) => name.startsWith('token'))).toEqual(['token']);
      expect(readFileSync(join(game, '.cloud-sync/token'), 'utf8')).toBe(`kim:${NEW}\n`);
    }
    for (const at of ['catalogue', second.id]) {
      expect(await asRestic(after, 'restic-latest', NEW, at, NEW, 'check')).toContain('no errors were found');
    }
    // Password, recovery code, new password.
    for (const at of ['catalogue', first.id, second.id])
      expect(readdirSync(join(path, 'kim', at, 'keys'))).toHaveLength(3);
    expect([...before.removed(), ...after.removed()].filter((at) => !at.includes('/locks/'))).toEqual([]);
    await after.stop();
  });

  it('a lost password: the code from paper opens everything again', LIMIT, async () => {
    const path = join(tempFolder(), 'data');
    const before = await realServer('rest-server-latest')(path, OLD);
    const { game, id } = await makeGame(before.url, 'World', OLD);
    expect((await push({ packFolder: game })).outcome).toBe('sent');
    const { code } = await codeOf(game);
    expect(succeeded(await hook('recovery-code', game), 'recovery-code')).toContain(`\n    ${code}\n`);
    await before.stop();
    const after = await realServer('rest-server-latest')(path, NEW, before.url);
    const tokenFile = join(tempFolder(), 'new-token');
    writeFileSync(tokenFile, `kim:${NEW}\n`, { mode: 0o600 });
    writeFileSync(join(game, '.cloud-sync/token'), `kim:forgotten\n`);

    const shut = await hook('passwd', game, {}, '--token-file', tokenFile);
    expect(shut).toMatchObject({ code: 12, stderr: expect.stringContaining('"instance-sync recover"') });
    const typed = { input: `${code.toLowerCase().replaceAll('-', '  ')}\n` };
    const typo = await hook(
      'recover',
      game,
      { input: `${code.slice(0, -1)}\n` },
      '--code-file',
      '-',
      '--token-file',
      tokenFile,
    );
    expect(typo).toMatchObject({ code: 1, stderr: expect.stringContaining('27 digits and letters where 28 belong') });
    const opened = await hook('recover', game, typed, '--code-file', '-', '--token-file', tokenFile);
    expect(succeeded(opened, 'recover')).toContain('your worlds open by the token again');
    const again = await hook('passwd', game, { input: `kim:${NEW}\n` }, '--token-file', '-');
    expect(succeeded(again, 'passwd')).toContain('in use already');
    expect(await asRestic(after, 'restic-0.14', NEW, id, NEW, 'check')).toContain('no errors were found');
    expect(succeeded(await hook('instances', game), 'instances')).toMatch(
      /^\S{26} {2}World {2}made \S+ on .*\(here\)$/m,
    );
    for (const { stdout, stderr } of [shut, typo, opened, again]) {
      for (const secret of [OLD, NEW, ...code.split('-')]) expect(stdout + stderr).not.toContain(secret);
    }
  });
});

async function codeOf(packFolder: string): Promise<{ code: string; isNew: boolean; instances: readonly string[] }> {
  const result = await recoveryCode({ packFolder });
  if (result.outcome !== 'recovery-code') throw new Error(`${packFolder} is not set up`);
  return result;
}

function hook(
  command: string,
  game: string,
  options: { readonly input?: string } = {},
  ...flags: string[]
): Promise<Finished> {
  return instanceSync([command, '--pack-folder', game, ...flags], options);
}
