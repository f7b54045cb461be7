/**
 * The benchmarks themselves: that every target of the project is a question, what pairs come to, what is kept of several
 * campaigns, what the pages get, and that one small question is answered from end to end. Nothing here looks at a time.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseQuestions, loadQuestions } from '../../bench/questions.mjs';
import { keep, writePages } from '../../bench/saved.mjs';
import { type Figures, judge, type Result, summarise } from '../../bench/summary.mjs';
import { writeBetween } from '../../bench/table.mjs';
import { describeInterop } from '../helpers/peers.js';
import { runProgram } from '../helpers/process.js';
import { hookFile } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

const pair = (restic: number, ours: number, more: Partial<Figures> = {}) => ({
  restic: { seconds: restic, cpu: 1, peak: 100e6, uploaded: 10e6 },
  ours: { seconds: ours, cpu: 1, peak: 200e6, uploaded: 5e6, ...more },
});

describe('the questions', () => {
  it('have names of their own, programs, data and targets', async () => {
    const all = await loadQuestions();
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { title, ours, against, data } of all) {
      expect([title, ours, against].every((word) => word.length > 0)).toBe(true);
      expect(['game', 'small', 'huge']).toContain(data);
    }
  });

  it('hold every target', async () => {
    const times = new Map((await loadQuestions()).map(({ name, targets }) => [name, targets.time]));
    expect(Object.fromEntries([...times].filter(([, time]) => time !== undefined))).toEqual({
      'first-push': 0.65,
      'first-push-small': 0.75,
      'push-nothing': 0.25,
      'push-nothing-small': 0.25,
      pull: 0.75,
      'pull-small': 0.8,
      restore: 0.75,
      'restore-small': 0.8,
      'pull-nothing': 0.2,
      'pull-nothing-small': 0.2,
      check: 1,
      'push-session': 0.5,
      'push-new-land': 0.5,
      'push-in-place': 0.5,
    });
  });

  it('are chosen by words of their names; the huge ones only so', async () => {
    const all = await loadQuestions();
    const names = (words: readonly string[]): string[] => chooseQuestions(all, words).map(({ name }) => name);
    expect(names(['check', 'restore'])).toEqual(['restore', 'restore-small', 'check']);
    expect(names(['memory'])).toEqual(['memory-push', 'memory-pull']);
    expect(names([])).toHaveLength(all.length - 2);
    expect(() => names(['pull', 'nonsense'])).toThrow('no question\'s name contains "nonsense"');
  });
});

describe('pairs of runs', () => {
  it('come to medians, and to the median of their ratios', () => {
    const result = summarise([pair(1, 2), pair(10, 5), pair(4, 4, { uploaded: undefined })]);
    expect(result).toMatchObject({ pairs: 3, ratio: 1, bytesRatio: 0.5 });
    expect(result.restic).toMatchObject({ seconds: 4, uploaded: 10e6 });
    expect(result.ours).toMatchObject({ seconds: 4, peak: 200e6, uploaded: 5e6 });
    expect(result.ours.requests).toBeUndefined();
  });

  it('are held against the targets of their Node', () => {
    const targets = { time: 0.5, timeOnNode20: 1, bytes: 0.3, peak: 256e6 };
    const met = (result: Result, major: number): unknown[] =>
      judge({ targets }, result, major).map(({ what, target, isMet }) => [what, target, isMet]);
    expect(met(summarise([pair(2, 1.4)]), 24)).toEqual([
      ['time', 0.5, false],
      ['bytes', 0.3, false],
      ['peak', 256e6, true],
    ]);
    expect(met(summarise([pair(2, 1.4)]), 20)[0]).toEqual(['time', 1, true]);
    expect(judge({ targets: { time: 0.5 } }, summarise([pair(2, 1)]), 20)).toMatchObject([
      { what: 'time', ratio: 0.5, target: undefined, isMet: undefined },
    ]);
  });
});

describe('what is kept', () => {
  const measured = (date: string, seconds: number): object => ({
    ...{ date, node: '24.1.0', resticVersion: '0.19.1', server: '0.14.0' },
    machine: { cpu: 'Processor', cores: 2, memoryGiB: 24, platform: 'linux' },
    data: { files: 20, bytes: 3e6 },
    ...summarise([pair(2, seconds)]),
  });

  it('is completed question by question', async () => {
    const root = folderWithPages();
    const all = await loadQuestions();
    const names = all.map(({ name }) => name);
    keep(root, '24.1.0', { questions: { pull: measured('2026-01-02', 1), gone: {} }, parts: { start: 1 } }, names);
    keep(root, '24.1.0', { questions: { 'first-push': measured('2026-01-03', 1) } }, names);
    const path = keep(root, 'v24.9.0', { questions: { pull: measured('2026-01-04', 3) } }, names);
    const kept = JSON.parse(readFileSync(path, 'utf8'));
    expect(path.endsWith('node-24.json')).toBe(true);
    expect(Object.keys(kept.questions)).toEqual(['first-push', 'pull']);
    expect(kept).toMatchObject({
      questions: { pull: { date: '2026-01-04', ratio: 1.5 }, 'first-push': { date: '2026-01-03' } },
      parts: { start: 1 },
    });
  });

  it('is what both pages show, and nothing else of them changes', async () => {
    const root = folderWithPages();
    const all = await loadQuestions();
    const names = all.map(({ name }) => name);
    keep(root, '20.1.0', { questions: { 'first-push': measured('2026-01-03', 3) } }, names);
    keep(root, '24.1.0', { questions: { 'first-push': measured('2026-01-03', 1) } }, names);
    writePages(root, all);
    writePages(root, all);
    const [page = '', readme = ''] = ['docs/performance.md', 'README.md'].map((path) =>
      readFileSync(join(root, path), 'utf8'),
    );
    for (const text of [page, readme])
      expect(text).toMatch(/^before\n<!-- bench:begin -->\n\n[\s\S]+\n\n<!-- bench:end -->\nafter\n$/);
    expect(readme).toContain('| first push of the game folder | 2.00 s | 1.00 s | 0.50 | 1.50 |\n');
    expect(page.match(/^### .*/gm)).toEqual(['### Node 20', '### Node 24']);
    expect(page).toContain(
      '| first push of the game folder | `push` | `backup` | 2.00 s | 1.00 s | 0.50 | 0.65 | yes |\n',
    );
    expect(page).toContain('| 2.00 s | 3.00 s | 1.50 | 1.00 | no |\n');
  });

  it('needs the marks of the pages', () => {
    const page = join(tempFolder(), 'page.md');
    writeFileSync(page, '<!-- bench:end -->\n<!-- bench:begin -->\n');
    expect(() => writeBetween(page, 'bench', 'table')).toThrow('are missing');
    expect(readFileSync(page, 'utf8')).toBe('<!-- bench:end -->\n<!-- bench:begin -->\n');
  });

  it('has its marks in the pages of this project', () => {
    const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
    for (const name of ['bench', 'parts', 'scale']) {
      expect(read('docs/performance.md')).toMatch(new RegExp(`<!-- ${name}:begin -->[\\s\\S]*<!-- ${name}:end -->`));
    }
    expect(read('README.md')).toMatch(/<!-- bench:begin -->[\s\S]*<!-- bench:end -->/);
  });
});

describeInterop('npm run bench', ['restic-latest', 'rest-server-latest'], () => {
  it('asks both programs, and keeps the answer', async () => {
    const root = folderWithPages();
    const size = ['--files=20', '--pairs=1'];
    const where = ['--temp', tempFolder(), '--save', '--saved', root];
    const args = ['scripts/bench.mjs', 'first-push-small', ...size, ...where, '--hook', hookFile()];
    const ended = await runProgram(process.execPath, args);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toMatch(/first push of small files +`push` +`backup` +\d+\.\d\d s +\d+\.\d\d s +\d+\.\d\d/);
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('| first push of small files, bytes sent |');
    const [major] = process.versions.node.split('.');
    const kept = JSON.parse(readFileSync(join(root, `bench/results/node-${major}.json`), 'utf8'));
    expect(kept.questions['first-push-small']).toMatchObject({ pairs: 1, data: { files: 20 } });
  });
});

function folderWithPages(): string {
  const root = tempFolder();
  mkdirSync(join(root, 'docs'));
  for (const path of ['docs/performance.md', 'README.md']) {
    writeFileSync(join(root, path), 'before\n<!-- bench:begin -->\n<!-- bench:end -->\nafter\n');
  }
  return root;
}
