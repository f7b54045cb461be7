/** What signals do to the work of a command. */
import { expect, it } from 'vitest';
import { untilInterrupted } from '../../src/cli/interrupt.js';

/** Whether the work was asked to stop, after `signals` have come. */
async function stopped(signals: readonly NodeJS.Signals[], hangup?: 'ignored' | 'ends'): Promise<boolean> {
  return await untilInterrupted(async (signal) => {
    for (const name of signals) process.emit(name, name);
    return signal.aborted;
  }, hangup);
}

it.each(['SIGINT', 'SIGTERM'] as const)('%s asks it to stop', async (name) => {
  const before = process.listenerCount(name);
  expect(await stopped([name])).toBe(true);
  expect(await stopped([])).toBe(false);
  expect(process.listenerCount(name)).toBe(before);
});

it('SIGHUP, by which restic looks for the process of a lock, does not; unless it is said that it should', async () => {
  expect(await stopped(['SIGHUP', 'SIGHUP'], 'ignored')).toBe(false);
  expect(await stopped(['SIGHUP'], 'ends')).toBe(true);
  expect(await stopped(['SIGHUP'])).toBe(process.platform === 'win32');
});
