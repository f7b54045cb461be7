/**
 * What Node has no calls for: times to the nanosecond, extended attributes, pipes and devices. A perl that runs beside
 * the restore makes the system calls (200,000 in some two seconds), see perl-calls.ts; where it cannot, the shell starts
 * the tools touch, setfattr, mkfifo and mknod (a millisecond each), see shell-tools.ts.
 */
import type { Bytes } from '../base/bytes.js';
import { startPerl } from './perl-calls.js';
import { startShell } from './shell-tools.js';

/** Paths are absolute and never followed if they are links. */
export type KernelCall =
  | { readonly kind: 'times'; readonly path: string; readonly atimeNs: bigint; readonly mtimeNs: bigint }
  | { readonly kind: 'set-attribute'; readonly path: string; readonly name: string; readonly value: Bytes }
  | { readonly kind: 'remove-attribute'; readonly path: string; readonly name: string }
  /** `mode` as st_mode has it, `device` as st_rdev. */
  | { readonly kind: 'node'; readonly path: string; readonly mode: number; readonly device: bigint };

export interface KernelCalls {
  /** Which kinds can be asked for. */
  readonly kinds: ReadonlySet<KernelCall['kind']>;
  /** In this order; for each call undefined, or why it failed: the name of its errno, or what a tool said. */
  run(calls: readonly KernelCall[]): Promise<readonly (string | undefined)[]>;
  close(): void;
}

/** For a system that has none of it. */
export const NO_CALLS: KernelCalls = {
  kinds: new Set(),
  run: async (calls) => calls.map(() => 'ENOSYS'),
  close: () => undefined,
};

/** What this machine has; `tools` narrows the choice. */
export async function chooseKernelCalls(
  platform: NodeJS.Platform = process.platform,
  tools: readonly ('perl' | 'shell')[] = ['perl', 'shell'],
): Promise<KernelCalls> {
  if (platform === 'win32') return NO_CALLS;
  const perl = platform === 'linux' && tools.includes('perl') ? await startPerl() : undefined;
  return perl ?? (tools.includes('shell') ? await startShell(platform) : undefined) ?? NO_CALLS;
}
