/** `stats`: how much the snapshots hold, counted in one of four ways. */
import type { Stats, StatsMode, StatsProgress } from '../../../browse/stats.js';
import { countStats, STATS_MODES } from '../../../browse/stats.js';
import { formatBytesLikeRestic, formatDuration, formatPercent } from '../../../ui/bytes.js';
import type { CommandSpec, Context } from '../command.js';
import { FILTER_FLAGS } from '../filter-flags.js';
import type { Output } from '../output.js';
import { lineError } from '../plain-error.js';
import { saying } from '../saying.js';
import { selectFor } from '../select-for.js';

export const statsCommand: CommandSpec = {
  name: 'stats',
  summary: 'Show how much the snapshots hold',
  args: '[snapshotID ...]',
  description: `Counts what the snapshots hold, all of them or those that are named, in one of these modes:

restore-size: (default) entries, and the bytes that it takes to restore each snapshot.
files-by-contents: entries of different content, and their bytes.
blobs-per-file: files by path, and the blobs of their contents, each once for a path.
raw-data: the blobs that the snapshots need, as they are stored, each once; in
  repositories of version 2 also what compression saves.`,
  flags: [
    ...FILTER_FLAGS,
    {
      name: 'mode',
      kind: 'text',
      value: 'string',
      default: 'restore-size',
      help: 'what to count: restore-size, files-by-contents, blobs-per-file or raw-data',
    },
  ],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  const { args, flags, out } = context;
  const text = flags.text('mode') ?? '';
  const mode = STATS_MODES.find((one) => one === text);
  if (mode === undefined) {
    throw lineError(`unknown counting mode: ${text} (use the -h flag to get a list of supported modes)`);
  }
  await context.withRepository('shared', async (repo, signal) => {
    // Listed first: the index then knows all that they need.
    const snapshots = await selectFor(context, repo, args, signal);
    await repo.loadIndex(signal);
    if (!out.json) out.result('scanning...');
    const status = new Status(out, snapshots.length);
    const roots = snapshots.map(({ snapshot }) => snapshot.tree);
    const onProgress = (progress: StatsProgress): void => status.update(progress);
    const work = countStats(repo, roots, { mode, signal, onProgress }).finally(() => status.finish());
    const stats = await saying('error walking snapshot', work, { plain: true });
    if (out.json) out.result(jsonOf(stats));
    else for (const line of linesOf(stats, mode)) out.result(line);
  });
  return 0;
}

/** "[0:03] 50.00%  1 / 2 snapshots, 15 files, 2.861 MiB": of the snapshot under way. */
class Status {
  readonly #out: Output;
  readonly #total: number;
  readonly #started = performance.now();
  #last: StatsProgress = { snapshots: 0, files: 0, blobs: 0, bytes: 0 };

  constructor(out: Output, total: number) {
    this.#out = out;
    this.#total = total;
  }

  update(progress: StatsProgress): void {
    this.#last = progress;
    // A snapshot under way is not done.
    this.#out.status(() => [this.#line(Math.max(0, progress.snapshots - 1))]);
  }

  finish(): void {
    if (!this.#out.json) this.#out.result(this.#line(this.#last.snapshots));
  }

  #line(done: number): string {
    const { snapshots, files, blobs, bytes } = this.#last;
    const time = formatDuration((performance.now() - this.#started) / 1000);
    let line = `[${time}] ${formatPercent(done, this.#total)}  ${snapshots} / ${this.#total} snapshots`;
    if (files > 0) line += `, ${files} files`;
    if (blobs > 0) line += `, ${blobs} blobs`;
    return `${line}, ${formatBytesLikeRestic(bytes)}`;
  }
}

function linesOf({ snapshots, files, blobs, bytes, compression }: Stats, mode: StatsMode): string[] {
  const { uncompressedBytes = 0, ratio = 0, progress = 0, spaceSaving = 0 } = compression;
  const rows: readonly (readonly [boolean, string, string])[] = [
    [true, 'Snapshots processed', String(snapshots)],
    [blobs > 0, 'Total Blob Count', String(blobs)],
    [files > 0, 'Total File Count', String(files)],
    [uncompressedBytes > 0, 'Total Uncompressed Size', sizeText(uncompressedBytes)],
    [true, 'Total Size', sizeText(bytes)],
    [progress > 0, 'Compression Progress', `${progress.toFixed(2)}%`],
    [ratio > 0, 'Compression Ratio', `${ratio.toFixed(2)}x`],
    [spaceSaving > 0, 'Compression Space Saving', `${spaceSaving.toFixed(2)}%`],
  ];
  const shown = rows.filter(([isShown]) => isShown);
  return [`Stats in ${mode} mode:`, ...shown.map(([, label, value]) => `${label.padStart(24)}:  ${value}`)];
}

function sizeText(bytes: number): string {
  return formatBytesLikeRestic(bytes).padEnd(5);
}

function jsonOf({ snapshots, files, blobs, bytes, compression }: Stats): string {
  return JSON.stringify({
    total_size: bytes,
    total_uncompressed_size: compression.uncompressedBytes || undefined,
    compression_ratio: compression.ratio || undefined,
    compression_progress: compression.progress || undefined,
    compression_space_saving: compression.spaceSaving || undefined,
    total_file_count: files || undefined,
    total_blob_count: blobs || undefined,
    snapshots_count: snapshots,
  });
}
