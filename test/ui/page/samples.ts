/** What the page is shown in the tests and on the pictures: one player, two PCs, three worlds. */
import type {
  ConflictUnitView,
  ConflictView,
  DeletionView,
  EndView,
  FileChangeLine,
  HomeView,
  ProgressView,
  RelocationView,
  UnitStand,
} from '../../../src/ui/protocol.js';

/** The clock of the pictures. */
export const NOW = '2026-11-22T19:30:00.000Z';

export const HOME: HomeView = { view: 'home', start: 'status', instance: 'i-skyblock' };

export const PROGRESS: ProgressView = {
  view: 'progress',
  task: 'pull',
  label: 'Skyblock with Mia',
  phase: 'downloading',
  filesDone: 212,
  filesTotal: 540,
  bytesDone: 96_400_000,
  bytesTotal: 231_000_000,
  elapsedMs: 9_000,
  mayStop: 'skip-and-play',
  mayClose: false,
};

const REGION: readonly FileChangeLine[] = [
  { path: 'region/r.0.0.mca', change: 'changed', size: 8_212_480 },
  { path: 'region/r.-1.0.mca', change: 'changed', size: 6_004_736 },
  { path: 'region/r.1.2.mca', change: 'added', size: 2_818_048 },
  { path: 'level.dat', change: 'changed', size: 3_412 },
  { path: 'playerdata/069a79f4-44e9-4726-a5be-fca90e38aaf5.dat', change: 'changed', size: 5_310 },
  { path: 'data/raids.dat', change: 'removed', size: 214 },
];

export function stand(over: Partial<UnitStand> = {}): UnitStand {
  return {
    files: 148,
    bytes: 84_300_000,
    lastPlayed: '2026-11-22T17:05:00.000Z',
    added: 1,
    changed: 14,
    removed: 1,
    changes: REGION,
    ...over,
  };
}

export const UNITS: readonly ConflictUnitView[] = [
  {
    id: 'saves/Skyblock',
    kind: 'world',
    name: 'Skyblock',
    icon: 'icon-7',
    local: stand(),
    cloud: stand({ bytes: 91_800_000, files: 155, lastPlayed: '2026-11-21T20:40:00.000Z', added: 8, changed: 22 }),
    choices: ['local', 'cloud', 'keep-both'],
  },
  {
    id: 'saves/Mia baut',
    kind: 'world',
    name: 'Mia baut',
    icon: 'icon-31',
    cloud: stand({ bytes: 12_100_000, files: 61, lastPlayed: '2026-11-20T15:10:00.000Z', removed: 0 }),
    choices: ['local', 'cloud'],
  },
];

export const CONFLICT: ConflictView = {
  view: 'conflict',
  question: 'q-1',
  task: 'pull',
  label: 'Skyblock with Mia',
  reason: 'both-changed',
  local: {
    where: 'this-pc',
    device: 'kim-desktop',
    time: '2026-11-22T17:05:00.000Z',
    since: '2026-11-21T18:00:00.000Z',
    minecraft: '1.21.4',
    aloneWorlds: ['Creative tests'],
    aloneFiles: 3,
  },
  cloud: {
    where: 'cloud',
    device: 'kim-laptop',
    time: '2026-11-21T20:41:00.000Z',
    since: '2026-11-21T18:00:00.000Z',
    minecraft: '1.21.4',
    aloneWorlds: [],
    aloneFiles: 1,
  },
  units: UNITS,
};

export const DELETION: DeletionView = {
  view: 'deletion',
  question: 'q-2',
  task: 'push',
  label: 'Skyblock with Mia',
  files: 161,
  ofFiles: 540,
  worlds: ['Mia baut', 'Creative tests'],
};

export const RELOCATION: RelocationView = {
  view: 'relocation',
  question: 'q-3',
  task: 'pull',
  label: 'Skyblock with Mia',
  from: '/home/kim/.local/share/PrismLauncher/instances/Skyblock/minecraft',
  to: '/home/kim/.local/share/PrismLauncher/instances/Skyblock (2)/minecraft',
  stillThere: true,
};

export const END: EndView = {
  view: 'end',
  outcome: 'done',
  task: 'pull',
  files: { added: 12, changed: 31, removed: 2 },
  bytes: 48_200_000,
  warnings: [],
};

/** Names as somebody could choose them to do harm, or by accident. */

/** Names as somebody could choose them to do harm, or by accident. */
export const HOSTILE: Readonly<Record<'markup' | 'bidi' | 'rtl' | 'control' | 'long', string>> = {
  markup: '<img src=x onerror="document.title=\'broken\'"><script>alert(1)</script>',
  bidi: 'safe\u202egnp.exe\u2066',
  rtl: 'עולם של קים',
  control: 'a\u0000b\u001b[31mred\u0007\nline',
  long: `${'Wörld'.repeat(400)} end`,
};
