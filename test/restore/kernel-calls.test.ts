/** Times to the nanosecond, attributes, pipes: by perl, and by the shell's tools. */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseAttributeReader } from '../../src/archive/extended-attributes.js';
import { rawToBytes, toFsPath } from '../../src/base/raw-string.js';
import { chooseKernelCalls, type KernelCall, type KernelCalls } from '../../src/restore/kernel-calls.js';
import { itIf } from '../helpers/only-where.js';
import { at } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const NAMES = ['plain', "it's", ' a "b" $(c) `d` \\', 'line\nfeed', '-rf', 'raw\udcff\udcfe', '*?~', '😀'];
const isRoot = process.getuid?.() === 0;

function has(...tools: readonly string[]): boolean {
  try {
    for (const tool of tools) execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
}

describe.each(['perl', 'shell'] as const)('by %s', (tool) => {
  const needed = tool === 'perl' ? ['perl'] : ['touch', 'mkfifo', 'mknod', 'setfattr'];
  const test = itIf(has(...needed), `${needed.join(', ')} not installed, or not Linux`);
  let calls: KernelCalls | undefined;
  const kernel = async (): Promise<KernelCalls> => {
    calls ??= await chooseKernelCalls('linux', [tool]);
    return calls;
  };
  afterAll(() => calls?.close());

  test('everything can be asked for', async () => {
    expect([...(await kernel()).kinds].sort()).toEqual(['node', 'remove-attribute', 'set-attribute', 'times']);
    expect(await (await kernel()).run([])).toEqual([]);
  });

  test('times of names of all kinds, before 1970 and after 2038, and not of what a link leads to', async () => {
    const folder = tempFolder();
    const times = [1n, -1n, -123_456_789_123n, 1_700_000_000_123_456_789n, 5_000_000_000_999_999_999n, 0n, 999n];
    const wanted = NAMES.map((name, i): KernelCall & { kind: 'times' } => {
      const path = join(folder, name);
      writeFileSync(toFsPath(path), '');
      return { kind: 'times', path, mtimeNs: times[i] ?? 7n, atimeNs: i % 2 === 0 ? (times[i] ?? 7n) : 3n };
    });
    symlinkSync('plain', join(folder, 'link'));
    wanted.push({ kind: 'times', path: join(folder, 'link'), mtimeNs: 12_345n, atimeNs: 54_321n });
    expect(await (await kernel()).run(wanted)).toEqual(wanted.map(() => undefined));
    const found = wanted.map(({ path }) => lstatSync(toFsPath(path), { bigint: true }));
    expect(found.map(({ mtimeNs }) => mtimeNs)).toEqual(wanted.map(({ mtimeNs }) => mtimeNs));
    expect(found.map(({ atimeNs }) => atimeNs)).toEqual(wanted.map(({ atimeNs }) => atimeNs));
  });

  test('attributes of any bytes, and their removal', async () => {
    const folder = tempFolder();
    const reader = at([(await chooseAttributeReader()).reader].filter(Boolean), 0);
    const path = join(folder, NAMES.at(5) ?? '');
    writeFileSync(toFsPath(path), '');
    const values = ['', 'x', '"quoted"\n', '0x41', '\0\x01\xff'].map((text) => Buffer.from(text, 'latin1'));
    values.push(Buffer.alloc(3000, 7));
    const set = values.map((value, i): KernelCall => ({ kind: 'set-attribute', path, name: `user.${i} ="\\'`, value }));
    const answers = await (await kernel()).run(set);
    if (answers.every((one) => one === 'ENOTSUP')) return;
    expect(answers).toEqual(set.map(() => undefined));
    const attributes = async (): Promise<[string, Buffer][]> => {
      const [found] = (await reader?.read([rawToBytes(path)])) ?? [];
      return (found?.list ?? []).map(({ name, value }) => [name, Buffer.from(value ?? [])]);
    };
    const found = await attributes();
    expect(found.sort(([a], [b]) => (a < b ? -1 : 1))).toEqual(values.map((value, i) => [`user.${i} ="\\'`, value]));
    await (await kernel()).run(set.map((_, i) => ({ kind: 'remove-attribute', path, name: `user.${i} ="\\'` })));
    expect(await attributes()).toEqual([]);
    reader?.close();
  });

  test('pipes, and devices for root', async () => {
    const folder = tempFolder();
    const device = (3n << 44n) | (5n << 20n) | (0x123n << 8n) | 0x45n;
    const nodes: KernelCall[] = NAMES.map((name) => {
      return { kind: 'node', path: join(folder, name), mode: 0o010600, device: 0n };
    });
    const devices = [
      { kind: 'node', path: join(folder, 'block'), mode: 0o060600, device: 1992n },
      { kind: 'node', path: join(folder, 'chars'), mode: 0o020600, device: device & 0xffff_ffffn },
    ] as const;
    expect(await (await kernel()).run([...nodes, ...devices])).toEqual([
      ...nodes.map(() => undefined),
      ...devices.map(() => (isRoot ? undefined : 'EPERM')),
    ]);
    for (const { path } of nodes) expect(lstatSync(toFsPath(path)).isFIFO()).toBe(true);
    if (!isRoot) return;
    expect(lstatSync(devices[0].path, { bigint: true })).toMatchObject({ rdev: 1992n });
    expect(lstatSync(devices[0].path).isBlockDevice()).toBe(true);
    expect(lstatSync(devices[1].path, { bigint: true }).rdev).toBe(devices[1].device);
  });

  test('what fails says so, and the rest is done', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'x'), '');
    mkdirSync(join(folder, 'd'));
    const answers = await (await kernel()).run([
      { kind: 'node', path: join(folder, 'none/x'), mode: 0o010600, device: 0n },
      { kind: 'node', path: join(folder, 'x'), mode: 0o010600, device: 0n },
      { kind: 'set-attribute', path: join(folder, 'none'), name: 'user.a', value: new Uint8Array() },
      { kind: 'times', path: join(folder, 'x'), mtimeNs: 1n, atimeNs: 1n },
      { kind: 'set-attribute', path: join(folder, 'x'), name: 'nonsense.a', value: new Uint8Array() },
    ]);
    expect(answers.slice(0, 4)).toEqual(['ENOENT', 'EEXIST', 'ENOENT', undefined]);
    expect(answers[4]).toMatch(/^(ENOTSUP|EOPNOTSUPP|EPERM)$/);
    expect(lstatSync(join(folder, 'x'), { bigint: true }).mtimeNs).toBe(1n);
  });

  test('batches side by side, and large ones', async () => {
    const folder = tempFolder();
    const batch = (prefix: string): KernelCall[] =>
      Array.from({ length: tool === 'perl' ? 3000 : 20 }, (_, i) => {
        const path = join(folder, `${prefix}${i}`);
        writeFileSync(path, '');
        return { kind: 'times', path, mtimeNs: BigInt(i), atimeNs: BigInt(i) };
      });
    const batches = ['a', 'b', 'c'].map(batch);
    const answers = await Promise.all(batches.map(async (one) => (await kernel()).run(one)));
    expect(answers.flat().every((one) => one === undefined)).toBe(true);
    for (const one of batches.flat()) expect(lstatSync(one.path).mtimeMs).toBeLessThan(1);
  });
});

it('without tools there is nothing to ask for', async () => {
  const none = await chooseKernelCalls('win32');
  expect(none.kinds.size).toBe(0);
  expect(await none.run([{ kind: 'node', path: '/x', mode: 0o010600, device: 0n }])).toEqual(['ENOSYS']);
});
