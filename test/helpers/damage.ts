/**
 * Breaks a repository in a folder, each function in one way, which is its name. The repository may be of any program (with
 * PASSWORD); what is broken is found in it: see `victims`. All return what was hit.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { concatBytes, toHex, utf8 } from '../../src/base/bytes.js';
import type { BlobId, IndexId, PackId } from '../../src/base/ids.js';
import { seal } from '../../src/crypto/box.js';
import { blobId, sealBlob } from '../../src/repo/codec.js';
import { encodeConfig } from '../../src/repo/config.js';
import { saveUnpacked } from '../../src/repo/files.js';
import type { IndexPack } from '../../src/repo/index-file.js';
import { encodeIndexFile } from '../../src/repo/index-file.js';
import { encodeTree } from '../../src/repo/tree.js';
import type { Damage, Kind } from './damage-tools.js';
import {
  ABSENT,
  badNodes,
  dataBlob,
  duplicateBlob,
  emptyFile,
  fileOf,
  firstOf,
  flip,
  halve,
  headerDisagrees,
  NOTHING,
  nodeText,
  nothing,
  onBlob,
  onEntry,
  onFile,
  onPack,
  overwrite,
  plainIndexFiles,
  saveIndex,
  sealedFile,
  snapshotOfTree,
  storePack,
  victims,
} from './damage-tools.js';
import { crypto, noise } from './repository.js';
import { fileNode, openFolder } from './sound-repository.js';

export type { Damage, Kind, Victims } from './damage-tools.js';
export { fileOf, victims } from './damage-tools.js';

/** All names, for tests that go through all of them. */
export const DAMAGES = [
  'missingPack',
  'missingTreePack',
  'truncatedPack',
  'truncatedTreePack',
  'emptyPack',
  'longerPack',
  'holeInPack',
  'flippedByteInPack',
  'flippedByteInTreePack',
  'flippedByteInRootTree',
  'flippedByteInHeader',
  'flippedByteInHeaderLength',
  'swappedPack',
  'indexOmitsUnusedBlob',
  'headerDisagreesWithIndex',
  'wrongContent',
  'unreferencedPack',
  'unusedBlob',
  'mixedPack',
  'duplicateBlob',
  'damagedFirstCopy',
  'damagedSecondCopy',
  'damagedCopies',
  'compressedInVersion1',
  'missingIndex',
  'missingIndexes',
  'truncatedIndex',
  'emptyIndex',
  'flippedByteInIndex',
  'garbageIndex',
  'duplicateIndex',
  'supersededIndex',
  'indexNamesMissingPack',
  'indexOmitsDataBlob',
  'indexOmitsTree',
  'indexOmitsRootTree',
  'wrongOffsetInIndex',
  'wrongLengthInIndex',
  'wrongPlainLengthInIndex',
  'wrongTypeInIndex',
  'wrongIdInIndex',
  'missingSnapshot',
  'truncatedSnapshot',
  'emptySnapshot',
  'flippedByteInSnapshot',
  'garbageSnapshot',
  'snapshotOfMissingTree',
  'missingKey',
  'truncatedKey',
  'emptyKey',
  'flippedByteInKey',
  'missingConfig',
  'truncatedConfig',
  'emptyConfig',
  'flippedByteInConfig',
  'unsortedTree',
  'duplicateNames',
  'fileWithoutContent',
  'dirWithoutSubtree',
  'unknownNodeType',
  'emptyName',
  'nameWithSlash',
  'missingDataBlob',
  'missingSubtree',
  'manyDefects',
  'treeNotJson',
  'treeWithoutNodes',
  'wrongSize',
] as const;

export type DamageName = (typeof DAMAGES)[number];

