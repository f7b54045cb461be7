/**
 * restic's check and this one on the same damaged repositories: the same verdict, the same numbers. Where they differ on
 * purpose, it stands in DIFFERENT with the reason.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { resticTs } from '../cli/restic/run-command.js';
import { DAMAGES, type DamageName, damage, ONLY_VERSION_2 } from '../helpers/damage.js';
import { cheapenKey } from '../helpers/local-repository.js';
import { describeInterop, restic } from '../helpers/peers.js';
import { noise, PASSWORD } from '../helpers/repository.js';
import { copyToRead, type SoundRepository, soundRepository } from '../helpers/sound-repository.js';
import { tempFolder } from '../helpers/temp.js';

const summary = z.object({
  message_type: z.literal('summary'),
  num_errors: z.number(),
  broken_packs: z.array(z.string()).nullable(),
  suggest_repair_index: z.boolean(),
  suggest_prune: z.boolean(),
});

interface Verdict extends Omit<z.infer<typeof summary>, 'message_type'> {
  readonly code: number;
}

/** The second one does all that the first one does, and reads packs. */
const MODES = ['plain', 'read'] as const;
type Mode = (typeof MODES)[number];
type Change = (verdict: Verdict) => Partial<Verdict>;

const indexIsWrong: Change = () => ({ suggest_repair_index: true });
const oneMore: Change = ({ num_errors }) => ({ num_errors: num_errors + 1 });
const oneLess: Change = ({ num_errors }) => ({ num_errors: num_errors - 1 });
const anError: Change = () => ({ code: 1, num_errors: 1 });

/** What this check says otherwise than restic 0.19, and why. */
const DIFFERENT: Readonly<Partial<Record<DamageName, Partial<Record<Mode, Change>>>>> = {
  // No reader of ours takes such trees, and restic's own restore refuses the last one.
  unsortedTree: { plain: anError, read: anError },
  duplicateNames: { plain: anError, read: anError },
  nameWithSlash: { plain: anError, read: anError },
  // restic counts a pack that is not there twice when it comes to read it.
  missingPack: { read: oneLess },
  missingTreePack: { read: oneLess },
  indexNamesMissingPack: { read: oneLess },
  // restic reads no further than the index says, and does not see that the file's hash is wrong.
  longerPack: { read: oneMore },
  // The pack's own header is sound: then it is the index that has to be repaired.
  indexOmitsUnusedBlob: { plain: indexIsWrong },
  indexOmitsDataBlob: { plain: indexIsWrong },
  indexOmitsTree: { plain: indexIsWrong },
  indexOmitsRootTree: { plain: indexIsWrong },
  wrongLengthInIndex: { plain: indexIsWrong },
  headerDisagreesWithIndex: { read: indexIsWrong },
  wrongPlainLengthInIndex: { read: indexIsWrong },
  wrongTypeInIndex: { read: indexIsWrong },
  wrongIdInIndex: { read: indexIsWrong },
  // Seen without reading the pack.
  wrongOffsetInIndex: { plain: () => ({ code: 1, num_errors: 1, suggest_repair_index: true }) },
};

/**
 * In these restic may ask for the same bytes again for minutes: what the index says of the pack leads it astray, by how
 * much depends on where the blob came to lie.
 */
const ENDLESS: ReadonlySet<string> = new Set([
  'indexOmitsDataBlob read',
  'indexOmitsRootTree read',
  'indexOmitsTree read',
  'indexOmitsUnusedBlob read',
  'wrongLengthInIndex read',
  'wrongOffsetInIndex read',
]);

/** Tried on a repository that restic made as well. */
const OF_RESTIC: readonly DamageName[] = [
  'missingTreePack',
  'flippedByteInPack',
  'damagedFirstCopy',
  'compressedInVersion1',
  'manyDefects',
];

const LIMIT = 60_000;

