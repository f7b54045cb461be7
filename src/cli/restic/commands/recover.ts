/** `recover`: a snapshot of folders that no snapshot refers to. */
import { shortId } from '../../../base/ids.js';
import type { RecoverEvent } from '../../../maintain/recover.js';
import { recover } from '../../../maintain/recover.js';
import type { CommandSpec, Context } from '../command.js';
import type { Counter, Output } from '../output.js';
import { indexTeller, messageOf } from './repair-index-text.js';

export const recoverCommand: CommandSpec = {
  name: 'recover',
  summary: 'Recover data from the repository not referenced by snapshots',
  description: `Makes a new snapshot of all folders in the repository that no snapshot refers to, and no
other folder: the contents of snapshots that were removed by mistake, or lost.`,
  flags: [],
  group: 'main',
  textOnly: true,
  run,
};

async function run(context: Context): Promise<number> {
  const { out, signal, lock } = context;
  const repo = await context.open();
  const { snapshot } = await recover(repo, { signal, lock, onEvent: teller(out) });
  out.info(snapshot === undefined ? 'no snapshot to write.' : `saved new snapshot ${shortId(snapshot)}`);
  return 0;
}

function teller(out: Output): (event: RecoverEvent) => void {
  const index = indexTeller(out);
  let bar: Counter | undefined;
  return (event) => {
    switch (event.type) {
      case 'ensuring-index':
        return out.info('ensuring index is complete');
      case 'loading-index':
        index.done();
        return out.info('load index files');
      case 'reading-trees':
        out.info(`load ${event.trees} trees`);
        bar = out.counter('trees loaded', event.trees);
        return;
      case 'tree-read':
        return bar?.add(1);
      case 'bad-tree':
        return out.warn(`unable to load tree ${shortId(event.id)}: ${messageOf(event.error)}`);
      case 'bad-snapshot':
        return out.warn(`unable to load snapshot ${shortId(event.id)}: ${messageOf(event.error)}`);
      case 'trees-done':
        return bar?.done();
      case 'loading-snapshots':
        return out.info('load snapshots');
      case 'snapshots-done':
        return out.info('done');
      case 'root':
        return out.verbose(`found root tree ${shortId(event.id)}`);
      case 'roots':
        return out.info(`\nfound ${event.roots} unreferenced roots`);
      default:
        return index.on(event);
    }
  };
}
