/** What stands above the figures of a measurement: the machine, and the versions of the programs. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { run } from './run.mjs';

export function thisMachine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: process.platform,
  };
}

/** The first number with two dots that the program prints. */
export async function versionOf(command, args) {
  return /\d+\.\d+\.\d+/.exec((await run(command, args)).output)?.[0] ?? '?';
}
