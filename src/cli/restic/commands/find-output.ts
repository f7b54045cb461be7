/** What `find` prints: text as things are found, or one JSON list that is complete at the end. */

import { shortId } from '../../../base/ids.js';
import type { FoundObject } from '../../../browse/find.js';
import type { NamedSnapshot } from '../../../browse/select.js';
import type { WalkEntry } from '../../../browse/walk.js';
import { goJsonString } from '../../../repo/go-json.js';
import { GO_ZERO_TIME, normalGoTime } from '../../../repo/go-time.js';
import type { TreeNode } from '../../../repo/tree.js';
import type { LineWriter } from '../line-writer.js';
import type { LongFormat } from '../node-text.js';
import { localTime, nodeLine, permissions } from '../node-text.js';
import type { Output } from '../output.js';

export class FindOutput {
  readonly #lines: LineWriter;
  readonly #out: Output;
  readonly #format: LongFormat;
  /** The snapshot of the entry before, and how many it has so far. */
  #last: NamedSnapshot | undefined;
  #hits = 0;
  #isEmpty = true;

  constructor(lines: LineWriter, out: Output, format: LongFormat) {
    this.#lines = lines;
    this.#out = out;
    this.#format = format;
  }

  entry(snapshot: NamedSnapshot, entry: WalkEntry): Promise<void> {
    return this.#out.json ? this.#jsonEntry(snapshot, entry) : this.#textEntry(snapshot, entry);
  }

  object(snapshot: NamedSnapshot, found: FoundObject): Promise<void> {
    return this.#out.json ? this.#jsonObject(snapshot, found) : this.#textObject(snapshot, found);
  }

  async end(): Promise<void> {
    if (!this.#out.json) return;
    await this.#endSnapshot();
    await this.#lines.line(this.#isEmpty ? '[]' : ']');
  }

  async #textEntry(snapshot: NamedSnapshot, { path, node }: WalkEntry): Promise<void> {
    if (snapshot !== this.#last && this.#out.verbosity > 0) {
      if (this.#last !== undefined) await this.#lines.line('');
      const time = localTime(snapshot.snapshot.time);
      await this.#lines.line(`Found matching entries in snapshot ${shortId(snapshot.id)} from ${time}`);
    }
    this.#last = snapshot;
    await this.#lines.line(nodeLine(path, node, this.#format));
  }

  async #jsonEntry(snapshot: NamedSnapshot, { path, node }: WalkEntry): Promise<void> {
    if (snapshot !== this.#last) {
      await this.#endSnapshot();
      await this.#item('{"matches":[');
      this.#last = snapshot;
      this.#hits = 0;
    }
    await this.#lines.text((this.#hits > 0 ? ',' : '') + entryJson(path, node));
    this.#hits += 1;
  }

  async #endSnapshot(): Promise<void> {
    if (this.#last !== undefined) await this.#lines.text(`],"hits":${this.#hits},"snapshot":"${this.#last.id}"}`);
  }

  async #textObject({ id, snapshot }: NamedSnapshot, found: FoundObject): Promise<void> {
    await this.#lines.line(`Found ${found.type} ${found.id}`);
    await this.#lines.line(` ... ${found.type === 'blob' ? 'in file' : 'path'} ${found.path}`);
    if (found.type === 'blob') await this.#lines.line(`     (tree ${found.parent})`);
    await this.#lines.line(` ... in snapshot ${shortId(id)} (${localTime(snapshot.time)})`);
  }

  async #jsonObject({ id, snapshot }: NamedSnapshot, found: FoundObject): Promise<void> {
    const parent = found.type === 'blob' ? `,"parent_tree":"${found.parent}"` : '';
    const what = `"object_type":"${found.type}","id":"${found.id}","path":${goJsonString(found.path)}${parent}`;
    await this.#item(`{${what},"snapshot":"${id}","time":"${normalGoTime(snapshot.time)}"}`);
  }

  async #item(text: string): Promise<void> {
    await this.#lines.text((this.#isEmpty ? '[' : ',') + text);
    this.#isEmpty = false;
  }
}

/** The members that are stored, but for the name, attributes and contents, with the path in front. */
function entryJson(path: string, node: TreeNode): string {
  const { type, mode = 0, uid = 0, gid = 0, user, group, inode, deviceId, size, links, linktarget, error } = node;
  const members = [
    `"path":${goJsonString(path)},"permissions":"${permissions(mode)}","type":"${type}"`,
    mode === 0 ? '' : `,"mode":${mode}`,
    `,"mtime":"${timeOf(node.mtime)}","atime":"${timeOf(node.atime)}","ctime":"${timeOf(node.ctime)}"`,
    `,"uid":${uid},"gid":${gid}`,
    user ? `,"user":${goJsonString(user)}` : '',
    group ? `,"group":${goJsonString(group)}` : '',
    inode ? `,"inode":${inode}` : '',
    deviceId ? `,"device_id":${deviceId}` : '',
    size ? `,"size":${size}` : '',
    links ? `,"links":${links}` : '',
    linktarget ? `,"linktarget":${goJsonString(linktarget)}` : '',
    error ? `,"error":${goJsonString(error)}` : '',
  ];
  return `{${members.join('')}}`;
}

function timeOf(time: string | undefined): string {
  return normalGoTime(time ?? GO_ZERO_TIME);
}
