/**
 * A file system in memory, behind the calls that a swap makes: quick enough to try every crash, and able to play a
 * disk without letter case, a second disk, a file that is held, and a power cut in the middle of a call.
 */
import type { Entry, FsOps } from '../../src/sync/swap/fs-ops.js';

interface Node {
  type: 'file' | 'dir' | 'symlink';
  data: Uint8Array;
  target: string;
  children: Map<string, Node>;
  mtimeNs: bigint;
  ctimeNs: bigint;
  inode: bigint;
  mode: number;
  dev: bigint;
}

export class SystemError extends Error {
  readonly code: string;
  constructor(code: string, path: string) {
    super(`${code}: ${path}`);
    this.code = code;
  }
}

export class MemoryFs implements FsOps {
  platform: NodeJS.Platform = 'linux';
  ignoreCase = false;
  /** An errno to fail with, asked before each call. */
  fault: (call: string, path: string, to?: string) => string | undefined = () => undefined;
  slept = 0;
  #clock = 1_000_000_000_000n;
  #inodes = 1n;
  readonly #root: Node = this.#node('dir');

  clone(): MemoryFs {
    const copy = new MemoryFs();
    copy.platform = this.platform;
    copy.ignoreCase = this.ignoreCase;
    copy.#clock = this.#clock;
    copy.#inodes = this.#inodes;
    copy.#root.children = copyNode(this.#root).children;
    return copy;
  }

