/** `copy`: snapshots of another repository, into this one. */

import { shortId } from '../../../base/ids.js';
import { describeSnapshot } from '../../../browse/select.js';
import type { CopyEvent } from '../../../maintain/copy.js';
import { copy } from '../../../maintain/copy.js';
import { formatBytesLikeRestic } from '../../../ui/bytes.js';
import type { CommandSpec, Context } from '../command.js';
import { FILTER_FLAGS, filterOf } from '../filter-flags.js';
import { FROM_FLAGS } from '../from-flags.js';
import type { Counter, Output } from '../output.js';
import { packSizeOf } from '../repository-settings.js';

export const copyCommand: CommandSpec = {
  name: 'copy',
  summary: 'Copy snapshots from one repository to another',
  args: '[snapshotID ...]',
  description: `Copies snapshots, all or those that are named, from a second repository (--from-repo)
into this one. What this one has already is not copied again.

All data is fetched from the one and sent to the other, since they have different keys.
Files are not cut anew: where the two repositories cut in different ways, equal files of
both take their space twice. "init --copy-chunker-params" makes a repository that cuts as
another one does.`,
  flags: [...FROM_FLAGS, ...FILTER_FLAGS],
  group: 'main',
  textOnly: true,
  run,
};

async function run(context: Context): Promise<number> {
  const { flags, args, out, signal, lock } = context;
  const source = await context.open({ from: true });
  const destination = await context.open();
  const packSize = packSizeOf(flags);
  await copy(source, destination, {
    snapshots: args,
    filter: filterOf(context),
    noSourceLock: flags.bool('no-lock'),
    ...(packSize !== undefined && { packSize }),
    lock,
    signal,
    onEvent: teller(out),
  });
  return 0;
}

function teller(out: Output): (event: CopyEvent) => void {
  let bar: Counter | undefined;
  let begun = 0;
  return (event) => {
    switch (event.type) {
      case 'problem':
        return out.warn(`Ignoring "${event.name}": ${event.error.message}`);
      case 'skipped':
        out.verbose(`\n${describeSnapshot(event.source)}`);
        return out.verbose(
          `skipping source snapshot ${shortId(event.source.id)}, was already copied to snapshot ${shortId(event.copy)}`,
        );
      case 'begun':
        begun += 1;
        out.info(`\n${describeSnapshot(event.source)}`);
        return out.info('  copy started, this may take a while...');
      case 'plan': {
        const { blobs, bytes, packs } = event.plan;
        out.verbose(`  copy ${blobs} blobs with disk size ${formatBytesLikeRestic(bytes)} in ${packs} packfiles`);
        bar = out.counter('packs copied', packs);
        return;
      }
      case 'packs':
        return bar?.add(event.done);
      case 'brought':
        return bar?.done();
      case 'saved':
        // A blank line before the list that ends a batch of several.
        if (begun > 1) out.info('');
        begun = 0;
        return out.info(
          `snapshot ${shortId(event.copy)} saved, copied from source snapshot ${shortId(event.source.id)}`,
        );
    }
  };
}
