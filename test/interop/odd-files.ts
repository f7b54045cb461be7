/**
 * Folders of files that are hard to back up truly, made with the system's own tools. What this machine cannot make is
 * left out, and a line says so.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { noise } from '../helpers/repository.js';

export function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const isRoot = process.getuid?.() === 0;

/** Runs `make`; where that fails, or may not be tried, says so and goes on. */
function unlessImpossible(what: string, make: () => void, needsRoot = false): void {
  let reason = needsRoot && !isRoot ? 'only root can make it' : undefined;
  try {
    if (reason === undefined) make();
  } catch (error) {
    reason = error instanceof Error ? error.message.split('\n').slice(0, 2).join(' ') : String(error);
  }
  if (reason !== undefined) process.stderr.write(`skipped: ${what} among the odd files: ${reason}\n`);
}

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Empty, small, of several chunks, sparse, with several names. */
export function makeContents(folder: string): void {
  mkdirSync(join(folder, 'empty-folder'), { recursive: true });
  mkdirSync(join(folder, 'deep/er/st'), { recursive: true });
  writeFileSync(join(folder, 'empty'), '');
  writeFileSync(join(folder, 'deep/er/st/one-byte'), 'x');
  writeFileSync(join(folder, 'deep/er/text'), 'hello\n');
  writeFileSync(join(folder, 'large'), noise(5_000_000, 11));
  const sparse = openSync(join(folder, 'sparse'), 'w');
  writeSync(sparse, 'in the middle', 3_000_000);
  ftruncateSync(sparse, 6_000_001);
  closeSync(sparse);
  linkSync(join(folder, 'large'), join(folder, 'large too'));
  linkSync(join(folder, 'large'), join(folder, 'deep/large three'));
}

/** Links, pipes, sockets, devices. The server holds the socket; close it. */
export async function makeSpecials(folder: string): Promise<Server> {
  mkdirSync(folder, { recursive: true });
  symlinkSync('nowhere', join(folder, 'dangling'));
  symlinkSync('/', join(folder, 'absolute'));
  symlinkSync('.', join(folder, 'itself'));
  symlinkSync(`${'long/'.repeat(200)}end`, join(folder, 'long'));
  symlinkSync(Buffer.from([0x61, 0xff, 0xfe, 0x2f, 0xc3]), join(folder, 'not UTF-8'));
  symlinkSync('<a&b>\u2028"\\\u00a0', join(folder, 'to be escaped'));
  unlessImpossible('a pipe', () => run('mkfifo', join(folder, 'pipe')));
  unlessImpossible('a block device', () => run('mknod', join(folder, 'block'), 'b', '259', '70000'), true);
  unlessImpossible('a character device', () => run('mknod', join(folder, 'char'), 'c', '4000', '1000000'), true);
  unlessImpossible('a device 0:0', () => run('mknod', join(folder, 'whiteout'), 'c', '0', '0'), true);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(folder, 'socket'), resolve));
  return server;
}

/** Setuid, setgid, sticky, no rights at all; owners with and without a name. */
export function makeModes(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const mode of ['4755', '2755', '1755', '7777', '0', '600', '444', '6000']) {
    unlessImpossible(`mode ${mode}`, () => {
      writeFileSync(join(folder, `file ${mode}`), mode);
      run('chmod', mode, join(folder, `file ${mode}`));
    });
    // Others than root could not read what these forbid.
    if (!isRoot && (mode === '0' || mode === '6000')) run('chmod', 'u+r', join(folder, `file ${mode}`));
  }
  for (const mode of ['3777', '2755', '1777', '700']) {
    mkdirSync(join(folder, `folder ${mode}`));
    run('chmod', mode, join(folder, `folder ${mode}`));
  }
  for (const owner of ['1:1', '65534:65534', '54321:12345', '4294967294:4294967294']) {
    const path = join(folder, `of ${owner}`);
    writeFileSync(path, owner);
    symlinkSync('x', `${path} link`);
    unlessImpossible(`the owner ${owner}`, () => run('chown', '-h', owner, path, `${path} link`), true);
  }
}

/** In another order than that of their names, where the file system keeps one. */
export function makeAttributes(folder: string): void {
  mkdirSync(join(folder, 'folder'), { recursive: true });
  for (const name of ['file', 'many', 'acl', 'capable']) writeFileSync(join(folder, name), name);
  symlinkSync('nowhere', join(folder, 'link'));
  const set = (file: string, name: string, value: string): void =>
    run('setfattr', '-h', '-n', name, '-v', value, join(folder, file));
  unlessImpossible('extended attributes', () => {
    for (const name of ['zeta', 'alpha', 'mid', 'Z', 'a.b=c "quoted"\\', 'ünï'])
      set('file', `user.${name}`, `of ${name}`);
    set('file', 'user.binary', '0x00ff0a22');
    run('setfattr', '-n', 'user.empty', join(folder, 'file'));
    set('folder', 'user.folder', 'a folder');
    for (let i = 0; i < 20; i++) set('many', `user.${(i * 7) % 20}`, '0x'.padEnd(2 + 2 * 100, 'ab'));
  });
  unlessImpossible('attributes of the system', () => set('file', 'trusted.x', 'y'), true);
  unlessImpossible('an attribute of a link', () => set('link', 'trusted.link', 'z'), true);
  unlessImpossible('a capability', () => run('setcap', 'cap_net_raw+ep', join(folder, 'capable')), true);
  unlessImpossible('ACLs', () => {
    run('setfacl', '-m', 'u:1:rw,g:2:r', join(folder, 'acl'));
    run('setfacl', '-m', 'u:1:rwx', '-d', '-m', 'u:2:r', join(folder, 'folder'));
    run('setfattr', '-n', 'user.late', '-v', '1', join(folder, 'acl'));
  });
}

