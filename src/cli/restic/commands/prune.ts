/** `prune`: removes the data that no snapshot needs. */
import { SyncError } from '../../../base/errors.js';
import { prune } from '../../../maintain/prune.js';
import type { CommandSpec, Context } from '../command.js';
import { checkNoLock, checkRules, PRUNE_FLAGS, pruneRules } from './prune-flags.js';
import { pruneTeller } from './prune-text.js';

const UNSAFE = 'unsafe-recover-no-free-space';

export const pruneCommand: CommandSpec = {
  name: 'prune',
  summary: 'Remove data that no snapshot needs',
  description: `Removes data that no snapshot needs. Packs of which only a part is needed are repacked, as
far as the limits ask for it. Nobody else can use the repository meanwhile; if it is
interrupted nothing is lost, and the next one goes on.`,
  flags: [
    { name: 'dry-run', short: 'n', kind: 'bool', help: 'change nothing, only show what would be done' },
    ...PRUNE_FLAGS,
    {
      name: UNSAFE,
      kind: 'text',
      value: 'id',
      help: "unsafe: for a storage without any room left, where '--max-repack-size 0' does not help; see the manual",
    },
  ],
  group: 'main',
  textOnly: true,
  run,
};

async function run(context: Context): Promise<number> {
  const { flags, out, signal, lock } = context;
  const rules = pruneRules(flags);
  checkNoLock(context, 'prune');
  const repo = await context.open();
  checkRules(repo, rules);
  const unsafeNoSpaceRecovery = isUnsafe(context, repo.config.id);
  const dryRun = flags.bool('dry-run');
  const teller = pruneTeller(out, dryRun);
  const options = { ...rules, dryRun, noLock: flags.bool('no-lock'), unsafeNoSpaceRecovery, signal, lock };
  await prune(repo, { ...options, onEvent: teller.on });
  teller.done();
  return 0;
}

/** That the repository's id has to be typed keeps it from being done by accident. */
function isUnsafe({ flags }: Context, repositoryId: string): boolean {
  const id = flags.text(UNSAFE);
  if (!id) return false;
  if (id !== repositoryId) throw new SyncError('usage', `must pass id '${repositoryId}' to --${UNSAFE}`);
  return true;
}
