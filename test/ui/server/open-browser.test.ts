/** Programs that stand for browsers: which of them run, which fail, and what becomes of them. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { isRunning } from '../../../src/base/process.js';
import { openBrowser } from '../../../src/ui/server/open-browser.js';
import { onPosix } from '../../helpers/only-where.js';
import { tempFolder } from '../../helpers/temp.js';

const ADDRESS = 'http://127.0.0.1:5/#t=x;$(touch evil)&"';
const never = new AbortController().signal;

/** A folder for PATH with scripts in it. Each writes what it was given and its process id, then does as `body` says. */
function programs(bodies: Readonly<Record<string, string>>) {
  const folder = tempFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, body] of Object.entries(bodies)) {
    const text = `#!/bin/sh\nprintf '%s\\n' "$@" > '${folder}/${name}.args'\necho $$ > '${folder}/${name}.pid'\n${body}\n`;
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return {
    options: {
      signal: never,
      platform: 'linux' as const,
      env: { DISPLAY: ':0', PATH: bin, HOME: folder },
      profileFolder: join(folder, 'profile'),
      settleMs: 300,
    },
    isTried: (name: string) => existsSync(join(folder, `${name}.pid`)),
    args: (name: string) => read(`${name}.args`).trimEnd().split('\n'),
    pid: (name: string) => Number(read(`${name}.pid`)),
    folder,
  };
}

const SLEEP = 'exec /bin/sleep 20';

describe('openBrowser', () => {
  onPosix('starts a Chromium with a profile of its own, and ends it', async () => {
    const { options, args, pid, folder, isTried } = programs({ chromium: SLEEP, 'xdg-open': SLEEP });
    const opened = await openBrowser(ADDRESS, options);
    expect(opened?.kind).toBe('app-window');
    expect(args('chromium').slice(0, 2)).toEqual([
      `--app=${ADDRESS}`,
      `--user-data-dir=${join(folder, 'profile', '1')}`,
    ]);
    expect(existsSync(join(folder, 'profile', '1'))).toBe(true);
    expect(isTried('xdg-open')).toBe(false);
    opened?.close();
    await expect.poll(() => isRunning(pid('chromium'))).toBe(false);
    opened?.close();
  });

  onPosix('tries the next when one fails, or cannot be started at all', async () => {
    const { options, args } = programs({ chromium: 'exit 1', brave: 'kill -9 $$', 'xdg-open': 'exit 0' });
    writeFileSync(join(options.env.PATH, 'google-chrome'), '#!/nowhere/sh\n');
    chmodSync(join(options.env.PATH, 'google-chrome'), 0o755);
    const opened = await openBrowser(ADDRESS, options);
    expect(opened?.kind).toBe('default-browser');
    expect(args('xdg-open')).toEqual([ADDRESS]);
    opened?.close();
  });

  onPosix('holds one that ends well for one that has passed the address on', async () => {
    const { options, isTried } = programs({ chromium: 'exit 0', 'xdg-open': SLEEP });
    expect((await openBrowser(ADDRESS, options))?.kind).toBe('app-window');
    expect(isTried('xdg-open')).toBe(false);
  });

  onPosix('has nothing to say where nothing runs', async () => {
    const { options } = programs({ chromium: 'exit 1', 'xdg-open': 'exit 3' });
    expect(await openBrowser(ADDRESS, options)).toBeUndefined();
    const env = { ...options.env, INSTANCE_SYNC_BROWSER: join(options.env.PATH, 'not-there') };
    expect(await openBrowser(ADDRESS, { ...options, env })).toBeUndefined();
  });

  onPosix('takes a profile that no other window uses', async () => {
    const { options, args, folder } = programs({ chromium: 'exit 0' });
    const used = (number: string, pid: number): void => {
      mkdirSync(join(folder, 'profile', number), { recursive: true });
      symlinkSync(`host-${pid}`, join(folder, 'profile', number, 'SingletonLock'));
    };
    const taken = async (): Promise<string | undefined> => {
      await openBrowser(ADDRESS, options);
      return args('chromium')
        .find((arg) => arg.startsWith('--user-data-dir='))
        ?.slice(-1);
    };
    used('1', process.pid);
    mkdirSync(join(folder, 'profile', '2'));
    writeFileSync(join(folder, 'profile', '2', 'lockfile'), '');
    // Left by one that crashed: no process has that number.
    used('3', 2 ** 22 + 1);
    expect(await taken()).toBe('3');
    rmSync(join(folder, 'profile', '3', 'SingletonLock'));
    used('4', process.pid);
    writeFileSync(join(folder, 'profile', '3', 'lockfile'), '');
    expect(await taken()).toBeUndefined();
  });

  onPosix('does without a profile where none can be made', async () => {
    const { options, args, folder } = programs({ chromium: 'exit 0' });
    writeFileSync(join(folder, 'file'), '');
    await openBrowser(ADDRESS, { ...options, profileFolder: join(folder, 'file', 'profile') });
    expect(args('chromium').join()).not.toContain('user-data-dir');
  });

  onPosix('gives up when it is told to, and leaves no window behind', async () => {
    const { options, pid, isTried } = programs({ chromium: SLEEP });
    const controller = new AbortController();
    const opening = openBrowser(ADDRESS, { ...options, signal: controller.signal, settleMs: 10_000 });
    const refused = expect(opening).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => isTried('chromium')).toBe(true);
    controller.abort();
    await refused;
    await expect.poll(() => isRunning(pid('chromium'))).toBe(false);
  });
});
