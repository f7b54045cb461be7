/** Answers the page as a desk would, from fixed cards; notes what was asked for. */
import { SyncError } from '../../../src/base/errors.js';
import type { Problem, View } from '../../../src/ui/protocol.js';
import type { InstanceCard, InstanceStand, SetupState, VersionCard, VersionEntry } from '../../../src/ui/requests.js';
import type { Handlers } from '../../../src/ui/server/window-types.js';

export interface FakeDesk {
  readonly handlers: Handlers;
  /** Every write, as "name body". */
  readonly writes: readonly string[];
}

export const CARDS: readonly InstanceCard[] = [
  {
    id: 'i-skyblock',
    label: 'Skyblock with Mia',
    packFolder: '/home/kim/.local/share/PrismLauncher/instances/Skyblock/minecraft',
    here: true,
    state: 'ready',
    lastSync: '2026-11-22T17:06:00.000Z',
    minecraft: '1.21.4',
    icon: 'icon-7',
  },
  {
    id: 'i-vanilla',
    label: 'Vanilla',
    packFolder: '/home/kim/.minecraft',
    here: false,
    state: 'ready',
    lastSync: '2026-11-18T20:15:00.000Z',
    minecraft: '1.21.4',
  },
  { id: 'i-old', label: 'Old pack', packFolder: '/mnt/old/minecraft', here: false, state: 'missing' },
];

const STANDS: Readonly<Record<string, InstanceStand>> = {
  'i-skyblock': {
    files: 540,
    bytes: 231_000_000,
    preset: 'personal',
    unsent: { added: 0, changed: 0, removed: 0 },
    cloud: 'same',
    openConflict: false,
    cloudBytes: 1_240_000_000,
    trashBytes: 34_000_000,
    worlds: [
      {
        id: 'saves/Skyblock',
        name: 'Skyblock',
        bytes: 91_800_000,
        lastPlayed: '2026-11-22T17:05:00.000Z',
        icon: 'icon-7',
      },
      {
        id: 'saves/Mia baut',
        name: 'Mia baut',
        bytes: 12_100_000,
        lastPlayed: '2026-11-20T15:10:00.000Z',
        icon: 'icon-31',
      },
      { id: 'saves/Creative tests', name: 'Creative tests', bytes: 4_300_000, lastPlayed: '2026-10-02T11:00:00.000Z' },
    ],
  },
  'i-vanilla': {
    files: 1203,
    bytes: 610_000_000,
    preset: 'worlds',
    unsent: { added: 4, changed: 17, removed: 0 },
    cloud: 'new',
    openConflict: true,
    trashBytes: 0,
    worlds: [
      { id: 'saves/Home', name: 'Home', bytes: 590_000_000, lastPlayed: '2026-11-19T21:30:00.000Z', icon: 'icon-19' },
    ],
  },
};

export const VERSIONS: readonly VersionCard[] = [
  version('v-5', '2026-11-22T17:06:00.000Z', 'kim-desktop', { isHead: true, isHere: true, minecraft: '1.21.4' }),
  version('v-4', '2026-11-21T20:41:00.000Z', 'kim-laptop', {
    merge: true,
    worlds: [
      { id: 'saves/Skyblock', state: 'changed', files: 22, bytes: 18_400_000 },
      { id: 'saves/Mia baut', state: 'new', files: 61, bytes: 12_100_000 },
    ],
  }),
  version('v-3', '2026-11-21T20:40:00.000Z', 'kim-desktop', { conflictLoser: true, otherFiles: 0 }),
  version('v-2', '2026-11-19T18:02:00.000Z', 'kim-laptop', {
    unclean: true,
    worlds: [{ id: 'saves/Old island', state: 'gone', files: 88, bytes: 40_000_000 }],
  }),
];

function version(id: string, time: string, device: string, over: Partial<VersionCard> = {}): VersionCard {
  const worlds = [{ id: 'saves/Skyblock', state: 'changed', files: 14, bytes: 9_300_000 }] as const;
  const marks = { isHead: false, isHere: false, merge: false, conflictLoser: false, unclean: false };
  return { id, time, device, ...marks, worlds, otherFiles: 3, otherBytes: 41_000, ...over };
}

const FOLDERS: Readonly<Record<string, readonly VersionEntry[]>> = {
  '': [
    { path: 'saves', name: 'saves', type: 'dir', size: 108_000_000 },
    { path: 'screenshots', name: 'screenshots', type: 'dir', size: 22_000_000 },
    { path: 'options.txt', name: 'options.txt', type: 'file', size: 4_120, time: '2026-11-21T19:00:00.000Z' },
    { path: 'servers.dat', name: 'servers.dat', type: 'file', size: 310, time: '2026-09-01T09:00:00.000Z' },
  ],
  saves: [
    { path: 'saves/Skyblock', name: 'Skyblock', type: 'dir', size: 91_800_000 },
    { path: 'saves/Mia baut', name: 'Mia baut', type: 'dir', size: 12_100_000 },
  ],
};

