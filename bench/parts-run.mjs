/** Runs parts.ts on a game folder of its own, and the start of the hook's process beside it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundleScript } from '../scripts/bundle.mjs';
import { cache } from '../scripts/run.mjs';
import { dataSets } from './data-sets.mjs';
import { measure } from './measure.mjs';
import { startServer } from './server.mjs';

const STARTS = 10;
const INSTANCE = 'parts';

/** `bytes`: of the game folder. Returns what parts.ts prints, and { start }: CPU seconds of a process that does nothing. */
export async function runParts({ programs, bytes, folder, signal, tell }) {
  const temp = mkdtempSync(join(folder, 'instance-sync-parts-'));
  let server;
  try {
    // Beside the installed packages, which it imports.
    const program = join(cache, 'parts.mjs');
    await bundleScript({ entry: 'bench/parts.ts', outfile: program });
    const [game, copy] = [join(temp, 'game'), join(temp, 'copy')];
    for (const one of [game, copy]) mkdirSync(one);
    const made = dataSets({ game: bytes }).game.make(game);
    tell(`made ${(made.bytes / 1e6).toFixed(0)} MB in ${made.files} files`);
    server = await startServer(programs.restServer, temp);
    const { user: username, password } = server;
    const url = `${server.url}${username}/${INSTANCE}/`;
    const wanted = JSON.stringify({ game, copy, url, username, password });
    await measure('sync', [], { signal });
    const { stdout } = await measure(programs.node, [program, wanted], { signal });
    const starts = [];
    for (let i = 0; i < STARTS; i++)
      starts.push((await measure(programs.node, [programs.hook, '--version'], { signal })).cpu);
    return { ...JSON.parse(stdout), start: starts.reduce((sum, cpu) => sum + cpu, 0) / STARTS };
  } finally {
    await server?.stop();
    rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
  }
}
