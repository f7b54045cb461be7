import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../src/base/bytes.js';
import { SyncError } from '../../src/base/errors.js';
import type { KeyId } from '../../src/base/ids.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { seal } from '../../src/crypto/box.js';
import { DEFAULT_SCRYPT } from '../../src/crypto/kdf.js';
import type { ScryptParams } from '../../src/crypto/provider.js';
import { createKeyFile, encodeKeyFile, newMasterKey } from '../../src/repo/key-file.js';
import type { OpenOptions } from '../../src/repo/repository.js';
import { Repository } from '../../src/repo/repository.js';
import { FaultyBackend } from '../helpers/faulty-backend.js';
import type { TestRepository } from '../helpers/repository.js';
import {
  at,
  CHEAP,
  crypto,
  noise,
  PASSWORD,
  POLYNOMIAL,
  rejection,
  storeBlobs,
  testRepository,
  texts,
} from '../helpers/repository.js';

const zstd = await loadZstd();
const base = { crypto, zstd };

function open(backend: FaultyBackend, options: Partial<OpenOptions> = {}): Promise<Repository> {
  return Repository.open({ ...base, backend, passwords: [PASSWORD], ...options });
}

function init(backend: FaultyBackend, password = PASSWORD): Promise<Repository> {
  return Repository.init({ ...base, backend, password, chunkerPolynomial: POLYNOMIAL, scrypt: CHEAP });
}

/** A further key file; for the repository's master key unless another is given. */
async function addKey(
  { backend, repo }: TestRepository,
  password: string,
  params: ScryptParams = CHEAP,
  master = repo.codec.key,
): Promise<KeyId> {
  const created = '2026-11-22T10:00:00Z';
  const bytes = encodeKeyFile(await createKeyFile(crypto, password, master, params, { created }));
  const id = toHex(crypto.sha256(bytes)) as KeyId;
  await backend.write('keys', id, bytes);
  return id;
}

async function replaceConfig({ backend, repo }: TestRepository, config: object): Promise<void> {
  await backend.replace('config', '', seal(crypto, repo.codec.key, utf8(JSON.stringify(config))));
}

const CONFIG = { version: 2, id: 'ab'.repeat(32), chunker_polynomial: POLYNOMIAL };