export interface FakeOptions {
  readonly show?: (view: View) => void;
  readonly cards?: readonly InstanceCard[];
  /** What check-server says; a found account by default. */
  readonly checkProblem?: () => Problem | undefined;
  readonly launcherRuns?: boolean;
  readonly setup?: Partial<SetupState>;
  readonly undo?: { readonly possible: false };
  /** Instead of taking the answer. */
  readonly answer?: () => never;
}

export function createFakeDesk(options: FakeOptions = {}): FakeDesk {
  const writes: string[] = [];
  const note =
    <In, Out>(name: string, out: Out | ((input: In) => Out)) =>
    async (input: In): Promise<Out> => {
      writes.push(`${name} ${JSON.stringify(input)}`);
      return typeof out === 'function' ? (out as (input: In) => Out)(input) : out;
    };
  const handlers: Handlers = {
    instances: async () => ({ instances: options.cards ?? CARDS }),
    stand: async ({ instance }) => STANDS[instance] ?? fail('unreachable', 'connect ECONNREFUSED sync.example.org:443'),
    history: async ({ world }) => {
      const versions = VERSIONS.filter(({ worlds }) => world === undefined || worlds.some(({ id }) => id === world));
      return { versions, total: versions.length, hasMore: false };
    },
    changes: async () => ({
      changes: [
        { path: 'saves/Skyblock/region/r.0.0.mca', change: 'changed', size: 8_212_480 },
        { path: 'options.txt', change: 'changed', size: 4_120 },
      ],
      total: 17,
    }),
    folder: async ({ path }) => ({ entries: FOLDERS[path] ?? [] }),
    trash: async () => ({
      generations: [
        { id: 't-1', time: '2026-11-21T20:42:00.000Z', bytes: 34_000_000, worlds: ['saves/Skyblock'], isNext: true },
      ],
      bytes: 34_000_000,
    }),
    setup: async () => ({
      packFolder: '/home/kim/.minecraft',
      hasToken: false,
      label: 'Skyblock with Mia',
      ...options.setup,
    }),
    answer: note('answer', () => options.answer?.() ?? {}),
    stop: note('stop', {}),
    bye: note('bye', {}),
    sync: note('sync', {}),
    'plan-restore': note('plan-restore', { added: 2, changed: 14, removed: 1, bytes: 9_300_000 }),
    restore: note('restore', {}),
    'plan-undo': note(
      'plan-undo',
      () =>
        options.undo ??
        ({
          possible: true,
          command: 'pull',
          time: '2026-11-21T20:42:00.000Z',
          worlds: ['saves/Skyblock'],
          files: 23,
          changedSince: 2,
        } as const),
    ),
    undo: note('undo', {}),
    'empty-trash': note('empty-trash', { bytes: 34_000_000 }),
    disable: note('disable', {}),
    'check-server': note('check-server', () => {
      const problem = options.checkProblem?.();
      if (problem !== undefined) fail(problem.code, problem.message);
      return {
        instances: [
          {
            id: 'f-1',
            label: 'Skyblock with Mia',
            minecraft: '1.21.4',
            host: 'kim-laptop',
            changed: '2026-11-21T20:41:00.000Z',
          },
          { id: 'f-2', label: 'Vanilla', minecraft: '1.21.4', changed: '2026-11-18T20:15:00.000Z' },
        ],
        isNewAccount: false,
      };
    }),
    presets: note('presets', {
      presets: [
        { preset: 'worlds', files: 264, bytes: 108_000_000 },
        { preset: 'personal', files: 540, bytes: 231_000_000 },
        { preset: 'everything', files: 2_410, bytes: 1_020_000_000 },
      ],
    } as const),
    'finish-setup': note('finish-setup', {
      instance: 'i-skyblock',
      preHook: '"C:/Program Files/nodejs/node.exe" "C:/Users/kim/instance-sync.mjs" pull',
      postHook: '"C:/Program Files/nodejs/node.exe" "C:/Users/kim/instance-sync.mjs" push',
      launcher: { name: 'Prism Launcher', running: options.launcherRuns ?? false, linesAreThere: false },
      recoveryCode: 'KQ7M-2XPA-9RTD-W4HN-6CJV-3YEB',
      warnings: [],
    }),
    'write-hooks': note('write-hooks', {
      file: '/home/kim/.local/share/PrismLauncher/instances/Skyblock/instance.cfg',
    }),
  };
  return { handlers, writes };
}

function fail(code: string, message: string): never {
  throw new SyncError(code as SyncError['code'], message);
}
