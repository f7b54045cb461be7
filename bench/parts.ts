/**
 * A program: what each part of a push and of a pull costs alone, on one core, with the project's own functions. Its first
 * argument is one line of JSON, `Wanted`; it prints one, `Measured`.
 *
 * A game folder goes through the parts in batches, each part over the whole batch at once, and CPU time is taken: no
 * threads, nothing waits, and nothing lies between the parts. Their sum is what a pipeline without any cost of its own
 * would take. The first batch is done twice, for what is compiled and loaded on the way.
 */
import type { Backend } from '../src/backend/backend.js';
import { restBackend } from '../src/backend/rest.js';
import { type Bytes, toHex, utf8 } from '../src/base/bytes.js';
import { loadZstd } from '../src/compress/zstd.js';
import type { CryptoProvider } from '../src/crypto/provider.js';
import { defaultCrypto } from '../src/crypto/select.js';
import { Clock, must, type Part, secondsSince, sum } from './parts-clock.js';
import { batchesOf, Reader, writeFiles } from './parts-files.js';
import { Pipeline, type Sealed } from './parts-pipeline.js';

interface Wanted {
  readonly game: string;
  /** Where the files are written again. */
  readonly copy: string;
  /** An empty repository on a REST server. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export interface Measured {
  /** Of the files, and of what was stored of them. */
  readonly bytes: number;
  readonly stored: number;
  readonly files: number;
  readonly blobs: number;
  readonly zstd: string;
  readonly push: readonly Part[];
  readonly pull: readonly Part[];
  /** CPU seconds of one key derivation. */
  readonly scrypt: number;
}

const PACK = 16 * 1024 * 1024;
/** What restic chooses on most machines, or near it. */
const SCRYPT = { N: 32_768, r: 8, p: 5 };

/** The two ways, each with its own figures. */
interface Clocks {
  readonly push: Clock;
  readonly pull: Clock;
}

function newClocks(): Clocks {
  return { push: new Clock(), pull: new Clock() };
}

async function measureAll(wanted: Wanted): Promise<Measured> {
  const [crypto, zstd, backend] = [defaultCrypto(), await loadZstd(), restBackend(wanted)];
  const [reader, pipeline] = [new Reader(), new Pipeline(crypto, zstd)];
  const batches = [...batchesOf(wanted.game)];
  // What is compiled and loaded on the way is no part of any part.
  await transfer(newClocks(), backend, crypto, [crypto.randomBytes(PACK)]);
  for (const paths of batches.slice(0, 1)) saveAndWrite(newClocks(), wanted, reader, pipeline, paths);

  const clocks = newClocks();
  const counts = { bytes: 0, stored: 0, files: 0, blobs: 0 };
  let pack: Bytes[] = [];
  for (const [i, paths] of batches.entries()) {
    const blobs = saveAndWrite(clocks, wanted, reader, pipeline, paths);
    pack.push(...blobs.map(({ ciphertext }) => ciphertext));
    counts.files += paths.length;
    counts.blobs += blobs.length;
    counts.bytes += sum(blobs.map(({ plainLength }) => plainLength));
    counts.stored += sum(blobs.map(({ ciphertext }) => ciphertext.length));
    if (i < batches.length - 1 && sum(pack.map(({ length }) => length)) < PACK) continue;
    await transfer(clocks, backend, crypto, pack);
    pack = [];
  }
  await backend.close();
  const key = new Clock();
  await key.timeAsync('scrypt', 0, () => crypto.scrypt(utf8('password'), crypto.randomBytes(64), SCRYPT, 64));
  const scrypt = sum(key.parts().map(({ seconds }) => seconds));
  return { ...counts, zstd: zstd.name, push: clocks.push.parts(), pull: clocks.pull.parts(), scrypt };
}

/** From the disk to sealed blobs, and from those to the disk again. */
function saveAndWrite(
  { push, pull }: Clocks,
  wanted: Wanted,
  reader: Reader,
  pipeline: Pipeline,
  paths: readonly string[],
): readonly Sealed[] {
  const before = process.cpuUsage();
  const files = reader.read(paths);
  const bytes = sum(files.map(({ size }) => size));
  push.add('read files', bytes, secondsSince(before));
  const blobs = pipeline.save(push, files);
  const plains = pipeline.open(pull, blobs);
  pull.time('write and flush files', bytes, () => writeFiles(wanted, blobs, plains));
  return blobs;
}

/** To the server and back. */
async function transfer(
  { push, pull }: Clocks,
  backend: Backend,
  crypto: CryptoProvider,
  blobs: readonly Bytes[],
): Promise<void> {
  const pack = Buffer.concat(blobs);
  const name = push.time('SHA-256 of packs', pack.length, () => toHex(crypto.sha256(pack)));
  await push.timeAsync('send', pack.length, () => backend.write('data', name, pack));
  const range = { offset: 0, length: pack.length };
  const again = await pull.timeAsync('receive', pack.length, () => backend.read('data', name, range));
  must(again.length === pack.length);
}

const wanted: Wanted = JSON.parse(process.argv[2] ?? '{}');
process.stdout.write(`${JSON.stringify(await measureAll(wanted))}\n`);
