/** Which browser is tried, in which order, and that none is where nobody could see it. */
import { describe, expect, it } from 'vitest';
import { type Candidate, findBrowsers, type Surroundings } from '../../../src/ui/server/find-browsers.js';

const ADDRESS = 'http://127.0.0.1:5/#t=x';

function find(platform: NodeJS.Platform, env: Surroundings['env'], programs: readonly string[] = [], profile = 'P') {
  const profileFolder = profile === '' ? undefined : profile;
  return findBrowsers(ADDRESS, { platform, env, profileFolder, exists: (path) => programs.includes(path) });
}

const programsOf = (found: readonly Candidate[]): string[] => found.map(({ program }) => program);

const LINUX = { DISPLAY: ':0', PATH: '/usr/local/bin::relative:/usr/bin:/snap/bin', HOME: '/home/kim' };

describe('on Linux', () => {
  it('a Chromium from PATH, then the default browser', () => {
    const found = find('linux', LINUX, ['/usr/bin/xdg-open', '/usr/bin/chromium', '/usr/local/bin/google-chrome']);
    expect(programsOf(found)).toEqual(['/usr/bin/chromium', '/usr/local/bin/google-chrome', '/usr/bin/xdg-open']);
    expect(found[0]).toMatchObject({ kind: 'app-window', isOurs: true });
    expect(found[0]?.args.slice(0, 4)).toEqual([
      `--app=${ADDRESS}`,
      '--user-data-dir=P',
      '--no-first-run',
      '--no-default-browser-check',
    ]);
    expect(found[2]).toEqual({
      kind: 'default-browser',
      program: '/usr/bin/xdg-open',
      args: [ADDRESS],
      isOurs: false,
    });
  });

  it('a browser in a box without a profile of ours, which it could not write', () => {
    const flatpak = '/home/kim/.local/share/flatpak/exports/bin/org.chromium.Chromium';
    const found = find('linux', LINUX, ['/snap/bin/chromium', '/usr/bin/chromium-browser', flatpak]);
    expect(programsOf(found)).toEqual(['/snap/bin/chromium', '/usr/bin/chromium-browser', flatpak]);
    for (const { isOurs, args } of found) {
      expect(isOurs).toBe(false);
      expect(args.join()).not.toContain('user-data-dir');
    }
  });

  it.each([
    ['no display', { ...LINUX, DISPLAY: '' }],
    ['no display over SSH', { PATH: '/usr/bin', SSH_CONNECTION: '10.0.0.2 5 10.0.0.1 22' }],
    ['the game mode of a Steam Deck', { ...LINUX, GAMESCOPE_WAYLAND_DISPLAY: 'gamescope-0' }],
    ['a player who wants none', { ...LINUX, INSTANCE_SYNC_BROWSER: 'none' }],
  ])('nothing with %s', (_, env) => {
    expect(find('linux', env, ['/usr/bin/chromium', '/usr/bin/xdg-open'])).toEqual([]);
  });

  it('a window on Wayland, and over SSH with a display', () => {
    const programs = ['/usr/bin/xdg-open'];
    expect(find('linux', { PATH: '/usr/bin', WAYLAND_DISPLAY: 'wayland-0' }, programs)).toHaveLength(1);
    expect(find('linux', { ...LINUX, SSH_CONNECTION: 'x' }, programs)).toHaveLength(1);
  });

  it('nothing where nothing is installed', () => {
    expect(find('linux', LINUX)).toEqual([]);
  });
});

describe('on Windows', () => {
  const env = {
    ProgramFiles: 'C:\\Program Files',
    ProgramW6432: 'C:\\Program Files',
    'ProgramFiles(x86)': 'C:\\Program Files (x86)',
    LOCALAPPDATA: 'C:\\Users\\kim\\AppData\\Local',
    SystemRoot: 'C:\\Windows',
  };

  it('the Edge that is on every PC, then the default browser, without a shell', () => {
    const edge = 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe';
    const chrome = 'C:\\Users\\kim\\AppData\\Local\\Google\\Chrome\\Application\\chrome.exe';
    const found = find('win32', env, [edge, chrome]);
    expect(programsOf(found)).toEqual([chrome, edge, 'C:\\Windows\\System32\\rundll32.exe']);
    expect(found[2]).toMatchObject({ kind: 'default-browser', args: ['url.dll,FileProtocolHandler', ADDRESS] });
  });

  it('each program once', () => {
    const chrome = 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe';
    expect(programsOf(find('win32', env, [chrome]))).toHaveLength(2);
  });
});

describe('on macOS', () => {
  it('an application of the system or of the user, then the default browser', () => {
    const chrome = '/Users/kim/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
    const edge = '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge';
    expect(programsOf(find('darwin', { HOME: '/Users/kim' }, [edge, chrome]))).toEqual([chrome, edge, '/usr/bin/open']);
    expect(find('darwin', { HOME: '/Users/kim', SSH_CONNECTION: 'x' }, [edge])).toEqual([]);
  });
});

describe('INSTANCE_SYNC_BROWSER', () => {
  it('is the only one that is tried, even without a display; a Chromium shows a window of its own', () => {
    const found = find('linux', { PATH: '/usr/bin', INSTANCE_SYNC_BROWSER: '/opt/chrome/chrome' }, [
      '/usr/bin/xdg-open',
    ]);
    expect(programsOf(found)).toEqual(['/opt/chrome/chrome']);
    expect(found[0]).toMatchObject({ kind: 'app-window', isOurs: true });
    const other = find('win32', { INSTANCE_SYNC_BROWSER: 'C:\\Firefox\\firefox.exe' });
    expect(other).toEqual([
      { kind: 'default-browser', program: 'C:\\Firefox\\firefox.exe', args: [ADDRESS], isOurs: false },
    ]);
  });

  it('shows a window in the usual profile where there can be none of ours', () => {
    const [found] = find('linux', { INSTANCE_SYNC_BROWSER: '/usr/bin/chromium' }, [], '');
    expect(found).toMatchObject({ kind: 'app-window', isOurs: false });
    expect(found?.args.join()).not.toContain('user-data-dir');
  });
});