/** Every way of breaking that check and the repair commands must cope with. */
export const damage: Readonly<Record<DamageName, Kind>> = {
  missingPack: onPack('dataPack', undefined),
  missingTreePack: onPack('treePack', undefined),
  truncatedPack: onPack('dataPack', halve),
  truncatedTreePack: onPack('treePack', halve),
  emptyPack: onPack('dataPack', nothing),
  /** A cut-off upload that was resumed at the wrong place: bytes behind the end. */
  longerPack: onPack('dataPack', (bytes) => concatBytes([bytes, noise(100, 94)])),
  /** Bytes are gone from the middle; the header at the end is as it was. */
  holeInPack: onPack('dataPack', (bytes) => concatBytes([bytes.subarray(0, 40), bytes.subarray(50)])),
  flippedByteInPack: onBlob('data', 'data'),
  flippedByteInTreePack: onBlob('tree', 'subtree'),
  flippedByteInRootTree: onBlob('tree', 'root'),
  flippedByteInHeader: onPack('dataPack', flip(-30)),
  flippedByteInHeaderLength: onPack('dataPack', flip(-1)),
  /** Under the name of one pack, the bytes of another: each is sound, but in the wrong place. */
  swappedPack: async (path: string): Promise<Damage> => {
    const { dataPack, treePack } = await victims(await openFolder(path));
    const other = new Uint8Array(await readFile(fileOf(path, 'data', treePack)));
    await overwrite(fileOf(path, 'data', dataPack), () => other);
    return { ...NOTHING, packs: [dataPack] };
  },
  /** The index has one of two blobs of a pack. */
  indexOmitsUnusedBlob: (path: string): Promise<Damage> => headerDisagrees(path, false),
  /** The index has the ids of two blobs of a pack the wrong way round. */
  headerDisagreesWithIndex: (path: string): Promise<Damage> => headerDisagrees(path, true),
  /** A pack whose blob was broken before it was sealed: all codes are right, the content is not. */
  wrongContent: async (path: string): Promise<Damage> => {
    const repo = await openFolder(path);
    const id = blobId(crypto, utf8('what it should be'));
    const pack = await storePack(repo, [{ ...dataBlob(repo, utf8('what it is')), id }]);
    return { ...NOTHING, packs: [pack], blobs: [id] };
  },
  unreferencedPack: async (path: string): Promise<Damage> => {
    const repo = await openFolder(path);
    const pack = await storePack(repo, [dataBlob(repo, noise(700, 95))], { index: false });
    return { ...NOTHING, packs: [pack] };
  },
  /** In an index file, but no snapshot needs it. */
  unusedBlob: async (path: string): Promise<Damage> => {
    const repo = await openFolder(path);
    const blob = dataBlob(repo, noise(700, 95));
    return { ...NOTHING, packs: [await storePack(repo, [blob])], blobs: [blob.id] };
  },
  mixedPack: async (path: string): Promise<Damage> => {
    const repo = await openFolder(path);
    const plain = encodeTree([fileNode('mixed', [], 0)]);
    const tree = sealBlob(repo.codec, 'tree', blobId(crypto, plain), plain);
    const pack = await storePack(repo, [dataBlob(repo, noise(700, 96)), tree]);
    return { ...NOTHING, packs: [pack], blobs: [tree.id] };
  },
  duplicateBlob: (path: string): Promise<Damage> => duplicateBlob(path),
  damagedFirstCopy: (path: string): Promise<Damage> => duplicateBlob(path, 'first'),
  damagedSecondCopy: (path: string): Promise<Damage> => duplicateBlob(path, 'second'),
  damagedCopies: (path: string): Promise<Damage> => duplicateBlob(path, 'both'),
  /** A repository whose config says version 1 while its packs and index have compressed blobs. Of version 2 only. */
  compressedInVersion1: async (path: string): Promise<Damage> => {
    const repo = await openFolder(path);
    const packs = await plainIndexFiles(repo);
    const config = encodeConfig({ ...repo.config, version: 1 });
    await overwrite(join(path, 'config'), () => seal(crypto, repo.codec.key, config));
    return { ...NOTHING, packs };
  },

  missingIndex: onFile('index', undefined),
  missingIndexes: async (path: string): Promise<Damage> => {
    const repo = await openFolder(path, { index: false });
    const ids = await repo.listIndexFiles();
    for (const id of ids) await repo.backend.remove('index', id);
    return { ...NOTHING, files: ids.map((id) => `index/${id}`) };
  },
  truncatedIndex: onFile('index', halve),
  emptyIndex: onFile('index', nothing),
  flippedByteInIndex: onFile('index', flip(40)),
  /** Rightly sealed and named, but no index. */
  garbageIndex: (path: string): Promise<Damage> => sealedFile(path, 'index', '{"packs":[{"id":"abc"'),
  /** Two index files that name the same packs. */
  duplicateIndex: async (path: string): Promise<Damage> => {
    const repo = await openFolder(path);
    const packs: IndexPack[] = [];
    for (const id of await repo.listIndexFiles()) packs.push(...(await repo.readIndexFile(id)).packs);
    const id = await saveIndex(repo, packs);
    return { ...NOTHING, packs: packs.map((pack) => pack.id), files: [`index/${id}`] };
  },
  /** An index file that says it replaces another, as restic before 0.19 wrote it, while the other is still there. */
  supersededIndex: async (path: string): Promise<Damage> => {
    const repo = await openFolder(path);
    const old = await firstOf(repo, 'index');
    const { packs } = await repo.readIndexFile(old as IndexId);
    const text = new TextDecoder().decode(encodeIndexFile(packs)).replace('{', `{"supersedes":["${old}"],`);
    const id = await saveUnpacked(repo.backend, repo.codec, 'index', utf8(text));
    return { ...NOTHING, packs: packs.map((pack) => pack.id), files: [`index/${id}`, `index/${old}`] };
  },
  /** An index file names a pack that never was; no snapshot needs it. */
  indexNamesMissingPack: async (path: string): Promise<Damage> => {
    const repo = await openFolder(path);
    const pack = toHex(noise(32, 97)) as PackId;
    const id = toHex(noise(32, 98)) as BlobId;
    const file = await saveIndex(repo, [{ id: pack, blobs: [{ id, type: 'data', offset: 0, length: 100 }] }]);
    return { packs: [pack], blobs: [id], files: [`index/${file}`] };
  },
  indexOmitsDataBlob: onEntry('data', 'data', () => undefined),
  indexOmitsTree: onEntry('tree', 'subtree', () => undefined),
  indexOmitsRootTree: onEntry('tree', 'root', () => undefined),
  wrongOffsetInIndex: onEntry('data', 'data', (blob) => ({ ...blob, offset: blob.offset + 7 })),
  wrongLengthInIndex: onEntry('data', 'data', (blob) => ({ ...blob, length: blob.length - 1 })),
  /** Of version 2 only: says a plain length where there was one, and adds one where there was none. */
  wrongPlainLengthInIndex: onEntry('tree', 'subtree', (blob) => ({
    ...blob,
    uncompressedLength: (blob.uncompressedLength ?? blob.length) + 5,
  })),
  wrongTypeInIndex: onEntry('data', 'data', (blob) => ({ ...blob, type: 'tree' })),
  wrongIdInIndex: onEntry('data', 'data', (blob) => ({ ...blob, id: ABSENT })),

  missingSnapshot: onFile('snapshots', undefined),
  truncatedSnapshot: onFile('snapshots', halve),
  emptySnapshot: onFile('snapshots', nothing),
  flippedByteInSnapshot: onFile('snapshots', flip(40)),
  garbageSnapshot: (path: string): Promise<Damage> => sealedFile(path, 'snapshots', '{"time":"yesterday"}'),
  snapshotOfMissingTree: async (path: string): Promise<Damage> => {
    const repo = await openFolder(path, { index: false });
    const snapshot = { time: '2026-11-24T10:00:00Z', tree: ABSENT, paths: ['/game'], hostname: 'gamma' };
    return { ...NOTHING, blobs: [ABSENT], files: [`snapshots/${await repo.saveSnapshot(snapshot)}`] };
  },

  missingKey: onFile('keys', undefined),
  truncatedKey: onFile('keys', halve),
  emptyKey: onFile('keys', nothing),
  flippedByteInKey: onFile('keys', flip(-20)),
  missingConfig: onFile('config', undefined),
  truncatedConfig: onFile('config', halve),
  emptyConfig: onFile('config', nothing),
  flippedByteInConfig: onFile('config', flip(40)),

  unsortedTree: badNodes(emptyFile('b'), emptyFile('a')),
  duplicateNames: badNodes(emptyFile('a'), emptyFile('a')),
  fileWithoutContent: badNodes(nodeText('a', 'file', { content: null })),
  dirWithoutSubtree: badNodes(nodeText('a', 'dir', { content: null })),
  unknownNodeType: badNodes(nodeText('a', 'door', { content: null })),
  emptyName: badNodes(emptyFile('')),
  nameWithSlash: badNodes(emptyFile('../a')),
  missingDataBlob: badNodes(nodeText('a', 'file', { size: 5, content: [ABSENT] })),
  missingSubtree: badNodes(nodeText('a', 'dir', { content: null, subtree: ABSENT })),
  /** Four defects in one tree. */
  manyDefects: badNodes(
    nodeText('a', 'file', { content: null }),
    nodeText('b', 'dir', { content: null }),
    nodeText('c', 'door', { content: null }),
    nodeText('d', 'file', { size: 5, content: [ABSENT] }),
  ),
  treeNotJson: (path: string): Promise<Damage> => snapshotOfTree(path, 'no tree'),
  treeWithoutNodes: (path: string): Promise<Damage> => snapshotOfTree(path, '{"leaves":[]}\n'),
  /** Counts as no damage: restic checks sizes no longer, since they are wrong where a file grew while it was read. */
  wrongSize: badNodes(nodeText('a', 'file', { size: 5, content: [] })),
};

/** Damages that make sense only in a repository of version 2. */
export const ONLY_VERSION_2: ReadonlySet<DamageName> = new Set<DamageName>([
  'compressedInVersion1',
  'wrongPlainLengthInIndex',
]);