describe('opening', () => {
  it.each([1, 2] as const)('finds what init made, version %i', async (version) => {
    const { backend, repo } = await testRepository({ version });
    const again = await open(backend);
    expect(again.config).toEqual(repo.config);
    expect(again.config.version).toBe(version);
    expect(again.codec.key).toEqual(repo.codec.key);
    expect(again.keyId).toBe(repo.keyId);
  });

  it('refuses a wrong password, and takes the right one of several', async () => {
    const { backend } = await testRepository();
    expect((await rejection(open(backend, { passwords: ['wrong'] }))).code).toBe('wrong-password');
    expect((await rejection(open(backend, { passwords: [] }))).code).toBe('wrong-password');
    await open(backend, { passwords: ['wrong', PASSWORD] });
  });

  it('opens with every key, of whatever scrypt parameters', async () => {
    const made = await testRepository();
    const ids = [
      await addKey(made, 'second'),
      await addKey(made, 'third', { N: 1024, r: 8, p: 2 }),
      await addKey(made, 'Pässword ☃', { N: 2, r: 1, p: 1 }),
    ];
    for (const [i, password] of ['second', 'third', 'Pässword ☃'].entries()) {
      expect((await open(made.backend, { passwords: [password] })).keyId).toBe(ids[i]);
    }
  });

  it('tries the hinted key first, by its beginning, and the others if it does not fit', async () => {
    const made = await testRepository();
    for (let i = 0; i < 5; i++) await addKey(made, `other ${i}`);
    const mine = await addKey(made, 'mine');
    made.backend.calls.length = 0;
    expect((await open(made.backend, { passwords: ['mine'], keyHint: mine.slice(0, 10) })).keyId).toBe(mine);
    expect(made.backend.count('read', 'keys')).toBe(1);
    expect((await open(made.backend, { passwords: ['mine'], keyHint: 'ffff' })).keyId).toBe(mine);
  });

  it('tries 20 keys, and says so where there are more', async () => {
    const made = await testRepository();
    for (let i = 0; i < 24; i++) await addKey(made, `other ${i}`);
    made.backend.calls.length = 0;
    const error = await rejection(open(made.backend, { passwords: ['wrong'] }));
    expect(error.code).toBe('wrong-password');
    expect(error.message).toMatch(/20 of its 25 keys/);
    expect(made.backend.count('read', 'keys')).toBe(20);
    const last = at(
      (await made.backend.list('keys')).map((file) => file.name),
      24,
    );
    await open(made.backend, { passwords: ['other 23'], keyHint: last });
  });

  it('passes over keys that are broken, absurd or of another kind', async () => {
    const made = await testRepository();
    const good = at(await made.backend.names('keys'), 0);
    const goodBytes = await made.backend.bytes('keys', good);
    await made.backend.replace('keys', good, undefined);
    await made.backend.write('keys', 'aa'.repeat(32), utf8('{}'));
    const json = utf8('{"kdf":"argon2","data":"","salt":""}');
    await made.backend.write('keys', toHex(crypto.sha256(json)), json);
    const file = JSON.parse(Buffer.from(goodBytes).toString());
    const absurd = utf8(JSON.stringify({ ...file, N: 2 ** 30, r: 1024 }));
    await made.backend.write('keys', toHex(crypto.sha256(absurd)), absurd);
    const alone = await rejection(open(made.backend));
    expect(['damaged', 'unsupported']).toContain(alone.code);
    await made.backend.write('keys', good, goodBytes);
    expect((await open(made.backend)).keyId).toBe(good);
    // The good key was read: that the password is wrong is what the player can do something about.
    const wrong = await rejection(open(made.backend, { passwords: ['wrong'] }));
    expect(wrong.code).toBe('wrong-password');
    expect(wrong.message).toMatch(/further key/);
  });

  it('passes over a key of the same password that is not of this config', async () => {
    const made = await testRepository();
    const lost = await addKey(made, PASSWORD, CHEAP, newMasterKey(crypto));
    expect((await open(made.backend, { keyHint: lost })).keyId).toBe(made.repo.keyId);
  });

  it('says what is missing or broken', async () => {
    const made = await testRepository();
    const config = await made.backend.bytes('config', '');
    const key = at(await made.backend.names('keys'), 0);
    expect((await rejection(open(new FaultyBackend()))).code).toBe('no-repository');
    await made.backend.replace('config', '', undefined);
    expect((await rejection(open(made.backend))).code).toBe('no-repository');
    for (const bytes of [new Uint8Array(0), config.subarray(0, 40), noise(120)]) {
      await made.backend.replace('config', '', bytes);
      expect((await rejection(open(made.backend))).code).toBe('damaged');
    }
    await made.backend.replace('config', '', config);
    await made.backend.replace('keys', key, undefined);
    const lost = await rejection(open(made.backend));
    expect(lost.code).toBe('damaged');
    expect(lost.message).toMatch(/lost its key files/);
  });

  it('refuses formats of the future, with a password that is right', async () => {
    const made = await testRepository();
    await addKey(made, 'other');
    await replaceConfig(made, { ...CONFIG, version: 3 });
    expect((await rejection(open(made.backend))).code).toBe('unsupported');
    await replaceConfig(made, { ...CONFIG, is_hot: true });
    expect((await rejection(open(made.backend))).code).toBe('unsupported');
  });

  it('reads a repository that cuts files in its own way, and does not write', async () => {
    const made = await testRepository();
    await storeBlobs(made.repo, texts(1));
    await replaceConfig(made, { ...CONFIG, chunker: 'fixed_size', chunk_size: 65536, compression: 3 });
    const repo = await open(made.backend);
    await repo.loadIndex();
    expect(repo.index.blobCount).toBe(2);
    made.backend.calls.length = 0;
    const error = await rejection(repo.write({}, async () => undefined));
    expect(error.code).toBe('unsupported');
    expect(error.message).toMatch(/fixed_size/);
    expect(made.backend.calls).toEqual([]);
  });

  it('passes on that the server cannot be reached, at whatever step', async () => {
    const made = await testRepository();
    for (let call = 0; call < 3; call++) {
      let count = 0;
      made.backend.before = () => {
        if (count++ === call) throw new SyncError('unreachable', 'no answer');
      };
      expect((await rejection(open(made.backend))).code).toBe('unreachable');
    }
  });

  it('fetches a key again whose bytes were changed on their way', async () => {
    const made = await testRepository();
    let first = true;
    made.backend.tamper = (call, bytes) => {
      if (call.type !== 'keys' || !first) return bytes;
      first = false;
      return bytes.slice(1);
    };
    await open(made.backend);
    expect(first).toBe(false);
  });
});

