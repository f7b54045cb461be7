/** What a check finds in a repository that is damaged in one way: all ways, in both versions of the format. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { CheckOptions, CheckResult, FindingCode } from '../../src/maintain/check.js';
import { check } from '../../src/maintain/check.js';
import { DAMAGES, type Damage, type DamageName, damage, ONLY_VERSION_2 } from '../helpers/damage.js';
import { rejection } from '../helpers/repository.js';
import { copyToRead, openFolder, type SoundRepository, soundRepository } from '../helpers/sound-repository.js';
import { tempFolder } from '../helpers/temp.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

/** What is found without, and with reading all packs: the same unless given. Each code once, sorted. */
type Expected = readonly [readonly FindingCode[], (readonly FindingCode[])?];

const EXPECTED: Readonly<Partial<Record<DamageName, Expected>>> = {
  missingPack: [['pack-missing']],
  missingTreePack: [['pack-missing', 'tree-unreadable']],
  truncatedPack: [['pack-size'], ['pack-damaged', 'pack-size']],
  emptyPack: [['pack-size'], ['pack-damaged', 'pack-size']],
  longerPack: [['pack-size'], ['pack-damaged', 'pack-size']],
  holeInPack: [['pack-size'], ['pack-damaged', 'pack-size']],
  flippedByteInPack: [[], ['pack-damaged']],
  flippedByteInTreePack: [['tree-unreadable'], ['pack-damaged', 'tree-unreadable']],
  flippedByteInRootTree: [['tree-unreadable'], ['pack-damaged', 'tree-unreadable']],
  flippedByteInHeader: [[], ['pack-damaged']],
  flippedByteInHeaderLength: [[], ['pack-damaged']],
  swappedPack: [['pack-size'], ['pack-damaged', 'pack-size']],
  indexOmitsUnusedBlob: [['index-disagrees']],
  headerDisagreesWithIndex: [[], ['index-disagrees']],
  wrongContent: [[], ['pack-damaged']],
  unreferencedPack: [['pack-unreferenced']],
  unusedBlob: [[]],
  mixedPack: [['mixed-pack']],
  duplicateBlob: [['duplicate-blobs']],
  damagedFirstCopy: [['duplicate-blobs'], ['duplicate-blobs', 'pack-damaged']],
  damagedSecondCopy: [['duplicate-blobs'], ['duplicate-blobs', 'pack-damaged']],
  damagedCopies: [['duplicate-blobs'], ['duplicate-blobs', 'pack-damaged']],
  compressedInVersion1: [['compressed-in-version-1']],
  missingIndexes: [['pack-unreferenced', 'tree-missing']],
  truncatedIndex: [['index-unreadable']],
  emptyIndex: [['index-unreadable']],
  flippedByteInIndex: [['index-unreadable']],
  garbageIndex: [['index-unreadable']],
  duplicateIndex: [['pack-in-several-indexes']],
  supersededIndex: [['pack-in-several-indexes']],
  indexNamesMissingPack: [['pack-missing']],
  indexOmitsDataBlob: [['blob-missing', 'index-disagrees']],
  indexOmitsTree: [['index-disagrees', 'tree-missing']],
  indexOmitsRootTree: [['index-disagrees', 'tree-missing']],
  wrongOffsetInIndex: [['index-gaps'], ['index-disagrees', 'index-gaps']],
  wrongLengthInIndex: [['index-disagrees']],
  wrongPlainLengthInIndex: [[], ['index-disagrees']],
  wrongTypeInIndex: [
    ['blob-missing', 'mixed-pack'],
    ['blob-missing', 'index-disagrees', 'mixed-pack'],
  ],
  wrongIdInIndex: [['blob-missing'], ['blob-missing', 'index-disagrees']],
  // Nothing says that there was another one.
  missingSnapshot: [[]],
  truncatedSnapshot: [['snapshot-unreadable']],
  emptySnapshot: [['snapshot-unreadable']],
  flippedByteInSnapshot: [['snapshot-unreadable']],
  garbageSnapshot: [['snapshot-unreadable']],
  snapshotOfMissingTree: [['tree-missing']],
  unsortedTree: [['tree-invalid']],
  duplicateNames: [['tree-invalid']],
  fileWithoutContent: [['tree-invalid']],
  dirWithoutSubtree: [['tree-invalid']],
  unknownNodeType: [['tree-invalid']],
  emptyName: [['tree-invalid']],
  nameWithSlash: [['tree-invalid']],
  missingDataBlob: [['blob-missing']],
  missingSubtree: [['tree-missing']],
  manyDefects: [['blob-missing', 'tree-invalid']],
  treeNotJson: [['tree-invalid']],
  treeWithoutNodes: [['tree-invalid']],
  wrongSize: [[]],
};

/** These cannot even be opened. */
const UNOPENED: Readonly<Partial<Record<DamageName, string>>> = {
  missingKey: 'damaged',
  truncatedKey: 'damaged',
  emptyKey: 'damaged',
  flippedByteInKey: 'damaged',
  missingConfig: 'no-repository',
  truncatedConfig: 'damaged',
  emptyConfig: 'damaged',
  flippedByteInConfig: 'damaged',
};

/** What else is found depends on where in a pack or in which index file things came to lie. */
const AT_LEAST: Readonly<Partial<Record<DamageName, FindingCode>>> = {
  truncatedTreePack: 'pack-size',
  missingIndex: 'pack-unreferenced',
};

