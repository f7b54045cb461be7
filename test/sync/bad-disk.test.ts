/** Disks that are full or cannot be written, and files that change, vanish or cannot be read under our hands. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ioError } from '../../src/base/errors.js';
import { init, type SyncOptions } from '../../src/index.js';
import { push as pushWith } from '../../src/sync/push.js';
import type { Services } from '../../src/sync/session.js';
import { Noise } from '../helpers/game-folder.js';
import { tempFolder } from '../helpers/temp.js';
import { type Cloud, filledCloud, PASSWORD, type Pc, told, toldUntouched, USER } from './bad-input-env.js';

const mounts: string[] = [];

/** A disk of its own of so many bytes; undefined where this user may not make one. */
function makeDisk(bytes: number): string | undefined {
  const folder = join(tempFolder(), 'disk');
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    console.log('skipped: a full or read-only disk needs the right to mount a tmpfs');
    return undefined;
  }
  mounts.push(folder);
  return folder;
}

const probe = makeDisk(65_536);

afterAll(() => {
  for (const folder of mounts) execFileSync('umount', [folder]);
});

/** A PC whose game folder lies on a disk of its own. */
async function pcOnDisk(cloud: Cloud, bytes: number): Promise<Pc & { readonly disk: string }> {
  const disk = makeDisk(bytes) ?? '';
  const game = join(disk, 'minecraft');
  mkdirSync(game);
  await init({ packFolder: game, url: cloud.url, instanceId: cloud.instanceId, token: `${USER}:${PASSWORD}` });
  const pc = await cloud.pc({ filled: false });
  const at = { packFolder: game };
  return {
    ...pc,
    disk,
    game,
    cloudFolder: join(game, '.cloud-sync'),
    options: at,
    push: (more) => pc.push({ ...at, ...more }),
    pull: (more) => pc.pull({ ...at, ...more }),
    put: (path, content) => {
      mkdirSync(join(game, path, '..'), { recursive: true });
      writeFileSync(join(game, path), content);
    },
  };
}

/** Takes all the room that is left. */
function fillUp(disk: string): string {
  const file = join(disk, 'filler');
  try {
    for (;;) appendFileSync(file, Buffer.alloc(4096));
  } catch {
    // That was the last page.
  }
  return file;
}

/** Options that fill the disk as soon as a phase has begun. */
function fillAt(phase: string, disk: string): SyncOptions {
  let done = false;
  return {
    onProgress: (event) => {
      if (done || event.type !== 'progress' || event.phase !== phase) return;
      done = true;
      fillUp(disk);
    },
  };
}

describe.runIf(probe !== undefined)('a full disk', () => {
  it('is seen before a pull fetches anything', async () => {
    const { cloud, a } = await filledCloud();
    a.put('screenshots/1.png', new Noise(3).bytes(1_500_000));
    await a.push();
    const b = await pcOnDisk(cloud, 1_000_000);
    const { code, exit, line } = await toldUntouched(b, () => b.pull());
    expect({ code, exit }).toEqual({ code: 'no-space', exit: 1 });
    const { game } = b;
    expect(line.replace(/\d+/g, 'n')).toBe(
      `the disk of ${game.replace(/\d+/g, 'n')} has n bytes free, n are needed; make room first`,
    );
  });

  it('in the middle of a pull: nothing is touched, nothing stays, and the next pull completes', async () => {
    const { cloud, a } = await filledCloud();
    for (let i = 0; i < 6; i++) a.put(`screenshots/${i}.png`, new Noise(i).bytes(200_000));
    await a.push();
    const b = await pcOnDisk(cloud, 6_000_000);
    b.put('config/mine.toml', 'x');
    const { code, exit, line } = await toldUntouched(b, () => b.pull(fillAt('downloading', b.disk)));
    expect({ code, exit }).toEqual({ code: 'no-space', exit: 1 });
    expect(line).toMatch(/^cannot write screenshots\/\d\.png: the disk is full; make room first$/);
    rmSync(join(b.disk, 'filler'));
    expect((await b.pull()).outcome).toBe('updated');
  });

  it('when a push has sent its files and writes down what it is about to send: the next push sends it', async () => {
    const { cloud } = await filledCloud();
    const b = await pcOnDisk(cloud, 2_000_000);
    await b.pull();
    b.put('options.txt', 'fov:100');
    const { code, exit, line } = await toldUntouched(b, () => b.push(fillAt('uploading', b.disk)));
    expect({ code, exit }).toEqual({ code: 'no-space', exit: 1 });
    expect(line).toMatch(/^cannot write \S+: the disk is full; make room first$/);
    rmSync(join(b.disk, 'filler'));
    expect(await b.push()).toMatchObject({ outcome: 'sent', bytesNew: expect.any(Number) });
    const c = await cloud.pc({ filled: false });
    await c.pull();
    expect([...c.files()].find(([path]) => path === 'options.txt')).toMatchObject([
      'options.txt',
      { bytes: Buffer.from('fov:100') },
    ]);
  });
});

