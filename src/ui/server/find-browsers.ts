/**
 * What could show a window on this PC, the best first: a Chromium of some kind, which shows a page in a window of its own
 * without an address bar, then the player's default browser. Pure but for the look whether a program is there.
 */
import { accessSync, constants } from 'node:fs';
import { posix, win32 } from 'node:path';

export interface Candidate {
  readonly kind: 'app-window' | 'default-browser';
  readonly program: string;
  readonly args: readonly string[];
  /** It is a process that nothing but our window belongs to. */
  readonly isOurs: boolean;
}

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A folder of ours for a browser's profile; undefined if there can be none. */
  readonly profileFolder: string | undefined;
  /** Whether a program is there. */
  readonly exists: (path: string) => boolean;
}

const LINUX_NAMES: readonly string[] = [
  ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  ...['microsoft-edge', 'microsoft-edge-stable', 'brave-browser', 'brave', 'vivaldi'],
];
const FLATPAKS: readonly string[] = [
  ...['org.chromium.Chromium', 'com.google.Chrome', 'com.microsoft.Edge', 'com.brave.Browser'],
];
const MAC_NAMES: readonly string[] = ['Google Chrome', 'Microsoft Edge', 'Chromium', 'Brave Browser', 'Vivaldi'];
const WINDOWS_PATHS: readonly string[] = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
  'BraveSoftware\\Brave-Browser\\Application\\brave.exe',
  'Vivaldi\\Application\\vivaldi.exe',
  'Chromium\\Application\\chrome.exe',
];
const CHROMIUM_NAME = /^(chrom|google[ -]chrome|msedge|microsoft[ -]edge|brave|vivaldi)/i;

/** A window of the page alone, in a browser that keeps to itself: no tabs restored, no questions, no visits home. */
const APP_FLAGS: readonly string[] = [
  ...['--no-first-run', '--no-default-browser-check', '--hide-crash-restore-bubble', '--disable-extensions'],
  ...['--disable-sync', '--disable-background-networking', '--disable-component-update', '--window-size=960,760'],
];

/** Empty where nobody could see a window. INSTANCE_SYNC_BROWSER, the path of a program or "none", goes before all. */
export function findBrowsers(address: string, where: Surroundings): Candidate[] {
  const wish = where.env['INSTANCE_SYNC_BROWSER'] ?? '';
  if (wish === 'none') return [];
  if (wish !== '') return [wished(wish, address, where)];
  if (!hasDisplay(where)) return [];
  const windows = chromiums(where).map((program) => appWindow(program, address, where));
  const standard = defaultBrowser(address, where);
  return standard === undefined ? windows : [...windows, standard];
}

function wished(program: string, address: string, where: Surroundings): Candidate {
  const name = where.platform === 'win32' ? win32.basename(program) : posix.basename(program);
  if (CHROMIUM_NAME.test(name)) return appWindow(program, address, where);
  return { kind: 'default-browser', program, args: [address], isOurs: false };
}

/** Over SSH a window would open on a screen that nobody sits at; the game mode of a Steam Deck shows no second one. */
function hasDisplay({ platform, env }: Surroundings): boolean {
  if (platform === 'win32' || platform === 'darwin') return !env['SSH_CONNECTION'];
  if (env['GAMESCOPE_WAYLAND_DISPLAY']) return false;
  return Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
}

function chromiums({ platform, env, exists }: Surroundings): string[] {
  if (platform === 'win32') {
    const roots = ['ProgramFiles', 'ProgramW6432', 'ProgramFiles(x86)', 'LOCALAPPDATA'].map((name) => env[name]);
    const folders = roots.filter((root) => root !== undefined && root !== '') as string[];
    return unique(WINDOWS_PATHS.flatMap((path) => folders.map((root) => win32.join(root, path)))).filter(exists);
  }
  if (platform === 'darwin') {
    const folders = ['/Applications', ...(env['HOME'] ? [posix.join(env['HOME'], 'Applications')] : [])];
    return MAC_NAMES.flatMap((name) =>
      folders.map((folder) => posix.join(folder, `${name}.app`, 'Contents/MacOS', name)),
    ).filter(exists);
  }
  const flatpaks = ['/var/lib/flatpak', ...(env['HOME'] ? [posix.join(env['HOME'], '.local/share/flatpak')] : [])];
  return [
    ...LINUX_NAMES.flatMap((name) => onPath(name, env, exists) ?? []),
    ...flatpaks.flatMap((root) => FLATPAKS.map((name) => posix.join(root, 'exports/bin', name))).filter(exists),
  ];
}

/**
 * With a profile of its own a browser starts a process of its own, which can be ended, and the player's tabs and
 * extensions have no part in it. A browser in a box (snap, Flatpak) could not write there.
 *
 * The address, and with it the token, can be seen in the list of processes. It is dead by then: it works once, the
 * browser uses it as soon as it has started, and after two minutes it would have died by itself.
 */
function appWindow(program: string, address: string, { profileFolder, exists }: Surroundings): Candidate {
  const isBoxed = /^\/snap\/|\/flatpak\//.test(program) || (/browser$/.test(program) && exists('/snap/bin/chromium'));
  const isOurs = profileFolder !== undefined && !isBoxed;
  const profile = isOurs ? [`--user-data-dir=${profileFolder}`] : [];
  return { kind: 'app-window', program, args: [`--app=${address}`, ...profile, ...APP_FLAGS], isOurs };
}

function defaultBrowser(address: string, { platform, env, exists }: Surroundings): Candidate | undefined {
  const standard = { kind: 'default-browser', isOurs: false } as const;
  if (platform === 'win32') {
    const program = win32.join(env['SystemRoot'] ?? 'C:\\Windows', 'System32\\rundll32.exe');
    return { ...standard, program, args: ['url.dll,FileProtocolHandler', address] };
  }
  if (platform === 'darwin') return { ...standard, program: '/usr/bin/open', args: [address] };
  const program = onPath('xdg-open', env, exists);
  return program === undefined ? undefined : { ...standard, program, args: [address] };
}

function onPath(name: string, env: Surroundings['env'], exists: Surroundings['exists']): string | undefined {
  const folders = (env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return folders.map((folder) => posix.join(folder, name)).find(exists);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
