/**
 * The page of the windows, as the three texts that the page server sends:
 *
 *   import { script, style, html } from 'virtual:page-assets';
 *
 * src/ui/page/main.ts with all it needs becomes one script without imports, page.css one small style sheet.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'src/ui/page');
const HTML = 'src/ui/page/page.html';
/** What Debian's and Windows' own browsers have been able to do for years. */
const BROWSERS = ['chrome109', 'edge109', 'firefox115', 'safari16'];

/** The module's text. `inputs` are the files it was made of, relative to the root. */
export async function bundlePage() {
  const options = {
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    target: BROWSERS,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
  };
  const [script, style] = await Promise.all([
    build({
      ...options,
      entryPoints: [join(folder, 'main.ts')],
      outfile: 'page.js',
      platform: 'browser',
      format: 'iife',
      tsconfigRaw: {},
    }),
    build({ ...options, entryPoints: [join(folder, 'page.css')], outfile: 'page.css' }),
  ]);
  const texts = {
    script: script.outputFiles[0]?.text ?? '',
    style: style.outputFiles[0]?.text ?? '',
    html: readFileSync(join(root, HTML), 'utf8'),
  };
  return {
    source: moduleOf(texts),
    inputs: [...Object.keys(script.metafile.inputs), ...Object.keys(style.metafile.inputs), HTML],
  };
}

/** Packed, for every start of the hook reads past them, and unpacked when a window is opened. */
function moduleOf(texts) {
  const exported = Object.entries(texts).map(([name, text]) => {
    const packed = brotliCompressSync(text).toString('base64');
    return `export const ${name} = brotliDecompressSync(Buffer.from('${packed}', 'base64')).toString();\n`;
  });
  return `import { brotliDecompressSync } from 'node:zlib';\n${exported.join('')}`;
}
