/**
 * What a game folder holds, by owner. The player's own things are synchronised; the pack's, the launcher's and the
 * game's own scratch files are not. A world (a folder in saves) is one unit whose inside changes with game versions
 * and mods: nothing in it is left out except what only the running game or the operating system needs.
 */

export type Preset = 'worlds' | 'personal' | 'everything';

const WORLDS: readonly string[] = ['saves/**'];

const PERSONAL: readonly string[] = [
  ...WORLDS,
  'options.txt',
  'optionsof.txt',
  'optionsshaders.txt',
  'servers.dat',
  'hotbar.nbt',
  'config/**',
  'defaultconfigs/**',
  'local/**',
  'screenshots/**',
  'schematics/**',
  'resourcepacks/**',
  'shaderpacks/**',
  'journeymap/**',
  'xaero/**',
  'XaeroWorldMap/**',
  'XaeroWaypoints/**',
  'voxelmap/**',
];

export const PRESETS: Readonly<Record<Preset, readonly string[]>> = {
  worlds: WORLDS,
  personal: PERSONAL,
  everything: ['**'],
};

/** Left out whatever is included: scratch files of the game, of mods and of the operating system. */
const SCRATCH: readonly string[] = [
  'logs/**',
  'crash-reports/**',
  'debug/**',
  '*.log',
  '*.log.gz',
  'config/**/*.log',
  'hs_err_pid*',
  '*.tmp',
  'config/**/*.tmp',
  '*.lock',
  'config/**/*.lock',
  '*~',
  'config/**/*~',
  '.mixin.out/**',
  '.fabric/**',
  '.cache/**',
  'cache/**',
  'config/**/cache/**',
  'downloads/**',
  'server-resource-packs/**',
  'tmp/**',
  'backups/**',
  'simplebackups/**',
  'usercache.json',
  'realms_persistence.json',
  '**/.DS_Store',
  '**/Thumbs.db',
  '**/desktop.ini',
  'saves/*/level.dat_new',
  'saves/*/.git/**',
  'packwiz*.jar',
  'packwiz.json',
];

/** Comes again by itself from the launcher. */
const LAUNCHER: readonly string[] = ['libraries/**', 'versions/**', 'assets/**', 'natives/**'];

export const EXCLUDES: readonly string[] = [...SCRATCH, ...LAUNCHER];

/** Names at the top of the game folder under which launchers keep logins. Lower case. */
const SECRETS = /^(accounts\.json|launcher_accounts.*\.json|launcher_msa_credentials.*\.bin)$/;

/** Files of these folders above the size (bytes) are left where they are. */
export const SIZE_CAP: { readonly folder: string; readonly bytes: number } = {
  folder: 'resourcepacks/',
  bytes: 256 * 1024 * 1024,
};

/**
 * Keys of options.txt that belong to a PC: its monitor, its graphics card, its sound card, what it can render. A
 * graphics preset sets the render distance at each start; a start that failed changes the graphics backend.
 */
export const MACHINE_OPTIONS: readonly string[] = [
  'overrideWidth',
  'overrideHeight',
  'fullscreenResolution',
  'fullscreen',
  'exclusiveFullscreen',
  'soundDevice',
  'renderDistance',
  'simulationDistance',
  'maxFps',
  'graphicsMode',
  'graphicsPreset',
  'guiScale',
  'enableVsync',
  'preferredGraphicsBackend',
  'startedCleanly',
];

/** What a path must have in it to be out of bounds: most have not, and there are 50,000 to ask for. */
const SUSPECT = /[^\0-\x7f]|session\.lock|^\.?cloud|^[^/]*$/i;

/** Code points that HFS+ ignores in names, so that `.cl<U+200C>oud-sync` would open `.cloud-sync`. */
const IGNORABLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

/**
 * Whether a path is out of bounds for good, under every setting and in both directions: our own folder under any name
 * that some file system takes for it (letter case, NTFS's short name CLOUD-~1, trailing dots, streams), launcher
 * logins, and session.lock, by which the game holds a world.
 */
export function isNeverInScope(path: string): boolean {
  if (!SUSPECT.test(path)) return false;
  const names = path.replace(IGNORABLE, '').toLowerCase().split('/');
  const top = names[0] ?? '';
  if (/^\.cloud-sync[. ]*(:.*)?$/.test(top) || /^cloud-~\d+$/.test(top)) return true;
  if (names.length === 1 && SECRETS.test(top)) return true;
  return names.includes('session.lock');
}
