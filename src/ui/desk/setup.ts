/** Setting up the game folder that the command was called for. Nothing is stored before the player has finished. */
import {
  checkAccount,
  describeFolder,
  hookLine,
  init,
  isSyncError,
  launcherRun,
  measurePresets,
  readOptIn,
  recoveryCode,
  SyncError,
  setPreset,
} from '../../index.js';
import type { SetupResult, SetupState, Writes } from '../protocol.js';
import type { Handlers } from '../server/window-types.js';
import { areLinesThere, planLauncherSetup, writeLauncherSetup } from './launcher-setup.js';
import { type Room, textOf } from './room.js';

type Names = 'setup' | 'check-server' | 'presets' | 'finish-setup' | 'write-hooks';
type Finish = Writes['finish-setup']['in'];

export function setupHandlers(room: Room): Pick<Handlers, Names> {
  const { packFolder, program, surroundings } = room.options;
  return {
    setup: () => readSetup(packFolder),
    'check-server': async ({ url, token }, signal) => {
      const given = { url: textOf(url, 'url') ?? '', token: textOf(token, 'token') || undefined };
      const { instances, isNewAccount } = await checkAccount({ ...given, packFolder, signal }).catch(toldApart);
      const found = instances.map(({ id, label, minecraft, host, changed }) => ({
        id,
        label,
        host,
        changed,
        ...(minecraft === undefined ? {} : { minecraft }),
      }));
      return { instances: found, isNewAccount };
    },
    presets: async (_, signal) => ({ presets: await measurePresets({ packFolder, signal }) }),
    'finish-setup': (input, signal) => finish(room, input, signal),
    'write-hooks': async ({ instance }) => {
      const plan = await planLauncherSetup(room.folderOf(instance), program, surroundings);
      return { file: (await writeLauncherSetup(plan, surroundings, false)).file };
    },
  };
}

/** An answer that no restic server gives is 'not-found', unlike one of a server that is ill: the address is wrong. */
function toldApart(error: unknown): never {
  const status = isSyncError(error, 'server') ? error.details['status'] : undefined;
  if (typeof status !== 'number' || status >= 500 || !isSyncError(error)) throw error;
  throw new SyncError('not-found', error.message, { cause: error });
}

async function readSetup(packFolder: string | undefined): Promise<SetupState> {
  const facts = await describeFolder({ packFolder });
  const before = await readOptIn({ packFolder });
  return {
    packFolder: facts.packFolder,
    label: facts.label,
    hasToken: before?.hasToken === true,
    ...(before === undefined ? {} : { url: before.url, instanceId: before.instanceId }),
  };
}

async function finish(room: Room, input: Finish, signal: AbortSignal): Promise<SetupResult> {
  const token = textOf(input.token, 'token') || undefined;
  const instanceId = textOf(input.instanceId, 'instanceId');
  const url = textOf(input.url, 'url') ?? '';
  const { packFolder } = await init({ packFolder: room.options.packFolder, url, token, instanceId });
  await setPreset(input.preset, { packFolder });
  const account = await enterAccount(packFolder, signal);
  const launcher = await describeLauncher(room, packFolder);
  return {
    instance: room.idOf(packFolder),
    ...launcher.lines,
    ...(launcher.found === undefined ? {} : { launcher: launcher.found }),
    ...(account.code === undefined ? {} : { recoveryCode: account.code }),
    warnings: [...account.warnings, ...launcher.warnings],
  };
}

/** Enters the instance in the player's list. The code only if it was made just now: else the player has it. */
async function enterAccount(
  packFolder: string,
  signal: AbortSignal,
): Promise<{ readonly code?: string; readonly warnings: readonly string[] }> {
  try {
    const result = await recoveryCode({ packFolder, signal });
    if (result.outcome === 'not-configured') return { warnings: [] };
    return { ...(result.isNew ? { code: result.code } : {}), warnings: result.warnings };
  } catch (error) {
    if (!isSyncError(error) || error.code === 'aborted') throw error;
    const later = '"instance-sync recovery-code" does it later';
    return { warnings: [`no recovery code was made (${later}): ${error.message}`] };
  }
}

interface LauncherFacts {
  readonly lines: Pick<SetupResult, 'preHook' | 'postHook'>;
  readonly found?: NonNullable<SetupResult['launcher']>;
  readonly warnings: readonly string[];
}

async function describeLauncher(room: Room, packFolder: string): Promise<LauncherFacts> {
  const { program, surroundings } = room.options;
  const line = (command: 'pull' | 'push'): string => hookLine(program, command, surroundings.platform);
  const lines = { preHook: line('pull'), postHook: line('push') };
  try {
    const { hazards, launcher, plan } = await planLauncherSetup(packFolder, program, surroundings);
    const todo = 'move it to a folder with a plain name and set up from there';
    const warnings = hazards.map(({ path, what }) => `the path ${path} has ${what}; ${todo}`);
    if (launcher === undefined || plan === undefined) return { lines, warnings };
    const [pull, push] = plan.changes;
    const run = launcher.name === undefined ? undefined : await launcherRun(launcher.name, surroundings);
    return {
      lines: { preHook: pull?.after ?? lines.preHook, postHook: push?.after ?? lines.postHook },
      found: { name: launcher.name ?? '', running: run?.state === 'running', linesAreThere: areLinesThere(plan) },
      warnings,
    };
  } catch (error) {
    if (!isSyncError(error)) throw error;
    // The folder is set up; the lines can be entered by hand.
    return { lines, warnings: [error.message] };
  }
}
