/** The instances that this PC knows, and how one of them stands. */
import { realpath } from 'node:fs/promises';
import type { FolderFacts, KnownFolder, StatusResult } from '../../index.js';
import {
  describeFolder,
  disable,
  findGameFolders,
  forgetFolder,
  isSyncError,
  listKnownFolders,
  readTrash,
  readWorldIcon,
  status,
} from '../../index.js';
import type { InstanceCard, InstanceStand, WorldCard } from '../protocol.js';
import type { Handlers } from '../server/window-types.js';
import { notSetUp } from './end-views.js';
import type { Room } from './room.js';

export function statusHandlers(room: Room): Required<Pick<Handlers, 'instances' | 'stand' | 'disable'>> {
  const { surroundings } = room.options;
  return {
    instances: async () => ({ instances: await listCards(room) }),
    stand: ({ instance }, signal) => readStand(room, room.folderOf(instance), signal),
    disable: async ({ instance }) => {
      const packFolder = room.folderOf(instance);
      const { state } = await describeFolder({ packFolder });
      // What is off already, or gone, only leaves the list.
      if (state === 'ready' || state === 'broken') await disable({ packFolder });
      else await forgetFolder(packFolder, surroundings);
      return {};
    },
  };
}

/** The folder that the command was called for, if it was named or is set up. */
export async function describeHere(room: Room): Promise<FolderFacts | undefined> {
  const { packFolder } = room.options;
  const facts = await describeFolder({ packFolder });
  return packFolder !== undefined || facts.state === 'ready' || facts.state === 'broken' ? facts : undefined;
}

async function listCards(room: Room): Promise<InstanceCard[]> {
  const { surroundings } = room.options;
  const here = await describeHere(room);
  const known = await listKnownFolders(surroundings);
  const cards = new Map<string, InstanceCard>();
  const add = async (facts: FolderFacts, entry?: KnownFolder): Promise<void> => {
    const place = await realpath(facts.packFolder).catch(() => facts.packFolder);
    const isHere = here !== undefined && facts.packFolder === here.packFolder;
    if (!cards.has(place)) cards.set(place, cardOf(room, facts, entry, isHere));
  };
  if (here !== undefined)
    await add(
      here,
      known.find(({ folder }) => folder === here.packFolder),
    );
  for (const entry of known) await add(await describeFolder({ packFolder: entry.folder }), entry);
  for (const packFolder of await findGameFolders(surroundings)) {
    const facts = await describeFolder({ packFolder });
    if (facts.state === 'ready' || facts.state === 'broken') await add(facts);
  }
  return [...cards.values()];
}

function cardOf(room: Room, facts: FolderFacts, entry: KnownFolder | undefined, here: boolean): InstanceCard {
  const { packFolder, state, problem, minecraft, iconWorld } = facts;
  // A folder that is gone has no settings of a launcher beside it: its last name was the better one.
  const label = state === 'missing' ? (entry?.label ?? facts.label) : facts.label;
  const lastSync = entry?.lastSync ?? facts.lastSync;
  return {
    id: room.idOf(packFolder),
    label,
    packFolder,
    here,
    state,
    ...(problem === undefined ? {} : { problem }),
    ...(lastSync === undefined ? {} : { lastSync }),
    ...(minecraft === undefined ? {} : { minecraft }),
    ...(iconWorld === undefined ? {} : { icon: room.iconOf(packFolder, iconWorld) }),
  };
}

async function readStand(room: Room, packFolder: string, signal: AbortSignal): Promise<InstanceStand> {
  const { found, problem } = await readStatus(packFolder, signal);
  const trash = await readTrash({ packFolder });
  const { files, bytes, preset, unsent, cloud, question } = found;
  const told = problem ?? (cloud.state === 'unreachable' ? { code: cloud.code, message: cloud.reason } : undefined);
  const cloudBytes = 'bytes' in cloud ? cloud.bytes : undefined;
  return {
    files,
    bytes,
    preset,
    unsent,
    cloud: cloud.state === 'not-asked' ? 'unreachable' : cloud.state,
    ...(told === undefined ? {} : { problem: told }),
    openConflict: question !== undefined,
    ...(cloudBytes === undefined ? {} : { cloudBytes }),
    trashBytes: trash.outcome === 'trash' ? trash.bytes : 0,
    worlds: found.worlds.map((world) => worldCard(room, packFolder, world)),
  };
}

interface Found {
  readonly found: StatusResult;
  /** Why only this PC could be looked at. */
  readonly problem?: { readonly code: string; readonly message: string };
}

/** A server that lets nobody in must not hide what is here. */
async function readStatus(packFolder: string, signal: AbortSignal): Promise<Found> {
  try {
    return { found: set(await status({ packFolder, signal, measureCloud: true })) };
  } catch (error) {
    if (!isSyncError(error, 'unauthorized', 'forbidden', 'not-found', 'no-repository')) throw error;
    const found = set(await status({ packFolder, signal, askServer: false }));
    return { found, problem: { code: error.code, message: error.message } };
  }
}

function set(result: Awaited<ReturnType<typeof status>>): StatusResult {
  if (result.outcome === 'status') return result;
  throw notSetUp();
}

function worldCard(room: Room, packFolder: string, world: StatusResult['worlds'][number]): WorldCard {
  const { folder, name, bytes, lastPlayed, hasIcon } = world;
  return {
    id: folder,
    name: name ?? folder.slice('saves/'.length),
    bytes,
    ...(lastPlayed === undefined ? {} : { lastPlayed }),
    ...(hasIcon ? { icon: room.iconOf(packFolder, folder) } : {}),
  };
}

/** PNG; undefined for an id that the desk has not given, or a picture that is gone. */
export async function readIcon(room: Room, id: string): Promise<Uint8Array | undefined> {
  const icon = room.findIcon(id);
  return icon && readWorldIcon({ packFolder: icon.folder, world: icon.world });
}
