/**
 * Makes the golden files of fixtures/restic: small repositories that a real restic wrote, taken apart.
 *
 *   node scripts/restic-fixtures.mjs RESTIC REPOSITORY_VERSION OUT_FOLDER
 *
 * Needs Linux, root (device nodes, owners), python3 (extended attributes) and time zone data. Independent of src/:
 * what it decrypts with node:crypto and zstd-codec is what src/ must agree with.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createDecipheriv, createHash, scryptSync } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zstdCodec from 'zstd-codec';

const PASSWORD = 'Pässword <&> 1';
const zstd = await new Promise((resolve) => zstdCodec.ZstdCodec.run((codec) => resolve(new codec.Streaming())));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Names given as bytes: everything that quoting, escaping and ordering can get wrong. */
const ODD_NAMES = [
  'plain.txt',
  'with space',
  'quote"d',
  'back\\slash',
  '\\x41',
  'a<b>&c',
  'bell\x07',
  'tab\t',
  'line\nfeed',
  'esc\x1b',
  'del\x7f',
  '\b\f\v\r',
  'nbsp\u00a0',
  'soft\u00adhyphen',
  'bom\ufeff',
  'zero\u200bwidth',
  'line\u2028sep\u2029',
  'ä',
  'a\u0308',
  '日本',
  '😀',
  'private\ue000',
  'replacement\ufffd',
  'unassigned\u0378',
  'new\u{1fae9}',
  'last\u{10ffff}',
  '\uff5e',
  '\u{10000}',
  'c1\u0085',
  [0x61, 0xff, 0x62],
  [0xc3],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xff, 0xfe, 0x22, 0x5c],
  '__proto__',
  'constructor',
  'a',
  'a.b',
  'a-b',
  'A',
  '-',
  '...',
];

function odd(name) {
  return typeof name === 'string' ? Buffer.from(name) : Buffer.from(name);
}

function touch(path, time) {
  execFileSync('touch', ['-h', '-d', time, path]);
}

function makeSource(folder) {
  const at = (name) => join(folder, name);
  mkdirSync(at('names'));
  for (const name of ODD_NAMES) {
    const path = Buffer.concat([Buffer.from(`${at('names')}/`), odd(name)]);
    writeFileSync(path, '');
    lutimesSync(path, 1_600_000_000, 1_600_000_000);
  }
  mkdirSync(at('kinds'));
  writeFileSync(at('kinds/one'), 'one\n');
  linkSync(at('kinds/one'), at('kinds/one-again'));
  writeFileSync(at('kinds/two'), 'two\n'.repeat(300));
  writeFileSync(at('kinds/empty'), '');
  mkdirSync(at('kinds/empty-dir'));
  mkdirSync(at('kinds/sticky'));
  chmodSync(at('kinds/sticky'), 0o1777);
  writeFileSync(at('kinds/setuid'), 'x');
  chmodSync(at('kinds/setuid'), 0o6755);
  writeFileSync(at('kinds/none'), 'y');
  chmodSync(at('kinds/none'), 0);
  writeFileSync(at('kinds/stranger'), 'z');
  chownSync(at('kinds/stranger'), 4_000_000_000, 123_456);
  symlinkSync('one', at('kinds/link'));
  symlinkSync('a <&> \u2028 "q" \\ \x07 \b\f 日本', at('kinds/link-odd'));
  symlinkSync(Buffer.from([0x61, 0xff, 0x2f, 0xc3]), at('kinds/link-raw'));
  symlinkSync('\ufffd', at('kinds/link-replacement'));
  execFileSync('mkfifo', [at('kinds/fifo')]);
  execFileSync('mknod', [at('kinds/chardev'), 'c', '1', '3']);
  execFileSync('mknod', [at('kinds/dev'), 'b', '7', '200']);
  writeFileSync(at('kinds/attributes'), 'attributes');
  const setx =
    'import os,sys\np=sys.argv[1]\nos.setxattr(p,"user.text",b"value")\nos.setxattr(p,"user.bytes",bytes(range(256)))\nos.setxattr(p,"user.empty",b"")\nos.setxattr(p,"user.<\u00e4>",b"x")';
  execFileSync('python3', ['-c', setx, at('kinds/attributes')]);
  mkdirSync(at('times'));
  const times = [
    '1970-01-01T00:00:00Z',
    '1969-12-31T23:59:59.999999999Z',
    '1902-01-01T00:00:00.5Z',
    '2001-02-03T04:05:06.120000000Z',
    '2021-02-27T23:12:37.97+01:00',
    '2021-07-01T12:00:00.000000001Z',
    '2038-01-19T03:14:08Z',
    '2262-04-12T00:00:00.1Z',
    '2446-05-10T22:38:54Z',
  ];
  times.forEach((time, i) => {
    writeFileSync(at(`times/${i}`), '');
    touch(at(`times/${i}`), time);
  });
  touch(at('kinds'), '2020-01-02T03:04:05.678Z');
}