describe('init', () => {
  it('writes the key first and the config last, and refuses to do it twice', async () => {
    const backend = new FaultyBackend();
    await init(backend);
    const changes = backend.done.filter((line) => /^(write|remove) /.test(line));
    expect(changes).toEqual(['write locks', 'write keys', 'write config', 'remove locks']);
    expect((await rejection(init(backend))).code).toBe('exists');
    expect(await backend.names('keys')).toHaveLength(1);
  });

  it('refuses where snapshots lie, or keys of another password', async () => {
    const backend = new FaultyBackend();
    await backend.write('snapshots', 'ab'.repeat(32), utf8('x'));
    expect((await rejection(init(backend))).code).toBe('exists');
    const made = await testRepository();
    await made.backend.replace('config', '', undefined);
    expect((await rejection(init(made.backend, 'another'))).code).toBe('exists');
  });

  it('goes on where it was cut off after the key', async () => {
    const backend = new FaultyBackend();
    backend.before = (call) => {
      if (call.method === 'write' && call.type === 'config') throw new SyncError('unreachable', 'cut');
    };
    await rejection(init(backend));
    backend.before = () => undefined;
    expect((await rejection(open(backend))).code).toBe('no-repository');
    const repo = await init(backend);
    expect(await backend.names('keys')).toEqual([repo.keyId]);
    expect((await open(backend)).config).toEqual(repo.config);
  });

  it.each([2, 3, 5])('is made once when %i PCs try at the same moment, on an append-only server too', async (pcs) => {
    const backend = new FaultyBackend();
    backend.before = (call) => {
      if (call.method === 'remove' && call.type !== 'locks') throw new SyncError('forbidden', 'append-only');
    };
    const outcomes = await Promise.allSettled(Array.from({ length: pcs }, () => init(backend)));
    const won = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const lost = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(won).toHaveLength(1);
    expect(lost.map((error) => error.code)).toEqual(lost.map(() => 'exists'));
    // One key only: a second one that does not fit the config would stop restic.
    expect(await backend.names('keys')).toEqual([won[0]?.keyId]);
    expect(await backend.names('locks')).toEqual([]);
    expect((await open(backend)).codec.key).toEqual(won[0]?.codec.key);
  });

  it('adds keys that open it, with parameters of full strength', async () => {
    const { backend, repo } = await testRepository();
    const id = await repo.addKey('second');
    expect((await open(backend, { passwords: ['second'], keyHint: id })).keyId).toBe(id);
    const file = JSON.parse(Buffer.from(await backend.bytes('keys', id)).toString());
    expect({ N: file.N, r: file.r, p: file.p }).toEqual(DEFAULT_SCRYPT);
  });
});

describe('small files', () => {
  it('loads index files once, and new ones later', async () => {
    const made = await testRepository();
    const reader = await open(made.backend);
    await storeBlobs(made.repo, texts(2));
    await reader.loadIndex();
    const reads = made.backend.count('read', 'index');
    await storeBlobs(made.repo, texts(2, 'more'));
    await reader.loadIndex();
    expect(made.backend.count('read', 'index')).toBe(reads + 1);
    expect(reader.index.blobCount).toBe(5);
  });

  it('takes the list of index files anew when one is gone in between', async () => {
    const made = await testRepository();
    await storeBlobs(made.repo, texts(2));
    const [old] = await made.backend.names('index');
    made.backend.before = async (call) => {
      if (call.method !== 'read' || call.type !== 'index') return;
      made.backend.before = () => undefined;
      const bytes = await made.backend.bytes('index', old ?? '');
      await made.backend.replace('index', old ?? '', undefined);
      const plain = seal(
        crypto,
        made.repo.codec.key,
        (await import('../../src/crypto/box.js')).open(crypto, made.repo.codec.key, bytes, 'index'),
      );
      await made.backend.write('index', toHex(crypto.sha256(plain)), plain);
    };
    const reader = await open(made.backend);
    await reader.loadIndex();
    expect(reader.index.blobCount).toBe(3);
  });

  it('refuses a damaged index or snapshot by its name, and gives up on an index that stays away', async () => {
    const made = await testRepository();
    const { snapshot } = await storeBlobs(made.repo, texts(2));
    const [index] = await made.backend.names('index');
    const bytes = await made.backend.bytes('index', index ?? '');
    const flipped = bytes.slice();
    flipped[50] = (flipped[50] ?? 0) ^ 1;
    for (const broken of [flipped, bytes.subarray(0, 60), new Uint8Array(0)]) {
      await made.backend.replace('index', index ?? '', broken);
      const error = await rejection((await open(made.backend)).loadIndex());
      expect(error.code).toBe('damaged');
      expect(error.message).toContain(`index/${index?.slice(0, 8)}`);
    }
    made.backend.before = (call) => {
      if (call.method === 'read' && call.type === 'index') throw new SyncError('not-found', 'gone');
    };
    expect((await rejection((await open(made.backend)).loadIndex())).code).toBe('not-found');
    await made.backend.replace('snapshots', snapshot, flipped);
    expect((await rejection(made.repo.loadSnapshot(snapshot))).code).toBe('damaged');
  });
});
