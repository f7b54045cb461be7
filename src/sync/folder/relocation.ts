/** A game folder that is not where it was: moved, or a copy of one that is still there and takes part as well? */
import { SyncError } from '../../base/errors.js';
import type { OnRelocation, Relocation, RelocationAnswer } from '../merge/decisions.js';
import { findRelocation, writeHome } from './home.js';
import { type Instance, newInstanceId, writeInstance } from './instance.js';

export interface Settled {
  readonly instance: Instance;
  /** Whether this folder's records came from another PC: then it is a device of its own from now on. */
  readonly isNew: boolean;
}

/**
 * A copy becomes an instance of its own: a new id, so a new repository at its first push; the state of the other
 * instance does not count for it. Throws 'relocated' if nobody says which it is. The instance lock must be held.
 */
export async function settleRelocation(instance: Instance, onRelocation?: OnRelocation): Promise<Settled> {
  const found = await findRelocation(instance);
  if (found === 'same') return { instance, isNew: false };
  const isCopy = found !== 'new' && (await ask(found, onRelocation)) === 'copied';
  const { settings, packFolder } = instance;
  const settled = isCopy ? await writeInstance(packFolder, { ...settings, instanceId: newInstanceId() }) : instance;
  await writeHome(settled);
  return { instance: settled, isNew: found === 'new' };
}

async function ask(found: Relocation, onRelocation: OnRelocation | undefined): Promise<'moved' | 'copied'> {
  const unasked: RelocationAnswer = found.stillThere ? 'abort' : 'moved';
  const answer = typeof onRelocation === 'function' ? await onRelocation(found) : (onRelocation ?? unasked);
  if (answer === 'abort') throw unanswered(found);
  return answer;
}

function unanswered(relocation: Relocation): SyncError {
  const { from, to } = relocation;
  const message =
    `${to} is a copy of ${from}, and both would be synchronised as one instance; nothing was done; ` +
    'run pull with --copied to make this one an instance of its own, or with --moved if they shall stay one';
  return new SyncError('relocated', message, { details: { relocation } });
}
