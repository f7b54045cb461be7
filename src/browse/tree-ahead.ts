/**
 * Trees fetched a little ahead of a walk. The folders that are to be entered stand in a list, in the order of the walk;
 * a tree that arrives puts its own folders right behind itself. The first of those not asked for yet are fetched
 * together, in few requests, while the walk is busy with earlier ones. What waits is bounded in number and bytes.
 */
import type { Bytes } from '../base/bytes.js';
import type { TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { plainLength } from '../repo/codec.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import { decodeTree } from '../repo/tree.js';

/** One folder that the walk comes to. */
export interface TreeSlot {
  readonly id: TreeId;
  readonly path: string;
  /** Slots of the folders in it, by the place of their node; there once the tree is. */
  readonly below: Map<number, TreeSlot>;
  state: 'wanted' | 'asked' | 'here' | 'left';
  nodes: readonly TreeNode[] | undefined;
  bytes: number;
  next: TreeSlot | undefined;
}

/** Folders looked at ahead of the walk; also the most that one batch asks for. */
const WINDOW = 128;
/** Of plain trees that wait for the walk; decoded they take some ten times as much. */
const MAX_WAITING = 4 * 1024 * 1024;

export class TreeAhead {
  readonly #repo: Repository;
  readonly #enters: (node: TreeNode, path: string) => boolean;
  readonly #signal: AbortSignal | undefined;
  #head: TreeSlot | undefined;
  #batch: Promise<void> | undefined;
  /** Slots and bytes that have arrived, and that the walk has not taken. */
  #waiting = 0;
  #bytes = 0;

  /** `enters` says of each folder whether the walk will go into it. */
  constructor(repo: Repository, enters: (node: TreeNode, path: string) => boolean, signal: AbortSignal | undefined) {
    this.#repo = repo;
    this.#enters = enters;
    this.#signal = signal;
  }

  /** The slot of a root. To be called once, before all else. */
  start(id: TreeId, path: string): TreeSlot {
    this.#head = newSlot(id, path);
    return this.#head;
  }

  /** The nodes of the first slot that was not taken or left. Throws what reading its tree throws. */
  async take(slot: TreeSlot): Promise<readonly TreeNode[]> {
    this.#dropUpTo(slot);
    if (slot.state !== 'here') await this.#batch;
    if (slot.state === 'wanted') {
      this.#refill(slot);
      await this.#batch;
    }
    if (slot.state === 'here') {
      this.#waiting -= 1;
      this.#bytes -= slot.bytes;
    }
    const nodes = slot.nodes ?? (await this.#loadAlone(slot));
    slot.state = 'left';
    slot.nodes = undefined;
    this.#head = slot.next;
    if (this.#batch === undefined && this.#waiting < WINDOW / 2) this.#refill(this.#head);
    return nodes;
  }

  /** The walk does not go into this folder after all. */
  leave(slot: TreeSlot): void {
    if (slot.state === 'here') {
      this.#waiting -= 1;
      this.#bytes -= slot.bytes;
    }
    slot.state = 'left';
    slot.nodes = undefined;
  }

  /** Resolves when nothing is on its way. */
  async end(): Promise<void> {
    this.#head = undefined;
    await this.#batch;
  }

  /** What stands before the slot has been left; what is below those that were left is dropped with them. */
  #dropUpTo(slot: TreeSlot): void {
    for (let one = this.#head; one !== undefined && one !== slot; one = one.next) this.leave(one);
    this.#head = slot;
  }

  /** A tree that its batch did not bring: its own error, or the tree after all. */
  async #loadAlone(slot: TreeSlot): Promise<TreeNode[]> {
    const nodes = await this.#repo.loadTree(slot.id, this.#signal);
    this.#fill(slot, nodes, 0);
    return nodes;
  }

  /** Asks for the first folders that are wanted, if nothing is on its way. */
  #refill(from: TreeSlot | undefined): void {
    if (this.#batch !== undefined) return;
    const wanted = this.#choose(from);
    if (wanted.size === 0) return;
    this.#batch = this.#fetch(wanted).finally(() => {
      this.#batch = undefined;
    });
  }

  #choose(from: TreeSlot | undefined): Map<TreeId, TreeSlot[]> {
    const wanted = new Map<TreeId, TreeSlot[]>();
    let bytes = this.#bytes;
    let seen = 0;
    for (let slot = from; slot !== undefined && seen < WINDOW; slot = slot.next, seen++) {
      if (slot.state !== 'wanted') continue;
      const location = this.#repo.index.find('tree', slot.id);
      // One that no index names would fail the whole batch: it is left to the walk.
      if (location === undefined) continue;
      bytes += plainLength(location);
      if (bytes > MAX_WAITING && slot !== from) break;
      slot.state = 'asked';
      const same = wanted.get(slot.id);
      if (same) same.push(slot);
      else wanted.set(slot.id, [slot]);
    }
    return wanted;
  }

  async #fetch(wanted: Map<TreeId, TreeSlot[]>): Promise<void> {
    const keep = (id: TreeId, plain: Bytes): void => {
      const nodes = decodeOrNothing(id, plain);
      for (const slot of wanted.get(id) ?? []) {
        if (nodes === undefined || slot.state === 'left') continue;
        this.#fill(slot, nodes, plain.length);
        slot.state = 'here';
        this.#waiting += 1;
        this.#bytes += plain.length;
      }
    };
    try {
      await this.#repo.loader.loadMany('tree', wanted.keys(), keep, { signal: this.#signal });
    } catch {
      // Whatever went wrong is met again, and told, when the walk comes to the tree that it concerns.
    }
  }

  #fill(slot: TreeSlot, nodes: readonly TreeNode[], bytes: number): void {
    slot.nodes = nodes;
    slot.bytes = bytes;
    let last = slot;
    for (const [i, node] of nodes.entries()) {
      if (node.subtree === undefined) continue;
      const path = childPath(slot.path, node.name);
      if (!this.#enters(node, path)) continue;
      const child = newSlot(node.subtree, path);
      slot.below.set(i, child);
      child.next = last.next;
      last.next = child;
      last = child;
    }
  }
}

function decodeOrNothing(id: TreeId, plain: Bytes): TreeNode[] | undefined {
  try {
    return decodeTree(plain, `tree ${shortId(id)}`);
  } catch {
    // Told when the walk comes to it: see above.
    return undefined;
  }
}

export function childPath(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

function newSlot(id: TreeId, path: string): TreeSlot {
  return { id, path, below: new Map(), state: 'wanted', nodes: undefined, bytes: 0, next: undefined };
}
