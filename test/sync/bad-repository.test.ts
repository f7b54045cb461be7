/** What a broken disk, a foreign program or an enemy may have left in the repository: named, and nothing touched. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../src/base/bytes.js';
import type { BlobId, SnapshotId, TreeId } from '../../src/base/ids.js';
import { seal } from '../../src/crypto/box.js';
import { blobId, sealBlob } from '../../src/repo/codec.js';
import { acquireLock } from '../../src/repo/lock.js';
import type { Repository } from '../../src/repo/repository.js';
import { pull as pullWith } from '../../src/sync/pull.js';
import { type Cloud, filledCloud, makeCloud, toldUntouched } from './bad-input-env.js';

type Kind = 'keys' | 'index' | 'snapshots' | 'data';

/** The files of a kind on the server's disk, the largest first. */
function stored(cloud: Cloud, kind: Kind): string[] {
  const folder = join(cloud.folder, kind);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /[0-9a-f]{64}$/.test(name));
  const paths = names.map((name) => join(folder, name));
  return paths.sort((a, b) => readFileSync(b).length - readFileSync(a).length);
}

function rewrite(path: string, bytes: Uint8Array): void {
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
}

const HARM: Readonly<Record<string, (path: string) => void>> = {
  'bit-flipped': (path) => {
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 3);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    rewrite(path, bytes);
  },
  truncated: (path) => rewrite(path, readFileSync(path).subarray(0, 100)),
  empty: (path) => rewrite(path, new Uint8Array(0)),
  missing: (path) => rmSync(path),
};

/** A file that the server would never have taken under this name, named as it wants to be. */
function plant(cloud: Cloud, kind: Kind, bytes: Uint8Array, name: string): void {
  const folder = kind === 'data' ? join(cloud.folder, kind, name.slice(0, 2)) : join(cloud.folder, kind);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), bytes);
}

describe('a damaged file', () => {
  const short = (path: string): string => path.slice(-64, -56);

  it.concurrent.each(
    (['snapshots', 'index', 'data'] as const).flatMap((kind) => Object.keys(HARM).map((harm) => [kind, harm] as const)),
  )('%s, %s', async (kind, harm) => {
    const { cloud, a } = await filledCloud();
    const b = await cloud.pc({ filled: false });
    const [path = ''] = stored(cloud, kind);
    HARM[harm]?.(path);
    if (harm === 'missing' && kind === 'snapshots') {
      // A cloud without snapshots is an empty one to a newcomer, and a loss to a PC that knows better.
      expect((await b.pull()).outcome).toBe('nothing-in-cloud');
      expect(await toldUntouched(a, () => a.pull())).toMatchObject({ code: 'no-repository', exit: 10 });
      return;
    }
    const { code, exit, line } = await toldUntouched(b, () => b.pull());
    expect({ code, exit }, line).toEqual({ code: 'damaged', exit: 1 });
    // A missing index file cannot be named: what was in it can.
    expect(line).toContain(harm === 'missing' && kind === 'index' ? 'is in no index' : short(path));
    expect(line).toMatch(/damaged|cannot be read/);
  });

  it('that is lost makes no push fail: what it named is sent again from a PC that has it', async () => {
    const { cloud, a } = await filledCloud();
    const kept = stored(cloud, 'data').concat(stored(cloud, 'index'), stored(cloud, 'snapshots'));
    for (const index of stored(cloud, 'index')) HARM['missing']?.(index);
    a.put('saves/World/level.dat', 'changed');
    expect((await a.push()).outcome).toBe('sent');
    expect(kept.filter((path) => !existsSync(path))).toHaveLength(1);
    const b = await cloud.pc({ filled: false });
    expect((await b.pull()).outcome).toBe('updated');
    expect([...b.files()]).toEqual([...a.files()]);
  });

  it('next to what a push needs stops it before anything is sent', async () => {
    const { cloud, a } = await filledCloud();
    const [index = ''] = stored(cloud, 'index');
    rmSync(join(a.cloudFolder, 'cache'), { recursive: true });
    HARM['bit-flipped']?.(index);
    const before = readdirSync(cloud.folder, { recursive: true }).length;
    a.put('options.txt', 'changed');
    const { code, exit, line } = await toldUntouched(a, () => a.push());
    expect({ code, exit }).toEqual({ code: 'damaged', exit: 1 });
    expect(line).toContain(`index/${short(index)} at ${cloud.location} is damaged`);
    expect(readdirSync(cloud.folder, { recursive: true })).toHaveLength(before);
  });
});

