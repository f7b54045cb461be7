/**
 * npm run screens: takes the pictures of docs/screens, each page of the windows in light and dark, 360 and 1280 pixels
 * wide. `npm run screens -- conflict` takes those whose name has that in it; `--folder=PATH` puts them elsewhere.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleScript } from './bundle.mjs';
import { cache, root } from './run.mjs';

const outfile = join(cache, `screens-${process.pid}.mjs`);
const args = process.argv.slice(2);
const folder = args.find((arg) => arg.startsWith('--folder='))?.slice('--folder='.length);
try {
  await bundleScript({ entry: 'test/ui/page/screens.ts', outfile });
  const { takeScreens } = await import(pathToFileURL(outfile).href);
  const only = args.find((arg) => !arg.startsWith('--'));
  for (const line of await takeScreens(folder ?? join(root, 'docs/screens'), only)) console.log(line);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(outfile, { force: true });
  rmSync(`${outfile}.map`, { force: true });
}