describeInterop('check', ['restic-latest'], () => {
  const sound = new Map<1 | 2, SoundRepository>();

  beforeAll(async () => {
    for (const version of [1, 2] as const) sound.set(version, await soundRepository(tempFolder(), version));
  }, LIMIT);

  async function broken(version: 1 | 2, name: DamageName): Promise<string> {
    const path = copyToRead(sound.get(version)?.path ?? '', name);
    await damage[name](path);
    return path;
  }

  const cases = ([1, 2] as const).flatMap((version) =>
    DAMAGES.filter((name) => version === 2 || !ONLY_VERSION_2.has(name)).map((name) => ({ version, name })),
  );

  it.each(cases)(
    'agrees with restic in version $version: $name',
    async ({ version, name }) => {
      const path = await broken(version, name);
      await agree(path, name, version === 1 && !ENDLESS.has(`${name} read`) ? ['read'] : MODES);
    },
    LIMIT,
  );

  it(
    'agrees about a repository of restic',
    async () => {
      const own = tempFolder();
      const files = tempFolder();
      mkdirSync(join(files, 'folder'));
      for (const name of ['a', 'b', 'folder/c']) writeFileSync(join(files, name), noise(50_000, name.length));
      await restic('restic-latest', ['init'], { repo: own, password: PASSWORD });
      await cheapenKey(own);
      await restic('restic-latest', ['backup', '.'], { repo: own, password: PASSWORD, cwd: files });
      for (const name of OF_RESTIC) {
        const path = copyToRead(own, name);
        await damage[name](path);
        await agree(path, name, MODES);
      }
    },
    LIMIT,
  );

  it(
    'reads the same packs of a bucket',
    async () => {
      const repo = sound.get(2)?.path ?? '';
      for (const bucket of ['1/3', '2/3', '3/3', '7/256']) {
        const args = ['check', '--no-lock', '--read-data-subset', bucket];
        const [theirs, ours] = await Promise.all([
          restic('restic-latest', [...args, '--no-cache'], { repo, password: PASSWORD }),
          resticTs(args, { repo, password: PASSWORD }),
        ]);
        const line = /^read group #\d+ of \d+ data packs \(out of total \d+ packs in \d+ groups/m;
        expect(line.exec(ours.stdout)?.[0]).toBe(line.exec(theirs.stdout)?.[0]);
      }
    },
    LIMIT,
  );

  it(
    'looks into the same part of a repository',
    async () => {
      const path = await broken(2, 'missingDataBlob');
      const filters = ['-H alpha', '-H gamma', '--tag one', '--path /game', '-H nobody', 'latest', 'latest -H alpha'];
      for (const filter of filters) {
        const args = ['check', '--json', '--no-lock', '--read-data', ...filter.split(' ')];
        const [theirs, ours] = await Promise.all([
          restic('restic-latest', [...args, '--no-cache'], { repo: path, password: PASSWORD }),
          resticTs(args, { repo: path, password: PASSWORD }),
        ]);
        expect({ filter, ...verdictOf(ours) }).toEqual({ filter, ...verdictOf(theirs) });
      }
    },
    LIMIT,
  );

  it(
    'prints the same lines of a sound repository',
    async () => {
      const repo = sound.get(1)?.path ?? '';
      const args = ['check', '--read-data'];
      const theirs = await restic('restic-latest', args, { repo, password: PASSWORD });
      const ours = await resticTs(args, { repo, password: PASSWORD });
      const lines = (text: string): string[] =>
        text
          .split('\n')
          .filter((line) => !/^(using temporary|created new) cache/.test(line))
          .map((line) => line.replace(/^\[\S+\]/, '[]'));
      expect(lines(ours.stdout)).toEqual(lines(theirs.stdout));
    },
    LIMIT,
  );
});

/** Both checks, without and with reading packs; they may differ as DIFFERENT says. */
async function agree(path: string, name: DamageName, modes: readonly Mode[]): Promise<void> {
  const possible = modes.filter((mode) => !ENDLESS.has(`${name} ${mode}`));
  await Promise.all(
    possible.map(async (mode) => {
      const args = ['check', '--json', '--no-lock', ...(mode === 'read' ? ['--read-data'] : [])];
      const options = { repo: path, password: PASSWORD };
      const [theirs, ours] = await Promise.all([
        restic('restic-latest', [...args, '--no-cache'], options).then(verdictOf),
        resticTs(args, options).then(verdictOf),
      ]);
      expect({ mode, ...ours }).toEqual({ mode, ...theirs, ...DIFFERENT[name]?.[mode]?.(theirs) });
    }),
  );
}

function verdictOf({ code, stdout }: { code: number; stdout: string }): Verdict {
  const { message_type: _, broken_packs, ...rest } = summary.parse(JSON.parse(stdout));
  return { code, ...rest, broken_packs: broken_packs === null ? null : [...broken_packs].sort() };
}