function open(key, sealed) {
  const cipher = createDecipheriv('aes-256-ctr', key, sealed.subarray(0, 16));
  return Buffer.concat([cipher.update(sealed.subarray(16, -16)), cipher.final()]);
}

function unpack(plain) {
  return plain[0] === 2 ? Buffer.from(zstd.decompress(plain.subarray(1))) : plain;
}

function readKey(path) {
  const file = JSON.parse(readFileSync(path, 'utf8'));
  const { N, r, p } = file;
  const derived = scryptSync(PASSWORD, Buffer.from(file.salt, 'base64'), 64, { N, r, p, maxmem: 1 << 30 });
  return JSON.parse(open(derived.subarray(0, 32), Buffer.from(file.data, 'base64')).toString());
}

/** The lock that restic holds while it reads a backup from a pipe which nobody writes to. */
async function catchLock(restic, env, repo) {
  const child = spawn(restic, ['backup', '-q', '--stdin', '--tag', 'piped'], {
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  for (let tries = 0; tries < 200; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const lock = readdirSync(join(repo, 'locks')).find((name) => name.length === 64);
    if (lock === undefined) continue;
    const sealed = readFileSync(join(repo, 'locks', lock));
    child.stdin.end('from a pipe\n');
    await closed;
    return sealed;
  }
  throw new Error('restic made no lock');
}

async function main(restic, version, out) {
  const work = mkdtempSync(join(tmpdir(), 'restic-fixtures-'));
  const source = join(work, 'source');
  const repo = join(work, 'repo');
  const env = {
    ...process.env,
    RESTIC_PASSWORD: PASSWORD,
    RESTIC_REPOSITORY: repo,
    RESTIC_CACHE_DIR: join(work, 'cache'),
    TZ: 'America/St_Johns',
  };
  const run = (...args) => execFileSync(restic, args, { cwd: source, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  try {
    mkdirSync(source);
    makeSource(source);
    run('init', '--repository-version', version);
    run('backup', '-q', '--host', 'güld <&>', '--tag', 'a,b <c>', '--exclude', '*.no', '.');
    run('backup', '-q', '--host', 'güld <&>', '--with-atime', 'kinds', 'times');
    const lock = await catchLock(restic, env, repo);
    run('tag', '-q', '--add', 'later', '--tag', 'piped');
    mkdirSync(out, { recursive: true });
    takeApart(repo, out, lock);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Every file of the repository, plain, and those that hold the samples of sealed bytes. */
function takeApart(repo, out, lock) {
  const names = (folder) => readdirSync(join(repo, folder)).sort();
  const save = (name, data) => writeFileSync(join(out, name), data);
  save('key.json', readFileSync(join(repo, 'keys', names('keys')[0])));
  const master = readKey(join(out, 'key.json'));
  const key = Buffer.from(master.encrypt, 'base64');
  save('master.json', `${JSON.stringify(master)}\n`);
  save('config.sealed', readFileSync(join(repo, 'config')));
  save('config.json', open(key, readFileSync(join(repo, 'config'))));
  save('lock.json', unpack(open(key, lock)));
  const snapshots = names('snapshots').map((name) => unpack(open(key, readFileSync(join(repo, 'snapshots', name)))));
  snapshots.sort((a, b) => (a.toString() < b.toString() ? -1 : 1));
  for (const [i, plain] of snapshots.entries()) save(`snapshot-${i}.json`, plain);
  const trees = new Map();
  const packs = new Map();
  names('index').forEach((name, i) => {
    const sealed = readFileSync(join(repo, 'index', name));
    const plain = unpack(open(key, sealed));
    save(`index-${i}.json`, plain);
    if (i === 0) save('index-0.sealed', sealed);
    for (const pack of JSON.parse(plain).packs) packs.set(pack.id, pack);
  });
  [...packs.values()].forEach((pack, i) => {
    const bytes = readFileSync(join(repo, 'data', pack.id.slice(0, 2), pack.id));
    const length = bytes.readUInt32LE(bytes.length - 4);
    save(`pack-${i}.bin`, bytes);
    save(`header-${i}.bin`, open(key, bytes.subarray(bytes.length - 4 - length, bytes.length - 4)));
    for (const blob of pack.blobs.filter(({ type }) => type === 'tree')) trees.set(blob.id, takeTree(key, bytes, blob));
  });
  for (const [id, plain] of trees) save(`tree-${id.slice(0, 8)}.json`, plain);
}

function takeTree(key, bytes, blob) {
  let plain = open(key, bytes.subarray(blob.offset, blob.offset + blob.length));
  if (blob.uncompressed_length) plain = Buffer.from(zstd.decompress(plain));
  if (sha256(plain) !== blob.id) throw new Error(`tree ${blob.id} does not have its hash`);
  return plain;
}

const [restic, version, out] = process.argv.slice(2);
if (!restic || !version || !out)
  throw new Error('usage: node scripts/restic-fixtures.mjs RESTIC REPOSITORY_VERSION OUT_FOLDER');
await main(restic, version, out);