describe('config and keys', () => {
  it('a config of version 3', async () => {
    const cloud = await makeCloud();
    const { codec, config } = await cloud.create();
    const json = JSON.stringify({ version: 3, id: config.id, chunker_polynomial: config.chunkerPolynomial });
    rewrite(join(cloud.folder, 'config'), seal(codec.crypto, codec.key, utf8(json)));
    const a = await cloud.pc();
    const told = {
      code: 'unsupported',
      exit: 1,
      line: 'the repository has format version 3; this program knows 1 and 2; update instance-sync',
    };
    expect(await toldUntouched(a, () => a.push())).toEqual(told);
    expect(await toldUntouched(a, () => a.pull())).toEqual(told);
  });

  it('a config that was changed, and one that is cut short', async () => {
    for (const harm of ['bit-flipped', 'truncated', 'empty']) {
      const { cloud } = await filledCloud();
      HARM[harm]?.(join(cloud.folder, 'config'));
      const b = await cloud.pc({ filled: false });
      const { code, exit, line } = await toldUntouched(b, () => b.pull());
      expect({ code, exit }).toEqual({ code: 'damaged', exit: 1 });
      expect(line).toContain(`config of ${cloud.location}`);
    }
  });

  it.each([
    ['N of 2^31', { N: 2 ** 31 }],
    ['a huge r', { r: 2 ** 24 }],
    ['a huge p', { p: 2 ** 29 }],
    ['N that is no power of two', { N: 1000 }],
  ])('a key with %s costs neither memory nor time', async (_name, parameters) => {
    const { cloud } = await filledCloud();
    const [path = ''] = stored(cloud, 'keys');
    const changed = utf8(JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...parameters }));
    rmSync(path);
    const { codec } = await makeCloud().then((other) => other.create());
    plant(cloud, 'keys', changed, toHex(codec.crypto.sha256(changed)));
    const b = await cloud.pc({ filled: false });
    const begun = performance.now();
    const { code, exit, line } = await toldUntouched(b, () => b.pull());
    expect({ code, exit }, line).toEqual({ code: 'unsupported', exit: 1 });
    expect(line).toMatch(/^key with scrypt parameters N=\d+ r=\d+ p=\d+: .*; this key is not used$/);
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it('no key at all', async () => {
    const { cloud } = await filledCloud();
    for (const path of stored(cloud, 'keys')) rmSync(path);
    const b = await cloud.pc({ filled: false });
    expect(await toldUntouched(b, () => b.pull())).toEqual({
      code: 'damaged',
      exit: 1,
      line: `the repository at ${cloud.location} has lost its key files; restore keys/ from a backup`,
    });
  });
});

describe('a repository that somebody has for himself', () => {
  it('is waited for, and then its holder is named: 11', async () => {
    const { cloud, a } = await filledCloud();
    const holder = await acquireLock((await cloud.open()).locks, { exclusive: true });
    try {
      a.put('options.txt', 'changed');
      const warnings: string[] = [];
      const onProgress = (event: { type: string; message?: string }): void => {
        if (event.type === 'warning') warnings.push(event.message ?? '');
      };
      const { code, exit, line } = await toldUntouched(a, () => a.push({ waitMs: 300, onProgress }));
      expect({ code, exit }).toEqual({ code: 'locked', exit: 11 });
      const who = `\\S+@\\S+ \\(process ${process.pid}\\), held exclusively since \\S+Z`;
      expect(line).toMatch(RegExp(`^the repository is locked by ${who}; try again when it is done$`));
      expect(warnings).toEqual([
        expect.stringMatching(RegExp(`^waiting for the repository, which is locked by ${who}`)),
      ]);
      const b = await cloud.pc({ filled: false });
      expect(await toldUntouched(b, () => b.pull({ waitMs: 0 }))).toMatchObject({ code: 'locked', exit: 11, line });
    } finally {
      await holder.release();
    }
    expect((await a.push()).outcome).toBe('sent');
  });
});

