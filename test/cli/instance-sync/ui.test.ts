/** `ui` and `setup` in a window, as processes of their own (`npm run build` first): what is printed, and when they end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { onPosix } from '../../helpers/only-where.js';
import { hookFile, instanceSync } from '../../helpers/sync-env.js';
import { tempFolder } from '../../helpers/temp.js';
import { describeWindows, startWindowsNode, windowsPath } from '../../helpers/wine.js';
import { ask, enter, listen } from '../../ui/server/client.js';

interface Started {
  readonly child: ChildProcess;
  /** What it has printed, both streams. */
  output(): string;
  /** The address of its window. */
  address(): Promise<string>;
  readonly code: Promise<number | null>;
}

const children: ChildProcess[] = [];

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** An empty game folder on a PC without a display, unless `env` says otherwise. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const home = tempFolder();
  const bare = Object.entries(process.env).filter(([name]) => !/^(INST_|NODE_|DISPLAY|WAYLAND|XDG_|SSH_)/.test(name));
  const child = spawn(process.execPath, [hookFile(), ...args], {
    cwd: tempFolder(),
    env: { ...Object.fromEntries(bare), HOME: home, INSTANCE_SYNC_BROWSER: 'none', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  const address = async (): Promise<string> => {
    const look = (): string => /http:\/\/127\.0\.0\.1:\d+\/#t=[\w-]+(?=["\n])/.exec(text)?.[0] ?? '';
    await expect.poll(look, { timeout: 10_000 }).not.toBe('');
    return look();
  };
  return { child, output: () => text, address, code };
}

/** A program that stands for a browser. It shows nothing, but is connected until it ends. */
function fakeBrowser(folder: string, name: string, body: string): string {
  mkdirSync(folder, { recursive: true });
  const script = join(folder, name);
  writeFileSync(script, `#!${process.execPath}\n${body}`);
  chmodSync(script, 0o755);
  return script;
}

const VISIT = `
  const { origin, hash } = new URL(process.argv.find((arg) => arg.includes('http://')).replace('--app=', ''));
  const headers = { origin, 'content-type': 'application/json', 'x-instance-sync': '1' };
  const body = JSON.stringify({ token: hash.slice(3) });
  fetch(origin + '/api/session', { method: 'POST', headers, body }).then(async (answer) => {
    const cookie = answer.headers.get('set-cookie').split(';')[0];
    await fetch(origin + '/api/events', { headers: { cookie } });
    process.exit();
  });`;

describe.concurrent('ui', () => {
  it('--no-open prints the address on a line of its own, serves the page and its data, and ends when it is told to', async () => {
    const { child, address, output, code } = start(['ui', '--no-open']);
    const window = { address: await address() };
    expect(output().split('\n')).toContain(window.address);
    const { origin } = new URL(window.address);
    expect(await ask(origin)).toMatchObject({ status: 200, text: expect.stringContaining('/page.js') });
    for (const file of ['/page.js', '/page.css'])
      expect((await ask(`${origin}${file}`)).text.length).toBeGreaterThan(500);
    const cookie = await enter(window);
    const page = await listen(origin, cookie);
    expect(await page.next()).toEqual({ view: 'home', start: 'status' });
    expect(await ask(`${origin}/api/instances`, { headers: { cookie } })).toMatchObject({ text: '{"instances":[]}' });
    child.kill('SIGINT');
    expect(await page.next()).toEqual({ view: 'end', outcome: 'gone', warnings: [] });
    expect(await code).toBe(0);
    await expect(ask(origin)).rejects.toThrow('ECONNREFUSED');
  });

  it('says it in an object with --json', async () => {
    const { child, address, output, code } = start(['ui', '--json', '--no-open']);
    const url = await address();
    const [line] = output().split('\n');
    expect(JSON.parse(line ?? '')).toEqual({ message_type: 'listening', url });
    child.kill('SIGTERM');
    expect(await code).toBe(0);
  });

  it('serves all the same where no browser can be opened, and says so', async () => {
    const { child, address, output, code } = start(['ui'], { INSTANCE_SYNC_BROWSER: '/nowhere/browser' });
    await enter({ address: await address() });
    await expect.poll(output).toContain('no browser could be opened; open this address');
    child.kill('SIGINT');
    expect(await code).toBe(0);
  });

  onPosix('ends by itself when its page is gone, killed or closed', async () => {
    const browser = fakeBrowser(tempFolder(), 'chromium', VISIT);
    const { output, address, code } = start(['ui'], { INSTANCE_SYNC_BROWSER: browser });
    await address();
    expect(await code, output()).toBe(0);
  });
});

describe.concurrent('setup', () => {
  it('--gui shows the window at its own page', async () => {
    const { child, address, code } = start(['setup', '--gui']);
    const window = { address: await address() };
    const page = await listen(new URL(window.address).origin, await enter(window));
    expect(await page.next()).toMatchObject({ view: 'home', start: 'setup' });
    child.kill('SIGINT');
    expect(await code).toBe(0);
  });

  onPosix('opens it by itself when it is clicked: without a terminal, but with a display', async () => {
    const bin = join(tempFolder(), 'bin');
    fakeBrowser(bin, 'chromium', 'setTimeout(() => undefined, 20_000);');
    const env = { DISPLAY: ':0', PATH: bin, INSTANCE_SYNC_BROWSER: '' };
    const { child, address, code } = start(['setup'], env);
    await address();
    child.kill('SIGINT');
    expect(await code).toBe(0);
    const inTerminal = await instanceSync(['setup', '--no-gui'], { env });
    expect(inTerminal).toMatchObject({ code: 1, stderr: expect.stringContaining('needs a terminal') });
  });

  it('asks for a terminal where there is neither', async () => {
    const { output, code } = start(['setup']);
    expect(await code).toBe(1);
    expect(output()).toContain('needs a terminal');
  });
});

describeWindows('ui on Windows', () => {
  it('serves its page', async () => {
    const env = { INST_MC_DIR: undefined, INSTANCE_SYNC_BROWSER: 'none' };
    const running = startWindowsNode([windowsPath(hookFile()), 'ui'], { cwd: tempFolder(), env });
    const look = (): string => /http:\S+/.exec(running.output())?.[0] ?? '';
    await expect.poll(look, { timeout: 20_000 }).not.toBe('');
    const window = { address: look() };
    const page = await listen(new URL(window.address).origin, await enter(window));
    expect(await page.next()).toEqual({ view: 'home', start: 'status' });
    running.kill();
    await running.ended;
  });
});