  /** Writes in place, as a game does; makes the parents. */
  put(path: string, text: string): void {
    const { folder, name } = this.#parent(path, true);
    const known = this.#child(folder, name);
    const node = known?.type === 'file' ? known : this.#node('file');
    node.data = Buffer.from(text);
    node.mtimeNs = node.ctimeNs = this.#tick();
    if (node !== known) folder.children.set(known ? this.#nameOf(folder, name) : name, node);
  }

  /** Writes in place and sets the time back, as some tools do: only ctime tells. */
  putSameTime(path: string, text: string): void {
    const before = this.#find(path)?.mtimeNs;
    this.put(path, text);
    const node = this.#find(path);
    if (node && before !== undefined) node.mtimeNs = before;
  }

  link(path: string, target: string): void {
    const { folder, name } = this.#parent(path, true);
    folder.children.set(name, { ...this.#node('symlink'), target });
  }

  folder(path: string, dev = 1n): void {
    const { folder, name } = this.#parent(path, true);
    if (!this.#child(folder, name)) folder.children.set(name, { ...this.#node('dir'), dev });
  }

  /** Everything below a folder: relative path -> what it is. */
  tree(path: string, skip: (path: string) => boolean = () => false): Record<string, string> {
    const out: Record<string, string> = {};
    const visit = (node: Node, at: string): void => {
      for (const [name, child] of [...node.children].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const full = at === '' ? name : `${at}/${name}`;
        if (skip(full)) continue;
        const text = Buffer.from(child.data).toString();
        out[full] = child.type === 'dir' ? '<dir>' : child.type === 'file' ? text : `-> ${child.target}`;
        visit(child, full);
      }
    };
    const start = this.#find(path);
    if (start) visit(start, '');
    return out;
  }

  async lstat(path: string): Promise<Entry | undefined> {
    this.#begin('lstat', path);
    const node = this.#find(path);
    if (!node) return undefined;
    const { type, mtimeNs, ctimeNs, inode, mode, dev } = node;
    return { type, size: node.data.length, mtimeNs, ctimeNs, inode, mode, dev };
  }

  async readdir(path: string): Promise<string[]> {
    this.#begin('readdir', path);
    return [...(this.#find(path)?.children.keys() ?? [])];
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    this.#begin('readFile', path);
    return this.#find(path)?.data;
  }

  async createFile(path: string, data: Uint8Array, mode: number): Promise<void> {
    this.#begin('createFile', path);
    const { folder, name } = this.#parent(path);
    if (this.#child(folder, name)) throw new SystemError('EEXIST', path);
    folder.children.set(name, { ...this.#node('file'), data, mode });
  }

  async mkdir(path: string): Promise<void> {
    this.#begin('mkdir', path);
    const { folder, name } = this.#parent(path);
    if (this.#child(folder, name)) throw new SystemError('EEXIST', path);
    folder.children.set(name, this.#node('dir'));
  }

  async rmdir(path: string): Promise<void> {
    this.#begin('rmdir', path);
    const { folder, name } = this.#parent(path);
    const node = this.#child(folder, name);
    if (!node) throw new SystemError('ENOENT', path);
    if (node.type !== 'dir') throw new SystemError('ENOTDIR', path);
    if (node.children.size > 0) throw new SystemError('ENOTEMPTY', path);
    folder.children.delete(this.#nameOf(folder, name));
  }

  async rename(from: string, to: string): Promise<void> {
    this.#begin('rename', from, to);
    const source = this.#parent(from);
    const target = this.#parent(to);
    const node = this.#child(source.folder, source.name);
    if (!node) throw new SystemError('ENOENT', from);
    if (source.folder.dev !== target.folder.dev) throw new SystemError('EXDEV', from);
    const there = this.#child(target.folder, target.name);
    if (there?.type === 'dir' && node.type !== 'dir') throw new SystemError('EISDIR', to);
    if (there && there !== node) target.folder.children.delete(this.#nameOf(target.folder, target.name));
    source.folder.children.delete(this.#nameOf(source.folder, source.name));
    target.folder.children.set(target.name, node);
    node.ctimeNs = this.#tick();
  }

  async unlink(path: string): Promise<void> {
    this.#begin('unlink', path);
    const { folder, name } = this.#parent(path);
    if (!this.#child(folder, name)) throw new SystemError('ENOENT', path);
    folder.children.delete(this.#nameOf(folder, name));
  }

  async chmod(path: string, mode: number): Promise<void> {
    this.#begin('chmod', path);
    const node = this.#find(path);
    if (!node) throw new SystemError('ENOENT', path);
    node.mode = mode;
  }

  async removeTree(path: string): Promise<void> {
    this.#begin('removeTree', path);
    if (!this.#find(path)) return;
    const { folder, name } = this.#parent(path);
    folder.children.delete(this.#nameOf(folder, name));
  }

  async syncDir(path: string): Promise<void> {
    this.#begin('syncDir', path);
    if (!this.#find(path)) throw new SystemError('ENOENT', path);
  }

  async freeSpace(): Promise<number> {
    return 1000;
  }

  async sleep(ms: number): Promise<void> {
    this.slept += ms;
  }

  #begin(call: string, path: string, to?: string): void {
    const errno = this.fault(call, path, to);
    if (errno !== undefined) throw new SystemError(errno, path);
  }

  #tick(): bigint {
    this.#clock += 1_000_000n;
    return this.#clock;
  }

  #node(type: Node['type']): Node {
    const now = this.#tick();
    const inode = this.#inodes++;
    const data = new Uint8Array();
    return { type, data, target: '', children: new Map(), mtimeNs: now, ctimeNs: now, inode, mode: 0o644, dev: 1n };
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      if (node?.type !== 'dir') return undefined;
      node = this.#child(node, name);
    }
    return node;
  }

  #parent(path: string, make = false): { folder: Node; name: string } {
    const names = path.split('/').filter((part) => part !== '');
    const name = names.pop() ?? '';
    let folder = this.#root;
    for (const part of names) {
      let next = this.#child(folder, part);
      if (!next && make) {
        next = { ...this.#node('dir'), dev: folder.dev };
        folder.children.set(part, next);
      }
      if (!next) throw new SystemError('ENOENT', path);
      if (next.type !== 'dir') throw new SystemError('ENOTDIR', path);
      folder = next;
    }
    return { folder, name };
  }

  #nameOf(folder: Node, name: string): string {
    if (!this.ignoreCase || folder.children.has(name)) return name;
    return [...folder.children.keys()].find((other) => other.toLowerCase() === name.toLowerCase()) ?? name;
  }

  #child(folder: Node, name: string): Node | undefined {
    return folder.children.get(this.#nameOf(folder, name));
  }
}

function copyNode(node: Node): Node {
  return { ...node, children: new Map([...node.children].map(([name, child]) => [name, copyNode(child)])) };
}

export class Crash extends Error {}

/** Whether it is the power cut, or an error made of it. */
export function isCrash(error: unknown): boolean {
  return error instanceof Crash || (error instanceof Error && isCrash(error.cause));
}

/**
 * The same file system until its `n`-th call (from 1), where the power goes: before the call, or with a file half
 * written, a folder half removed. No call works any more after that.
 */
export function crashAt(fs: FsOps, n: number, torn = false): { ops: FsOps; calls: () => number } {
  let calls = 0;
  const ops = new Proxy<FsOps>(fs, {
    get(target, key: keyof FsOps) {
      const value: unknown = target[key];
      if (typeof value !== 'function' || key === 'sleep') return value;
      return async (...args: unknown[]): Promise<unknown> => {
        calls += 1;
        if (calls === n && torn) await half(fs, key, args);
        if (calls >= n) throw new Crash(`power cut at call ${n}`);
        return (value as (...args: unknown[]) => Promise<unknown>).apply(target, args);
      };
    },
  });
  return { ops, calls: () => calls };
}

async function half(fs: FsOps, call: keyof FsOps, args: unknown[]): Promise<void> {
  const path = String(args[0]);
  if (call === 'createFile' && args[1] instanceof Uint8Array) {
    await fs.createFile(path, args[1].subarray(0, args[1].length >> 1), 0o644);
  }
  if (call === 'removeTree') {
    for (const name of (await fs.readdir(path)).slice(1)) await fs.removeTree(`${path}/${name}`);
  }
}
