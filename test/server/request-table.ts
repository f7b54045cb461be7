/**
 * Requests in order, with what rest-server 0.13 and 0.14 answer (seen by running them). The same table runs against this
 * server (server.test.ts) and against the real ones (test/interop/server-conformance.test.ts).
 */
import { createHash } from 'node:crypto';
import { type Ask, basic, sha256 } from './http.js';

export interface Row extends Ask {
  readonly status: number;
  /** Exact body. */
  readonly text?: string;
  /** Exact values of some headers. */
  readonly expect?: Readonly<Record<string, string>>;
}

export interface Scenario {
  readonly title: string;
  readonly appendOnly?: boolean;
  readonly privateRepos?: boolean;
  readonly maxSize?: number;
  /** Content of .htpasswd; without it authentication is off. */
  readonly htpasswd?: string;
  readonly rows: readonly Row[];
}

const HELLO = 'hello';
const ID = sha256(HELLO);
const EMPTY_ID = sha256('');
const ABSENT = '0'.repeat(64);
const V1 = 'application/vnd.x.restic.rest.v1';
const V2 = 'application/vnd.x.restic.rest.v2';
const FILE_ALLOW = { allow: 'HEAD, GET, POST, DELETE' };
const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

function row(method: string, path: string, status: number, more: Partial<Row> = {}): Row {
  return { method, path, status, ...more };
}

function range(value: string, status: number, text?: string, contentRange?: string): Row {
  const expect = contentRange === undefined ? {} : { 'content-range': contentRange };
  return row('GET', `/alice/data/${ID}`, status, {
    headers: { Range: value },
    expect,
    ...(text === undefined ? {} : { text }),
  });
}

const repositories: readonly Row[] = [
  row('GET', '/', 405, { text: 'Method Not Allowed\n', expect: { allow: 'POST', ...TEXT } }),
  row('DELETE', '/', 405, { expect: { allow: 'POST' } }),
  row('POST', '/', 400, { text: 'Bad Request\n' }),
  row('POST', '/alice/', 400),
  row('POST', '/alice/?create=false', 400),
  row('POST', '/alice/?create=false&create=true', 400),
  row('POST', '/alice/?create=true;x', 400),
  row('HEAD', '/alice/config', 404),
  row('GET', '/alice/config', 404, { text: 'Not Found\n' }),
  row('GET', '/alice/data/', 404),
  row('POST', '/alice/?create=true', 200, { text: '' }),
  row('POST', '/alice/?create=true', 200, { text: '' }),
  row('POST', '/alice/?create=tru%65', 200),
  row('POST', '/alice?create=true', 404),
  row('GET', '/alice/', 405, { expect: { allow: 'POST' } }),
  row('DELETE', '/alice/?create=true', 405),
  row('OPTIONS', '/alice/', 405),
  row('POST', '/alice/sub/?create=true', 200),
  row('GET', '/alice/sub/locks/', 200, { text: '[]' }),
  row('POST', '/alice/sub/deep/?create=true', 404),
  row('GET', '/alice/sub/deep/data/', 404),
];

const configs: readonly Row[] = [
  row('POST', '/alice/config', 200, { body: 'cfg', text: '' }),
  row('POST', '/alice/config', 403, { body: 'cfg', text: 'Forbidden\n' }),
  row('HEAD', '/alice/config', 200, { expect: { 'content-length': '3' } }),
  row('GET', '/alice/config', 200, { text: 'cfg' }),
  row('GET', '/alice/config', 200, { headers: { Range: 'bytes=1-1' }, text: 'cfg' }),
  row('PUT', '/alice/config', 405, { body: 'cfg', expect: FILE_ALLOW }),
  row('GET', '/alice/config/', 404),
  row('GET', '/alice/config/x', 404),
];

