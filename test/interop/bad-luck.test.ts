/**
 * Connections that are cut within a body, and servers that are restarted in the middle of a command: with the real
 * rest-server and with our own, by the library and by the built hook.
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { startServer as startEmbedded } from '../../src/index.js';
import { CUTS, type CutPlan, type CuttingProxy, cuttingProxy } from '../helpers/cutting-proxy.js';
import { compareFolders, Noise, writeGameFile } from '../helpers/game-folder.js';
import { describeInterop, type RestServer } from '../helpers/peers.js';
import { type Cloud, makeCloud, type Pc, startServer } from '../helpers/sync-env.js';
import { tempFolder } from '../helpers/temp.js';

// Of the library in this process: what it waits before another try takes no time.
vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const LIMIT = 60_000;
const LOST = CUTS.filter(({ at }) => at === 'lost');

/** A server that can be stopped, and started again at the same address with the same files. */
interface Restartable extends RestServer {
  start(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function realServer(): Promise<Restartable> {
  const path = tempFolder();
  const flags = ['--listen', `127.0.0.1:${await freePort()}`];
  let running = await startServer('rest-server-latest', { path, flags });
  return {
    url: running.url,
    path,
    log: () => running.log(),
    stop: () => running.stop(),
    start: async () => {
      running = await startServer('rest-server-latest', { path, flags });
    },
  };
}

async function embeddedServer(): Promise<Restartable> {
  const path = tempFolder();
  const options = { path, listen: `127.0.0.1:${await freePort()}`, noAuth: true, appendOnly: true, closeGraceMs: 0 };
  let running = await startEmbedded(options);
  return {
    url: running.url,
    path,
    log: () => '',
    stop: () => running.close(),
    start: async () => {
      running = await startEmbedded(options);
    },
  };
}

describeInterop('bad luck', ['rest-server-latest', 'restic-latest'], () => {
  describe.each([
    ['rest-server', realServer, CUTS],
    // What of an answer arrives is the same from every server.
    ['our own server', embeddedServer, CUTS.filter(({ of, at }) => of === 'request' || at === 'lost')],
  ] as const)('with %s', (_, start, cuts) => {
    let server: Restartable;
    let proxy: CuttingProxy;
    let cloud: Cloud;
    let a: Pc;
    let b: Pc;
    let time = 0;

    /** Plays one world, of which half is new each time. */
    const play = (pc: Pc, world: string): void => {
      const noise = new Noise(++time);
      for (const name of ['level.dat', `region/r.${time}.0.mca`])
        writeGameFile(join(pc.game, 'saves', world, name), noise.bytes(3000), noise);
    };

    const expectAlike = (): void => expect(compareFolders(a.game, b.game)).toEqual([]);

    /** A push, a pull, a pull that merges and one that sends what is left, each with `trouble` on its way. */
    const round = async (trouble: (work: () => Promise<{ outcome: string }>) => Promise<string>): Promise<void> => {
      play(a, 'One');
      expect(await trouble(a.push)).toBe('sent');
      expect(await trouble(b.pull)).toBe('updated');
      expectAlike();
      play(a, 'One');
      play(b, 'Two');
      await a.push();
      expect(await trouble(b.pull)).toBe('updated');
      play(b, 'Two');
      expect(await trouble(b.pull)).toBe('up-to-date');
      await a.pull();
      expectAlike();
      for (const pc of [a, b]) expect((await pc.push()).outcome).toBe('nothing-to-send');
    };

    const expectSound = async (): Promise<void> => {
      expect(readdirSync(join(cloud.folder, 'locks'))).toEqual([]);
      await cloud.restic('restic-latest', 'check', '--read-data');
      const files = readdirSync(cloud.folder, { recursive: true, encoding: 'utf8' });
      expect(files.filter((name) => /tmp|part/i.test(name))).toEqual([]);
    };

    beforeAll(async () => {
      server = await start();
      proxy = await cuttingProxy(server.url);
      cloud = makeCloud(server);
      const through = makeCloud({ ...server, url: proxy.url }, cloud.instanceId);
      [a, b] = [through.pc(), through.pc()];
      for (const pc of [a, b]) await pc.init();
      play(a, 'One');
      play(a, 'Two');
      await a.push();
      await cloud.cheapen();
      await b.pull();
    }, LIMIT);

    const through = (plan: CutPlan) => async (work: () => Promise<{ outcome: string }>) => {
      proxy.follow(plan);
      const { outcome } = await work();
      proxy.follow();
      return outcome;
    };

    it.each(cuts)('every $of is cut once: $at', { timeout: LIMIT }, async (cut) => {
      const before = proxy.cuts;
      await round(through(({ repeats }) => (repeats === 0 ? cut : undefined)));
      expect(proxy.cuts - before).toBeGreaterThan(10);
      expect(readdirSync(join(cloud.folder, 'locks'))).toEqual([]);
    });

    it('a first push, of which everything is cut in every way', { timeout: LIMIT }, async () => {
      const instance = makeCloud({ ...server, url: proxy.url });
      const pc = instance.pc();
      await pc.init();
      writeFileSync(join(pc.game, 'options.txt'), 'fov:80');
      // What rest-server keeps of half a config is told of below.
      const cuts: CutPlan = ({ request, repeats }) => (/config$/.test(request) ? LOST : CUTS)[repeats];
      expect(await through(cuts)(pc.push)).toBe('sent');
      expect(readdirSync(join(instance.folder, 'keys'))).toHaveLength(1);
      expect(readdirSync(join(instance.folder, 'locks'))).toEqual([]);
      expect((await pc.pull()).outcome).toBe('up-to-date');
    });

    it('restarted at every request', { timeout: LIMIT }, async () => {
      let restarts = 0;
      const restart: CutPlan = async ({ repeats }) => {
        if (repeats > 0) return undefined;
        restarts += 1;
        await server.stop();
        await server.start();
        return { of: 'request', at: 'middle' };
      };
      await round(through(restart));
      expect(restarts).toBeGreaterThan(40);
      await expectSound();
    });
  });

  it.each([true, false])('half a config on a rest-server, append-only: %s', { timeout: LIMIT }, async (appendOnly) => {
    const server = await startServer('rest-server-latest', { appendOnly });
    const proxy = await cuttingProxy(server.url);
    const cloud = makeCloud({ ...server, url: proxy.url });
    const pc = cloud.pc();
    await pc.init();
    writeFileSync(join(pc.game, 'options.txt'), 'fov:80');
    const config = join(cloud.folder, 'config');
    proxy.follow(async ({ request, repeats }) => {
      if (!/^POST .*config$/.test(request)) return undefined;
      if (repeats === 0) return { of: 'request', at: 'middle' };
      // A second try that is faster than the server's end of the first one would find nothing in its way.
      if (appendOnly) await vi.waitFor(() => expect(existsSync(config)).toBe(true));
      return undefined;
    });
    if (appendOnly) {
      await expect(pc.push()).rejects.toMatchObject({
        code: 'damaged',
        message: expect.stringMatching(/ keeps an incomplete config; its operator has to delete that file$/),
      });
      expect(readdirSync(join(cloud.folder, 'locks'))).toEqual([]);
      await expect(pc.push()).rejects.toMatchObject({ code: 'damaged' });
      proxy.follow();
      rmSync(config);
    }
    expect((await pc.push()).outcome).toBe('sent');
    expect(readdirSync(join(cloud.folder, 'keys'))).toHaveLength(1);
    await cloud.restic('restic-latest', 'check');
  });

  it('a server whose room ends in the middle of a push', { timeout: LIMIT }, async () => {
    const path = tempFolder();
    const options = { path, listen: '127.0.0.1:0', noAuth: true, appendOnly: true };
    const small = await startEmbedded({ ...options, maxSize: 40_000 });
    const proxy = await cuttingProxy(small.url);
    const cloud = makeCloud({ url: proxy.url, path, log: () => '', stop: () => small.close() });
    const [a, b] = [cloud.pc(), cloud.pc()];
    for (const pc of [a, b]) await pc.init();
    writeGameFile(join(a.game, 'saves/One/level.dat'), 'one', new Noise(1));
    await a.push();
    await cloud.cheapen();
    await b.pull();
    for (let i = 0; i < 3; i++)
      writeGameFile(join(a.game, `saves/One/region/r.${i}.0.mca`), new Noise(i).bytes(20_000), new Noise(3));
    await expect(a.push()).rejects.toMatchObject({ code: 'no-space', message: expect.stringContaining('507') });
    expect(readdirSync(join(cloud.folder, 'locks'))).toEqual([]);
    // The game is not held up by that.
    expect(await a.pull()).toMatchObject({ outcome: 'up-to-date', warnings: [expect.stringContaining('507')] });
    expect((await b.pull()).outcome).toBe('up-to-date');
    const large = await startEmbedded(options);
    proxy.retarget(large.url);
    expect((await a.push()).outcome).toBe('sent');
    await b.pull();
    expect(compareFolders(a.game, b.game)).toEqual([]);
  });

  describe('the built hook, and a server that is restarted under it', () => {
    it.each(['push', 'pull'])('%s goes on where it was', { timeout: LIMIT }, async (command) => {
      const server = await realServer();
      const proxy = await cuttingProxy(server.url);
      const cloud = makeCloud({ ...server, url: proxy.url });
      const [a, b] = [cloud.pc(), cloud.pc()];
      for (const pc of [a, b]) await pc.init();
      writeGameFile(join(a.game, 'saves/One/level.dat'), 'one', new Noise(1));
      await a.push();
      await cloud.cheapen();
      await b.pull();
      writeGameFile(join(a.game, 'saves/One/region/r.0.0.mca'), new Noise(2).bytes(200_000), new Noise(3));
      if (command === 'pull') await a.push();
      let started: Promise<void> | undefined;
      proxy.follow(async ({ request }) => {
        if (started !== undefined || !/(GET|POST) .*\/data\/./.test(request)) return undefined;
        started = sleep(300).then(() => server.start());
        await server.stop();
        return { of: command === 'push' ? 'request' : 'answer', at: 'middle' };
      });
      const { code, stdout } = await (command === 'push' ? a : b).run(command);
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.not.stringContaining('error') });
      await started;
      proxy.follow();
      await b.pull();
      expect(compareFolders(a.game, b.game)).toEqual([]);
      await cloud.restic('restic-latest', 'check');
    });
  });
});
