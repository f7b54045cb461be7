/**
 * The export format of ncdu (its version 1.2): nested lists, one for each folder, which begins with the folder itself.
 *     [1, 2, {about the snapshot}, [{"name":"/"}, {file}, [{folder}, {file in it}]]]
 */
import type { NamedSnapshot } from '../../../browse/select.js';
import { goJsonString } from '../../../repo/go-json.js';
import { GO_ZERO_TIME, parseGoTime, secondsOf } from '../../../repo/go-time.js';
import type { TreeNode } from '../../../repo/tree.js';
import type { LineWriter } from '../line-writer.js';
import { storedJson } from '../snapshot-json.js';
import type { Listing } from './ls-listing.js';

const BLOCK = 512;
/** Go's bits of a mode, and where Unix has them. */
const SPECIAL_BITS: readonly (readonly [number, number])[] = [
  [2 ** 23, 0o4000],
  [2 ** 22, 0o2000],
  [2 ** 20, 0o1000],
];

export class NcduListing implements Listing {
  readonly #lines: LineWriter;
  /** The folders that are open, each with a slash at its end. */
  readonly #open: string[] = [];

  constructor(lines: LineWriter) {
    this.#lines = lines;
  }

  begin({ snapshot }: NamedSnapshot): Promise<void> {
    return this.#lines.text(`[1, 2, ${storedJson(snapshot)}, [{"name":"/"}`);
  }

  async entry(path: string, node: TreeNode): Promise<void> {
    await this.#closeUpTo(path);
    const indent = this.#indent();
    if (node.subtree === undefined) {
      await this.#lines.text(`,\n${indent}${ncduNode(node)}`);
    } else {
      await this.#lines.text(`,\n${indent}[\n${indent}  ${ncduNode(node)}`);
      this.#open.push(`${path}/`);
    }
  }

  way(path: string, node: TreeNode): Promise<void> {
    return this.entry(path, node);
  }

  async end(): Promise<void> {
    await this.#closeUpTo('');
    await this.#lines.text('\n]\n]\n');
  }

  /** Ends the folders that the path is not in. */
  async #closeUpTo(path: string): Promise<void> {
    for (let last = this.#open.at(-1); last !== undefined && !path.startsWith(last); last = this.#open.at(-1)) {
      this.#open.pop();
      await this.#lines.text(`\n${this.#indent()}]`);
    }
  }

  #indent(): string {
    return '  '.repeat(this.#open.length + 1);
  }
}

function ncduNode(node: TreeNode): string {
  const { name, type, size = 0, deviceId = 0n, inode = 0n, links = 0n, uid = 0, gid = 0 } = node;
  const members = [
    `"name":${goJsonString(name)}`,
    `"asize":${size}`,
    `"dsize":${Math.ceil(size / BLOCK) * BLOCK}`,
    `"dev":${deviceId}`,
    `"ino":${inode}`,
    `"nlink":${links}`,
    `"notreg":${type !== 'dir' && type !== 'file'}`,
    `"uid":${uid}`,
    `"gid":${gid}`,
    `"mode":${unixMode(node.mode ?? 0)}`,
    // ncdu knows no time before 1970.
    `"mtime":${Math.max(0, secondsOf(parseGoTime(node.mtime ?? GO_ZERO_TIME)))}`,
  ];
  return `{${members.join(',')}}`;
}

function unixMode(mode: number): number {
  let bits = mode % 0o1000;
  for (const [go, unix] of SPECIAL_BITS) if (Math.floor(mode / go) % 2 === 1) bits += unix;
  return bits;
}