const files: readonly Row[] = [
  row('GET', '/alice/data/', 200, { text: '[]', expect: { 'content-type': V1 } }),
  row('GET', '/alice/data/', 200, { headers: { Accept: V2 }, text: '[]', expect: { 'content-type': V2 } }),
  row('GET', '/alice/data', 404),
  row('HEAD', '/alice/data/', 405),
  row('POST', '/alice/data/', 405, { expect: { allow: 'GET' } }),
  row('DELETE', '/alice/data/', 405),
  row('POST', `/alice/data/${ABSENT}`, 400, { body: HELLO, text: 'Bad Request\n' }),
  row('HEAD', `/alice/data/${ABSENT}`, 404),
  row('GET', `/alice/data/${ABSENT}`, 404, { text: 'Not Found\n' }),
  row('POST', `/alice/data/${ID}`, 200, { body: HELLO, text: '' }),
  row('POST', `/alice/data/${ID}`, 403, { body: HELLO, text: 'Forbidden\n' }),
  row('POST', `/alice/data/${ID}`, 403, { body: 'other bytes' }),
  row('PUT', `/alice/data/${ID}`, 405, { body: HELLO, expect: FILE_ALLOW }),
  row('OPTIONS', `/alice/data/${ID}`, 405, { expect: FILE_ALLOW }),
  row('POST', `/alice/keys/${EMPTY_ID}`, 200),
  row('POST', `/alice/keys/${ID}`, 200, { body: HELLO }),
  row('POST', `/alice/keys/${ABSENT}`, 400, { body: HELLO }),
  row('GET', '/alice/data/', 200, { text: `["${ID}"]` }),
  row('GET', '/alice/data/', 200, { headers: { Accept: V2 }, text: `[{"name":"${ID}","size":5}]` }),
  row('GET', '/alice/data/', 200, {
    headers: { Accept: `${V2}, */*` },
    text: `["${ID}"]`,
    expect: { 'content-type': V1 },
  }),
  row('GET', '/alice/keys/', 200, { text: `["${ID}","${EMPTY_ID}"]` }),
  row('HEAD', `/alice/data/${ID}`, 200, { expect: { 'content-length': '5' } }),
  row('HEAD', `/alice/data/${ID}`, 200, { headers: { Range: 'bytes=1-2' }, expect: { 'content-length': '5' } }),
  row('GET', `/alice/data/${ID}`, 200, { text: HELLO, expect: { 'accept-ranges': 'bytes', 'content-length': '5' } }),
  row('GET', `/alice/data/${ID}?x=1`, 200, { text: HELLO }),
  row('HEAD', `/alice/keys/${EMPTY_ID}`, 200, { expect: { 'content-length': '0' } }),
  row('GET', `/alice/keys/${EMPTY_ID}`, 200, { text: '' }),
  row('GET', `/alice/keys/${EMPTY_ID}`, 200, { text: '', headers: { Range: 'bytes=0-' } }),
  row('POST', `/fresh/snapshots/${ID}`, 200, { body: HELLO }),
];

const ranges: readonly Row[] = [
  range('bytes=0-', 206, 'hello', 'bytes 0-4/5'),
  range('bytes=1-2', 206, 'el', 'bytes 1-2/5'),
  range('bytes=1-1', 206, 'e', 'bytes 1-1/5'),
  range('bytes=2-', 206, 'llo', 'bytes 2-4/5'),
  range('bytes=4-99', 206, 'o', 'bytes 4-4/5'),
  range('bytes=-2', 206, 'lo', 'bytes 3-4/5'),
  range('bytes=-99', 206, 'hello', 'bytes 0-4/5'),
  range('bytes= 1 - 2 ', 206, 'el', 'bytes 1-2/5'),
  range('bytes=1-2,', 206, 'el', 'bytes 1-2/5'),
  range('bytes=9-,1-2', 206, 'el', 'bytes 1-2/5'),
  range('bytes=0-4,0-4', 200, 'hello'),
  range('bytes=', 200, 'hello'),
  range('bytes=5-', 416, undefined, 'bytes */5'),
  range('bytes=5-9', 416, undefined, 'bytes */5'),
  range('bytes=2-1', 416),
  range('bytes=a-b', 416),
  range('bytes=-', 416),
  range('items=0-1', 416),
  row('GET', `/alice/data/${ID}`, 200, { headers: { Range: 'bytes=1-2', 'If-Range': '"x"' }, text: HELLO }),
];

