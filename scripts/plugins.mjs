/**
 * What the bundler must know beyond the sources: the virtual modules, and node's modules loaded on first use.
 *
 *   import { workerSource } from 'virtual:worker-source';   the thread's program, one CommonJS text without imports
 *   import { version } from 'virtual:version';              of package.json
 *   import { script } from 'virtual:page-assets';           also style, html: the page of the windows (page-assets.mjs)
 *   import { packedZstd } from 'virtual:packed-zstd';       zstd-codec's text, packed; for what is generated here
 *
 * src/virtual.d.ts declares the first three. They exist for esbuild (build, bench) and for vite (tests) alike.
 */
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { bundlePage } from './page-assets.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));
/** What the floor of package.json's "engines" understands. */
export const target = 'node20.19';

const WORKER_ENTRY = join(root, 'src/worker/thread.ts');
const VIRTUAL = /^virtual:(worker-source|version|page-assets|packed-zstd)$/;
const ZSTD = 'zstd-codec/lib/zstd-codec-binding-wasm.js';

/** The thread's program as one text. `inputs` are the files it was made of. */
export async function bundleWorker(entry = WORKER_ENTRY) {
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    outfile: 'worker.cjs',
    platform: 'node',
    format: 'cjs',
    target,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [virtualModules({ worker: undefined }), unpackedZstd()],
  });
  const [file] = result.outputFiles;
  return {
    source: file?.text ?? '',
    inputs: Object.keys(result.metafile.inputs).filter((name) => !name.includes(':')),
  };
}

/** One string literal per line: the embedded program stays readable, and long lines do not upset editors. */
function workerModule(source) {
  const [first, ...rest] = source.split('\n').map((line) => `  ${JSON.stringify(line)},`);
  // Behind "use strict", which has to be the first statement.
  const packed = "  'const packedZstd = \"' + packedZstd + '\";',";
  const lines = [first, packed, ...rest].join('\n');
  return `import { packedZstd } from 'virtual:packed-zstd';\nexport const workerSource = [\n${lines}\n].join('\\n');\n`;
}

/**
 * The 742 KB of zstd-codec are needed by node before 22.15 only, and there by each thread as well. As text they were
 * half of the hook, and a third of the time that it took to start (node 24); packed once they are 222 KB.
 */
function packedZstdModule() {
  const packed = brotliCompressSync(readFileSync(join(root, 'node_modules', ZSTD))).toString('base64');
  return `export const packedZstd = '${packed}';\n`;
}

