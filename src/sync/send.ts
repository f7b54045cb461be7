/**
 * What lies here goes to the cloud as a snapshot, whatever the cloud has: if another PC has sent a version meanwhile,
 * this one becomes a head beside it, so that neither can be lost; then the two are merged, if nothing contradicts.
 */
import type { Manifest, ManifestEntry } from '../archive/manifest.js';
import { SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import type { Executor } from '../worker/executor.js';
import type { LocalSide } from './local-side.js';
import { type Arbiter, PendingQuestion } from './merge/arbiter.js';
import { commitMerge } from './merge/commit-merge.js';
import { refuseFileAsFolder, refuseMixedWorlds } from './merge/conflict.js';
import { isNamed, type KnownSnapshot } from './merge/heads.js';
import { mergeHeads } from './merge/merge-heads.js';
import type { CloudSide } from './remote-side.js';
import { baseManifest, manifestOf, readCloud } from './remote-side.js';
import type { Merged, Sent } from './results.js';
import { commitLocal, type LocalRead, readForSending, recordLocal } from './save-local.js';
import type { SyncSession } from './session.js';

export interface SendInput {
  /** With its table (withTable). */
  readonly session: SyncSession;
  readonly repo: Repository;
  readonly writer: WriteSession;
  readonly cloud: CloudSide;
  readonly local: LocalSide;
  readonly executor: Promise<Executor>;
  readonly arbiter: Arbiter;
  readonly startedMs: number;
  readonly marks: readonly string[];
}

/** Reads what lies here. Throws 'conflict' for a mass deletion that nobody meant. */
export async function readLocalSide(input: SendInput): Promise<LocalRead> {
  const { session, local, arbiter } = input;
  const read = await readForSending(input, await unseenVersions(input));
  const base = baseManifest(session.state);
  const { manifest } = read.outcome;
  refuseMixedWorlds(local.met, manifest, base);
  refuseFileAsFolder(manifest);
  const answer = await arbiter.judgeDeletion(session.state, base, manifest);
  if (answer === 'restore')
    throw new SyncError('conflict', 'what is gone can be brought back by a pull only; nothing was sent');
  return read;
}

/**
 * What the heads hold that this PC has not had: a file that lies here as they have it (copied by hand, brought by a pull
 * that was cut off, or its records were lost) is to be found the same, however it was cut when it was sent.
 */
async function unseenVersions({ session, repo, cloud }: SendInput): Promise<Manifest | undefined> {
  const all = new Map<string, ManifestEntry>();
  for (const head of unseenHeads(session, cloud)) {
    for (const [path, entry] of await manifestOf(session, repo, head)) if (!all.has(path)) all.set(path, entry);
  }
  return all.size === 0 ? undefined : all;
}

/** The heads that this PC has not had. */
export function unseenHeads(session: SyncSession, cloud: CloudSide): readonly KnownSnapshot[] {
  const base = session.state?.base;
  return cloud.heads.filter((head) => base === undefined || !isNamed(head, base));
}

interface Saved {
  readonly snapshot: SnapshotId;
  /** The cloud with the new head in it. */
  readonly cloud: CloudSide;
  /** Heads of other PCs beside it. */
  readonly others: readonly KnownSnapshot[];
}

export interface SentSide {
  readonly sent: Sent;
  readonly merged?: Merged | undefined;
  /** What must be asked before the heads beside it can be merged. */
  readonly open?: PendingQuestion;
}

/** What was read is stored as a snapshot, recorded, and merged with the heads that are then beside it. */
export async function sendLocalSide(input: SendInput, read: LocalRead): Promise<SentSide> {
  const saved = await saveLocalSide(input, read);
  const sent = sentResult(input, saved.snapshot, read);
  if (saved.others.length === 0) return { sent };
  // Of packs that another PC has sent since the index was loaded.
  await input.repo.loadIndex(input.writer.signal);
  try {
    return { sent, merged: await mergeCloud(input, saved, read.outcome.manifest) };
  } catch (error) {
    if (error instanceof PendingQuestion) return { sent, open: error };
    throw error;
  }
}

/** The snapshot is stored and recorded as what this PC has. */
async function saveLocalSide(input: SendInput, read: LocalRead): Promise<Saved> {
  const { session, repo, writer, cloud, marks } = input;
  const unseen = unseenHeads(session, cloud);
  const { parent, follows } = lineage(session, cloud, unseen);
  const { own, root } = await commitLocal(session, writer, read, { parent, follows, marks });
  // Whoever committed between our list and our snapshot is a head beside it.
  const listed = await repo.listSnapshots(writer.signal);
  const known = [...cloud.snapshots, own];
  const after = await readCloud({ ...session, state: stateAt(session, own.id) }, repo, listed, known);
  const others = after.heads.filter(({ id }) => id !== own.id);
  const open = new Set(others.map(({ id }) => id));
  const seen = after.ids.filter((id) => !open.has(id));
  await recordLocal(session, repo, read, own.id, root, seen);
  return { snapshot: own.id, cloud: after, others };
}

function lineage(
  session: SyncSession,
  cloud: CloudSide,
  unseen: readonly KnownSnapshot[],
): { readonly parent: SnapshotId | undefined; readonly follows: readonly SnapshotId[] } {
  const { state } = session;
  const known = (one: KnownSnapshot): boolean => state?.base !== undefined && isNamed(one, state.base);
  const parent = cloud.snapshots.find(known)?.id;
  return { parent, follows: unseen.length === 0 ? cloud.outdated.filter((id) => id !== parent) : [] };
}

/** For finding heads only. */
function stateAt(session: SyncSession, base: SnapshotId): SyncSession['state'] {
  const { state } = session;
  return state && { ...state, base };
}

function sentResult({ session, writer }: SendInput, snapshot: SnapshotId, read: LocalRead): Sent {
  return {
    outcome: 'sent',
    snapshot,
    files: read.files,
    bytesRead: read.bytesRead,
    bytesNew: writer.stats.bytesAdded,
    bytesSent: writer.stats.bytesPacked,
    warnings: session.warnings,
    unreadable: read.outcome.unreadable.map(({ path }) => path),
  };
}

/**
 * All heads become one. `saved` is this PC's side in the cloud; undefined if it has nothing of its own. `mine`: what lies
 * here. The session is the one from before anything was saved. Throws 'conflict' for what nobody settles.
 */
export async function mergeCloud(
  { session, repo, writer, cloud, arbiter }: Pick<SendInput, 'session' | 'repo' | 'writer' | 'cloud' | 'arbiter'>,
  saved: Saved | undefined,
  mine: Manifest,
): Promise<Merged> {
  const whole = saved?.cloud ?? cloud;
  const others = saved?.others ?? unseenHeads(session, cloud);
  const merged = await mergeHeads({ session, repo, snapshots: whole.snapshots, others, mine, arbiter });
  const own = saved === undefined ? cloud.heads.filter((head) => !others.includes(head)) : [{ id: saved.snapshot }];
  const follows = [...own, ...others].map(({ id }) => id);
  const snapshot = await commitMerge(session, repo, writer, merged, [...follows, ...whole.outdated]);
  const secondNames = Object.fromEntries(merged.secondNames);
  return { snapshot, fromHere: merged.fromHere, fromCloud: merged.fromCloud, secondNames };
}
