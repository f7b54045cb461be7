/**
 * An instance takes its place in the player's catalogue: its name there, and the player's recovery code as a key of its
 * repository. Done at setup and at the first push; nothing of it is needed to synchronise, so there it only ever warns.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { toHex } from '../../base/bytes.js';
import { isSyncError, throwIfAborted } from '../../base/errors.js';
import { addKey, listKeys } from '../../maintain/keys.js';
import type { Repository } from '../../repo/repository.js';
import { readGameVersion } from '../folder/game-version.js';
import { instanceLabel } from '../folder/instance-label.js';
import type { NotConfigured } from '../results.js';
import { NOT_CONFIGURED } from '../results.js';
import type { Services, SyncOptions, SyncSession } from '../session.js';
import { openSession } from '../session.js';
import type { Account } from './account.js';
import { accountOf, connectTo, openAndAdd } from './account.js';
import { withNewCatalogue } from './catalogue.js';
import type { CatalogueContent, CatalogueEntry, RecoveryKey } from './catalogue-file.js';
import { openRepository } from './open-repository.js';
import { formatRecoveryCode, SECRET_BYTES } from './recovery-code.js';

/** The user that a recovery code's keys name; their host is the name of the code. */
const KEY_USER = 'recovery-code';

/** At the first push, with the repository that it has made. Never throws but 'aborted'; what fails is a warning. */
export async function enrolInstance(session: SyncSession, repo: Repository): Promise<void> {
  try {
    const account = await accountOf(session);
    await withNewCatalogue(account, async (catalogue) => {
      const entry = await describe(session);
      const { codes } = await catalogue.change((content) => withEntry(content, entry));
      for (const code of codes) await addCode(repo, code, session.signal);
    });
  } catch (error) {
    throwIfAborted(session.signal);
    const reason = error instanceof Error ? error.message : String(error);
    session.warn('catalogue', `this instance is not in the list of your instances yet ("setup" enters it): ${reason}`);
  }
}

export interface RecoveryCodeResult {
  readonly outcome: 'recovery-code';
  /** Secret: for the player's eyes and paper. */
  readonly code: string;
  /** It was made just now; otherwise it is the one that the player has on paper. */
  readonly isNew: boolean;
  /** Labels of the instances whose repositories open by it. */
  readonly instances: readonly string[];
  readonly warnings: readonly string[];
}

export type RecoveryCodeOptions = Pick<
  SyncOptions,
  'packFolder' | 'tokenFile' | 'token' | 'instanceLabel' | 'waitMs' | 'signal' | 'onProgress'
>;

/**
 * The player's one recovery code, made if there is none, and a key of every repository of the player that there is. Also
 * enters this instance in the catalogue. What a later instance makes, its first push gives the code to.
 */
export async function recoveryCode(
  options: RecoveryCodeOptions,
  services: Services,
): Promise<RecoveryCodeResult | NotConfigured> {
  return (await openSession(options, services, makeRecoveryCode)) ?? NOT_CONFIGURED;
}

export async function makeRecoveryCode(session: SyncSession): Promise<RecoveryCodeResult> {
  const { signal } = session;
  const remote = await session.connect();
  const own = await openRepository(session, remote);
  const account = await accountOf(session);
  return withNewCatalogue(account, async (catalogue) => {
    const entry = await describe(session);
    const fresh: RecoveryKey = { name: toHex(randomBytes(4)), code: formatRecoveryCode(randomBytes(SECRET_BYTES)) };
    const content = await catalogue.change((before) => withCode(before, entry, fresh));
    const [first = fresh] = content.codes;
    for (const code of content.codes) {
      await addCode(catalogue.repo, code, signal);
      if (own !== undefined) await addCode(own, code, signal);
    }
    const others = [...content.instances.values()].filter(({ id }) => id !== entry.id);
    const covered = own === undefined ? [] : [entry.label];
    for (const one of others) if (await coverOther(session, account, one, content.codes)) covered.push(one.label);
    const isNew = first.code === fresh.code;
    return { outcome: 'recovery-code', code: first.code, isNew, instances: covered, warnings: session.warnings };
  });
}

/** Whether the repository of another instance opens by the codes now. */
async function coverOther(
  session: SyncSession,
  account: Account,
  { id, label }: CatalogueEntry,
  codes: readonly RecoveryKey[],
): Promise<boolean> {
  try {
    const remote = await connectTo(account, id);
    try {
      const { repo } = await openAndAdd(account, remote);
      for (const code of codes) await addCode(repo, code, session.signal);
      return true;
    } finally {
      await remote.close();
    }
  } catch (error) {
    throwIfAborted(session.signal);
    // Nothing pushed yet: its first push adds the code.
    if (isSyncError(error, 'no-repository')) return false;
    const reason = error instanceof Error ? error.message : String(error);
    session.warn('recovery-code', `the recovery code does not open the instance ${JSON.stringify(label)}: ${reason}`);
    return false;
  }
}

/** The key's name tells that it is there: no derivation is spent to find out. */
async function addCode(repo: Repository, { name, code }: RecoveryKey, signal: AbortSignal | undefined): Promise<void> {
  const keys = await listKeys(repo, { signal, onProblem: () => undefined });
  if (keys.some((key) => key.username === KEY_USER && key.hostname === name)) return;
  await addKey(repo, code, { username: KEY_USER, hostname: name, signal });
}

async function describe(session: SyncSession): Promise<CatalogueEntry> {
  const { packFolder, settings } = session.instance;
  const now = new Date().toISOString();
  const label = await instanceLabel(packFolder, session.options.instanceLabel);
  const minecraft = (await readGameVersion(packFolder))?.minecraft;
  const entry = { id: settings.instanceId, label, made: now, host: hostname(), changed: now, extra: {} };
  return minecraft === undefined ? entry : { ...entry, minecraft };
}

/** undefined: it is there, and says the same. */
function withEntry(content: CatalogueContent, entry: CatalogueEntry): CatalogueContent | undefined {
  const before = content.instances.get(entry.id);
  if (before?.label === entry.label && before.minecraft === entry.minecraft) return undefined;
  const { made, host, extra } = before ?? entry;
  return { ...content, instances: new Map(content.instances).set(entry.id, { ...entry, made, host, extra }) };
}

function withCode(content: CatalogueContent, entry: CatalogueEntry, fresh: RecoveryKey): CatalogueContent | undefined {
  const entered = withEntry(content, entry);
  return content.codes.length > 0 ? entered : { ...(entered ?? content), codes: [fresh] };
}