describe('a tree that no honest program writes', () => {
  const FILE = '"type":"file","mode":420,"mtime":"2026-11-20T18:00:00Z","size":1';
  const node = (name: string, content: string): string =>
    `{"name":${JSON.stringify(name)},${FILE},"content":["${content}"]}`;

  /** A snapshot of ours whose root is these bytes; `nodes` gets the id of a stored blob of one byte. */
  async function plantTree(cloud: Cloud, nodes: (content: string) => readonly string[]): Promise<SnapshotId> {
    const repo = await cloud.open();
    await repo.loadIndex();
    return repo.write({}, async (session) => {
      const content = await saveByte(repo, session);
      const tree = await session.saveTree(utf8(`{"nodes":[${nodes(content).join(',')}]}\n`));
      return session.commit(snapshotOf(tree));
    });
  }

  it.concurrent.each<[string, (content: string) => readonly string[]]>([
    ['..', (id) => [node('..', id)]],
    ['.', (id) => [node('.', id)]],
    ['an empty name', (id) => [node('', id)]],
    ['an absolute name', (id) => [node('/etc/passwd', id)]],
    ['a name with a slash', (id) => [node('saves/../../x', id)]],
    ['a zero byte in a name', (id) => [node('a\\x00b', id)]],
    ['a name twice', (id) => [node('options.txt', id), node('options.txt', id)]],
    ['names out of order', (id) => [node('saves', id), node('options.txt', id)]],
    ['a file without content', () => [`{"name":"options.txt",${FILE}}`]],
    ['a folder without subtree', () => ['{"name":"saves","type":"dir"}']],
    ['a size that its blobs do not have', (id) => [node('options.txt', id).replace('"size":1', '"size":2')]],
    ['a blob that nobody has', () => [node('options.txt', 'ab'.repeat(32))]],
  ])('%s', async (_name, nodes) => {
    const cloud = await makeCloud();
    await cloud.create();
    await plantTree(cloud, nodes);
    const pc = await cloud.pc({ filled: false });
    const { code, exit, line } = await toldUntouched(pc, () => pc.pull());
    expect({ code, exit }, line).toEqual({ code: 'damaged', exit: 1 });
    expect([...pc.files()]).toEqual([]);
  });

  it('a tree that contains too many of itself', async () => {
    const cloud = await makeCloud();
    const repo = await cloud.create();
    await repo.write({}, async (session) => {
      let tree = await session.saveTree(utf8('{"nodes":[]}\n'));
      for (let depth = 0; depth < 200; depth++) {
        tree = await session.saveTree(utf8(`{"nodes":[{"name":"d","type":"dir","subtree":"${tree}"}]}\n`));
      }
      return session.commit(snapshotOf(tree));
    });
    const pc = await cloud.pc({ filled: false });
    const { code, line } = await toldUntouched(pc, () => pc.pull());
    expect({ code, line }).toEqual({ code: 'damaged', line: expect.stringContaining('nested more than 128 deep') });
  });

  it('links that lead outside, and what is ours alone, stay in the cloud', async () => {
    const cloud = await makeCloud();
    await cloud.create();
    const link = (name: string, target: string): string =>
      `{"name":"${name}","type":"symlink","mode":511,"linktarget":${JSON.stringify(target)}}`;
    const sync = '{"name":".cloud-sync","type":"dir","subtree":';
    const repo = await cloud.open();
    await repo.write({}, async (session) => {
      const content = await saveByte(repo, session);
      const inner = await session.saveTree(utf8(`{"nodes":[${node('sync.json', content)}]}\n`));
      const links = await session.saveTree(
        utf8(
          `{"nodes":[${[link('a', '/etc'), link('b', '../../x'), link('c', 'C:\\Windows'), link('d', 'ok')].join(',')}]}\n`,
        ),
      );
      const nodes = [
        `${sync}"${inner}"}`,
        `{"name":"config","type":"dir","subtree":"${links}"}`,
        node('options.txt', content),
      ];
      return session.commit(snapshotOf(await session.saveTree(utf8(`{"nodes":[${nodes.join(',')}]}\n`))));
    });
    const pc = await cloud.pc({ filled: false });
    const before = readFileSync(join(pc.cloudFolder, 'sync.json'), 'utf8');
    const result = await pc.pull();
    expect([...pc.files().keys()]).toEqual(['config', 'config/d', 'options.txt']);
    expect(readFileSync(join(pc.cloudFolder, 'sync.json'), 'utf8')).toBe(before);
    expect(result.outcome === 'updated' ? result.warnings : []).toEqual([
      expect.stringMatching(
        /^config\/a was left out: it is a link that leads outside the game folder \(\/etc\); it stays/,
      ),
      expect.stringMatching(/^config\/b was left out: /),
      expect.stringMatching(/^config\/c was left out: /),
    ]);
  });

  it('names that Windows cannot have stay in the cloud there', async () => {
    const cloud = await makeCloud();
    await cloud.create();
    await plantTree(cloud, (id) =>
      ['..\\x', 'C:x', 'aux.txt', 'options.txt', 'servers.dat.']
        .sort()
        .map((name) => node(name.replaceAll('\\', '\\\\'), id)),
    );
    const pc = await cloud.pc({ filled: false });
    writeFileSync(join(pc.cloudFolder, 'scope.json'), '{"schema":1,"include":["**"]}');
    const result = await pullWith(pc.options, cloud.services('win32'));
    expect([...pc.files().keys()]).toEqual(['options.txt']);
    expect(result.outcome === 'updated' ? result.warnings : []).toHaveLength(4);
  });
});

