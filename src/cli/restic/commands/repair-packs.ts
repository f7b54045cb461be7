/** `repair packs`: salvages what can be read of damaged packs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, ioError, SyncError } from '../../../base/errors.js';
import type { PackId } from '../../../base/ids.js';
import { isId } from '../../../base/ids.js';
import type { RepairPacksEvent } from '../../../maintain/repair-packs.js';
import { repairPacks } from '../../../maintain/repair-packs.js';
import type { CommandSpec, Context } from '../command.js';
import type { Counter, Output } from '../output.js';
import { PROGRAM } from '../spec-text.js';
import { indexTeller, messageOf } from './repair-index-text.js';

export const repairPacksCommand: CommandSpec = {
  name: 'repair packs',
  summary: 'Salvage damaged pack files',
  args: '[packIDs...]',
  description: `Takes what can be read out of the packs that are named, makes new packs of it, takes the
damaged ones out of the index and removes them. Before that, a copy of each is put into
the current folder, as pack-<id>.`,
  flags: [],
  group: 'main',
  textOnly: true,
  run,
};

async function run(context: Context): Promise<number> {
  const { args, out, signal, lock, cwd } = context;
  if (args.length === 0) throw new SyncError('usage', 'no ids specified');
  const ids = args.map(packId);
  const repo = await context.open();
  const { on, done } = teller(out);
  const keep = (id: PackId, bytes: Uint8Array): Promise<void> => saveCopy(join(cwd, `pack-${id}`), bytes);
  await repairPacks(repo, ids, { signal, lock, onEvent: on, saveCopy: keep });
  done();
  out.warn(`\nUse \`${PROGRAM} repair snapshots --forget\` to remove the corrupted data blobs from all snapshots`);
  return 0;
}

/** In full: the beginning of an id could mean a pack that is sound. */
function packId(text: string): PackId {
  if (isId(text)) return text as PackId;
  const what = text.length === 64 ? 'invalid ID' : 'invalid length for ID';
  throw new SyncError('usage', `${what}: ${JSON.stringify(text)}`, { details: { plain: true } });
}

/** Never over a file that is there: it may be the copy that an earlier repair has made. */
async function saveCopy(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: 'wx' });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw new SyncError('exists', `open ${path}: file exists`, { cause: error });
    throw ioError(error, 'storing a copy of the pack as', path);
  }
}

interface Teller {
  on(event: RepairPacksEvent): void;
  /** Draws the last line of what is being counted. */
  done(): void;
}

function teller(out: Output): Teller {
  const index = indexTeller(out);
  let bar: Counter | undefined;
  const done = (): void => {
    index.done();
    bar?.done();
    bar = undefined;
  };
  const on: Teller['on'] = (event) => {
    switch (event.type) {
      case 'saving-copies':
        return out.info('saving backup copies of pack files to current folder');
      case 'salvaging':
        out.info('salvaging intact data from specified pack files');
        bar = out.counter('pack files', event.packs);
        return;
      case 'salvaged':
      case 'removed-pack':
        return bar?.add(1);
      case 'lost-blob':
        return out.warn(`failed to load blob ${event.blob.id}: ${messageOf(event.error)}`);
      case 'removing-packs':
        done();
        out.info('removing salvaged pack files');
        bar = out.counter('files deleted', event.packs);
        return;
      default:
        bar?.done();
        bar = undefined;
        return index.on(event);
    }
  };
  return { on, done };
}
