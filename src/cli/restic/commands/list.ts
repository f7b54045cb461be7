/** `list`: the ids of what the repository stores, one on a line. */
import { forEachLimit } from '../../../base/concurrency.js';
import type { Repository } from '../../../repo/repository.js';
import type { CommandSpec, Context } from '../command.js';
import type { LineWriter } from '../line-writer.js';
import { writingLines } from '../line-writer.js';
import { lineError } from '../plain-error.js';

const FILES = { packs: 'data', index: 'index', snapshots: 'snapshots', keys: 'keys', locks: 'locks' } as const;
const KINDS = ['blobs', ...Object.keys(FILES)].join('|');
/** Index files read at once. */
const CONNECTIONS = 5;

export const listCommand: CommandSpec = {
  name: 'list',
  summary: 'List what is stored in the repository',
  args: `[${KINDS}]`,
  description: `Lists the files of a kind by their ids, or all blobs by type and id. A blob comes once for
each copy that the index names.`,
  flags: [],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  const { args, out } = context;
  const [kind] = args;
  if (kind === undefined || args.length !== 1) throw lineError(`accepts 1 arg(s), received ${args.length}`);
  if (kind !== 'blobs' && !isFileKind(kind)) {
    throw lineError(`invalid argument ${JSON.stringify(kind)} for "restic-ts list"`);
  }
  // A lock of its own would be among those that are listed.
  await context.withRepository(kind === 'locks' ? 'none' : 'shared', (repo, signal) =>
    writingLines(out, async (lines) => {
      if (kind === 'blobs') return listBlobs(repo, lines, signal);
      for (const { name } of await repo.backend.list(FILES[kind], { signal })) await lines.line(name);
    }),
  );
  return 0;
}

function isFileKind(kind: string): kind is keyof typeof FILES {
  return Object.hasOwn(FILES, kind);
}

async function listBlobs(repo: Repository, lines: LineWriter, signal: AbortSignal): Promise<void> {
  const files = await repo.listIndexFiles(signal);
  await forEachLimit(
    files,
    CONNECTIONS,
    async (id) => {
      const { packs } = await repo.readIndexFile(id, signal);
      for (const { blobs } of packs) for (const blob of blobs) await lines.line(`${blob.type} ${blob.id}`);
    },
    signal,
  );
}
