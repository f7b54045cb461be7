/**
 * The machine's lines of options.txt stay on their PC. The cloud has them too, as whoever sent the file first had them;
 * a push sends the cloud's values in place of this PC's, so that two PCs with different monitors have the same file,
 * and a pull puts this PC's values into what it places. What the cloud has is kept in
 *   .cloud-sync/machine-options.json   {"schema":1, "known":[the cloud's file, one character per byte, newest first]}
 * which is written before a push or pull is through: whichever of its versions agrees with the file here counts. Without
 * it this PC's values are sent, once.
 */
import { createHash, randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest, ManifestEntry } from '../../archive/manifest.js';
import { type Bytes, equalBytes } from '../../base/bytes.js';
import { ioError, isSyncError, SyncError } from '../../base/errors.js';
import type { BlobId } from '../../base/ids.js';
import type { Repository } from '../../repo/repository.js';
import type { Executor, FileSink } from '../../worker/executor.js';
import type { StreamResult } from '../../worker/file-task.js';
import { CLOUD_FOLDER } from '../folder/instance.js';
import { checkSchema, isStringArray, readJsonFile } from '../folder/json-file.js';
import type { SyncSession } from '../session.js';
import { writeFileAtomic } from '../swap/atomic-write.js';
import { nodeFs } from '../swap/fs-ops.js';
import { rmWithRetry } from '../swap/fs-retry.js';
import { LARGEST_OPTIONS, OPTIONS_FILE, sharedPart, withCloudValues, withLocalValues } from './options-file.js';

const RECORD_FILE = 'machine-options.json';
const REBUILT = 'it is built anew, nothing is lost';
/** Of the last sync, of one that was cut off, and one to spare. */
const VERSIONS = 3;

export interface MachineOptions {
  readonly keys: ReadonlySet<string>;
  /** What the cloud has or had, or was about to have; the newest first. */
  readonly known: readonly Bytes[];
  /** The file as it lies here. */
  readonly local: Bytes;
}

/** Undefined if there is no such file here, or it cannot be read, or is too large: then it is a file like others. */
export async function readMachineOptions(
  packFolder: string,
  keys: readonly string[],
): Promise<MachineOptions | undefined> {
  const local = await readFile(join(packFolder, OPTIONS_FILE)).catch(() => {
    // Whoever sends the file meets that error again, and tells it.
    return undefined;
  });
  if (local === undefined || local.length > LARGEST_OPTIONS) return undefined;
  return { keys: new Set(keys), known: await readKnown(packFolder), local };
}

/** Whether the file here, as it would be sent, is what the last sync had. */
export function isAsRecorded(machine: MachineOptions, record: ManifestEntry): boolean {
  const sent = asSent(machine.local, machine, record.content);
  return record.size === sent.length && sameContent(contentOf(sent), record.content);
}

/** With the cloud's values. `recorded`: the content of the last sync, which counts first. */
function asSent(local: Bytes, { keys, known }: MachineOptions, recorded: readonly BlobId[] = []): Bytes {
  if (keys.size === 0) return local;
  const shared = sharedPart(local, keys);
  const same = known.filter((one) => sharedPart(one, keys) === shared);
  const [newest] = known;
  const found = same.find((one) => sameContent(contentOf(one), recorded)) ?? same[0];
  if (found !== undefined) return found;
  return newest === undefined ? local : withCloudValues(local, newest, keys);
}

