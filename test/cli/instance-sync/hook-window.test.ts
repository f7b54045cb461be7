/**
 * The built hook, when there is something to decide or to wait for, and a browser in which nobody, somebody or something
 * odd sits: the game is never started on what is undecided, and the hook never stays.
 */
import { chmodSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { View } from '../../../src/ui/protocol.js';
import { blackHole } from '../../helpers/bad-server.js';
import { type FakeBrowser, fakeBrowser } from '../../helpers/fake-browser.js';
import { type Finished, startProgram } from '../../helpers/process.js';
import { hookFile, instanceSync } from '../../helpers/sync-env.js';
import { tempFolder } from '../../helpers/temp.js';
import { filledCloud, type Pc } from '../../sync/bad-input-env.js';

const LEVEL = 'saves/World/level.dat';

/** Both PCs have played the same world since the last sync, and a has sent it. */
async function conflicting(): Promise<{ a: Pc; b: Pc }> {
  const { cloud, a } = await filledCloud();
  const b = await cloud.pc({ filled: false });
  await b.pull();
  a.put(LEVEL, 'of a');
  await a.push();
  b.put(LEVEL, 'of b, longer');
  return { a, b };
}

const run = (command: string, pc: Pc, { env }: Pick<FakeBrowser, 'env'>, ...flags: string[]): Promise<Finished> =>
  instanceSync([command, '--pack-folder', pc.game, ...flags], { env });

const textOf = (pc: Pc): unknown => pc.files().get(LEVEL);
const viewsOf = (browser: FakeBrowser): string[] => {
  const names = browser.seen().map(({ view }) => view);
  return names.filter((name, i) => name !== names[i - 1]);
};

/** On a PC under load what leads to a question may take so long that its progress is shown before. */
const shown = (browser: FakeBrowser, kind: View['view']): View | undefined =>
  browser.seen().find(({ view }) => view === kind);

describe.concurrent('a pull that meets a conflict asks in a window', () => {
  it('the choice is carried out, shown, and the game starts', async () => {
    const { a, b } = await conflicting();
    const browser = fakeBrowser({ conflict: { all: 'cloud' } });
    const { code, stdout } = await run('pull', b, browser, '--', process.execPath, '-e', 'console.log("the game")');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/received [^\n]*\nthe game\n$/),
    });
    expect(textOf(b)).toEqual(textOf(a));
    const views = viewsOf(browser);
    expect(views.slice(views.indexOf('conflict'))).toEqual(['conflict', 'progress', 'end']);
    expect(shown(browser, 'conflict')).toMatchObject({
      task: 'pull',
      local: { where: 'this-pc' },
      units: [{ id: 'saves/World', name: 'World', choices: ['local', 'cloud', 'keep-both'], local: { changed: 1 } }],
    });
    expect(shown(browser, 'end')).toMatchObject({ outcome: 'done', task: 'pull' });
  });

  it.each([
    [{ kind: 'cancel' }, 21, /the launch was cancelled; nothing was changed\n$/, 'cancelled'],
    [{ kind: 'play' }, 0, /playing without synchronising; nothing was changed/, 'skipped'],
  ] as const)('%o', async (answer, code, line, outcome) => {
    const { b } = await conflicting();
    const before = b.files();
    const browser = fakeBrowser({ conflict: { answer } });
    const finished = await run('pull', b, browser);
    expect(finished).toEqual({ code, stdout: expect.stringMatching(line), stderr: '' });
    expect(b.files()).toEqual(before);
    expect(browser.seen().at(-1)).toMatchObject({ view: 'end', outcome });
  });

  it('the browser is killed, or its page closed: the game does not start, and nothing has moved', async () => {
    await Promise.all(
      (['die', 'leave'] as const).map(async (step) => {
        const { b } = await conflicting();
        const before = b.files();
        const { code, stdout } = await run(
          'pull',
          b,
          fakeBrowser({ conflict: step }),
          '--',
          process.execPath,
          '-e',
          'boom',
        );
        expect({ code, stdout }).toEqual({ code: 20, stdout: expect.stringMatching(/both sides changed[^\n]*\n$/) });
        expect(b.files()).toEqual(before);
      }),
    );
  });

  it('a browser that cannot be started, no display, --no-gui: exit code 20 at once', async () => {
    const { b } = await conflicting();
    const broken = join(tempFolder(), 'browser');
    writeFileSync(broken, '#!/bin/false\n');
    chmodSync(broken, 0o755);
    const looker = fakeBrowser({ conflict: { all: 'cloud' } });
    for (const [browser, ...flags] of [
      [{ env: { INSTANCE_SYNC_BROWSER: broken } }],
      [{ env: { INSTANCE_SYNC_BROWSER: '', DISPLAY: '', WAYLAND_DISPLAY: '' } }],
      [looker, '--no-gui'],
      [{ env: {} }, '--on-conflict=abort'],
    ] as const) {
      const finished = await run('pull', b, browser, ...flags);
      expect(finished).toMatchObject({ code: 20, stderr: '' });
      expect(finished.stdout).toMatch(/both sides changed/);
    }
    expect(looker.starts()).toBe(0);
  });

  it('who started it ends: so does the hook, and frees the instance', async () => {
    const { b } = await conflicting();
    const browser = fakeBrowser({});
    const env = { ...browser.env };
    const launcher = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ${JSON.stringify([hookFile(), 'pull', '--pack-folder', b.game])}, { stdio: ['ignore', 1, 2] });
      child.stdout; setTimeout(() => process.exit(0), 60000).unref();
      process.on('message', () => process.exit(0));
      process.stdin.once('data', () => process.exit(0));`;
    const started = startProgram(process.execPath, ['-e', launcher], { env });
    await started.waitFor(/see the window that asks/);
    await started.stop();
    // Waits for the lock of the first, at most.
    const next = await run('pull', b, { env: { INSTANCE_SYNC_BROWSER: 'none' } }, '--on-conflict', 'World=local');
    expect(next).toMatchObject({ code: 0 });
  });

  it('a copy of a folder that is still there: asked, and made an instance of its own', async () => {
    const { a } = await filledCloud();
    const game = join(tempFolder(), 'copy');
    cpSync(a.game, game, { recursive: true });
    const browser = fakeBrowser({ relocation: { answer: { kind: 'relocation', relocation: 'copied' } } });
    const { code, stdout } = await instanceSync(['pull', '--pack-folder', game], { env: browser.env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/the cloud is empty so far/) });
    expect(shown(browser, 'relocation')).toMatchObject({ from: a.game, to: game, stillThere: true });
  });

  it('wrap: the game runs only if the player lets it', async () => {
    const { b } = await conflicting();
    const game = ['--', process.execPath, '-e', 'console.log("the game")'];
    const cancelled = await run('wrap', b, fakeBrowser({ conflict: { answer: { kind: 'cancel' } } }), ...game);
    expect(cancelled).toMatchObject({ code: 21, stdout: expect.not.stringMatching(/the game\n/) });
    const later = fakeBrowser({ conflict: { answer: { kind: 'play' } } });
    const played = await run('wrap', b, later, ...game);
    expect(played).toMatchObject({ code: 0, stdout: expect.stringMatching(/the game\n[\s\S]*left for later/) });
    expect(later.starts()).toBe(2);
  });

  it('flags answer world by world; what they leave open is asked', async () => {
    const { a, b } = await conflicting();
    a.put('options.txt', 'of a');
    await a.push();
    b.put('options.txt', 'of b');
    const browser = fakeBrowser({ conflict: { all: 'local' } });
    const { code } = await run('pull', b, browser, '--on-conflict', 'saves/World=cloud');
    expect(code).toBe(0);
    expect(textOf(b)).toEqual(textOf(a));
    expect(shown(browser, 'conflict')).toMatchObject({ units: [{ id: 'options.txt' }] });
    const wrong = await run('pull', b, browser, '--on-conflict', 'World=mine');
    expect(wrong).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^instance-sync: error: [^\n]*saves\/World=cloud/),
    });
  });
});

describe.concurrent('after the game', () => {
  it('a push: what was played is in the cloud, and the choice settles both', async () => {
    const { a, b } = await conflicting();
    const browser = fakeBrowser({ conflict: { all: 'local' } });
    expect(await run('push', b, browser)).toMatchObject({ code: 0 });
    expect(await a.pull()).toMatchObject({ outcome: 'updated' });
    expect(textOf(a)).toEqual(textOf(b));
    expect(shown(browser, 'conflict')).toMatchObject({ task: 'push' });
  });

  it('later: the next pull asks', async () => {
    const { b } = await conflicting();
    const later = await run('push', b, fakeBrowser({ conflict: { answer: { kind: 'play' } } }));
    expect(later).toMatchObject({ code: 0, stdout: expect.stringMatching(/left for later/) });
    expect(await run('pull', b, { env: {} })).toMatchObject({ code: 20 });
  });

  it('a world is gone: the answer is kept for the pull that brings it back', async () => {
    const { cloud } = await filledCloud();
    const b = await cloud.pc({ filled: false });
    await b.pull();
    const before = b.files();
    rmSync(join(b.game, 'saves/World'), { recursive: true });
    const browser = fakeBrowser({ deletion: { answer: { kind: 'deletion', deletion: 'restore' } } });
    const asked = await run('push', b, browser);
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringMatching(/the next pull brings back/) });
    expect(shown(browser, 'deletion')).toMatchObject({ worlds: ['World'] });
    expect(await run('pull', b, { env: {} })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/received 2 new/),
    });
    expect([...b.files().keys()]).toEqual([...before.keys()]);
  });
});

describe.concurrent('long work', () => {
  it.each([
    ['pull', /skipped; playing without what is new/],
    ['push', /stopped; the next sync sends the rest/],
  ] as const)('%s: its window stops it', async (command, line) => {
    const { cloud } = await filledCloud();
    const { url } = await blackHole();
    const pc = await cloud.pc({ url });
    const browser = fakeBrowser({ progress: 'stop' });
    expect(await run(command, pc, browser)).toMatchObject({ code: 0, stdout: expect.stringMatching(line) });
    expect(viewsOf(browser)).toEqual(['progress', 'end']);
    const [first, last] = [browser.seen()[0], browser.seen().at(-1)] as [View, View];
    expect(first).toMatchObject({ task: command, mayStop: command === 'pull' ? 'skip-and-play' : 'later' });
    expect(last).toMatchObject({ outcome: 'skipped' });
  });

  it('its page is closed: the work goes on', async () => {
    const { cloud } = await filledCloud();
    const { url } = await blackHole();
    const pc = await cloud.pc({ url });
    const closed = await run('pull', pc, fakeBrowser({ progress: 'leave' }));
    expect(closed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/no answer within .* playing with what is here/),
    });
  });

  it('what is quick opens nothing', async () => {
    const { a } = await filledCloud();
    const browser = fakeBrowser({});
    const { code, stdout } = await run('pull', a, browser, '--json');
    const { outcome, duration_ms } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect({ code, outcome }).toEqual({ code: 0, outcome: 'up-to-date' });
    if (Number(duration_ms) < 1400) expect(browser.starts()).toBe(0);
  });
});
