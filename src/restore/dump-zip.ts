/**
 * A folder as a zip archive with what restic's `dump` puts into it: modes and times of Unix, links as files that hold
 * their target, files deflated. Owners and extended attributes have no place in it.
 *
 * No package writes it, since the two at hand take names as text: they would turn bytes that are not UTF-8 into others,
 * and a backslash, which may be part of a name, into a slash.
 */
import { once } from 'node:events';
import { crc32, createDeflateRaw, deflateRawSync } from 'node:zlib';
import type { Bytes } from '../base/bytes.js';
import { utf8 } from '../base/bytes.js';
import type { TreeId } from '../base/ids.js';
import { isRaw, rawToBytes } from '../base/raw-string.js';
import { GO_ZERO_TIME, parseGoTime, secondsOf } from '../repo/go-time.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { ArchiveOptions } from './dump-nodes.js';
import { archiveParts } from './dump-nodes.js';
import { unixMode, unixType } from './unix-mode.js';
import type { ZipClock, ZipContent, ZipEntry } from './zip-record.js';
import { zipCentralRecord, zipDescriptor, zipEnd, zipLocalHeader } from './zip-record.js';

const MAX_32 = 0xffff_ffff;
const MIN_32 = -0x8000_0000;

/** The index must be loaded. Throws 'damaged' for trees and blobs that cannot be read. */
export async function* dumpZip(repo: Repository, tree: TreeId, options: ArchiveOptions = {}): AsyncGenerator<Bytes> {
  const central: Bytes[] = [];
  let offset = 0;
  let open: OpenEntry | undefined;
  try {
    for await (const part of archiveParts(repo, tree, options)) {
      let pieces: Bytes[];
      if (part.kind === 'data') {
        pieces = (await open?.add(part.bytes)) ?? [];
      } else {
        pieces = await finish(open, central);
        const begun = offset + length(pieces);
        open = new OpenEntry(part.path, part.node, begun);
        pieces.push(open.header(), ...(await open.addLink(part.node)));
      }
      for (const piece of pieces) yield piece;
      offset += length(pieces);
    }
    const pieces = await finish(open, central);
    offset += length(pieces);
    yield* pieces;
  } finally {
    open?.drop();
  }
  yield* central;
  yield zipEnd(central.length, length(central), offset);
}

/** What is left of an entry's content and what follows it; its central record is kept for the end. */
async function finish(open: OpenEntry | undefined, central: Bytes[]): Promise<Bytes[]> {
  if (open === undefined) return [];
  const pieces = await open.end();
  central.push(open.centralRecord());
  return pieces;
}

function length(pieces: readonly Bytes[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

/** One entry while its content passes. */
class OpenEntry {
  readonly #entry: ZipEntry;
  readonly #offset: number;
  readonly #deflater: Deflater | undefined;
  #crc = 0;
  #size = 0;
  #compressed = 0;

  constructor(path: string, node: TreeNode, offset: number) {
    this.#entry = zipEntry(path, node);
    this.#offset = offset;
    if (this.#entry.deflated) this.#deflater = new Deflater(node.content?.length ?? 0);
  }

  header(): Bytes {
    return zipLocalHeader(this.#entry);
  }

  async add(bytes: Bytes): Promise<Bytes[]> {
    this.#crc = crc32(bytes, this.#crc);
    this.#size += bytes.length;
    return this.#counted(this.#deflater === undefined ? [bytes] : await this.#deflater.add(bytes));
  }

  async addLink(node: TreeNode): Promise<Bytes[]> {
    return node.type === 'symlink' ? this.add(rawToBytes(node.linktarget ?? '')) : [];
  }

  async end(): Promise<Bytes[]> {
    if (this.#entry.isFolder) return [];
    const rest = this.#counted((await this.#deflater?.end()) ?? []);
    return [...rest, zipDescriptor(this.#content)];
  }

  centralRecord(): Bytes {
    return zipCentralRecord(this.#entry, this.#content);
  }

  drop(): void {
    this.#deflater?.drop();
  }

  get #content(): ZipContent {
    return { crc: this.#crc, compressed: this.#compressed, size: this.#size, offset: this.#offset };
  }

  #counted(pieces: Bytes[]): Bytes[] {
    this.#compressed += length(pieces);
    return pieces;
  }
}

/** Deflates a file of so many blobs: one by itself at once, as a stream costs more than the work; several as a stream. */
class Deflater {
  readonly #stream: ReturnType<typeof createDeflateRaw> | undefined;
  #out: Bytes[] = [];

  constructor(blobs: number) {
    if (blobs <= 1) {
      if (blobs === 0) this.#out.push(deflateRawSync(new Uint8Array()));
      return;
    }
    this.#stream = createDeflateRaw();
    this.#stream.on('data', (piece: Buffer) => this.#out.push(piece));
    this.#stream.on('error', () => {
      // The callback of the write, or the wait for the end, tells it.
    });
  }

  async add(bytes: Bytes): Promise<Bytes[]> {
    const stream = this.#stream;
    if (stream === undefined) return [deflateRawSync(bytes)];
    await new Promise<void>((resolve, reject) => {
      stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    return this.#take();
  }

  async end(): Promise<Bytes[]> {
    if (this.#stream !== undefined) {
      this.#stream.end();
      await once(this.#stream, 'end');
    }
    return this.#take();
  }

  drop(): void {
    this.#stream?.destroy();
  }

  #take(): Bytes[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }
}

export function zipEntry(path: string, node: TreeNode): ZipEntry {
  const isFolder = node.type === 'dir';
  const name = isFolder ? `${path}/` : path;
  const time = node.mtime ?? GO_ZERO_TIME;
  const seconds = secondsOf(parseGoTime(time));
  return {
    name: rawToBytes(name),
    isUtf8: !isRaw(name) && utf8(name).length !== name.length,
    isFolder,
    mode: unixType(node.type) | unixMode(node.mode ?? 0),
    deflated: node.type === 'file',
    clock: clockOf(time),
    seconds: seconds >= MIN_32 && seconds <= MAX_32 ? seconds : undefined,
  };
}

/** What the clock showed where the time was taken. */
function clockOf(time: string): ZipClock {
  const at = (from: number, to: number): number => Number(time.slice(from, to));
  const [year, month, day] = [at(0, 4), at(5, 7), at(8, 10)];
  return { year, month, day, hour: at(11, 13), minute: at(14, 16), second: at(17, 19) };
}
