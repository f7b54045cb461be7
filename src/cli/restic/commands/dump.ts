/** `dump`: a file's contents, or a folder as an archive, to standard output or into a file. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Bytes } from '../../../base/bytes.js';
import { ioError, SyncError } from '../../../base/errors.js';
import { selectSnapshot } from '../../../browse/select.js';
import { findSubfolder } from '../../../browse/subfolder.js';
import type { Repository } from '../../../repo/repository.js';
import { dumpFile, findDumpTarget } from '../../../restore/dump-file.js';
import { dumpTar } from '../../../restore/dump-tar.js';
import { dumpZip } from '../../../restore/dump-zip.js';
import type { CommandSpec, Context } from '../command.js';
import { FILTER_FLAGS, filterOf } from '../filter-flags.js';
import { lineError, plainly, prefixed } from '../plain-error.js';

export const dumpCommand: CommandSpec = {
  name: 'dump',
  summary: 'Print a file or a folder of a snapshot',
  args: 'snapshotID file',
  description: `Writes the contents of a file of a snapshot to standard output, or, if a folder is named,
all that is in it as a tar or zip archive. "/" stands for the whole snapshot.

"latest" is the latest snapshot, of those that --host, --tag and --path let through.
With "snapshotID:folder" the archive begins in that folder.`,
  flags: [
    { name: 'archive', short: 'a', kind: 'text', value: 'format', default: 'tar', help: 'kind of archive: tar or zip' },
    ...FILTER_FLAGS,
    { name: 'target', short: 't', kind: 'text', value: 'path', help: 'write to this file' },
  ],
  group: 'main',
  run,
};

const FORMATS = { tar: dumpTar, zip: dumpZip } as const;

async function run(context: Context): Promise<number> {
  const { args, flags } = context;
  const [spec, path] = args;
  if (spec === undefined || path === undefined || args.length > 2) {
    throw new SyncError('usage', 'no file and no snapshot ID specified');
  }
  const format = flags.text('archive') ?? 'tar';
  if (format !== 'tar' && format !== 'zip') {
    throw lineError(`unknown archive format "${format}"`);
  }
  await context.withRepository('shared', async (repo, signal) => {
    const bytes = await contents(context, repo, { spec, path, format, signal });
    const target = flags.text('target');
    if (target) await writeFile(resolve(context.cwd, target), target, bytes);
    else for await (const piece of bytes) await context.out.write(piece);
  });
  return 0;
}

interface Wanted {
  readonly spec: string;
  readonly path: string;
  readonly format: keyof typeof FORMATS;
  readonly signal: AbortSignal;
}

async function contents(context: Context, repo: Repository, wanted: Wanted): Promise<AsyncGenerator<Bytes>> {
  const { spec, path, format, signal } = wanted;
  const { snapshot, subfolder } = await selectSnapshot(repo, spec, { filter: filterOf(context), signal }).catch(
    (error: unknown) => {
      throw prefixed(error, 'failed to find snapshot: ');
    },
  );
  await repo.loadIndex(signal);
  const root = await findSubfolder(repo, snapshot.tree, subfolder, signal).catch((error: unknown) => {
    throw plainly(error);
  });
  const target = await findDumpTarget(repo, root, path, signal).catch((error: unknown) => {
    throw prefixed(error, 'cannot dump file: ');
  });
  if (target.kind === 'file') return dumpFile(repo, target.node, { signal });
  if (context.out.isTerminal && !context.flags.text('target')) {
    throw new SyncError('usage', 'cannot dump file: stdout is the terminal, please redirect output');
  }
  return FORMATS[format](repo, target.tree, { path: target.path, signal });
}

/** Over what was there; what has come so far stays if the rest does not. */
async function writeFile(path: string, shown: string, bytes: AsyncIterable<Bytes>): Promise<void> {
  const file = await open(path, 'w', 0o666).catch((error: unknown) => {
    throw ioError(error, 'cannot dump to file', shown);
  });
  try {
    for await (const piece of bytes) {
      await file.writeFile(piece).catch((error: unknown) => {
        throw ioError(error, 'cannot dump to file', shown);
      });
    }
  } finally {
    await file.close();
  }
}