const paths: readonly Row[] = [
  row('GET', '/alice/data/abc', 404),
  row('GET', `/alice/data/A${ID.slice(1).toUpperCase()}`, 404),
  row('GET', `/alice/data/${ID}/`, 404),
  row('GET', `/alice/data/${ID.slice(0, 2)}/${ID}`, 404),
  row('GET', `/alice/foo/${ID}`, 404),
  row('GET', `/alice/data/${ABSENT}%2f`, 404),
  row('GET', '/alice/data%2f', 200),
  row('GET', '/alice/dat%61/', 200),
  row('GET', '/alice/locks/config', 404),
  row('GET', '/alice/data/data/', 404),
  row('GET', '/alice/../bob/config', 301, { expect: { location: '/bob/config' } }),
  row('GET', '/alice/./config', 301, { expect: { location: '/alice/config' } }),
  row('GET', '//config', 301, { expect: { location: '/config' } }),
  row('GET', '/alice/%2e%2e/config', 301, { expect: { location: '/config' } }),
  row('GET', '/alice/..%2fbob/config', 301, { expect: { location: '/bob/config' } }),
  row('POST', '/alice/../bob/?create=true', 301, { expect: { location: '/bob/?create=true' } }),
  row('POST', '/alice//?create=true', 301, { expect: { location: '/alice/?create=true' } }),
  row('GET', '/../../../../etc/config', 301, { expect: { location: '/etc/config' } }),
  row('GET', '/alice/%00/config', 404),
  row('GET', '/alice/x%zz/config', 400),
  row('GET', '/%E4%F6/config', 404),
  row('GET', '/alice%2fsub/config', 404),
  row('GET', '/alice%2fsub/locks/', 200, { text: '[]' }),
  row('GET', '/alice/a/b/c/config', 404),
  row('POST', '/config/?create=true', 404),
  row('GET', '/.htpasswd', 404),
  row('GET', '/bob', 404),
  row('GET', '/bob/', 405),
  row('GET', '/data/', 404),
  row('GET', 'http://example.org/alice/config', 200, { text: 'cfg' }),
];

const removals: readonly Row[] = [
  row('POST', `/alice/locks/${ID}`, 200, { body: HELLO }),
  row('DELETE', `/alice/locks/${ID}`, 200, { text: '' }),
  row('DELETE', `/alice/locks/${ID}`, 200),
  row('DELETE', `/alice/data/${ID}`, 200, { text: '' }),
  row('DELETE', `/alice/data/${ID}`, 200),
  row('GET', `/alice/data/${ID}`, 404),
  row('DELETE', '/alice/config', 200),
  row('DELETE', '/alice/config', 200),
  row('HEAD', '/alice/config', 404),
];

const appendOnly: readonly Row[] = [
  row('POST', '/alice/?create=true', 200),
  row('POST', '/alice/config', 200, { body: 'cfg' }),
  row('POST', '/alice/config', 403, { body: 'cfg' }),
  ...(['data', 'index', 'keys', 'snapshots'] as const).flatMap((type) => [
    row('POST', `/alice/${type}/${ID}`, 200, { body: HELLO }),
    row('POST', `/alice/${type}/${ID}`, 403, { body: HELLO }),
    row('DELETE', `/alice/${type}/${ID}`, 403, { text: 'Forbidden\n' }),
    row('DELETE', `/alice/${type}/${ABSENT}`, 403),
    row('GET', `/alice/${type}/${ID}`, 200, { text: HELLO }),
  ]),
  row('DELETE', '/alice/config', 403),
  row('GET', '/alice/config', 200, { text: 'cfg' }),
  row('POST', `/alice/locks/${ID}`, 200, { body: HELLO }),
  row('POST', `/alice/locks/${ID}`, 403, { body: HELLO }),
  row('DELETE', `/alice/locks/${ID}`, 200),
  row('GET', '/alice/locks/', 200, { text: '[]' }),
];

const shaOf = (password: string): string => `{SHA}${createHash('sha1').update(password).digest('base64')}`;
/** `pw`, at cost 4. */
const BCRYPT = '$2b$04$zIcjyysWE.GkGfn06FKDsO7nLyung2drgNYPsmVYugFP5oiCqvOj2';

const htpasswd = [
  '# who may',
  '',
  `alice:${BCRYPT}`,
  `yvonne:${BCRYPT.replace('$2b$', '$2y$')}`,
  `anton:${BCRYPT.replace('$2b$', '$2a$')}`,
  `bob:${shaOf('old')}`,
  `bob:${shaOf('pw')}`,
  'carol:pw',
  'dave:$apr1$01234567$abcdefghijklmnopqrstu.',
  `bad name:${shaOf('pw')}`,
  `us@er.x-_1:${shaOf('pw')}`,
  `data:${shaOf('pw')}`,
  '',
].join('\n');

