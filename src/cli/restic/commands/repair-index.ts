/** `repair index`: brings the index in line with the packs. */
import { repairIndex } from '../../../maintain/repair-index.js';
import type { CommandSpec, Context } from '../command.js';
import { indexTeller } from './repair-index-text.js';

export const repairIndexCommand: CommandSpec = {
  name: 'repair index',
  summary: 'Build a new index',
  description: `Builds a new index from the packs that are in the repository. Packs that no index file
names, or whose size is not what the index says, are read; what the index says of packs
that are gone is dropped.`,
  flags: [
    {
      name: 'read-all-packs',
      kind: 'bool',
      help: 'read all packs, and make the index without the help of the old one',
    },
  ],
  group: 'main',
  textOnly: true,
  run,
};

async function run(context: Context): Promise<number> {
  const { flags, out, signal, lock } = context;
  const repo = await context.open();
  const teller = indexTeller(out);
  await repairIndex(repo, { readAllPacks: flags.bool('read-all-packs'), signal, lock, onEvent: teller.on });
  teller.done();
  out.info('done');
  return 0;
}
