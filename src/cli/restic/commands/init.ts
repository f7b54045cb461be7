/** `init`: a new, empty repository. */
import { isSyncError, SyncError } from '../../../base/errors.js';
import { initRepository } from '../../../open.js';
import type { CommandSpec, Context } from '../command.js';
import { FROM_FLAGS } from '../from-flags.js';
import { repositorySettings } from '../repository-settings.js';
import { shownAddress, withoutPassword } from '../shown-address.js';

export const initCommand: CommandSpec = {
  name: 'init',
  summary: 'Make a new repository',
  description: 'Makes a new, empty repository at the given place.',
  flags: [
    {
      name: 'copy-chunker-params',
      kind: 'bool',
      help: 'cut files as the source repository does, so that copies between the two deduplicate',
    },
    ...FROM_FLAGS,
    {
      name: 'repository-version',
      kind: 'text',
      value: 'version',
      default: 'stable',
      help: 'version of the format: 1, 2, stable or latest',
    },
  ],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  const { flags, args } = context;
  if (args.length > 0) throw new SyncError('usage', 'the init command expects no arguments, only options');
  const version = versionOf(flags.text('repository-version') ?? 'stable');
  const chunkerPolynomial = await sourcePolynomial(context);
  const settings = await repositorySettings(context, false, { isNew: true });
  try {
    const repo = await initRepository({ ...settings, version, chunkerPolynomial });
    tell(context, repo.config.id, shownAddress(settings.repository, repo.backend.location));
    await repo.backend.close();
  } catch (error) {
    if (!isSyncError(error, 'exists')) throw error;
    const found = error.details['found'] === 'config' ? 'config file already exists' : error.message;
    const message = `create repository at ${withoutPassword(settings.repository)} failed: ${found}`;
    throw new SyncError('exists', message, { cause: error });
  }
  return 0;
}

function tell({ out }: Context, id: string, location: string): void {
  if (out.json) {
    out.object({ message_type: 'initialized', id, repository: location });
    return;
  }
  out.info(`created restic repository ${id.slice(0, 10)} at ${location}`);
  out.info('');
  out.info('Whoever loses the password of this repository loses what is in it:');
  out.info('there is no other way to read it.');
}

function versionOf(text: string): 1 | 2 {
  if (text === '1') return 1;
  if (text === '2' || text === 'stable' || text === 'latest') return 2;
  throw new SyncError('usage', `only repository versions 1 and 2 can be made, not "${text}"`);
}

async function sourcePolynomial(context: Context): Promise<string | undefined> {
  const { flags } = context;
  if (flags.bool('copy-chunker-params')) return (await context.open({ from: true })).config.chunkerPolynomial;
  if (flags.given('from-repo') || flags.given('from-repository-file')) {
    throw new SyncError('usage', 'the source repository is of use with --copy-chunker-params only');
  }
  return undefined;
}
