/** Servers that are away, refuse, or are something else: one clear line each, and nothing is lost on either side. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isOffline } from '../../src/cli/exit-code.js';
import { SyncError, startServer, status } from '../../src/index.js';
import { answering, type Bend, between, blackHole, closedPort } from '../helpers/bad-server.js';
import { tempFolder } from '../helpers/temp.js';
import { TEST_CERT, TEST_KEY } from '../server/tls-pair.js';
import { type Cloud, filledCloud, makeCloud, type Pc, type PcOptions, told, toldUntouched } from './bad-input-env.js';

/** What pull and push say, the same for both. `<at>` stands for the repository's address. */
async function bothSay(cloud: Cloud, url: string, options: PcOptions = {}): Promise<string> {
  const [one, other] = [await cloud.pc({ ...options, url }), await cloud.pc({ ...options, url })];
  const [pull, push] = await Promise.all([
    toldUntouched(one, () => one.pull()),
    toldUntouched(other, () => other.push()),
  ]);
  const at = `${url}ann/${cloud.instanceId}/`;
  const shown = ({ code, exit, line }: typeof pull): string =>
    `${code} ${exit}: ${line.replaceAll(at, '<at>').replace(/after \d tries in \d\.\d s/, 'after n tries')}`;
  expect(shown(push)).toBe(shown(pull));
  return shown(pull);
}

async function cloudState(pc: Pc): Promise<string | undefined> {
  const result = await status(pc.options);
  return result.outcome === 'status' ? result.cloud.state : undefined;
}