describe('a bomb', () => {
  const GIB = 1024 ** 3;

  it('as a blob: no more than what it claims to be is unpacked', async () => {
    const cloud = await makeCloud();
    const repo = await cloud.create();
    const huge = repo.codec.zstd.compress(new Uint8Array(64 * 1024 * 1024));
    const id = 'cd'.repeat(32) as BlobId;
    await repo.write({}, async (session) => {
      session.claim('data', id);
      const sealed = seal(repo.codec.crypto, repo.codec.key, huge);
      await session.add({ id, type: 'data', sealed, uncompressedLength: 1000 }, 1000);
      const file = `{"name":"options.txt","type":"file","size":1000,"content":["${id}"]}`;
      return session.commit(snapshotOf(await session.saveTree(utf8(`{"nodes":[${file}]}\n`))));
    });
    await expectNoGrowth(cloud, /cdcdcdcd/);
  });

  it('as a blob that claims to be 3 GB', async () => {
    const cloud = await makeCloud();
    const repo = await cloud.create();
    const id = 'ce'.repeat(32) as BlobId;
    await repo.write({}, async (session) => {
      session.claim('data', id);
      const sealed = seal(repo.codec.crypto, repo.codec.key, repo.codec.zstd.compress(new Uint8Array(1000)));
      await session.add({ id, type: 'data', sealed, uncompressedLength: 3 * GIB }, 1000);
      const file = `{"name":"options.txt","type":"file","size":${3 * GIB},"content":["${id}"]}`;
      return session.commit(snapshotOf(await session.saveTree(utf8(`{"nodes":[${file}]}\n`))));
    });
    await expectNoGrowth(cloud, /cececece|free/);
  });

  it('as an index file', async () => {
    const { cloud } = await filledCloud();
    const { codec } = await cloud.open();
    const frame = new Uint8Array([2, ...bombOfGigabytes(2)]);
    const sealed = seal(codec.crypto, codec.key, frame);
    plant(cloud, 'index', sealed, toHex(codec.crypto.sha256(sealed)));
    await expectNoGrowth(cloud, /index\//);
  });

  async function expectNoGrowth(cloud: Cloud, names: RegExp): Promise<void> {
    const pc = await cloud.pc({ filled: false });
    const before = process.memoryUsage().rss;
    const { code, exit, line } = await toldUntouched(pc, () => pc.pull());
    expect({ code: ['damaged', 'no-space'].includes(code), exit }, line).toEqual({ code: true, exit: 1 });
    expect(line).toMatch(names);
    expect(process.memoryUsage().rss - before).toBeLessThan(600 * 1024 * 1024);
  }
});

/** A zstd frame of blocks that repeat one byte (RFC 8878, 3.1.1.2.2): 4 bytes for each 128 KiB. */
function bombOfGigabytes(gigabytes: number): number[] {
  const block = 128 * 1024;
  const blocks = (gigabytes * 1024 ** 3) / block;
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(gigabytes) * 1024n ** 3n, true);
  // Frame header: content size of 8 bytes, a window of 128 KiB.
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x38, ...size];
  for (let i = 0; i < blocks; i++) {
    const header = (block << 3) | 2 | (i === blocks - 1 ? 1 : 0);
    bytes.push(header & 255, (header >> 8) & 255, (header >> 16) & 255, 0x20);
  }
  return bytes;
}

type Session = Parameters<Parameters<Repository['write']>[1]>[0];

async function saveByte(repo: Repository, session: Session): Promise<BlobId> {
  const plain = utf8('x');
  const id = blobId(repo.codec.crypto, plain);
  if (session.claim('data', id)) await session.add(sealBlob(repo.codec, 'data', id, plain), 1);
  return id;
}

function snapshotOf(tree: TreeId): Parameters<Session['commit']>[0] {
  const time = new Date().toISOString();
  return {
    time,
    tree,
    paths: ['/game'],
    hostname: 'enemy',
    tags: ['instance-sync'],
    programVersion: 'instance-sync 0',
  };
}
