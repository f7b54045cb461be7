/** The flags by which `prune` and `forget --prune` decide what to repack. */
import { SyncError } from '../../../base/errors.js';
import type { PruneOptions } from '../../../maintain/prune.js';
import type { PruneRules } from '../../../maintain/prune-plan.js';
import { DEFAULT_PACK_SIZE } from '../../../repo/packer.js';
import type { Repository } from '../../../repo/repository.js';
import type { Context, Flag } from '../command.js';
import type { FlagValues } from '../flag-values.js';
import { parseSize } from '../parse.js';
import { lineError, messageOf } from '../plain-error.js';
import { packSizeOf } from '../repository-settings.js';

export const PRUNE_FLAGS: readonly Flag[] = [
  {
    name: 'max-unused',
    kind: 'text',
    value: 'limit',
    default: '5%',
    help: "unused data that may stay: bytes (suffixes k, M, G, T), a share in %, or 'unlimited'",
  },
  {
    name: 'max-repack-size',
    kind: 'text',
    value: 'size',
    help: 'stop repacking after so many bytes (suffixes k, M, G, T)',
  },
  { name: 'repack-cacheable-only', kind: 'bool', help: 'only repack packs that the cache holds' },
  {
    name: 'repack-smaller-than',
    kind: 'text',
    value: 'below-limit',
    help: 'repack packs that are smaller than this (suffixes k, M)',
  },
  { name: 'repack-uncompressed', kind: 'bool', help: 'compress all data that is not compressed yet' },
];

/** Throws 'usage' for values that make no sense. */
export function pruneRules(flags: FlagValues): PruneRules & Pick<PruneOptions, 'packSize'> {
  if (flags.bool('repack-uncompressed') && flags.text('compression') === 'off') {
    throw new SyncError('usage', 'disabled compression and `--repack-uncompressed` are mutually exclusive');
  }
  const packSize = packSizeOf(flags);
  const repackSmallerThan = sizeOf(flags, 'repack-smaller-than');
  if (repackSmallerThan !== undefined && repackSmallerThan > (packSize ?? DEFAULT_PACK_SIZE)) {
    throw lineError('repack-smaller-than exceeds repository packsize');
  }
  return {
    maxUnused: parseMaxUnused(flags.text('max-unused') ?? ''),
    maxRepackBytes: sizeOf(flags, 'max-repack-size'),
    repackCacheableOnly: flags.bool('repack-cacheable-only'),
    repackUncompressed: flags.bool('repack-uncompressed'),
    repackSmallerThan,
    packSize,
  };
}

/** Throws 'usage' where the rules ask for what a repository of its version cannot have. */
export function checkRules(repo: Repository, rules: PruneRules): void {
  if (rules.repackUncompressed === true && repo.config.version < 2) {
    throw lineError('compression requires at least repository format version 2');
  }
}

/** Throws 'usage' if a lock is refused to a command that needs one. */
export function checkNoLock({ flags }: Context, command: string): void {
  if (!flags.bool('no-lock') || flags.bool('dry-run')) return;
  throw new SyncError('usage', `--no-lock is only applicable in combination with --dry-run for ${command} command`);
}

/** "5%", "100M", "unlimited". */
export function parseMaxUnused(text: string): NonNullable<PruneRules['maxUnused']> {
  if (text === '') throw new SyncError('usage', 'invalid value for --max-unused: ""');
  if (text === 'unlimited') return { bytes: Number.POSITIVE_INFINITY };
  if (text.endsWith('%')) return { share: parsePercent(text) / 100 };
  try {
    return { bytes: parseSize(text) };
  } catch (error) {
    throw new SyncError('usage', `invalid number of bytes "${text}" for --max-unused: ${messageOf(error)}`);
  }
}

function parsePercent(text: string): number {
  const digits = text.slice(0, -1);
  const percent = Number(digits);
  if (digits.trim() === '' || !Number.isFinite(percent)) {
    throw new SyncError('usage', `invalid percentage "${text}" passed for --max-unused: give a number`);
  }
  if (percent < 0) throw new SyncError('usage', 'percentage for --max-unused must be positive');
  if (percent >= 100) throw new SyncError('usage', 'percentage for --max-unused must be below 100%');
  return percent;
}

function sizeOf(flags: FlagValues, name: string): number | undefined {
  const text = flags.text(name);
  if (text === undefined || text === '') return undefined;
  try {
    return parseSize(text);
  } catch (error) {
    throw lineError(`invalid size for --${name}: ${messageOf(error)}`);
  }
}