/** esbuild: zstd-codec from its packed text, wherever \`packedZstd\` is known: in the thread, and behind \`head\`. */
export function unpackedZstd(head = '') {
  const contents = `${head}
    const { brotliDecompressSync } = require('node:zlib');
    const { compileFunction } = require('node:vm');
    const text = brotliDecompressSync(Buffer.from(packedZstd, 'base64')).toString();
    // It looks where it lies, to find a file that it does not need.
    const parts = { fs: require('node:fs'), path: require('node:path'), crypto: require('node:crypto') };
    const run = compileFunction(text, ['module', 'exports', 'require', '__dirname'], { filename: 'zstd-codec.js' });
    run(module, exports, (name) => parts[name], '.');
  `;
  return {
    name: 'unpacked-zstd',
    setup(context) {
      context.onResolve({ filter: /^zstd-codec\// }, ({ path }) => ({ path, namespace: 'unpacked-zstd' }));
      context.onLoad({ filter: /.*/, namespace: 'unpacked-zstd' }, () => ({ contents, resolveDir: root }));
    },
  };
}

function versionModule() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return `export const version = ${JSON.stringify(version)};\n`;
}

/** esbuild: the virtual modules. `worker` is the thread's entry; undefined where there is no thread to start. */
export function virtualModules({ worker = WORKER_ENTRY } = {}) {
  return {
    name: 'virtual-modules',
    setup(context) {
      context.onResolve({ filter: VIRTUAL }, ({ path }) => ({ path, namespace: 'virtual', sideEffects: false }));
      context.onLoad({ filter: /^virtual:version$/, namespace: 'virtual' }, () => ({ contents: versionModule() }));
      context.onLoad({ filter: /^virtual:packed-zstd$/, namespace: 'virtual' }, () => ({
        contents: packedZstdModule(),
      }));
      context.onLoad({ filter: /^virtual:page-assets$/, namespace: 'virtual' }, async () => {
        const { source } = await bundlePage();
        return { contents: source };
      });
      context.onLoad({ filter: /^virtual:worker-source$/, namespace: 'virtual' }, async () => {
        const { source } = await bundleWorker(worker);
        return { contents: workerModule(source) };
      });
    },
  };
}

/** vite: the same modules for the tests. */
export function viteVirtualModules() {
  return {
    name: 'virtual-modules',
    resolveId: (id) => (VIRTUAL.test(id) ? `\0${id}` : undefined),
    async load(id) {
      if (id === '\0virtual:version') return versionModule();
      if (id === '\0virtual:packed-zstd') return packedZstdModule();
      if (id !== '\0virtual:worker-source' && id !== '\0virtual:page-assets') return undefined;
      const made = id === '\0virtual:page-assets' ? await bundlePage() : await bundleWorker();
      for (const input of made.inputs) this.addWatchFile(join(root, input));
      return id === '\0virtual:page-assets' ? made.source : workerModule(made.source);
    },
  };
}

/**
 * esbuild, for the hook: node's modules are loaded when the module that imports them runs, not when the file starts.
 * An ESM bundle otherwise hoists the imports of every lazily loaded part to the top of the file.
 * The banner defines `loadBuiltin`.
 */
export function lazyBuiltins() {
  const names = new Set(builtinModules);
  return {
    name: 'lazy-builtins',
    setup(context) {
      context.onResolve({ filter: /^[a-z_:/]+[0-9]?[a-z_/]*$/ }, ({ path, namespace }) => {
        if (namespace === 'builtin' || !(path.startsWith('node:') || names.has(path))) return undefined;
        return { path: path.replace(/^(node:)?/, 'node:'), namespace: 'builtin' };
      });
      context.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
        contents: `module.exports = loadBuiltin(${JSON.stringify(path)});`,
      }));
    },
  };
}

/**
 * esbuild, for the hook: of undici the client alone. Its main module also loads fetch, WebSocket, caches and mocks,
 * three quarters of its text and of the time that it takes to start (121 ms instead of 45 ms, node 20). HTTP/2, which
 * is off, and proxies are loaded when they are used; the first brings tls and http2 of node (13 ms, node 24).
 */
export function slimUndici() {
  const contents = `
    const Dispatcher = require('undici/lib/dispatcher/dispatcher.js');
    Object.assign(Dispatcher.prototype, { request: require('undici/lib/api/api-request.js') });
    exports.Agent = require('undici/lib/dispatcher/agent.js');
    Object.defineProperty(exports, 'EnvHttpProxyAgent', {
      enumerable: true,
      get: () => require('undici/lib/dispatcher/env-http-proxy-agent.js'),
    });
  `;
  const http2 = "module.exports = (...args) => require('undici/lib/dispatcher/client-h2.js')(...args);";
  return {
    name: 'slim-undici',
    setup(context) {
      context.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'slim-undici' }));
      context.onResolve({ filter: /^\.\/client-h2\.js$/ }, () => ({ path: 'http2', namespace: 'slim-undici' }));
      context.onLoad({ filter: /.*/, namespace: 'slim-undici' }, ({ path }) => ({
        contents: path === 'http2' ? http2 : contents,
        resolveDir: root,
      }));
    },
  };
}

/**
 * esbuild, for the hook: the portable cryptography, which stands in where node's own fails, makes its tables (10 ms,
 * node 24) when the first of its functions is asked for, instead of at every start.
 */
export function lazyCrypto() {
  return {
    name: 'lazy-crypto',
    setup(context) {
      context.onResolve({ filter: /^@noble\// }, ({ path, namespace, importer }) => {
        if (namespace === 'lazy-crypto' || importer.includes('node_modules')) return undefined;
        return { path, namespace: 'lazy-crypto' };
      });
      context.onLoad({ filter: /.*/, namespace: 'lazy-crypto' }, async ({ path }) => {
        const quoted = JSON.stringify(path);
        const getters = Object.keys(await import(path)).map(
          (name) =>
            `Object.defineProperty(exports, '${name}', { enumerable: true, get: () => require(${quoted}).${name} });`,
        );
        return { contents: getters.join('\n'), resolveDir: root };
      });
    },
  };
}
