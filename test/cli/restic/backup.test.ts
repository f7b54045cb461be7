/** What `backup` says of command lines that it cannot carry out, and how it tells of its work. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BackupEvent, BackupResult } from '../../../src/archive/backup-types.js';
import type { TreeId } from '../../../src/base/ids.js';
import { JsonReport } from '../../../src/cli/restic/commands/backup-json.js';
import { TextReport } from '../../../src/cli/restic/commands/backup-text.js';
import { jsonName, quoteName } from '../../../src/cli/restic/display-name.js';
import type { Output } from '../../../src/cli/restic/output.js';
import { createOutput } from '../../../src/cli/restic/terminal.js';
import { tempFolder } from '../../helpers/temp.js';
import { resticTs } from './run-command.js';

describe('a command line that cannot be carried out', () => {
  const folder = tempFolder();
  writeFileSync(join(folder, 'bad-patterns'), '# no\n!ok\n[z\n');
  writeFileSync(join(folder, 'list'), 'nowhere*\n');
  writeFileSync(join(folder, 'cut'), 'a\0b');
  mkdirSync(join(folder, 'src'));

  it.each([
    [[], 'nothing to backup, please specify source files/dirs'],
    [['nope'], 'all source directories/files do not exist', 'nope does not exist, skipping\n'],
    [['src', '-e', '[', '-e', 'a/x[', '-e', 'ok'], '--exclude: invalid pattern(s) provided:\n[\na/x['],
    [['src', '--iexclude', '['], '--iexclude: invalid pattern(s) provided:\n['],
    [['src', '--exclude-file', 'bad-patterns'], '--exclude-file: invalid pattern(s) provided:\n[z'],
    [['src', '--iexclude-file', 'bad-patterns'], '--iexclude-file: invalid pattern(s) provided:\n[z'],
    [['src', '--exclude-file', 'none'], 'failed to read patterns from file "none": '],
    [['--files-from', 'list'], 'nothing to backup', 'pattern "nowhere*" does not match any files, skipping\n'],
    [['--files-from-raw', 'cut'], '--files-from-raw: trailing zero byte missing'],
    [['--files-from', 'none'], 'cannot read the list none: '],
    [['src', '--exclude-if-present', ':x'], '--exclude-if-present ":x": no name'],
    [['src', '--exclude-larger-than', '1q'], '"1q" is not a size'],
    [['src', '--time', 'bla'], 'error in time option: '],
    [['--stdin', 'src'], '--stdin was specified and files/dirs were listed as arguments'],
    [['--stdin', '--files-from', 'list'], '--stdin and --files-from cannot be used together'],
    [['--stdin-from-command', '--files-from-raw', 'x', 'ls'], '--stdin and --files-from-raw cannot be used together'],
    [['src', '--use-fs-snapshot'], 'the flag --use-fs-snapshot is not supported by restic-ts'],
    [['src', '--exclude-cloud-files'], 'the flag --exclude-cloud-files is not supported by restic-ts'],
    [['src', '--read-concurrency=-1'], '--read-concurrency must not be negative'],
  ])('%j', async (args, says, before = '') => {
    const { code, stdout, stderr } = await resticTs(['backup', ...args], { repo: 'none', cwd: folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/\n$/);
    expect(stderr.startsWith(`${before}Fatal: ${says}`), stderr).toBe(true);
  });

  it('a mistake in a flag comes without "Fatal", and before anything is done', async () => {
    const { code, stderr } = await resticTs(['backup', '--group-by', 'hst', 'src'], { repo: 'none', cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toBe('invalid argument "hst" for "-g, --group-by" flag: unknown grouping option: "hst"\n');
  });

  it('data and password cannot both come on standard input', async () => {
    const env = { RESTIC_PASSWORD: undefined };
    const all = await resticTs(['backup', '--stdin'], { repo: 'none', env });
    expect(all.stderr).toBe('Fatal: cannot read both password and data from stdin\n');
    const list = await resticTs(['backup', '--files-from-raw', '-'], { repo: 'none', env });
    expect(list.stderr).toMatch(/^Fatal: unable to read password from stdin when data is to be read from stdin/);
  });

  it('no repository: exit code 10', async () => {
    expect(await resticTs(['backup', 'src'], { repo: join(folder, 'none'), cwd: folder })).toMatchObject({ code: 10 });
  });
});

describe('names in output', () => {
  it.each([
    ['/a/sp ace', '/a/sp ace', '/a/sp ace'],
    ['/qu"o\\te', '/qu"o\\te', '/qu"o\\te'],
    ['/a\n"b', '"/a\\n\\"b"', '/a\n"b'],
    ['/\udcff', '"/\\xff"', '/\ufffd'],
    ['/nb\u00a0sp', '"/nb\\u00a0sp"', '/nb\u00a0sp'],
    ['/é😀', '/é😀', '/é😀'],
  ])('%j', (name, text, json) => {
    expect(quoteName(name)).toBe(text);
    expect(jsonName(name)).toBe(json);
  });
});

const nothing = { dataBlobs: 0, dataSize: 0, dataSizeInRepo: 0, treeBlobs: 0, treeSize: 0, treeSizeInRepo: 0 };
const data = { ...nothing, dataBlobs: 1, dataSize: 2000, dataSizeInRepo: 84 };
const tree = { ...nothing, treeBlobs: 1, treeSize: 350, treeSizeInRepo: 289 };
const scanned: BackupEvent = { type: 'scan', totals: { files: 3, dirs: 1, others: 0, bytes: 4000 }, finished: true };
const EVENTS: readonly BackupEvent[] = [
  { type: 'error', item: '/abs/closed', during: 'scan', error: new Error('open /abs/closed: permission denied') },
  scanned,
  { type: 'file-start', item: '/src/b\n' },
  { type: 'bytes', bytes: 2000 },
  { type: 'file-end', item: '/src/b\n' },
  { type: 'item', item: '/src/b\n', kind: 'file', action: 'new', size: 2000, added: data, seconds: 0.0123 },
  { type: 'error', item: '/abs/closed', during: 'archival', error: new Error('open closed: permission denied') },
  { type: 'item', item: '/src/', kind: 'dir', action: 'changed', size: 0, added: tree, seconds: 0.25 },
  { type: 'item', item: '/', kind: 'dir', action: 'unmodified', size: 0, added: nothing, seconds: 0.3 },
];
const RESULT: BackupResult = {
  snapshotId: undefined,
  tree: 'f'.repeat(64) as TreeId,
  summary: {
    backupStart: '2026-11-22T10:00:00.5Z',
    backupEnd: '2026-11-22T10:00:03Z',
    filesNew: 1,
    filesChanged: 20,
    filesUnmodified: 123456,
    dirsNew: 0,
    dirsChanged: 1,
    dirsUnmodified: 1,
    dataBlobs: 1,
    treeBlobs: 2,
    dataAdded: 2040,
    dataAddedPacked: 9,
    totalFilesProcessed: 123477,
    totalBytesProcessed: 3_000_000,
  },
  seconds: 3661.5,
  errors: [],
  leftOut: [],
};
const END = { dryRun: false, snapshotId: 'ab'.repeat(32) };

interface Streams {
  readonly output: Output;
  readonly out: () => string;
  readonly err: () => string;
}

function streams(json: boolean, verbosity: Output['verbosity'], env: Record<string, string> = {}): Streams {
  const texts = { out: '', err: '' };
  const sink = (name: 'out' | 'err'): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        texts[name] += chunk.toString();
        done();
      },
    });
  const output = createOutput({ json, verbosity, out: sink('out'), err: sink('err'), env });
  return { output, out: () => texts.out, err: () => texts.err };
}

describe('a report as text', () => {
  function report(verbosity: Output['verbosity'], end = END): Streams {
    const made = streams(false, verbosity);
    const text = new TextReport(made.output);
    for (const event of EVENTS) text.onEvent(event);
    text.finish(RESULT, end);
    return made;
  }

  const summary = [
    '',
    'Files:           1 new,    20 changed, 123456 unmodified',
    'Dirs:            0 new,     1 changed,     1 unmodified',
    'Added to the repository: 1.992 KiB (9 B   stored)',
    '',
    'processed 123477 files, 2.861 MiB in 1:01:01',
    'snapshot abababab saved',
    '',
  ].join('\n');

  it('has the summary', () => {
    const { out, err } = report(1);
    expect(out()).toBe(summary);
    expect(err()).toBe('error: open closed: permission denied\n');
  });

  it('is nothing but errors with --quiet', () => {
    const { out, err } = report(0);
    expect(out()).toBe('');
    expect(err()).toBe('error: open closed: permission denied\n');
  });

  it('has blobs and the scan with -v', () => {
    const { out, err } = report(2);
    expect(out()).toMatch(/^scan finished in \d\.\d{3}s: 3 files, 3\.906 KiB\n\nFiles: /);
    expect(out()).toContain('\nData Blobs:      1 new\nTree Blobs:      2 new\nAdded');
    expect(err()).toBe('scan: open /abs/closed: permission denied\nerror: open closed: permission denied\n');
  });

  it('has every item with -vv', () => {
    expect(report(3).out()).toContain(
      [
        'new       "/src/b\\n", saved in 0.012s (1.953 KiB added, 84 B stored)',
        'modified  /src/, saved in 0.250s (0 B added, 0 B stored, 289 B metadata)',
        'unchanged /',
        '',
      ].join('\n'),
    );
  });

  it('of a dry run names no snapshot; of one that was not needed, says so', () => {
    const dry = report(1, { ...END, dryRun: true }).out();
    expect(dry).toContain('Would add to the repository: 1.992 KiB (9 B   stored)');
    expect(dry).toMatch(/in 1:01:01\n$/);
    const made = streams(false, 1);
    new TextReport(made.output).finish(RESULT, { dryRun: false, snapshotId: undefined });
    expect(made.out()).toMatch(/\nskipped creating snapshot\n$/);
  });
});

describe('a report as JSON', () => {
  function report(verbosity: Output['verbosity'], end: Parameters<JsonReport['finish']>[1] = END): Streams {
    const made = streams(true, verbosity, { RESTIC_PROGRESS_FPS: '0' });
    const json = new JsonReport(made.output);
    for (const event of EVENTS) json.onEvent(event);
    json.finish(RESULT, end);
    return made;
  }

  const lines = (text: string): unknown[] =>
    text
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));

  it('has the summary, at every level', () => {
    const expected = {
      message_type: 'summary',
      files_new: 1,
      files_changed: 20,
      files_unmodified: 123456,
      dirs_new: 0,
      dirs_changed: 1,
      dirs_unmodified: 1,
      data_blobs: 1,
      tree_blobs: 2,
      data_added: 2040,
      data_added_packed: 9,
      total_files_processed: 123477,
      total_bytes_processed: 3_000_000,
      total_duration: 3661.5,
      backup_start: '2026-11-22T10:00:00.5Z',
      backup_end: '2026-11-22T10:00:03Z',
      snapshot_id: END.snapshotId,
    };
    expect(lines(report(1).out())).toEqual([expected]);
    expect(lines(report(0).out())).toEqual([expected]);
    expect(lines(report(1, { ...END, dryRun: true }).out())).toEqual([{ ...expected, dry_run: true }]);
    const { snapshot_id: _, ...without } = expected;
    expect(lines(report(1, { dryRun: false, snapshotId: undefined }).out())).toEqual([without]);
  });

  it('has errors on standard error', () => {
    expect(lines(report(0).err())).toEqual([
      {
        message_type: 'error',
        error: { message: 'open /abs/closed: permission denied' },
        during: 'scan',
        item: '/abs/closed',
      },
      {
        message_type: 'error',
        error: { message: 'open closed: permission denied' },
        during: 'archival',
        item: '/abs/closed',
      },
    ]);
  });

  it('has every item with -v', () => {
    const zero = { duration: 0, data_size: 0, data_size_in_repo: 0, metadata_size: 0, metadata_size_in_repo: 0 };
    const status = { message_type: 'verbose_status', item: '', ...zero, total_files: 0 };
    const [scan, ...rest] = lines(report(2).out());
    expect(scan).toEqual({
      ...status,
      action: 'scan_finished',
      duration: expect.any(Number),
      data_size: 4000,
      total_files: 3,
    });
    expect(rest.slice(0, 3)).toEqual([
      { ...status, action: 'new', item: '/src/b\n', duration: 0.0123, data_size: 2000, data_size_in_repo: 84 },
      { ...status, action: 'modified', item: '/src/', duration: 0.25, metadata_size: 350, metadata_size_in_repo: 289 },
      { ...status, action: 'unchanged', item: '/' },
    ]);
  });
});

describe('how far it is', () => {
  afterEach(() => vi.useRealTimers());

  /** Every event draws, as 100 ms pass before each. */
  function drawn(json: boolean): string[] {
    vi.useFakeTimers({ toFake: ['performance'] });
    const made = streams(json, 1, { RESTIC_PROGRESS_FPS: '60' });
    const report = json ? new JsonReport(made.output) : new TextReport(made.output);
    const events: BackupEvent[] = [
      { type: 'file-start', item: '/src/b' },
      { type: 'file-start', item: '/src/a' },
      { type: 'bytes', bytes: 1000 },
      scanned,
      { type: 'bytes', bytes: 3000 },
    ];
    for (const event of events) {
      vi.advanceTimersByTime(100);
      report.onEvent(event);
    }
    return made.out().trim().split('\n');
  }

  it('in text, with the files that are read', () => {
    const text = drawn(false);
    expect(text.slice(0, 2)).toEqual(['[0:00] 0 files, 0 B, 0 errors', '/src/b']);
    expect(text.slice(5)).toEqual([
      '[0:00] 0 files, 1000 B, 0 errors',
      '/src/a',
      '/src/b',
      '[0:00] 25.00%  0 files 1000 B, total 3 files 3.906 KiB, 0 errors ETA 0:01',
      '/src/a',
      '/src/b',
      '[0:00] 0 files 3.906 KiB, total 3 files 3.906 KiB, 0 errors',
      '/src/a',
      '/src/b',
    ]);
  });

  it('in JSON, without what is zero', () => {
    const objects = drawn(true).map((line): unknown => JSON.parse(line));
    const files = ['/src/a', '/src/b'];
    expect(objects[0]).toEqual({ message_type: 'status', percent_done: 0, current_files: ['/src/b'] });
    expect(objects[2]).toEqual({ message_type: 'status', percent_done: 0, bytes_done: 1000, current_files: files });
    expect(objects[3]).toEqual({
      message_type: 'status',
      seconds_remaining: 1,
      percent_done: 0.25,
      total_files: 3,
      total_bytes: 4000,
      bytes_done: 1000,
      current_files: files,
    });
  });
});