function by(user: string, method: string, path: string, status: number, password = 'pw'): Row {
  return row(method, path, status, { headers: basic(user, password) });
}

const users: readonly Row[] = [
  row('GET', '/alice/config', 401, { text: 'Unauthorized\n', expect: TEXT }),
  row('GET', '/', 401),
  row('GET', '/alice/../x', 301),
  by('alice', 'GET', '/alice/config', 404),
  by('alice', 'GET', '/alice/config', 401, 'wrong'),
  by('alice', 'GET', '/alice/config', 401, ''),
  by('', 'GET', '/config', 401),
  by('yvonne', 'GET', '/yvonne/config', 404),
  by('anton', 'GET', '/anton/config', 404),
  by('bob', 'GET', '/bob/config', 404),
  by('bob', 'GET', '/bob/config', 401, 'old'),
  by('carol', 'GET', '/carol/config', 401),
  by('dave', 'GET', '/dave/config', 401),
  by('bad name', 'GET', '/bad%20name/config', 401),
  by('us@er.x-_1', 'GET', '/us@er.x-_1/config', 404),
  by('nobody', 'GET', '/nobody/config', 401),
  row('GET', '/alice/', 405, { headers: { Authorization: basic('alice', 'pw').Authorization.replace('B', 'b') } }),
  row('GET', '/alice/', 401, {
    headers: { Authorization: basic('alice', 'pw').Authorization.replace('Basic', 'Bearer') },
  }),
  row('GET', '/alice/', 401, { headers: { Authorization: 'Basic !!!!' } }),
];

const privates: readonly Row[] = [
  ...users,
  by('alice', 'GET', '/', 401),
  by('alice', 'GET', '/alice', 401),
  by('alice', 'GET', '/config', 401),
  by('alice', 'GET', '/data/', 401),
  by('alice', 'GET', '/Alice/config', 401),
  by('alice', 'GET', '/alicex/config', 401),
  by('alice', 'GET', '/bob/config', 401),
  by('alice', 'POST', '/bob/?create=true', 401),
  by('alice', 'GET', '/bob/a/b/c/config', 401),
  by('alice', 'GET', '/bob/../alice/config', 301),
  by('alice', 'GET', '/alice/../bob/config', 301),
  by('alice', 'GET', '/alice/a/b/config', 404),
  by('alice', 'GET', '/alice/nope', 404),
  by('alice', 'GET', '/%61lice/config', 404),
  by('data', 'GET', '/data/config', 401),
  by('alice', 'POST', '/alice/?create=true', 200),
  by('alice', 'POST', '/alice/sub/?create=true', 200),
  by('bob', 'GET', '/alice/data/', 401),
  by('alice', 'GET', '/alice/data/', 200),
];

const shared: readonly Row[] = [
  ...users,
  by('alice', 'GET', '/', 405),
  by('alice', 'POST', '/bob/?create=true', 200),
  by('bob', 'GET', '/bob/data/', 200),
];

const B = 'b'.repeat(600_000);
const C = 'c'.repeat(600_000);
const quota: readonly Row[] = [
  row('POST', '/r/?create=true', 200),
  row('POST', `/r/data/${sha256(B)}`, 200, { body: B }),
  row('POST', `/r/data/${sha256(C)}`, 507, { body: C, text: 'Insufficient Storage\n' }),
  row('POST', `/r/data/${sha256(B)}`, 403, { body: B }),
  row('GET', `/r/data/${sha256(C)}`, 404),
  row('DELETE', `/r/data/${sha256(B)}`, 200),
  row('POST', `/r/data/${sha256(C)}`, 200, { body: C }),
];

export const SCENARIOS: readonly Scenario[] = [
  { title: 'open', rows: [...repositories, ...configs, ...files, ...ranges, ...paths, ...removals] },
  { title: 'append-only', appendOnly: true, rows: appendOnly },
  { title: 'with users', htpasswd, rows: shared },
  { title: 'with private repositories', htpasswd, privateRepos: true, rows: privates },
  { title: 'with a maximum size', maxSize: 1_000_000, rows: quota },
];