describe('a server that is away', () => {
  async function seconds(work: () => Promise<unknown>): Promise<number> {
    const begun = performance.now();
    await work();
    return (performance.now() - begun) / 1000;
  }

  /** The three commands at once, each on a PC of its own; each must leave time for the start of its process. */
  async function expectQuick(cloud: Cloud, url: string, code: string, line: RegExp): Promise<void> {
    const [pulling, pushing, looking] = [await cloud.pc({ url }), await cloud.pc({ url }), await cloud.pc({ url })];
    const fails = async (pc: Pc, work: () => Promise<unknown>): Promise<void> => {
      const result = await toldUntouched(pc, work);
      expect(result).toMatchObject({ code, line: expect.stringMatching(line) });
    };
    const taken = await Promise.all([
      seconds(() => fails(pulling, () => pulling.pull())),
      seconds(() => fails(pushing, () => pushing.push())),
      seconds(async () => expect(await cloudState(looking)).toBe('unreachable')),
    ]);
    // 4 s by the program's own limit. The rest is for a busy machine: what must not happen is a wait of minutes.
    expect(Math.max(...taken)).toBeLessThan(10);
  }

  it('refuses, is unknown, says nothing, or is out of order: known within 4 seconds', async () => {
    const cloud = await makeCloud();
    const at = 'listing snapshots at http\\S+/';
    const refused = `http://127.0.0.1:${await closedPort()}/`;
    const [silent, broken] = [await blackHole(), await answering({ status: 503 })];
    const slow = await answering({ status: 503, delayMs: 1900 });
    await Promise.all([
      expectQuick(cloud, refused, 'unreachable', RegExp(`^${at}: connection refused: the server is not running, or `)),
      expectQuick(cloud, 'http://nowhere.invalid/', 'unreachable', RegExp(`^${at}: (unknown host|no answer within)`)),
      expectQuick(cloud, silent.url, 'unreachable', RegExp(`^${at}: no answer within 4\\.0 s$`)),
      // Another try of that length would not fit in.
      expectQuick(cloud, slow.url, 'server', RegExp(`^${at}: the server answered 503$`)),
      expectQuick(cloud, broken.url, 'server', RegExp(`^${at}: the server answered 503 \\(gave up after`)),
    ]);
  });

  it('counts as away for a hook, and so does the login page of a network; a refusal does not', () => {
    const of = (code: 'server' | 'unauthorized' | 'tls', status: number, retryable = false): SyncError =>
      new SyncError(code, 'x', { retryable, details: { status } });
    const away = [new SyncError('unreachable', 'x'), of('server', 503, true), of('server', 200), of('server', 511)];
    expect(away.map(isOffline)).toEqual([true, true, true, true]);
    expect([of('server', 404), of('unauthorized', 401), of('tls', 0), new Error('x')].map(isOffline)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('a server that answers something else', () => {
  it.each([
    [
      401,
      'unauthorized',
      'user name or password is wrong, or the path belongs to another user; check the token and the address',
    ],
    [403, 'forbidden', 'this user is not allowed to do that; check the token and the address, or ask its operator'],
    [511, 'server', 'the network wants you to log in first (open a browser)'],
  ])('%d', async (code, name, reason) => {
    const server = await answering({ status: code });
    const line = `${name} 1: listing snapshots at <at>: the server answered ${code}: ${reason}`;
    expect(await bothSay(await makeCloud(), server.url)).toBe(line);
    expect(server.seen).toHaveLength(2);
  });

  it('a web page', async () => {
    const headers = { 'content-type': 'text/html' };
    const server = await answering({ status: 200, headers, body: '<!doctype html><title>Hotel</title>' });
    expect(await bothSay(await makeCloud(), server.url)).toBe(
      "server 1: listing snapshots at <at>: a web page came instead of a REST server's answer (status 200): " +
        'the network wants a login, or the address is that of something else',
    );
  });

  it('a redirect: it names the new address without the password in it, and does not go there', async () => {
    const elsewhere = await answering({ status: 200 });
    const location = elsewhere.url.replace('//', '//ann:battery@');
    const server = await answering({ status: 301, headers: { location } });
    expect(await bothSay(await makeCloud(), server.url)).toBe(
      `server 1: listing snapshots at <at>: the server answered 301, a redirect to ${elsewhere.url.replace('//', '//***@')}; ` +
        'redirects are not followed: put the final address into the settings',
    );
    expect(elsewhere.seen).toEqual([]);
  });

  it('404 on the path: an empty cloud for pull, which the first push cannot fill', async () => {
    const cloud = await makeCloud();
    const server = await answering({ status: 404, headers: { 'content-type': 'text/plain' }, body: 'page not found' });
    const pc = await cloud.pc({ url: server.url });
    expect((await pc.pull()).outcome).toBe('nothing-in-cloud');
    expect(await toldUntouched(pc, () => pc.push())).toEqual({
      code: 'not-found',
      exit: 1,
      line:
        `creating the repository at ${server.url}ann/${cloud.instanceId}/: the server answered 404: ` +
        'no restic REST server is at this path; check the address ("page not found")',
    });
  });
});

describe('TLS', () => {
  it('a certificate signed by itself, https on an http port, and http on an https port', async () => {
    const folder = tempFolder();
    const tls = { certFile: join(folder, 'cert'), keyFile: join(folder, 'key') };
    writeFileSync(tls.certFile, TEST_CERT);
    writeFileSync(tls.keyFile, TEST_KEY);
    const server = await startServer({ path: folder, listen: '127.0.0.1:0', noAuth: true, tls });
    try {
      const cloud = await makeCloud();
      expect(await bothSay(cloud, server.url)).toBe(
        'tls 1: listing snapshots at <at>: its certificate is signed by itself or by an unknown authority: ' +
          'give that certificate (setting ca, or NODE_EXTRA_CA_CERTS)',
      );
      expect(await bothSay(cloud, cloud.url.replace('http:', 'https:'))).toBe(
        'tls 1: listing snapshots at <at>: it does not speak TLS: the address should perhaps begin with http://',
      );
      expect(await bothSay(cloud, server.url.replace('https:', 'http:'))).toMatch(/https:\/\/|connection was cut/);
    } finally {
      await server.close();
    }
  });
});

describe('a server that refuses to store', () => {
  async function pushThrough(bend: Bend): Promise<{ cloud: Cloud; a: Pc; line: string }> {
    const { cloud, a } = await filledCloud();
    const server = await between(cloud.url, bend);
    const b = await cloud.pc({ url: server.url, filled: false });
    await b.pull();
    b.put('options.txt', 'fov:90');
    const { code, exit, line } = await toldUntouched(b, () => b.push());
    const shown = line
      .replaceAll(cloud.location.replace(cloud.url, server.url), '<at>')
      .replace(/[0-9a-f]{8} \(\d+ bytes\)/, '<id> (<n> bytes)');
    // What could not be stored is sent by the next push that can, and there was nothing else to see meanwhile.
    expect((await a.pull()).outcome).toBe('up-to-date');
    await server.close();
    return { cloud, a, line: `${code} ${exit}: ${shown}` };
  }

  it('403', async () => {
    const { line } = await pushThrough((method) => (method === 'POST' ? { status: 403 } : undefined));
    expect(line).toBe(
      'forbidden 1: storing locks/<id> (<n> bytes) at <at>: the server answered 403: ' +
        'this user is not allowed to do that; check the token and the address, or ask its operator',
    );
  });

  it.each([
    ['data', /^no-space 1: storing data\/<id> \(<n> bytes\) at <at>: /],
    ['index', /^no-space 1: storing index\/<id> \(<n> bytes\) at <at>: /],
    ['snapshots', /^no-space 1: storing snapshots\/<id> \(<n> bytes\) at <at>: /],
  ])('507 for %s: nothing is committed, and the next push completes', async (type, start) => {
    const full: Bend = (method, path) =>
      method === 'POST' && path.includes(`/${type}/`) ? { status: 507 } : undefined;
    const { cloud, a, line } = await pushThrough(full);
    expect(line).toMatch(start);
    expect(line).toMatch(/: the server answered 507: its disk or quota is full; make room there, or ask its operator$/);
    a.put('options.txt', 'fov:90');
    expect((await a.push()).outcome).toBe('sent');
    const b = await cloud.pc({ filled: false });
    expect((await b.pull()).outcome).toBe('updated');
    expect([...b.files()]).toEqual([...a.files()]);
  });
});

describe('a repository that is not as it was', () => {
  it('has another password: 12', async () => {
    const { cloud } = await filledCloud();
    const options = { password: 'other-battery-password' };
    expect(await bothSay(cloud, cloud.url, options)).toBe(
      'wrong-password 12: the password opens no key of the repository at <at>; ' +
        'give the token with which the instance was made: "instance-sync init" with --token-file, ' +
        'or the recovery code: "instance-sync recover"',
    );
  });

  it('is gone: 10, and an empty cloud deletes nothing here', async () => {
    const { cloud, a } = await filledCloud();
    const empty = await answering({ status: 404 });
    const url = new URL(empty.url);
    writeFileSync(
      join(a.cloudFolder, 'sync.json'),
      JSON.stringify({ schema: 1, url: url.href, instance_id: cloud.instanceId }),
    );
    const gone = {
      code: 'no-repository',
      exit: 10,
      line:
        `${url.href}ann/${cloud.instanceId}/ no longer holds the repository of this instance; ` +
        'ask its operator; to send everything anew, delete .cloud-sync/state.json and push',
    };
    expect(await toldUntouched(a, () => a.pull())).toEqual(gone);
    a.put('options.txt', 'fov:90');
    expect(await toldUntouched(a, () => a.push())).toEqual(gone);
    expect(await told(a.push())).toEqual(gone);
  });
});
