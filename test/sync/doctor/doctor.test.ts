/** doctor: each thing that can be wrong with an instance has its line, and what is broken hides nothing else. */
import { chmodSync, mkdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { disable, doctor } from '../../../src/index.js';
import type { Remote } from '../../../src/repo/remote.js';
import type { Checkup } from '../../../src/sync/doctor/checkup.js';
import { doctor as doctorWith } from '../../../src/sync/doctor/doctor.js';
import type { Services } from '../../../src/sync/session.js';
import { answering, closedPort } from '../../helpers/bad-server.js';
import { onPosix } from '../../helpers/only-where.js';
import { tempFolder } from '../../helpers/temp.js';
import { newCloud } from '../../helpers/two-pcs.js';
import { type Cloud, expectPlain, filledCloud, type Pc } from '../bad-input-env.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

let cloud: Cloud;
let a: Pc;
beforeAll(async () => {
  ({ cloud, a } = await filledCloud());
});

/** id → level of what is not fine, and everything that is said. */
async function examine(pc: Pc): Promise<{ bad: Record<string, string>; all: readonly Checkup[]; healthy: boolean }> {
  const { checkups, healthy } = await doctor({ packFolder: pc.game });
  for (const { message, todo, level } of checkups) {
    if (level !== 'ok') expectPlain(`${message}; ${todo}`);
    expect(todo === undefined).toBe(level === 'ok');
  }
  const bad = checkups.filter(({ level }) => level !== 'ok').map(({ id, level }) => [id, level]);
  return { bad: Object.fromEntries(bad), all: checkups, healthy };
}

it('a PC on which everything is as it should be', async () => {
  const { all, healthy } = await examine(a);
  expect(all.map(({ level }) => level)).toEqual(all.map(() => 'ok'));
  expect(healthy).toBe(true);
  const said = all.map(({ id, message }) => `${id}: ${message}`);
  expect(said).toEqual([
    `settings: instance ${cloud.instanceId} on ${cloud.url}`,
    expect.stringMatching(/^token: token of ann/),
    expect.stringMatching(/^state: last sync [0-9a-f]{8}$/),
    'scope: preset personal: 3 files, 43 KB; largest: saves/World 42 KB, options.txt 1 KB',
    expect.stringMatching(/^space: \d/),
    'lock: no command is at work, and none was interrupted',
    'trash: the trash is empty',
    'server: the server answers and knows ann',
    expect.stringMatching(/^clock: the server's clock differs by \d s$/),
    'repository: the repository opens and holds 1 snapshot',
  ]);
});

it('a PC that has not synchronised yet, with a cloud that has no repository', async () => {
  const { url } = cloud;
  const fresh = await filledCloud();
  rmSync(fresh.cloud.folder, { recursive: true });
  const pc = await fresh.cloud.pc({ url });
  const { healthy, all } = await examine(pc);
  expect(healthy).toBe(true);
  expect(all.at(-1)?.message).toBe('no repository yet; the first push makes it');
  expect((await examine(fresh.a)).bad).toEqual({ repository: 'problem' });
});

describe('not set up', () => {
  it('never, and no longer', async () => {
    const packFolder = tempFolder();
    const todo = 'run "instance-sync setup"';
    const checkups = [{ id: 'settings', level: 'problem', message: `${packFolder} is not set up`, todo }];
    expect(await doctor({ packFolder })).toEqual({ outcome: 'doctor', packFolder, checkups, healthy: false });
    const pc = await cloud.pc();
    await disable({ packFolder: pc.game });
    expect((await examine(pc)).bad).toEqual({ settings: 'problem' });
  });

  it('a folder that does not exist is an error of the call', async () => {
    await expect(doctor({ packFolder: join(tempFolder(), 'x') })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('broken files of ours', () => {
  it.each([
    ['sync.json', '{', { settings: 'problem' }],
    ['scope.json', '{"schema":1,"preset":"all"}', { scope: 'problem' }],
    ['scope.json', '{"schema":1,"inclued":[]}', { scope: 'warning' }],
    ['state.json', 'x', { state: 'warning' }],
    ['state.json', '{"schema":99}', { state: 'problem' }],
    ['token', 'battery', { token: 'problem' }],
  ])('%s: %s', async (name, content, bad) => {
    const pc = await cloud.pc();
    writeFileSync(join(pc.cloudFolder, name), content, { mode: 0o600 });
    expect((await examine(pc)).bad).toEqual(bad);
  });

  it('the token is gone', async () => {
    const pc = await cloud.pc();
    rmSync(join(pc.cloudFolder, 'token'));
    const { bad, all } = await examine(pc);
    expect(bad).toEqual({ token: 'problem' });
    expect(all.map(({ id }) => id)).toContain('scope');
  });

  onPosix('a token that others could read is closed to them, as by every command', async () => {
    const pc = await cloud.pc();
    const token = join(pc.cloudFolder, 'token');
    chmodSync(token, 0o644);
    expect((await examine(pc)).bad).toEqual({ token: 'warning' });
    expect(statSync(token).mode & 0o777).toBe(0o600);
  });
});

describe('the game folder', () => {
  onPosix('saves that is a link, a world that is one', async () => {
    const pc = await cloud.pc();
    const elsewhere = join(tempFolder(), 'other');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, join(pc.game, 'saves/Linked'));
    expect((await examine(pc)).bad).toEqual({ skipped: 'warning' });
    rmSync(join(pc.game, 'saves'), { recursive: true });
    symlinkSync(elsewhere, join(pc.game, 'saves'));
    expect((await examine(pc)).bad).toEqual({ folder: 'problem' });
  });

  it('what commands left behind', async () => {
    const pc = await cloud.pc();
    writeFileSync(join(pc.cloudFolder, 'journal.json'), '{}');
    mkdirSync(join(pc.cloudFolder, 'lock'));
    writeFileSync(join(pc.cloudFolder, 'lock/0123'), '{}');
    const trash = join(pc.cloudFolder, 'trash/20261122T101500Z-abc/files');
    mkdirSync(trash, { recursive: true });
    writeFileSync(join(trash, 'options.txt'), Buffer.alloc(5000));
    const { bad, all } = await examine(pc);
    expect(bad).toEqual({ journal: 'warning', lock: 'warning' });
    expect(all.find(({ id }) => id === 'trash')?.message).toBe('the trash holds 1 generation, 5 KB');
    expect(all.find(({ id }) => id === 'lock')?.todo).toBe('wait until it ends');
    utimesSync(join(pc.cloudFolder, 'lock/0123'), 1e9, 1e9);
    expect((await examine(pc)).all.find(({ id }) => id === 'lock')?.todo).toMatch(/^nothing: the next command/);
  });
});

describe('the server', () => {
  it('away, refusing, out of order', async () => {
    const away = await cloud.pc({ url: `http://127.0.0.1:${await closedPort()}/` });
    const refusing = await cloud.pc({ url: (await answering({ status: 401 })).url });
    const broken = await cloud.pc({ url: (await answering({ status: 500 })).url });
    for (const pc of [away, refusing, broken]) expect((await examine(pc)).bad).toEqual({ server: 'problem' });
  });

  it('with another password', async () => {
    const pc = await cloud.pc({ password: 'other-battery-password' });
    expect((await examine(pc)).bad).toEqual({ repository: 'problem' });
  });

  it.each([
    [-3 * 3_600_000, "this PC's clock is 180 minutes ahead of the server's"],
    [6 * 60_000, "this PC's clock is 6 minutes behind the server's"],
    [4 * 60_000, undefined],
  ])('with a clock that differs by %d ms', async (skew, warning) => {
    const shared = await newCloud();
    const pc = await shared.pc();
    const connect: Services['connect'] = async (address) => {
      const remote = await pc.services.connect(address);
      return { ...remote, clockSkewMs: () => skew } satisfies Remote;
    };
    const { checkups } = await doctorWith({ packFolder: pc.game }, { ...pc.services, connect });
    const clock = checkups.find(({ id }) => id === 'clock');
    expect(clock).toMatchObject(warning === undefined ? { level: 'ok' } : { level: 'warning', message: warning });
  });
});

it('can be cancelled', async () => {
  const signal = AbortSignal.abort();
  await expect(doctor({ packFolder: a.game, signal })).rejects.toMatchObject({ code: 'aborted' });
});
