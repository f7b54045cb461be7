/** An evening of which a third went into country that nobody had seen: most of what changed is new to both programs. */
import { EVENINGS } from '../saved-world.mjs';
import * as session from './14-push-session.mjs';

export { prepare, run } from './14-push-session.mjs';

export const title = 'push after a session in new land';
export const ours = 'push';
export const against = 'backup';
export const data = 'game';
export const targets = { time: 0.5, timeOnNode20: 1 };

export async function change(bench, round) {
  return session.change(bench, round, EVENINGS.inNewLand);
}
