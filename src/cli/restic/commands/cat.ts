/** `cat`: one thing that the repository stores, opened, on standard output. */
import type { FileType } from '../../../backend/backend.js';
import type { Bytes } from '../../../base/bytes.js';
import { fromUtf8, toBase64, toHex } from '../../../base/bytes.js';
import { SyncError } from '../../../base/errors.js';
import type { BlobId, IndexId, KeyId, LockId } from '../../../base/ids.js';
import { parseId, shortId } from '../../../base/ids.js';
import { selectById } from '../../../browse/select.js';
import { findSubfolder } from '../../../browse/subfolder.js';
import { encodeConfig } from '../../../repo/config.js';
import { loadRaw, loadUnpacked } from '../../../repo/files.js';
import { goIndentJson } from '../../../repo/go-json.js';
import { GO_ZERO_TIME, normalGoTime } from '../../../repo/go-time.js';
import { decodeKeyFile, encodeKeyFile } from '../../../repo/key-file.js';
import { decodeLockFile, encodeLockFile } from '../../../repo/lock-file.js';
import type { Repository } from '../../../repo/repository.js';
import type { CommandSpec, Context } from '../command.js';
import type { Output } from '../output.js';
import { saying } from '../saying.js';
import { storedJson } from '../snapshot-json.js';

const KINDS = ['config', 'index', 'snapshot', 'key', 'masterkey', 'lock', 'pack', 'blob', 'tree'] as const;
type Kind = (typeof KINDS)[number];

export const catCommand: CommandSpec = {
  name: 'cat',
  summary: 'Print something that is stored in the repository',
  args: '[masterkey|config|pack ID|blob ID|snapshot ID|index ID|key ID|lock ID|tree snapshot:subfolder]',
  description: `Prints what the repository stores under an id: packs as they are, all else opened.
"masterkey" shows the key with which everything is encrypted: keep it to yourself.
A snapshot may be named by the beginning of its id.`,
  flags: [],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  const { args } = context;
  const [text, id] = args;
  if (text === undefined) throw new SyncError('usage', 'type not specified');
  const kind = KINDS.find((one) => one === text);
  if (kind === undefined) {
    throw new SyncError('usage', `invalid type ${JSON.stringify(text)}, must be one of [${KINDS.join('|')}]`);
  }
  const needsId = kind !== 'masterkey' && kind !== 'config';
  if (needsId && args.length !== 2) throw new SyncError('usage', 'ID not specified');
  await context.withRepository('shared', (repo, signal) => print({ out: context.out, repo, signal }, kind, id ?? ''));
  return 0;
}

interface Job {
  readonly out: Output;
  readonly repo: Repository;
  readonly signal: AbortSignal;
}

async function print(job: Job, kind: Kind, id: string): Promise<void> {
  switch (kind) {
    case 'pack':
      return printPack(job, parseFullId(id));
    case 'blob':
      return printBlob(job, parseFullId(id));
    case 'tree':
      return printTree(job, id);
    case 'index':
      return printIndex(job, parseFullId(id));
    default:
      return job.out.result(goIndentJson(await documentOf(job, kind, id)));
  }
}

/** The JSON of what is a small document. */
async function documentOf({ repo, signal }: Job, kind: Kind, id: string): Promise<string> {
  const { backend, codec } = repo;
  switch (kind) {
    case 'snapshot':
      return storedJson((await saying('could not find snapshot', selectById(repo, id, signal))).snapshot);
    case 'key': {
      const full = parseFullId<KeyId>(id);
      const key = decodeKeyFile(await loadRaw(backend, codec.crypto, 'keys', full, signal), `key ${shortId(full)}`);
      const { created = GO_ZERO_TIME, username = '', hostname = '' } = key;
      return fromUtf8(encodeKeyFile({ ...key, created: normalGoTime(created), username, hostname }));
    }
    case 'lock': {
      const full = parseFullId<LockId>(id);
      const lock = decodeLockFile(await loadUnpacked(backend, codec, 'locks', full, signal), `lock ${shortId(full)}`);
      return fromUtf8(encodeLockFile({ ...lock, time: normalGoTime(lock.time) }));
    }
    case 'masterkey': {
      const { encrypt, macK, macR } = codec.key;
      return JSON.stringify({ mac: { k: toBase64(macK), r: toBase64(macR) }, encrypt: toBase64(encrypt) });
    }
    default:
      return configJson(repo);
  }
}

/** Without what keeps this program from writing to the repository: that is no part of the format. */
function configJson({ config }: Repository): string {
  const { version, id, chunkerPolynomial } = config;
  return fromUtf8(encodeConfig({ version, id, chunkerPolynomial }));
}

async function printIndex({ out, repo, signal }: Job, id: IndexId): Promise<void> {
  const plain = await loadUnpacked(repo.backend, repo.codec, 'index', id, signal);
  await out.write(plain);
  if (plain.at(-1) !== 0x0a) out.result('');
}

/** Also one that is damaged: to look into that is what this is for. */
async function printPack({ out, repo, signal }: Job, id: string): Promise<void> {
  const type: FileType = 'data';
  const hashOf = (bytes: Bytes): string => toHex(repo.codec.crypto.sha256(bytes));
  let bytes = await repo.backend.read(type, id, undefined, { signal });
  // What was only damaged on its way is right when it comes again.
  if (hashOf(bytes) !== id) bytes = await repo.backend.read(type, id, undefined, { signal });
  const hash = hashOf(bytes);
  if (hash !== id) out.warn(`Warning: hash of data does not match ID, want\n  ${id}\ngot:\n  ${hash}`);
  await out.write(bytes);
}

async function printBlob({ out, repo, signal }: Job, id: BlobId): Promise<void> {
  await repo.loadIndex(signal);
  const type = (['data', 'tree'] as const).find((one) => repo.index.has(one, id));
  if (type === undefined) throw new SyncError('not-found', 'blob not found');
  await out.write(await repo.loadBlob(type, id, signal));
}

async function printTree({ out, repo, signal }: Job, spec: string): Promise<void> {
  const { snapshot, subfolder } = await saying('could not find snapshot', selectById(repo, spec, signal));
  await repo.loadIndex(signal);
  const tree = await saying('', findSubfolder(repo, snapshot.tree, subfolder, signal), { plain: true });
  await out.write(await repo.loadBlob('tree', tree, signal));
}

/** All 64 digits; in capitals too. */
function parseFullId<T extends BlobId | IndexId | KeyId | LockId>(text: string): T {
  if (text.length !== 64) {
    throw new SyncError('usage', `unable to parse ID: invalid length for ID: ${JSON.stringify(text)}`);
  }
  if (!/^[0-9a-f]+$/i.test(text))
    throw new SyncError('usage', `unable to parse ID: invalid ID: ${JSON.stringify(text)}`);
  return parseId<T>(text.toLowerCase(), 'ID');
}
