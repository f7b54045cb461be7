/** What `ls` prints of a snapshot and its entries: text, or one JSON object on a line for each. */
import { zoneName } from '../../../archive/local-zone.js';
import type { NamedSnapshot } from '../../../browse/select.js';
import { describeSnapshot } from '../../../browse/select.js';
import { goJsonString } from '../../../repo/go-json.js';
import { GO_ZERO_TIME, normalGoTime } from '../../../repo/go-time.js';
import type { TreeNode } from '../../../repo/tree.js';
import type { Context } from '../command.js';
import type { LineWriter } from '../line-writer.js';
import { nodeLine, permissions } from '../node-text.js';
import { snapshotJson } from '../snapshot-json.js';
import { NcduListing } from './ls-ncdu.js';

export interface Listing {
  begin(one: NamedSnapshot): Promise<void>;
  entry(path: string, node: TreeNode): Promise<void>;
  /** A folder that is not listed, above one that is. */
  way(path: string, node: TreeNode): Promise<void>;
  end(): Promise<void>;
}

/** By the flags of the command line. `folders` are those that were named. */
export function listingOf({ flags, out }: Context, folders: readonly string[], lines: LineWriter): Listing {
  if (flags.bool('ncdu')) return new NcduListing(lines);
  if (out.json) return new JsonListing(lines);
  const format = { long: flags.bool('long'), human: flags.bool('human-readable') };
  return {
    begin: async (one) => {
      if (out.verbosity > 0) await lines.line(`${describeSnapshot(one, zoneName)} filtered by [${folders.join(' ')}]:`);
    },
    entry: (path, node) => lines.line(nodeLine(path, node, format)),
    way: async () => undefined,
    end: async () => undefined,
  };
}

class JsonListing implements Listing {
  readonly #lines: LineWriter;

  constructor(lines: LineWriter) {
    this.#lines = lines;
  }

  begin(one: NamedSnapshot): Promise<void> {
    return this.#lines.line(snapshotJson(one, ',"message_type":"snapshot","struct_type":"snapshot"'));
  }

  entry(path: string, node: TreeNode): Promise<void> {
    return this.#lines.line(nodeJson(path, node));
  }

  async way(): Promise<void> {
    // Only ncdu's format needs them.
  }

  async end(): Promise<void> {
    // Nothing follows the last line.
  }
}

function nodeJson(path: string, node: TreeNode): string {
  const { name, type, uid = 0, gid = 0, size = 0, mode = 0, inode } = node;
  const members = [
    `"name":${goJsonString(name)},"type":"${type}","path":${goJsonString(path)},"uid":${uid},"gid":${gid}`,
    type === 'file' ? `,"size":${size}` : '',
    mode === 0 ? '' : `,"mode":${mode}`,
    `,"permissions":"${permissions(mode)}"`,
    `,"mtime":"${timeOf(node.mtime)}","atime":"${timeOf(node.atime)}","ctime":"${timeOf(node.ctime)}"`,
    inode ? `,"inode":${inode}` : '',
    ',"message_type":"node","struct_type":"node"',
  ];
  return `{${members.join('')}}`;
}

function timeOf(time: string | undefined): string {
  return normalGoTime(time ?? GO_ZERO_TIME);
}