describe.runIf(probe !== undefined)('a disk that can only be read', () => {
  it('is named by every command, init too', async () => {
    const { cloud } = await filledCloud();
    const b = await pcOnDisk(cloud, 1_000_000);
    execFileSync('mount', ['-o', 'remount,ro', b.disk]);
    for (const work of [b.pull, b.push]) {
      const { code, exit, line } = await toldUntouched(b, () => work());
      expect({ code, exit }, line).toEqual({ code: 'io', exit: 1 });
      expect(line).toMatch(/^cannot \S.* \S*\.cloud-sync\S*: its disk can only be read, not written$/);
    }
    const { url, instanceId } = cloud;
    const again = init({ packFolder: b.game, url, instanceId, token: `${USER}:${PASSWORD}` });
    expect((await told(again)).line).toMatch(/^cannot write \S+token: its disk can only be read, not written$/);
  });
});

describe('files that a push cannot read as they were', () => {
  /** The commands' services, with something that happens before and after each file is read. */
  function disturbed(
    cloud: Cloud,
    before: (path: string) => void,
    during: (path: string) => void = () => undefined,
  ): Services {
    const services = cloud.services(process.platform);
    return {
      ...services,
      createExecutor: async (repo, bytes) => {
        const executor = await services.createExecutor(repo, bytes);
        return {
          ...executor,
          parallel: executor.parallel,
          close: () => executor.close(),
          saveFile: async (path, sink, options) => {
            before(path);
            const claim: typeof sink.claim = (id, length) => {
              during(path);
              return sink.claim(id, length);
            };
            return executor.saveFile(path, { ...sink, claim }, options);
          },
        };
      },
    };
  }

  const LEVEL = 'saves/World/level.dat';

  async function changed(): Promise<{ cloud: Cloud; a: Pc; b: Pc; level: string }> {
    const { cloud, a } = await filledCloud();
    const b = await cloud.pc({ filled: false });
    await b.pull();
    a.put(LEVEL, 'new level');
    a.put('options.txt', 'new options');
    return { cloud, a, b, level: join(a.game, LEVEL) };
  }

  it('one that cannot be read: told, and the last version in the cloud stays', async () => {
    const { cloud, a, b, level } = await changed();
    const old = b.files().get(LEVEL);
    const services = disturbed(cloud, (path) => {
      if (path === level) throw ioError(Object.assign(new Error('x'), { code: 'EACCES' }), 'cannot read', path);
    });
    const result = await pushWith(a.options, services);
    expect(result).toMatchObject({ outcome: 'sent', unreadable: [LEVEL], files: { changed: 1, removed: 0 } });
    expect(result.outcome === 'sent' ? result.warnings : []).toEqual([
      `${LEVEL} could not be read and is not in this push: cannot read ${level}: permission denied; ` +
        'this user needs the right to do that',
    ]);
    await b.pull();
    expect(b.files().get(LEVEL)).toEqual(old);
    expect(b.files().get('options.txt')).toMatchObject({ bytes: Buffer.from('new options') });
    // And as soon as it can be read, it is sent.
    expect(await a.push()).toMatchObject({ outcome: 'sent', files: { added: 0, changed: 1, removed: 0 } });
  });

  it('one that vanishes: it counts as removed, and the rest is sent', async () => {
    const { cloud, a, b, level } = await changed();
    const services = disturbed(cloud, (path) => {
      if (path === level) rmSync(path);
    });
    expect(await pushWith(a.options, services)).toMatchObject({ outcome: 'sent', files: { changed: 1, removed: 1 } });
    await b.pull();
    expect([...b.files()]).toEqual([...a.files()]);
  });

  it('one that never stands still: sent as it was read, told, and sent again', async () => {
    const { cloud, a, b, level } = await changed();
    const services = disturbed(
      cloud,
      () => undefined,
      (path) => {
        if (path === level) appendFileSync(path, 'more');
      },
    );
    const result = await pushWith(a.options, services);
    expect(result).toMatchObject({
      outcome: 'sent',
      warnings: [`${LEVEL} changed while it was read; the next push sends it again`],
    });
    expect((await a.push()).outcome).toBe('sent');
    await b.pull();
    expect([...b.files()]).toEqual([...a.files()]);
  });

  it('one that changes once is read again, and nothing is said', async () => {
    const { cloud, a, b, level } = await changed();
    let times = 0;
    const services = disturbed(
      cloud,
      () => undefined,
      (path) => {
        if (path === level && ++times === 1) appendFileSync(path, 'more');
      },
    );
    expect(await pushWith(a.options, services)).toMatchObject({ outcome: 'sent', warnings: [] });
    expect(times).toBe(2);
    await b.pull();
    expect([...b.files()]).toEqual([...a.files()]);
  });
});