export interface SaveOptions {
  readonly folder: string;
  readonly executor: Executor;
  readonly sink: FileSink;
  /** Whether the sink claims nothing: then nothing is written either. */
  readonly hashOnly: boolean;
  readonly recorded: readonly BlobId[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Saves the file as it is to be sent; `sent` may go to `rememberOptions` if the file here was steady meanwhile. */
export async function saveOptions(
  machine: MachineOptions,
  options: SaveOptions,
): Promise<{ readonly result: StreamResult; readonly sent: Bytes }> {
  const { folder, executor, sink, signal } = options;
  const path = join(folder, OPTIONS_FILE);
  const local = await readFile(path).catch((error: unknown) => {
    throw ioError(error, 'cannot read', path);
  });
  const sent = local.length > LARGEST_OPTIONS ? local : asSent(local, machine, options.recorded);
  if (equalBytes(sent, local)) return { result: await executor.saveFile(path, sink, { signal }), sent };
  if (options.hashOnly) return { result: { size: sent.length, content: contentOf(sent) }, sent };
  // Named as the temporary files that a later command sweeps, should this one be killed.
  const copy = join(folder, CLOUD_FOLDER, `.${OPTIONS_FILE}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await nodeFs.createFile(copy, sent, 0o600);
    return { result: await executor.saveFile(copy, sink, { signal }), sent };
  } catch (error) {
    const failed = ioError(error, 'cannot write', copy);
    // Without the system's code: that the copy is gone must not be taken for the file.
    throw isSyncError(failed, 'io') ? new SyncError('io', failed.message, { cause: error }) : failed;
  } finally {
    await rmWithRetry(nodeFs, copy);
  }
}

/**
 * Puts this PC's values into the cloud's file, as it lies in staging. `isHere`: whether this PC has the file, as a file.
 * Afterwards the staged file is durable again, with the time that it had.
 */
export async function keepLocalOptions(
  packFolder: string,
  keys: readonly string[],
  staged: { readonly path: string; readonly entry: ManifestEntry },
  isHere: boolean,
): Promise<void> {
  if (staged.entry.size > LARGEST_OPTIONS) return;
  const cloud = await readFile(staged.path).catch((error: unknown) => {
    throw ioError(error, 'cannot read', staged.path);
  });
  await rememberOptions(packFolder, cloud);
  const machine = isHere ? await readMachineOptions(packFolder, keys) : undefined;
  const mixed = machine === undefined ? cloud : withLocalValues(cloud, machine.local, machine.keys);
  if (equalBytes(mixed, cloud)) return;
  try {
    const handle = await open(staged.path, 'r+');
    try {
      await handle.truncate();
      await handle.writeFile(mixed);
      await handle.utimes(staged.entry.mtimeMs / 1000, staged.entry.mtimeMs / 1000);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw ioError(error, 'cannot write', staged.path);
  }
}

/**
 * Before the comparison with a cloud of whose options.txt this PC knows nothing yet: two files that differ in nothing
 * but the machine's lines are then one. Needs the index and the instance lock.
 */
export async function learnOptions(session: SyncSession, repo: Repository, theirs: Manifest): Promise<void> {
  const { packFolder } = session.instance;
  const entry = theirs.get(OPTIONS_FILE);
  const [id, ...more] = entry?.content ?? [];
  if (id === undefined || more.length > 0 || (entry?.size ?? 0) > LARGEST_OPTIONS) return;
  const isMet = session.state?.base !== undefined && session.state.files.has(OPTIONS_FILE);
  if (isMet && (await readKnown(packFolder)).length > 0) return;
  await rememberOptions(packFolder, await repo.loadBlob('data', id, session.signal));
}

/** Durable when it returns. The instance lock must be held. */
export async function rememberOptions(packFolder: string, cloud: Bytes): Promise<void> {
  const known = await readKnown(packFolder);
  const [newest, ...older] = [cloud, ...known.filter((one) => !equalBytes(one, cloud))].slice(0, VERSIONS);
  if (newest === undefined || (known[0] !== undefined && equalBytes(known[0], newest))) return;
  const object = { schema: 1, known: [newest, ...older].map((one) => Buffer.from(one).toString('latin1')) };
  await writeFileAtomic(nodeFs, join(packFolder, CLOUD_FOLDER, RECORD_FILE), `${JSON.stringify(object)}\n`);
}

async function readKnown(packFolder: string): Promise<Bytes[]> {
  const path = join(packFolder, CLOUD_FOLDER, RECORD_FILE);
  try {
    const object = await readJsonFile(nodeFs, path, REBUILT);
    if (object === undefined) return [];
    checkSchema(object, 1, path, REBUILT);
    const { known } = object;
    return isStringArray(known) ? known.map((text) => Buffer.from(text, 'latin1')) : [];
  } catch (error) {
    // Broken, or not to be read: as if there were none.
    if (isSyncError(error)) return [];
    throw error;
  }
}

/** As the repository would name it: below the smallest chunk a file is one blob. */
function contentOf(file: Bytes): BlobId[] {
  return file.length === 0 ? [] : [createHash('sha256').update(file).digest('hex') as BlobId];
}

function sameContent(a: readonly BlobId[], b: readonly BlobId[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
