/** `features`: restic's feature flags, as far as they mean something here, and what restic has and this has not. */
import { SyncError } from '../../../base/errors.js';
import type { CommandSpec, Context } from '../command.js';
import { renderTable } from '../table.js';
import { UNSUPPORTED_BACKENDS, UNSUPPORTED_COMMANDS, UNSUPPORTED_FLAGS } from '../unsupported.js';

/** Name, state, default, meaning. None can be switched: RESTIC_FEATURES has no effect. */
const FEATURES: readonly (readonly [string, string, string, string])[] = [
  ['backend-error-redesign', 'stable', 'true', 'stuck requests are cut off and made anew, failed ones are repeated'],
  ['deprecate-legacy-index', 'stable', 'true', 'index files of restic 0.1.0 are not read'],
  ['deprecate-s3-legacy-layout', 'stable', 'true', 'the layout that restic 0.7.0 had on S3 is not read'],
  ['safe-forget-keep-tags', 'stable', 'true', 'forget --keep-tag removes nothing if no snapshot has the tag'],
];

export const featuresCommand: CommandSpec = {
  name: 'features',
  summary: 'Print list of feature flags',
  description: `Lists those of restic's feature flags that mean something here, and below what restic has
and restic-ts has not, each with the reason. None of the flags can be switched.`,
  flags: [],
  group: 'advanced',
  run,
};

async function run({ args, out }: Context): Promise<number> {
  if (args.length > 0) throw new SyncError('usage', 'the feature command expects no arguments');
  out.result('All Feature Flags:');
  const table = { head: ['Name', 'Type', 'Default', 'Description'], rows: FEATURES };
  for (const line of renderTable(table)) out.result(line);
  out.result('');
  out.result('Not supported by restic-ts:');
  const missing = [
    ...[...UNSUPPORTED_COMMANDS].map(([name, why]) => [`command ${name}`, why] as const),
    ...[...UNSUPPORTED_BACKENDS].map(([name, why]) => [`repository ${name}:`, why] as const),
    ...[...UNSUPPORTED_FLAGS].map(([name, why]) => [`flag --${name}`, why] as const),
  ];
  const width = Math.max(...missing.map(([name]) => name.length));
  for (const [name, why] of missing) out.result(`  ${name.padEnd(width)}  ${why}`);
  return 0;
}
