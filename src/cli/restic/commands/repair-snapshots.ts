/** `repair snapshots`: snapshots without what cannot be read any more. */
import type { Mend } from '../../../maintain/repair-snapshots.js';
import { repairSnapshots } from '../../../maintain/repair-snapshots.js';
import { goQuote } from '../../../repo/go-quote.js';
import type { CommandSpec, Context } from '../command.js';
import { FILTER_FLAGS, filterOf } from '../filter-flags.js';
import { snapshotTellers, tellModified } from './rewrite-text.js';

export const repairSnapshotsCommand: CommandSpec = {
  name: 'repair snapshots',
  summary: 'Repair snapshots',
  args: '[snapshot ID] [...]',
  description: `Makes new snapshots of those that are broken, without the folders and the parts of files
that are gone. Once the broken ones are removed, prune can tidy up. It depends on a right
index: run "repair index" first.

What is left out is lost once the broken snapshots are removed. If the files are still
there, a new backup is better: it brings back what older snapshots lack.`,
  flags: [
    { name: 'dry-run', short: 'n', kind: 'bool', help: 'do nothing, only tell what would be done' },
    { name: 'forget', kind: 'bool', help: 'remove the old snapshots once the new ones are there' },
    ...FILTER_FLAGS,
  ],
  group: 'main',
  textOnly: true,
  run,
};

async function run(context: Context): Promise<number> {
  const { flags, args, out, signal, lock } = context;
  const dryRun = flags.bool('dry-run');
  const repo = await context.open();
  const result = await repairSnapshots(repo, {
    snapshots: args,
    filter: filterOf(context),
    dryRun,
    forget: flags.bool('forget'),
    signal,
    lock,
    ...snapshotTellers(out, { dryRun }),
    onMend: (mend) => out.info(`  ${mend.type} "${goQuote(mend.path)}": ${whatWasDone(mend)}`),
  });
  tellModified(out, result, dryRun);
  return 0;
}

function whatWasDone({ what, detail = '' }: Mend): string {
  switch (what) {
    case 'missing-content':
      return 'removed missing content';
    case 'wrong-size':
      return 'fixed incorrect size';
    case 'bad-type':
      return `removed node with invalid type ${JSON.stringify(detail)}`;
    case 'empty-directory':
      return 'replaced with empty directory';
    case 'not-readable':
      return 'not readable';
    case 'bad-node':
      return `removed node that cannot be read: ${detail}`;
    case 'duplicate-name':
      return 'removed nodes whose name another one has';
    case 'unordered':
      return 'put nodes in order';
    case 'cut-off':
      return 'its end is missing, kept the nodes before it';
  }
}