describe.each([1, 2] as const)('check of a repository of version %i', (version) => {
  let sound: SoundRepository;

  beforeAll(async () => {
    sound = await soundRepository(tempFolder(), version);
  });

  async function broken(name: DamageName): Promise<{ path: string; hit: Damage }> {
    const path = copyToRead(sound.path, name);
    return { path, hit: await damage[name](path) };
  }

  const names = DAMAGES.filter((name) => version === 2 || !ONLY_VERSION_2.has(name));

  it('finds nothing in a sound one', async () => {
    const summary = { numErrors: 0, brokenPacks: [], suggestRepairIndex: false, suggestPrune: false };
    const options: CheckOptions = { readData: 'all', checkUnused: true };
    expect(await checkFolder(sound.path, options)).toEqual({ findings: [], summary, complete: true });
  });

  it.each(names.filter((name) => EXPECTED[name]))('tells what is wrong: %s', async (name) => {
    const { path, hit } = await broken(name);
    const [plain, full = plain] = EXPECTED[name] ?? [[]];
    const result = await checkFolder(path);
    expect(codes(result)).toEqual(plain);
    const read = await checkFolder(path, { readData: 'all' });
    expect(codes(read)).toEqual(full);
    const known = new Set(read.findings.flatMap((finding) => finding.packs ?? []));
    if (full.some((code) => code.startsWith('pack-'))) for (const pack of hit.packs) expect(known).toContain(pack);
  });

  it.each(names.filter((name) => UNOPENED[name]))('cannot begin: %s', async (name) => {
    const { path } = await broken(name);
    expect((await rejection(openFolder(path))).code).toBe(UNOPENED[name]);
  });

  it.each(names.filter((name) => AT_LEAST[name]))('tells the cause at least: %s', async (name) => {
    const result = await checkFolder((await broken(name)).path);
    expect(codes(result)).toContain(AT_LEAST[name]);
    expect(result.summary.numErrors).toBeGreaterThan(0);
  });

  it('expects something of every damage', () => {
    const all = { ...EXPECTED, ...UNOPENED, ...AT_LEAST };
    expect(names.filter((name) => !(name in all))).toEqual([]);
  });

  it('names all defects of a tree, and what it still leads to', async () => {
    const { path, hit } = await broken('manyDefects');
    const { findings, summary } = await checkFolder(path);
    const messages = findings.map((finding) => finding.message.replace(/^.*?\): /, ''));
    expect(messages).toEqual([
      'file "a" has no list of blobs',
      'folder "b" has no subtree',
      'node "c" with invalid type "door"',
      `file "d" blob ${'e'.repeat(64)} not found in index`,
    ]);
    expect(new Set(findings.map((finding) => finding.tree))).toEqual(new Set(hit.blobs));
    expect(summary.numErrors).toBe(4);
  });

  it('says by which way a broken tree is reached', async () => {
    const { path, hit } = await broken('flippedByteInTreePack');
    const [finding] = (await checkFolder(path)).findings;
    expect(finding?.tree).toBe(hit.blobs[0]);
    expect(finding?.path).toMatch(/^[0-9a-f]{8}:\/config$/);
    expect(sound.snapshots.some((id) => finding?.path?.startsWith(id.slice(0, 8)))).toBe(true);
  });

  it('names every damaged blob of a pack', async () => {
    const { path, hit } = await broken('flippedByteInPack');
    const { findings, summary } = await checkFolder(path, { readData: 'all' });
    expect(findings[0]?.problems).toHaveLength(2);
    expect(findings[0]?.problems?.join()).toContain(hit.blobs[0]?.slice(0, 8));
    expect(summary).toMatchObject({ numErrors: 1, brokenPacks: hit.packs });
  });

  it('tells a wrong index from a broken pack', async () => {
    const { path, hit } = await broken('wrongLengthInIndex');
    const { findings, summary } = await checkFolder(path, { readData: 'all' });
    expect(findings.map((finding) => finding.message).join()).toContain('is sound');
    expect(summary).toMatchObject({ brokenPacks: hit.packs, suggestRepairIndex: true });
  });

  it('names each blob once that a pack has lost, and that the index has wrong', async () => {
    const empty = await broken('emptyPack');
    const [pack] = empty.hit.packs;
    const repo = await openFolder(empty.path);
    const lost = [...repo.index.values()].filter((blob) => blob.pack === pack);
    const problems = (await check(repo, { readData: 'all' })).findings.flatMap((finding) => finding.problems ?? []);
    // The hash, the header, and each blob.
    expect(problems).toHaveLength(2 + lost.length);
    for (const { id } of lost) expect(problems.join()).toContain(`${id} lies behind the end`);

    const wrong = await checkFolder((await broken('wrongIdInIndex')).path, { readData: 'all' });
    expect(wrong.findings.flatMap((finding) => finding.problems ?? [])).toEqual([
      expect.stringContaining('is not in the index, or not as it lies in the pack'),
      `data blob ${'e'.repeat(64)} is not in the pack's header`,
    ]);
  });

  it('says in which way names are wrong', async () => {
    const message = async (name: DamageName): Promise<string | undefined> =>
      (await checkFolder((await broken(name)).path)).findings[0]?.message;
    expect(await message('duplicateNames')).toContain('the name "a" is there twice');
    expect(await message('unsortedTree')).toContain('the names are not sorted: "a" follows "b"');
    expect(await message('nameWithSlash')).toContain('no file can have the name "../a"');
  });

  it('looks at nothing else where the index cannot be read', async () => {
    const { path } = await broken('garbageIndex');
    expect(await checkFolder(path)).toMatchObject({
      complete: false,
      summary: { numErrors: 1, brokenPacks: [], suggestRepairIndex: true, suggestPrune: false },
    });
  });
});

async function checkFolder(path: string, options: CheckOptions = {}): Promise<CheckResult> {
  return check(await openFolder(path, { index: false }), options);
}

function codes({ findings }: CheckResult): FindingCode[] {
  return [...new Set(findings.map((finding) => finding.code))].sort();
}
