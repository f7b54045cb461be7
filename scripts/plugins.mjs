/**
 * What the bundler must know beyond the sources: the two virtual modules, and node's modules loaded on first use.
 *
 *   import { workerSource } from 'virtual:worker-source';   the thread's program, one CommonJS text without imports
 *   import { version } from 'virtual:version';              of package.json
 *
 * src/virtual.d.ts declares them. They exist for esbuild (build, bench) and for vite (tests) alike.
 */
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = fileURLToPath(new URL('..', import.meta.url));
/** What the floor of package.json's "engines" understands. */
export const target = 'node20.19';

const WORKER_ENTRY = join(root, 'src/worker/thread.ts');
const VIRTUAL = /^virtual:(worker-source|version)$/;

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
    plugins: [virtualModules({ worker: undefined })],
  });
  const [file] = result.outputFiles;
  return {
    source: file?.text ?? '',
    inputs: Object.keys(result.metafile.inputs).filter((name) => !name.includes(':')),
  };
}

/** One string literal per line: the embedded program stays readable, and long lines do not upset editors. */
function workerModule(source) {
  const lines = source.split('\n').map((line) => `  ${JSON.stringify(line)},`);
  return `export const workerSource = [\n${lines.join('\n')}\n].join('\\n');\n`;
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
      if (id !== '\0virtual:worker-source') return undefined;
      const { source, inputs } = await bundleWorker();
      for (const input of inputs) this.addWatchFile(join(root, input));
      return workerModule(source);
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
 * three quarters of its text and of the time that it takes to start (121 ms instead of 45 ms, node 20).
 */
export function slimUndici() {
  const contents = `
    const Dispatcher = require('undici/lib/dispatcher/dispatcher.js');
    Object.assign(Dispatcher.prototype, { request: require('undici/lib/api/api-request.js') });
    exports.Agent = require('undici/lib/dispatcher/agent.js');
    exports.EnvHttpProxyAgent = require('undici/lib/dispatcher/env-http-proxy-agent.js');
  `;
  return {
    name: 'slim-undici',
    setup(context) {
      context.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'slim-undici' }));
      context.onLoad({ filter: /.*/, namespace: 'slim-undici' }, () => ({ contents, resolveDir: root }));
    },
  };
}
