/**
 * The project's import table, held against src/. Layers point one way: a room knows only what its row names.
 * The second half plants violations, so that the check cannot pass by seeing nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Rules, type Sources, violations } from './helpers/architecture.js';

const FORMATS = ['config', 'key-file', 'snapshot', 'tree', 'index-file', 'lock-file', 'codec'].map(
  (name) => `repo/${name}`,
);

const RULES: Rules = {
  rooms: {
    base: [],
    kernel: ['base'],
    crypto: ['base', 'kernel'],
    chunker: ['base', 'kernel'],
    compress: ['base'],
    pack: ['base'],
    disk: ['base'],
    // The launcher's own files: nothing of a repository or of a sync.
    launcher: ['base', 'disk'],
    backend: ['base', 'disk'],
    ui: ['base'],
    // Windows: a page server on loopback, the page in the browser, and what answers its questions.
    'ui/server': ['base', 'ui'],
    'ui/page': ['ui'],
    'ui/desk': ['base', 'ui', 'index'],
    repo: ['base', 'crypto', 'compress', 'pack', 'backend'],
    // The thread's half of the engine: blobs made (codec), parts opened (loader), packs looked into.
    worker: ['base', 'crypto', 'chunker', 'compress', 'pack', 'repo/codec', 'repo/loader', 'repo/pack-header'],
    browse: ['base', 'pack', 'repo', 'pattern'],
    pattern: ['base'],
    archive: ['base', 'repo', 'worker', 'browse', 'pattern'],
    // A restored tree is compared as the same manifest that a folder is.
    restore: ['base', 'repo', 'worker', 'archive', 'browse', 'disk'],
    // It works on the files of a repository, below its formats: backend and crypto for repairs and upgrades.
    maintain: ['base', 'pack', 'backend', 'crypto', 'repo', 'worker', 'browse', 'pattern'],
    sync: ['base', 'repo', 'worker', 'archive', 'restore', 'maintain', 'disk'],
    // What looks back, or only looks: nothing else of sync knows them.
    'sync/history': ['base', 'repo', 'worker', 'archive', 'sync'],
    'sync/doctor': ['base', 'repo', 'archive', 'sync'],
    server: ['base', 'disk', 'backend'],
    // The hook and what it needs at once import open and base: index would load all that the library has.
    cli: ['index', 'open', 'ui', 'server', 'base'],
    // restic's commands show the inside of a repository: they are built on the rooms, not on the public library.
    'cli/restic': [
      ...['base', 'ui', 'cli', 'open', 'pack', 'backend', 'compress', 'repo'],
      ...['browse', 'pattern', 'archive', 'restore', 'maintain'],
    ],
    // The public face of repositories: thin, and on the same rooms as restic's commands.
    library: [
      'open',
      'base',
      'backend/abort',
      'backend/retry',
      'compress/level',
      'pack',
      'repo',
      'pattern',
      'browse',
      'archive',
      'restore',
      'maintain',
    ],
    open: ['*'],
    index: ['open', 'library', 'sync', 'launcher', 'server', 'base'],
    virtual: [],
  },
  packages: {
    crypto: ['@noble/ciphers', '@noble/hashes'],
    compress: ['zstd-codec'],
    backend: ['undici'],
    sync: ['ulid'],
    server: ['bcryptjs'],
    cli: ['commander', 'virtual:version'],
    'cli/restic': ['virtual:version'],
    library: ['virtual:version'],
    'ui/server': ['virtual:page-assets'],
    open: ['virtual:worker-source', 'virtual:version'],
  },
  pure: {
    base: [],
    kernel: [],
    chunker: [],
    pack: [],
    // Threads: the lanes of scrypt.
    crypto: ['node:crypto', 'node:util', 'node:worker_threads'],
    compress: ['node:zlib'],
    ...Object.fromEntries(FORMATS.map((file) => [file, []])),
  },
  talkers: ['cli'],
  importMeta: [],
  long: [],
  maxLines: 300,
};

const src = join(import.meta.dirname, '../src');

function readSources(): Sources {
  const names = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return new Map(names.map((name) => [name.replaceAll('\\', '/'), readFileSync(join(src, name), 'utf8')]));
}

describe('the sources keep to the import table', () => {
  const sources = readSources();

  it('finds the sources', () => {
    expect(sources.size).toBeGreaterThan(50);
  });

  it('has no violation', () => {
    expect(violations(sources, RULES)).toEqual([]);
  });

  it('has no row or exception for what is not there', () => {
    const names = [...sources.keys()];
    const exists = (place: string): boolean =>
      names.some((name) => name === `${place}.ts` || name === `${place}.d.ts` || name.startsWith(`${place}/`));
    const single = [...Object.values(RULES.rooms).flat(), ...Object.keys(RULES.pure)].filter((place) =>
      place.includes('/'),
    );
    const places = [...single, ...Object.keys(RULES.packages), ...RULES.talkers, ...RULES.importMeta, ...RULES.long];
    expect(places.filter((place) => !exists(place.replace(/\.ts$/, '')))).toEqual([]);
  });
});

describe('the check sees what it must', () => {
  const BASE = ['base/a.ts', 'export const a = 1;\n'] as const;

  function check(files: Readonly<Record<string, string>>, rules: Partial<Rules> = {}): string[] {
    return violations(new Map([BASE, ...Object.entries(files)]), { ...RULES, ...rules });
  }

  it('nothing in sources that are as they should be', () => {
    const good = {
      'crypto/box.ts':
        "import { createHash } from 'node:crypto';\nimport { a } from '../base/a.js';\nimport { sha256 } from '@noble/hashes/sha2.js';\nexport { a, createHash, sha256 };\n",
      'crypto/kdf.ts':
        "import type { Box } from './box.js';\n// import '../cli/main.js'\nexport const text = \"import '../cli/main.js'\";\n",
      'cli/main.ts': "process.exitCode = 1;\nconsole.log('x');\nvoid import('../index.js');\n",
      'index.ts': "export { push } from './sync/push.js';\n",
      'open.ts': "import './crypto/kdf.js';\nimport { workerSource } from 'virtual:worker-source';\n",
      'sync/push.ts': "export * from '../repo/codec.js';\n",
      'worker/thread.ts': "import { x } from '../repo/codec.js';\n",
      'repo/codec.ts': "import { a } from '../base/a.js';\nexport const x = a;\n",
    };
    expect(check(good)).toEqual([]);
  });

  const wrongWay: readonly (readonly [string, string])[] = [
    ['a static import', "import { x } from '../repo/index.js';"],
    ['a bare import', "import '../repo/index.js';"],
    ['a type import', "import type { X } from '../repo/index.js';"],
    ['an inline type import', "import { type X } from '../repo/index.js';"],
    ['a namespace import', "import * as x from '../repo/index.js';"],
    ['a re-export', "export { x } from '../repo/index.js';"],
    ['a type re-export', "export type { X } from '../repo/index.js';"],
    ['a re-export of all', "export * from '../repo/index.js';"],
    ['a dynamic import', "export async function f() { return (await import('../repo/index.js')).x; }"],
    ['a type of an import', "export type Y = import('../repo/index.js').X;"],
    [
      'a type of an import in an annotation',
      "export function f(x: Promise<typeof import('../repo/index.js')>): void {}",
    ],
  ];

  it.each(wrongWay)('%s against the table', (_, line) => {
    expect(check({ 'crypto/box.ts': `${line}\n`, 'repo/index.ts': 'export const x = 1;\n' })).toEqual([
      'crypto/box.ts: imports repo/index.ts; crypto may import base, kernel',
    ]);
  });

  it('a room that may import one file of another, and imports a second', () => {
    const files = { 'worker/thread.ts': "import '../repo/index.js';\n", 'repo/index.ts': '' };
    expect(check(files)).toEqual([
      'worker/thread.ts: imports repo/index.ts; worker may import base, crypto, chunker, compress, pack, repo/codec, repo/loader, repo/pack-header',
    ]);
  });

  it('a room without a row', () => {
    expect(check({ 'new/x.ts': "import '../base/a.js';\n" })).toEqual([
      'new/x.ts: the room new has no row in the table',
    ]);
  });

  it('the composition root, imported from a room', () => {
    expect(check({ 'sync/x.ts': "import '../open.js';\n", 'open.ts': '' })).toHaveLength(1);
    expect(check({ 'ui/desk/x.ts': "import '../../open.js';\n", 'open.ts': '' })).toHaveLength(1);
  });

  it('packages and modules of node in the wrong place', () => {
    expect(check({ 'sync/x.ts': "import { Agent } from 'undici';\n" })).toEqual([
      'sync/x.ts: imports undici; sync may import ulid from outside',
    ]);
    expect(check({ 'backend/x.ts': "import fs from 'fs';\n" })).toEqual([
      'backend/x.ts: imports fs; backend may import undici from outside',
    ]);
    expect(check({ 'pack/x.ts': "import { readFileSync } from 'node:fs';\n" })).toEqual([
      'pack/x.ts: imports node:fs, but does no I/O by rule',
    ]);
    expect(check({ 'crypto/x.ts': "import 'node:net';\n" })).toHaveLength(1);
    expect(check({ 'repo/tree.ts': "import 'node:fs/promises';\n" })).toHaveLength(1);
    expect(check({ 'repo/lock.ts': "import 'node:os';\n" })).toEqual([]);
  });

  it('an import of what is not there, and one without its ending', () => {
    expect(check({ 'pack/x.ts': "import '../base/b.js';\nimport '../base/a';\n" })).toHaveLength(2);
  });

  it('cycles of what is loaded, each once', () => {
    const files = {
      'pack/a.ts': "import { b } from './b.js';\nexport const a = 1;\n",
      'pack/b.ts': "import { type C } from './c.js';\nexport const b = 1;\n",
      'pack/c.ts': "import { a } from './a.js';\nexport type C = typeof a;\n",
      'pack/d.ts': "import { a } from './a.js';\nimport { b } from './b.js';\n",
    };
    expect(check(files)).toEqual(['pack/a.ts -> pack/b.ts -> pack/c.ts -> pack/a.ts: an import cycle']);
    const late = { 'pack/a.ts': "void import('./b.js');\n", 'pack/b.ts': "export * from './a.js';\n" };
    expect(check(late)).toEqual(['pack/a.ts -> pack/b.ts -> pack/a.ts: an import cycle']);
    const types = { 'pack/a.ts': "void import('./b.js');\n", 'pack/b.ts': "import type { A } from './a.js';\n" };
    expect(check(types)).toEqual([]);
    expect(check({ 'pack/self.ts': "import './self.js';\n" })).toEqual([
      'pack/self.ts -> pack/self.ts: an import cycle',
    ]);
  });

  it.each([
    ['export default 1;', 'a default export'],
    ['const x = 1;\nexport { x as default };', 'a default export'],
    ['export const x = () => process.exit(1);', 'process.exit'],
    ["export const x = () => process['exit'](1);", 'process.exit'],
    ['process.exitCode = 1;', 'process.exitCode'],
    ["console.log('x');", 'console.log'],
    ["process.stdout.write('x');", 'process.stdout'],
    ['export const here = import.meta.url;', 'import.meta, which a CommonJS bundle has not'],
    ["export const x = require('node:fs');", 'require(…)'],
    ["import x = require('node:fs');", 'import … = require(…)'],
    ['export const x = (path: string) => import(path);', 'import(…) of a path that is not a literal'],
  ])('%s', (line, fault) => {
    expect(check({ 'sync/x.ts': `${line}\n` })).toEqual([`sync/x.ts: ${fault}`]);
  });

  it('files that are too long', () => {
    const files = { 'pack/x.ts': '// line\n'.repeat(301), 'pack/y.ts': '// line\n'.repeat(300) };
    expect(check(files)).toEqual(['pack/x.ts: 301 lines, over 300']);
    expect(check(files, { long: ['pack/x.ts'] })).toEqual([]);
  });

  it('a file that does not parse', () => {
    expect(() => check({ 'pack/x.ts': 'export const = ;\n' })).toThrow('pack/x.ts does not parse');
  });
});
