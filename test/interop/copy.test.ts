/** copy: between repositories that each program made; what is there afterwards restic finds sound and equal. */
import { appendFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { resticTs } from '../cli/restic/run-command.js';
import { cheapenKey } from '../helpers/local-repository.js';
import { describeInterop, restic } from '../helpers/peers.js';
import { noise } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const PASSWORD = 'secret';
const KINDS = ['restic 0.14, version 1', 'restic latest, version 2', 'restic-ts'] as const;
type Kind = (typeof KINDS)[number];
const PAIRS = KINDS.flatMap((from) => KINDS.filter((to) => to !== from).map((to) => [from, to] as const));

describeInterop('copy', ['restic-0.14', 'restic-latest'], () => {
  const work = tempFolder();
  const source = join(work, 'source');
  const empty = new Map<Kind, string>();

  /** By each program's own init; its key is replaced, as many commands open the repository. */
  async function made(kind: Kind): Promise<string> {
    const repo = join(tempFolder(), 'repo');
    const options = { repo, password: PASSWORD };
    const done =
      kind === 'restic-ts'
        ? await resticTs(['init'], options)
        : kind === 'restic latest, version 2'
          ? await restic('restic-latest', ['init'], options)
          : await restic('restic-0.14', ['init', '--repository-version', '1'], options);
    expect(done).toMatchObject({ code: 0 });
    await cheapenKey(repo, PASSWORD);
    return repo;
  }

  function init(kind: Kind): string {
    const repo = join(tempFolder(), 'repo');
    cpSync(empty.get(kind) ?? '', repo, { recursive: true });
    return repo;
  }

  /** Two snapshots each, of a folder that changed between them. */
  const sources = new Map<Kind, string>();

  async function backup(kind: Kind, flags: readonly string[]): Promise<void> {
    const name = kind === 'restic 0.14, version 1' ? 'restic-0.14' : 'restic-latest';
    const options = { repo: sources.get(kind) ?? '', password: PASSWORD };
    expect(await restic(name, ['backup', source, ...flags], options)).toMatchObject({ code: 0 });
  }

  beforeAll(async () => {
    mkdirSync(join(source, 'deep/er'), { recursive: true });
    writeFileSync(join(source, 'big'), noise(4_000_000));
    writeFileSync(join(source, 'text'), 'all work and no play\n'.repeat(50_000));
    for (let i = 0; i < 40; i++) writeFileSync(join(source, 'deep/er', `f${i}`), `file ${i}`);
    await Promise.all(KINDS.map(async (kind) => empty.set(kind, await made(kind))));
    await Promise.all(KINDS.map(async (kind) => sources.set(kind, await made(kind))));
    const backups: readonly (readonly string[])[] = [
      ['--tag', 'one', '--host', 'pc'],
      ['--tag', 'two', '--host', 'laptop', '--exclude', '*.tmp'],
    ];
    for (const flags of backups) {
      await Promise.all(KINDS.map((kind) => backup(kind, flags)));
      appendFileSync(join(source, 'log'), 'more\n');
    }
  });

  function copying(from: string, to: string, ...flags: string[]): ReturnType<typeof resticTs> {
    const env = { RESTIC_FROM_REPOSITORY: from, RESTIC_FROM_PASSWORD: PASSWORD };
    return resticTs(['copy', ...flags], { repo: to, password: PASSWORD, env });
  }

  async function listing(repo: string, id: string): Promise<string[]> {
    const { stdout } = await restic('restic-latest', ['ls', '--json', '--no-lock', id], { repo, password: PASSWORD });
    return stdout.trim().split('\n').slice(1);
  }

  it.each(PAIRS)('from %s to %s', { timeout: 120_000 }, async (from, to) => {
    const there = sources.get(from) ?? '';
    const repo = init(to);
    const { code, stdout, stderr } = await copying(there, repo);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/^snapshot \w{8} saved, copied from source snapshot \w{8}$/gm)).toHaveLength(2);
    const check = await restic('restic-latest', ['check', '--read-data', '--no-lock'], { repo, password: PASSWORD });
    expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('no errors were found') });
    // restic knows the copies for what they are.
    const env = { RESTIC_FROM_PASSWORD: PASSWORD };
    const args = ['copy', '-v', '--from-repo', there];
    const again = await restic('restic-latest', args, { repo, password: PASSWORD, env });
    expect(again.stdout.match(/was already copied to snapshot/g)).toHaveLength(2);
  });

  it('what is listed is the same, and so is what a second copy says', async () => {
    const there = sources.get('restic 0.14, version 1') ?? '';
    const repo = init('restic-ts');
    const { stdout } = await copying(there, repo, 'latest');
    const [, mine = '', theirs = ''] = /snapshot (\w{8}) saved, copied from source snapshot (\w{8})/.exec(stdout) ?? [];
    const list = await listing(repo, mine);
    expect(list).toEqual(await listing(there, theirs));
    expect(list.length).toBeGreaterThan(40);
    const env = { RESTIC_FROM_PASSWORD: PASSWORD };
    const args = ['copy', '-v', '--from-repo', there, 'latest'];
    const again = await restic('restic-latest', args, { repo, password: PASSWORD, env });
    expect(await copying(there, repo, '-v', 'latest')).toMatchObject(again);
  });

  it('of what restic has copied nothing is left, and the same text is printed for the same work', async () => {
    const there = sources.get('restic latest, version 2') ?? '';
    const [mine, theirs] = [init('restic-ts'), init('restic-ts')];
    const env = { RESTIC_FROM_PASSWORD: PASSWORD };
    const args = ['copy', '-v', '--from-repo', there, 'latest'];
    const [real, ours] = await Promise.all([
      restic('restic-latest', args, { repo: theirs, password: PASSWORD, env }),
      copying(there, mine, '-v', 'latest'),
    ]);
    const bare = (text: string): string =>
      text.replace(/snapshot \w{8} saved/, 'snapshot saved').replace(/\[\d:\d\d\]/, '');
    expect(bare(ours.stdout)).toBe(bare(real.stdout));
    expect((await copying(there, theirs, 'latest', '-v')).stdout).toContain('was already copied to snapshot');
  });

  it('filters, names that fit nothing, and the ways to name a source', async () => {
    const there = sources.get('restic-ts') ?? '';
    const repo = init('restic-ts');
    const file = join(work, 'from');
    writeFileSync(file, `${there}\n`);
    const password = join(work, 'password');
    writeFileSync(password, `${PASSWORD}\n`);
    const run = (...flags: string[]): ReturnType<typeof resticTs> =>
      resticTs(['copy', ...flags], { repo, password: PASSWORD });
    const one = await run('--from-repository-file', file, '--from-password-file', password, '--tag', 'one');
    expect([one.code, one.stdout.match(/saved/g)]).toEqual([0, ['saved']]);
    const args = ['--from-repo', there, '--from-password-command', `cat ${password}`];
    const two = await run(...args, 'nosuch');
    expect(two).toMatchObject({ code: 0, stderr: 'Ignoring "nosuch": no matching ID found for prefix "nosuch"\n' });
    expect(await run(...args, '-q')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await run()).toMatchObject({ code: 1 });
    expect(await copying(join(work, 'nowhere'), repo)).toMatchObject({ code: 10 });
    const env = { RESTIC_FROM_REPOSITORY: there, RESTIC_FROM_PASSWORD: 'wrong' };
    expect(await resticTs(['copy'], { repo, password: PASSWORD, env })).toMatchObject({ code: 12 });
  });
});
