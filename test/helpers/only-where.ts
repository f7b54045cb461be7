/** Tests that need a certain system. Elsewhere they are skipped, and say why. */
import { it } from 'vitest';

type Test = (title: string, body: () => Promise<void> | void, timeout?: number) => void;

/** `it` where `possible`; else a skipped test and a line with the reason. */
export function itIf(possible: boolean, reason: string): Test {
  return (title, body, timeout) => {
    if (!possible) process.stderr.write(`skipped: "${title}": ${reason}\n`);
    it.runIf(possible)(title, body, timeout);
  };
}

const isWindows = process.platform === 'win32';

export const onPosix: Test = itIf(!isWindows, 'Windows has nothing like it');
export const onLinux: Test = itIf(process.platform === 'linux', 'only Linux has it');
/** Where permissions bind: not for root. */
export const asUser: Test = itIf(
  !isWindows && process.getuid?.() !== 0,
  'permissions do not bind this user (root, or Windows)',
);