const NAMES: readonly string[] = [
  ' ',
  ' lead and trail ',
  '"quoted"',
  "'single'",
  'back\\slash',
  '\\x41',
  'line\nfeed',
  'tab\t',
  'bell\x07\x08\x0b\x0c\r',
  '\x01\x1b\x7f',
  '\x85 C1',
  'nbsp\u00a0',
  'soft\u00adhyphen',
  'zero\u200bwidth\u200d',
  'bom\ufeff',
  'line\u2028sep\u2029',
  '\ue000 private',
  '\uffff',
  '😀',
  '\u{10ffff}',
  '\u{1f9d9}\u200d♂️',
  'ﬁ e\u0301 é',
  'Ω≈ç',
  '中文',
  '<html>&amp;',
  '%s$(x)`y`',
  '-rf',
  '--',
  '*?[a]',
  '~',
  '...',
  '.hidden',
  'CON',
  'a:b|c',
  'x'.repeat(255),
  'é'.repeat(127),
];

/** A few that are not UTF-8, and pairs of which UTF-16 and UTF-8 think differently. */
export function makeNames(folder: string): void {
  mkdirSync(join(folder, 'in folders'), { recursive: true });
  const base = Buffer.from(`${folder}/`);
  const raw = [
    [0xff],
    [0x61, 0xc3],
    [0xc3, 0x28, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xc0, 0xaf],
    [...Buffer.from('é'), 0xe9, ...Buffer.from('é')],
    Array.from({ length: 255 }, () => 0xfe),
  ];
  for (const name of [...NAMES.map((one) => Buffer.from(one)), ...raw.map((one) => Buffer.from(one))]) {
    unlessImpossible(`the name ${JSON.stringify(name.toString('latin1'))}`, () => {
      writeFileSync(Buffer.concat([base, name]), name);
      mkdirSync(Buffer.concat([base, Buffer.from('in folders/'), name]));
      writeFileSync(Buffer.concat([base, Buffer.from('in folders/'), name, Buffer.from('/inside')]), name);
    });
  }
}

/** For `touch -d`, which takes them for UTC. Around changes of clocks in several zones, and where rules and tables end. */
export const TIMES: readonly string[] = [
  '1901-12-14 00:00:00.5',
  '1915-06-01 12:00:00.000000001',
  '1916-05-01 00:00:00',
  '1937-06-30 23:40:28.123456789',
  '1942-02-09 07:00:00',
  '1945-04-02 02:30:00.1',
  '1950-01-01 00:00:00.123456789',
  '1969-12-31 23:59:59.999999999',
  '1970-01-01 00:00:00',
  '1970-01-01 00:00:00.000000001',
  '1986-06-15 12:00:00.12',
  '1999-12-31 23:59:59.9',
  '2011-12-30 12:00:00.000001',
  '2016-11-06 05:59:59.999999999',
  '2016-11-06 06:00:00',
  '2026-03-29 00:59:59.999999999',
  '2026-03-29 01:00:00',
  '2026-10-25 00:59:59.9',
  '2026-10-25 01:00:00.1',
  '2037-12-31 23:59:59',
  '2038-01-19 03:14:07.999999999',
  '2038-01-19 03:14:08',
  '2040-02-29 12:00:00.25',
  '2040-03-25 01:00:00',
  '2040-07-01 00:00:00.010203040',
  '2088-03-28 01:30:00',
  '2100-02-28 23:59:59.999999999',
  '2300-08-01 00:00:00.123456789',
  '2446-05-10 22:38:55',
];

export function makeTimes(folder: string, times: readonly string[] = TIMES): void {
  mkdirSync(join(folder, 'folder'), { recursive: true });
  for (const time of times) {
    const path = join(folder, time.replaceAll(':', '.'));
    writeFileSync(path, '');
    execFileSync('touch', ['-d', time, path], { env: { ...process.env, TZ: 'UTC' } });
  }
  utimesSync(join(folder, 'folder'), 1, 2);
  symlinkSync('x', join(folder, 'link'));
  lutimesSync(join(folder, 'link'), 3, 4.5);
}

/** Where the file system keeps all 64 bits of a second; the years before 0 and after 9999 are brought to those. */
export const FAR_TIMES: readonly string[] = [
  '1696-02-29 12:00:00.5',
  '@-62135596800',
  '@-99999999999.5',
  '@253402300799.999999999',
  '@253402300800',
  '@300000000000',
];
